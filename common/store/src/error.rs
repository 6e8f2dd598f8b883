//! Why the database did not do it.

use std::{io, path::PathBuf, sync::Arc};

use kokuin_audit::{LogName, StorageError};

/// A rule of the database that was broken, or a failure of it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The file could not be opened.
    #[error("cannot open database {}: {reason}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// From SQLite.
        reason: String,
    },
    /// A path that is not UTF-8 cannot be given to SQLite.
    #[error("database path {} is not UTF-8", .0.display())]
    Path(PathBuf),
    /// A setting that durability depends on was not taken (THR-46).
    #[error("database setting {setting} is {found}, must be {expected}")]
    Setting {
        /// Name of the pragma.
        setting: &'static str,
        /// Read back.
        found: String,
        /// Needed.
        expected: &'static str,
    },
    /// The schema could not be brought up to date.
    #[error("cannot migrate the database: {0}")]
    Migration(String),
    /// A statement failed.
    #[error("database: {0}")]
    Query(Arc<diesel::result::Error>),
    /// A file beside the database.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What happened.
        error: Arc<io::Error>,
    },
    /// A log has one writer.
    #[error("log {name} is being written by another process ({} is locked)", lock.display())]
    Locked {
        /// The log.
        name: LogName,
        /// The lock file.
        lock: PathBuf,
    },
    /// There is no such log.
    #[error("the database holds no log {0}")]
    NoLog(LogName),
    /// The log has been closed for good.
    #[error("log {0} is retired: nothing is written to it any more")]
    Retired(LogName),
    /// The name is taken by a log of another origin or key, or the origin by another name.
    #[error("log {name} is {found} in this database, not {expected}")]
    OtherLog {
        /// Its name.
        name: LogName,
        /// Verifier key in the database.
        found: String,
        /// Verifier key expected.
        expected: String,
    },
    /// The tenant used this idempotency key before.
    #[error("idempotency key is taken")]
    IdempotencyKeyTaken,
    /// Seal ids, token ids and token hashes are unique.
    #[error("{what} exists already")]
    Exists {
        /// What.
        what: &'static str,
    },
    /// A row cannot have been written by us.
    #[error("stored {what} is damaged")]
    Damaged {
        /// What.
        what: &'static str,
    },
}

impl StoreError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open { .. } => "store.open",
            Self::Path(_) => "store.path",
            Self::Setting { .. } => "store.setting",
            Self::Migration(_) => "store.migration",
            Self::Query(_) => "store.query",
            Self::File { .. } => "store.file",
            Self::Locked { .. } => "store.locked",
            Self::NoLog(_) => "store.no-log",
            Self::Retired(_) => "store.retired",
            Self::OtherLog { .. } => "store.other-log",
            Self::IdempotencyKeyTaken => "store.idempotency-key-taken",
            Self::Exists { .. } => "store.exists",
            Self::Damaged { .. } => "store.damaged",
        }
    }

    pub(crate) fn file(path: impl Into<PathBuf>, error: io::Error) -> Self {
        Self::File { path: path.into(), error: Arc::new(error) }
    }
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Query(Arc::new(error))
    }
}

impl From<StoreError> for StorageError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Retired(_) => Self::Retired,
            StoreError::Open { .. }
            | StoreError::Path(_)
            | StoreError::Setting { .. }
            | StoreError::Migration(_)
            | StoreError::Query(_)
            | StoreError::File { .. }
            | StoreError::Locked { .. }
            | StoreError::NoLog(_)
            | StoreError::OtherLog { .. }
            | StoreError::IdempotencyKeyTaken
            | StoreError::Exists { .. }
            | StoreError::Damaged { .. } => Self::failed(error),
        }
    }
}
