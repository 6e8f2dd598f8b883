//! Files of authentication keys: 32 random octets in hexadecimal, for their owner alone. No passwords are made (THR-61).

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use kokuin_settings::{Secret, SecretError, SecretFile};
use zeroize::Zeroizing;

use crate::yubihsm::manage::ManageError;

/// Octets of an authentication key, and of a wrap key.
pub(super) const SIZE: usize = 32;

/// Why a key file is not used.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    /// It cannot be read, or others can.
    #[error(transparent)]
    File(#[from] SecretError),
    /// It cannot be written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// A ceremony puts random keys into devices, no passwords.
    #[error("{}: an authentication key is 64 hexadecimal digits", .0.display())]
    NoKey(PathBuf),
    /// Two logins with one secret: who reads the log could sign.
    #[error("{} and {} hold the same key", .0.display(), .1.display())]
    Same(PathBuf, PathBuf),
}

impl SecretsError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::File(_) => "hsm.key-file",
            Self::Io { .. } => "hsm.key-file-io",
            Self::NoKey(_) => "hsm.key-file-no-key",
            Self::Same(..) => "hsm.key-file-same",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::File(_) | Self::Io { .. } => "Kokuin THR-104",
            Self::NoKey(_) | Self::Same(..) => "Kokuin THR-61",
        }
    }
}

/// The key in `path`, which is 64 hexadecimal digits.
pub(super) fn read(path: &Path) -> Result<Zeroizing<[u8; SIZE]>, SecretsError> {
    let secret = SecretFile::new(path.to_owned()).read()?;
    let mut key = Zeroizing::new([0; SIZE]);
    let digits = secret.expose().trim_ascii_end();
    hex::decode_to_slice(digits, key.as_mut_slice()).map_err(|_| SecretsError::NoKey(path.to_owned()))?;
    Ok(key)
}

/// The key in `path`; a new one is made and put there, on the disk, where there is no file.
pub(super) fn read_or_make(path: &Path) -> Result<Zeroizing<[u8; SIZE]>, ManageError> {
    if !path.exists() {
        let key = random()?;
        write_private(path, Zeroizing::new(hex::encode(key.as_slice())).as_bytes())?;
    }
    Ok(read(path)?)
}

/// 32 octets from the operating system.
pub(super) fn random() -> Result<Zeroizing<[u8; SIZE]>, ManageError> {
    let mut key = Zeroizing::new([0; SIZE]);
    getrandom::fill(key.as_mut_slice()).map_err(|error| ManageError::Random(error.to_string()))?;
    Ok(key)
}

/// A file of 0600 that was not there before, with its content on the disk.
pub(super) fn write_private(path: &Path, content: &[u8]) -> Result<(), SecretsError> {
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(content)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or_else(|| Path::new("."))).and_then(|folder| folder.sync_all())
    };
    write().map_err(|reason| SecretsError::Io { path: path.to_owned(), reason })
}

/// Refuses two key files with one key in them (THR-61). Files that are not there hold none.
///
/// # Errors
/// [`SecretsError`] if a file cannot be read, or two are the same.
pub fn same_secret<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<(), SecretsError> {
    let mut seen: Vec<(&Path, Secret)> = Vec::new();
    for path in files.into_iter().filter(|path| path.exists()) {
        let secret = SecretFile::new(path.to_owned()).read()?;
        let secret = Secret::new(secret.expose().trim_ascii_end().to_ascii_lowercase());
        if let Some((other, _)) = seen.iter().find(|(_, known)| known.matches(secret.expose())) {
            return Err(SecretsError::Same((*other).to_owned(), path.to_owned()));
        }
        seen.push((path, secret));
    }
    Ok(())
}
