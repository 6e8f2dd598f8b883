//! Why the soft back end does not make or open a key.

use std::path::PathBuf;

use kokuin_key::KeyId;
use kokuin_settings::SecretError;
use kokuin_suite::KeyAlgorithm;

use crate::folder::FolderError;

/// A rule of the soft back end that was broken.
#[derive(Debug, thiserror::Error)]
pub enum SoftError {
    /// The passphrase or key file is absent, open to others, empty or too large.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A file or folder cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// The folder lets others in.
    #[error("{}: mode {mode:04o} lets others in, a key folder is 0700", path.display())]
    FolderExposed {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is a key of this name already; keys are never overwritten.
    #[error("there is a key {0} already")]
    Exists(KeyId),
    /// There is no key of this name.
    #[error("there is no key {0}")]
    Unknown(KeyId),
    /// This back end does not make such keys.
    #[error("soft keys are p256, p384, rsa-3072, rsa-4096 and ed25519, not {0}")]
    Algorithm(KeyAlgorithm),
    /// The description beside the key cannot be read.
    #[error("{}: {reason}", path.display())]
    Description {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        reason: String,
    },
    /// The key file is not one encrypted PKCS#8 block.
    #[error("{}: not one ENCRYPTED PRIVATE KEY block", path.display())]
    NotEncrypted {
        /// The file.
        path: PathBuf,
    },
    /// The passphrase is not the one the key was encrypted with, or the file is damaged.
    #[error("key {0}: the passphrase does not open it")]
    WrongPassphrase(KeyId),
    /// The key is not of the kind its description says.
    #[error("key {id} is {found}, its description says {described}")]
    NotAsDescribed {
        /// Its name.
        id: KeyId,
        /// Kind in the description.
        described: KeyAlgorithm,
        /// Kind of the key.
        found: String,
    },
    /// OpenSSL failed.
    #[error("the cryptographic library failed at {0}")]
    Library(&'static str),
}

impl From<FolderError> for SoftError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { path, reason } => Self::Io { path, reason },
            FolderError::Exposed { path, mode } => Self::FolderExposed { path, mode },
        }
    }
}

impl SoftError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Secret(error) => error.code(),
            Self::Io { .. } => "soft.io",
            Self::FolderExposed { .. } => "soft.folder-exposed",
            Self::Exists(_) => "soft.exists",
            Self::Unknown(_) => "soft.unknown",
            Self::Algorithm(_) => "soft.algorithm",
            Self::Description { .. } => "soft.description",
            Self::NotEncrypted { .. } => "soft.not-encrypted",
            Self::WrongPassphrase(_) => "soft.wrong-passphrase",
            Self::NotAsDescribed { .. } => "soft.not-as-described",
            Self::Library(_) => "soft.library",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Secret(error) => error.clause(),
            Self::FolderExposed { .. } => "Kokuin THR-103",
            Self::Io { .. } | Self::Unknown(_) | Self::Library(_) => "EN 319 421 7.6.3",
            Self::Exists(_) | Self::Algorithm(_) => "EN 319 421 7.6.2",
            Self::Description { .. } | Self::NotAsDescribed { .. } => "Kokuin THR-57",
            Self::NotEncrypted { .. } | Self::WrongPassphrase(_) => "RFC 5958 3, Kokuin THR-105",
        }
    }
}
