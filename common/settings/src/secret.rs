//! Secrets: read from files of their owner only, never shown, compared in constant time.

use std::{
    fmt,
    fs::{File, Metadata},
    io::Read,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretSlice};
use serde::{Deserialize, Deserializer};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes a secret file may have.
const LIMIT: u64 = 64 * 1024;

/// A passphrase, token or PIN. Zeroized when dropped; its `Debug` says nothing of it and there is no `Display` (THR-104).
#[derive(Clone)]
pub struct Secret(SecretSlice<u8>);

impl Secret {
    /// Takes the bytes over.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    /// The secret itself. Every use of this name is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// The secret as text; `None` if it is none.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(self.expose()).ok()
    }

    /// Whether `candidate` is the secret; takes equally long for every candidate of one length.
    #[must_use]
    pub fn matches(&self, candidate: &[u8]) -> bool {
        self.expose().ct_eq(candidate).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(not shown)")
    }
}

/// Why a secret file is refused.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file cannot be read.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// A folder, device or pipe.
    #[error("{}: a secret is a regular file", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// Others may read or write it.
    #[error("{}: mode {mode:04o} lets others in, a secret file is 0600 or 0400", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Nothing inside.
    #[error("{}: the secret is empty", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Larger than any secret is.
    #[error("{}: {found} bytes, a secret file has at most {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes in the file.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
}

impl SecretError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "secret.unreadable",
            Self::NotAFile { .. } => "secret.not-a-file",
            Self::Exposed { .. } => "secret.exposed",
            Self::Empty { .. } => "secret.empty",
            Self::TooLarge { .. } => "secret.too-large",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Unreadable { .. }
            | Self::NotAFile { .. }
            | Self::Exposed { .. }
            | Self::Empty { .. }
            | Self::TooLarge { .. } => "Kokuin THR-103",
        }
    }
}

/// Path of a file that holds a secret, as a configuration names it, relative to the configuration's own folder. The secret
/// itself never stands in a configuration.
///
/// A file that others can read is refused when the configuration is loaded, with the line that names it, and again at
/// each [`SecretFile::read`], on the open file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SecretFile(PathBuf);

impl SecretFile {
    /// The file at `path`.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// Where the secret is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Reads the secret; one line end after it does not belong to it.
    ///
    /// # Errors
    /// If the file is absent, open to others, empty or too large.
    pub fn read(&self) -> Result<Secret, SecretError> {
        let path = &self.0;
        let unreadable = |reason| SecretError::Unreadable { path: path.clone(), reason };
        let mut file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        check_owner_only(path, &metadata)?;
        if metadata.size() > LIMIT {
            return Err(SecretError::TooLarge { path: path.clone(), found: metadata.size(), limit: LIMIT });
        }
        // Room for all of it at once: a buffer that grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024));
        file.by_ref().take(LIMIT).read_to_end(&mut bytes).map_err(unreadable)?;
        let line_end = if bytes.ends_with(b"\r\n") { 2 } else { usize::from(bytes.ends_with(b"\n")) };
        let secret = &bytes[..bytes.len() - line_end];
        if secret.is_empty() {
            return Err(SecretError::Empty { path: path.clone() });
        }
        Ok(Secret::new(secret.to_vec()))
    }
}

fn check_owner_only(path: &Path, metadata: &Metadata) -> Result<(), SecretError> {
    if !metadata.is_file() {
        return Err(SecretError::NotAFile { path: path.to_owned() });
    }
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(SecretError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

impl<'de> Deserialize<'de> for SecretFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = crate::load::from_here(&PathBuf::deserialize(deserializer)?);
        // Here only for the sake of the line number; `read` checks the file it has open. An absent file may be made later.
        if let Ok(metadata) = path.metadata() {
            check_owner_only(&path, &metadata).map_err(serde::de::Error::custom)?;
        }
        Ok(Self(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8], mode: u32) -> (tempfile::TempDir, SecretFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        std::fs::write(&path, bytes).unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        (folder, SecretFile::new(path))
    }

    #[test]
    fn reads_a_secret_without_its_line_end() {
        for (bytes, expected) in
            [(&b"pass\n"[..], &b"pass"[..]), (b"pass\r\n", b"pass"), (b"pass", b"pass"), (b" \n\n", b" \n")]
        {
            assert_eq!(file(bytes, 0o600).1.read().unwrap().expose(), expected);
        }
        assert!(file(b"x", 0o400).1.read().is_ok());
    }

    #[test]
    fn refuses_secret_file_open_to_others_thr_103() {
        for mode in [0o604, 0o640, 0o644, 0o620, 0o666] {
            let (_folder, secret) = file(b"pass", mode);
            let error = secret.read().unwrap_err();
            assert_eq!(error.code(), "secret.exposed");
            assert!(error.to_string().contains(&format!("{mode:04o}")), "{error}");
        }
    }

    #[test]
    fn refuses_open_secret_file_with_the_line_that_names_it_thr_103() {
        #[derive(Debug, Deserialize)]
        struct Example {
            #[serde(rename = "passphrase_file")]
            _passphrase_file: SecretFile,
        }
        let (_folder, secret) = file(b"pass", 0o644);
        let config = secret.path().with_file_name("kokuin.toml");
        for name in [secret.path().display().to_string(), "secret".to_owned()] {
            let text = format!("# keys\n\npassphrase_file = {name:?}\n");
            let error = crate::parse::<Example>(&config, &text).unwrap_err();
            assert_eq!((error.code(), error.line()), ("settings.value", Some(3)));
            assert!(error.to_string().contains("0644"), "{error}");
        }
    }

    #[test]
    fn refuses_empty_large_absent_and_irregular_files() {
        assert_eq!(file(b"\n", 0o600).1.read().unwrap_err().code(), "secret.empty");
        assert_eq!(file(&vec![b'x'; 65_537], 0o600).1.read().unwrap_err().code(), "secret.too-large");
        let (folder, _) = file(b"x", 0o600);
        let folder = folder.path().to_owned();
        assert_eq!(SecretFile::new(folder.clone()).read().unwrap_err().code(), "secret.not-a-file");
        assert_eq!(SecretFile::new(folder.join("absent")).read().unwrap_err().code(), "secret.unreadable");
    }

    #[test]
    fn shows_nothing_of_a_secret_thr_104() {
        let secret = Secret::new(b"hunter2".to_vec());
        assert_eq!(format!("{secret:?} {:#?}", Some(&secret)), "Secret(not shown) Some(\n    Secret(not shown),\n)");
    }

    #[test]
    fn matches_only_itself() {
        let secret = Secret::new(b"hunter2".to_vec());
        assert!(secret.matches(b"hunter2"));
        for wrong in [&b"hunter3"[..], b"hunter", b"hunter22", b""] {
            assert!(!secret.matches(wrong));
        }
        assert_eq!(secret.expose_text(), Some("hunter2"));
    }
}
