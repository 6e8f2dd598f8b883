//! Files and standard input, each read once and within a limit (THR-21).

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use crate::exit::RunError;

/// Longest artefact, in octets.
const MAX_ARTIFACT: u64 = 512 << 20;
/// Longest original, in octets.
const MAX_DATA: u64 = 4 << 30;
/// Longest list of certificates, revocation list, key, receipt or note, in octets.
const MAX_EVIDENCE: u64 = 64 << 20;

/// An artefact.
pub(crate) fn artifact(path: &Path) -> Result<Vec<u8>, RunError> {
    read(path, MAX_ARTIFACT)
}

/// What an artefact is over.
pub(crate) fn data(path: &Path) -> Result<Vec<u8>, RunError> {
    read(path, MAX_DATA)
}

/// Anything smaller.
pub(crate) fn evidence(path: &Path) -> Result<Vec<u8>, RunError> {
    read(path, MAX_EVIDENCE)
}

/// Refuses to take standard input for several things: for all but the first it would be empty.
pub(crate) fn check_stdin<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Result<(), RunError> {
    match paths.filter(|path| is_stdin(path)).count() {
        0 | 1 => Ok(()),
        _ => Err(RunError::Usage("standard input can be read once only".to_owned())),
    }
}

/// Whether `path` stands for standard input.
fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == "-"
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, RunError> {
    let unreadable = |reason: String| RunError::Unreadable { path: path.to_owned(), reason };
    let mut bytes = Vec::new();
    let source: Box<dyn Read> = if is_stdin(path) {
        Box::new(std::io::stdin())
    } else {
        Box::new(File::open(path).map_err(|error| unreadable(error.to_string()))?)
    };
    source.take(limit + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if u64::try_from(bytes.len()).is_ok_and(|found| found > limit) {
        return Err(unreadable(format!("it has more than {limit} octets")));
    }
    Ok(bytes)
}

/// The files of a folder in the order of their names; a file is itself.
pub(crate) fn files(path: &Path) -> Result<Vec<PathBuf>, RunError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |error: std::io::Error| RunError::Unreadable { path: path.to_owned(), reason: error.to_string() };
    let mut files = Vec::new();
    for entry in path.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
