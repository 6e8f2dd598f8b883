//! Rules about the text of sources.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are made, not written.
const NOT_OURS: [&str; 6] = ["target", ".git", "node_modules", "kokuin-data", "artifacts", "corpus"];

/// Lines with characters that make text look like something else (THR-115), and how many files were read.
pub(crate) fn invisible(root: &Path) -> (usize, Vec<String>) {
    let (mut files, mut found) = (0, Vec::new());
    for path in walk(root) {
        // What is no UTF-8 is no source: keys, tokens, documents of tests.
        let Ok(text) = fs::read_to_string(&path) else { continue };
        files += 1;
        for (line, number) in text.lines().zip(1..) {
            if line.chars().any(is_invisible) {
                found.push(format!("{}:{number}", relative(root, &path)));
            }
        }
    }
    (files, found)
}

/// Soft hyphen, Arabic letter mark, Mongolian vowel separator, zero-width and direction marks, embeddings, overrides,
/// isolates, invisible operators, byte-order mark.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

/// Sources that use the crate `rsa` outside the verification engine, or a private key inside it.
pub(crate) fn private_rsa(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in walk(root).into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs")) {
        let name = relative(root, &path);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let uses = text.lines().map(str::trim_start).any(|line| line.starts_with("use rsa::"));
        let private = ["PrivateKey", "SigningKey", "DecryptingKey"].iter().any(|word| text.contains(word));
        let engine = name.starts_with("common/suite-rustcrypto/");
        if uses && (private || !engine) {
            found.push(name);
        }
    }
    found
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// Every file below `root` that somebody wrote, sorted.
fn walk(root: &Path) -> Vec<PathBuf> {
    let (mut files, mut folders) = (Vec::new(), vec![root.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let (kind, name) = (entry.file_type().unwrap(), entry.file_name());
            if kind.is_dir() && !NOT_OURS.iter().any(|skipped| name == *skipped) {
                folders.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}
