//! Why a log cannot be checked at all.

use std::{error::Error, fmt, sync::Arc};

use crate::{checkpoint::CheckpointError, name::TreeSize, storage::StorageError};

/// A file, URL or whatever a [`super::TileSource`] reads could not be read.
#[derive(Clone, Debug)]
pub struct SourceError(Arc<dyn Error + Send + Sync>);

impl SourceError {
    /// Wraps what the source reports.
    pub fn new(error: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for SourceError {}

/// Why a log could not be checked: not the same as finding it wrong.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CheckError {
    /// The source could not be read.
    #[error("cannot read the log: {0}")]
    Source(#[from] SourceError),
    /// The store could not be read.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// There is no checkpoint under this key to check against.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The store or export holds no checkpoint.
    #[error("there is no checkpoint to check against")]
    NoCheckpoint,
    /// An export's line is none of ours.
    #[error("line {number} of the export: {reason}")]
    Line {
        /// From one.
        number: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// No log is that large.
    #[error("checkpoint claims {size} entries")]
    TooLarge {
        /// Claimed.
        size: TreeSize,
    },
}

impl CheckError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Source(_) => "audit.check-source",
            Self::Storage(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::NoCheckpoint => "audit.check-no-checkpoint",
            Self::Line { .. } => "audit.check-line",
            Self::TooLarge { .. } => "audit.check-too-large",
        }
    }

    /// Whether the log could not be read, as opposed to being read and found to be none of this key.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        match self {
            Self::Source(_) | Self::Storage(_) => true,
            Self::Checkpoint(_) | Self::NoCheckpoint | Self::Line { .. } | Self::TooLarge { .. } => false,
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Checkpoint(error) => error.clause(),
            Self::Source(_) | Self::Storage(_) | Self::NoCheckpoint | Self::Line { .. } | Self::TooLarge { .. } => {
                "docs/log.md, Checking"
            }
        }
    }
}
