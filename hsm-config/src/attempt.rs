//! One wrong PIN or password is tried once (THR-67).
//!
//! Before a PIN is given to the device for the first time, the attempt is written down; only the device's own word changes that. A restart,
//! another process of this configuration and a crash on the way find it there and do not try. The file holds a digest of the device's settings
//! and the PIN file's content, so that changing either allows one attempt more. It lies in a folder that is as private as the PIN file.
//!
//! A PIN that the device has taken before is remembered as such: an answer that says nothing about it, as of a device that starts, blocks nobody.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use kokuin_suite::{DigestAlgorithm, digest};
use zeroize::Zeroizing;

use crate::folder::{Folder, FolderError};

const LOCK: &str = "login-lock";

/// The right to try one PIN once; no other process of this folder has it meanwhile.
#[derive(Debug)]
pub(crate) struct Attempt {
    folder: Folder,
    state: PathBuf,
    subject: String,
    /// The device took this PIN before.
    known: bool,
    _lock: File,
}

/// This PIN was tried before; the file that says so.
#[derive(Debug)]
pub(crate) struct TriedBefore(pub(crate) PathBuf);

impl Attempt {
    /// Writes down in the file `name` that a PIN is about to be tried, unless it was before. `subject`: the device's settings and the PIN.
    pub(crate) fn begin(
        folder: &Folder,
        name: &str,
        subject: &[&[u8]],
    ) -> Result<Result<Self, TriedBefore>, FolderError> {
        let (state, path) = (folder.other_file(name), folder.other_file(LOCK));
        let io = |path: &Path, reason| FolderError::Io { path: path.to_owned(), reason };
        let lock = File::options().create(true).append(true).open(&path).map_err(|reason| io(&path, reason))?;
        lock.lock().map_err(|reason| io(&path, reason))?;
        let subject = one_digest(subject);
        let before = match fs::read_to_string(&state) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            Err(reason) => return Err(io(&state, reason)),
        };
        if before.trim_end() == tried(&subject) {
            return Ok(Err(TriedBefore(state)));
        }
        let known = before.trim_end() == taken(&subject);
        let attempt = Self { folder: folder.clone(), state, subject, known, _lock: lock };
        if !known {
            attempt.write(&tried(&attempt.subject))?;
        }
        Ok(Ok(attempt))
    }

    /// Whether the device took this PIN before: then whatever refuses it now may be another device.
    #[cfg(feature = "yubihsm")]
    pub(crate) const fn is_known(&self) -> bool {
        self.known
    }

    /// The device took the PIN.
    pub(crate) fn was_taken(self) -> Result<(), FolderError> {
        if self.known { Ok(()) } else { self.write(&taken(&self.subject)) }
    }

    /// The device refused the PIN.
    pub(crate) fn was_refused(self) -> Result<(), FolderError> {
        if self.known { self.write(&tried(&self.subject)) } else { Ok(()) }
    }

    /// The device did not look at the PIN.
    pub(crate) fn was_not_made(self) -> Result<(), FolderError> {
        if self.known { Ok(()) } else { self.folder.remove(&self.state) }
    }

    fn write(&self, text: &str) -> Result<(), FolderError> {
        self.folder.remove(&self.state)?;
        self.folder.add(&self.state, format!("{text}\n").as_bytes())
    }
}

fn tried(subject: &str) -> String {
    format!("tried {subject}")
}

fn taken(subject: &str) -> String {
    format!("taken {subject}")
}

/// What an attempt is about. Each part with its length before it, so that no two settings run together.
fn one_digest(parts: &[&[u8]]) -> String {
    let mut whole = Zeroizing::new(Vec::with_capacity(64 * 1024));
    for part in parts {
        whole.extend((part.len() as u64).to_be_bytes());
        whole.extend(*part);
    }
    hex::encode(digest(DigestAlgorithm::Sha256, &whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(folder: &Folder, token: &str, pin: &str) -> Option<Attempt> {
        Attempt::begin(folder, "pin-state", &[token.as_bytes(), pin.as_bytes()]).unwrap().ok()
    }

    #[test]
    fn a_pin_is_tried_once_until_pin_or_token_change_thr_67() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("t")).unwrap();
        assert!(begin(&folder, "a", "wrong").is_some(), "the first time");
        for _ in 0..3 {
            assert!(begin(&folder, "a", "wrong").is_none(), "a restart changes nothing");
        }
        begin(&folder, "a", "right").unwrap().was_taken().unwrap();
        begin(&folder, "a", "right").unwrap().was_taken().unwrap();
        begin(&folder, "b", "right").unwrap().was_refused().unwrap();
        assert!(begin(&folder, "b", "right").is_none());
        assert!(begin(&folder, "a", "right").is_some(), "another token");
    }

    #[test]
    fn a_pin_that_the_token_stops_taking_is_not_tried_again_thr_67() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("t")).unwrap();
        begin(&folder, "a", "right").unwrap().was_taken().unwrap();
        drop(begin(&folder, "a", "right").unwrap());
        begin(&folder, "a", "right").unwrap().was_not_made().unwrap();
        begin(&folder, "a", "right").unwrap().was_refused().unwrap();
        assert!(begin(&folder, "a", "right").is_none());
    }

    #[test]
    fn a_crash_during_the_attempt_counts_as_one_thr_67() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("t")).unwrap();
        drop(begin(&folder, "a", "any"));
        assert!(begin(&folder, "a", "any").is_none());
    }

    #[test]
    fn the_file_shows_no_pin_thr_104() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("t")).unwrap();
        let attempt = begin(&folder, "a", "31415926").unwrap();
        let text = fs::read_to_string(&attempt.state).unwrap();
        assert!(!text.contains("31415926") && text.len() == 71, "{text}");
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&attempt.state).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
