//! What a log asks of whoever stores it, and of whoever keeps its anchor.

pub mod memory;

use std::{error::Error, ops::Range, sync::Arc, time::Instant};

use crate::{
    entry::{Encoded, LogTime, Serial},
    hash::Hash,
    name::{LeafIndex, TreeSize},
    tile::FullTile,
};

/// Why the store did not do it.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// A token or seal of this number is in the log already; nothing of the group was stored.
    #[error("entry {position} of the group has a serial that the log already holds")]
    DuplicateSerial {
        /// Place in the group.
        position: usize,
    },
    /// Somebody else wrote here: a log has one writer.
    #[error("entry {index} exists already: the log has a second writer")]
    IndexTaken {
        /// Place in the log.
        index: LeafIndex,
    },
    /// The log has been closed for good.
    #[error("the log is retired: nothing is written to it any more")]
    Retired,
    /// Another process has taken the log over: this one writes nothing any more, for good.
    #[error("the log has been taken over: the lease of epoch {epoch} is another's now")]
    LeaseLost {
        /// The lease that this process had.
        epoch: u64,
    },
    /// What is stored cannot have been written by us.
    #[error("stored {what} {at} is damaged")]
    Damaged {
        /// Entry, tile, checkpoint, ...
        what: &'static str,
        /// Its number.
        at: u64,
    },
    /// The storage itself failed.
    #[error("storage failed: {0}")]
    Failed(Arc<dyn Error + Send + Sync>),
}

impl StorageError {
    /// Wraps what the storage reports.
    pub fn failed(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed(Arc::new(error))
    }

    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DuplicateSerial { .. } => "audit.duplicate-serial",
            Self::IndexTaken { .. } => "audit.index-taken",
            Self::Retired => "audit.retired",
            Self::LeaseLost { .. } => "audit.lease-lost",
            Self::Damaged { .. } => "audit.damaged",
            Self::Failed(_) => "audit.storage-failed",
        }
    }
}

/// The last checkpoint, with what is needed to go on from there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StoredCheckpoint {
    /// Entries that it covers.
    pub size: TreeSize,
    /// The signed note.
    pub note: String,
    /// [`crate::Frontier::encode`] at that size.
    pub frontier: Vec<u8>,
    /// Latest vouched time of the entries that it covers.
    pub last_time: Option<LogTime>,
}

/// What a store knows at the start.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StoredState {
    /// Entries stored.
    pub size: TreeSize,
    /// The last checkpoint.
    pub checkpoint: Option<StoredCheckpoint>,
}

/// The writing side. Whoever holds one holds the log exclusively.
pub trait LogStore: Send {
    /// What is there. After a failed append this is asked again, on a new connection if there is such a thing.
    ///
    /// # Errors
    /// [`StorageError`].
    fn load_state(&mut self) -> Result<StoredState, StorageError>;

    /// Stores entries from `first` on and the tiles that became full: all or nothing, and durable when it returns.
    ///
    /// # Errors
    /// [`StorageError::DuplicateSerial`] and [`StorageError::IndexTaken`] with nothing stored; after any other it is not known what is stored.
    fn append(&mut self, first: LeafIndex, rows: &[Encoded], tiles: &[FullTile]) -> Result<(), StorageError>;

    /// Replaces the last checkpoint; durable when it returns.
    ///
    /// # Errors
    /// [`StorageError`].
    fn save_checkpoint(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StorageError>;

    /// Until when what has been stored may be answered for, by this process's clock; `None`: for as long as it lives. A store that several
    /// machines write is held on time, and a process that was paused beyond it answers nothing (THR-43).
    ///
    /// # Errors
    /// [`StorageError::LeaseLost`].
    fn held_until(&self) -> Result<Option<Instant>, StorageError> {
        Ok(None)
    }
}

/// The reading side: any number of threads, while the writer writes.
pub trait LogRead: Send + Sync {
    /// Entries stored, covered by a checkpoint or not.
    ///
    /// # Errors
    /// [`StorageError`].
    fn size(&self) -> Result<TreeSize, StorageError>;

    /// The last checkpoint stored.
    ///
    /// # Errors
    /// [`StorageError`].
    fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, StorageError>;

    /// The entries of a range, in order; fewer if the store does not hold them all, never with a gap.
    ///
    /// # Errors
    /// [`StorageError`]; [`StorageError::Damaged`] for a gap.
    fn entries(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StorageError>;

    /// Where the token or seal of this number is.
    ///
    /// # Errors
    /// [`StorageError`].
    fn index_of_serial(&self, serial: &Serial) -> Result<Option<LeafIndex>, StorageError>;

    /// The 256 hashes of a full tile.
    ///
    /// # Errors
    /// [`StorageError`].
    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<Hash>>, StorageError>;

    /// One entry.
    ///
    /// # Errors
    /// [`StorageError`].
    fn entry(&self, index: LeafIndex) -> Result<Option<Vec<u8>>, StorageError> {
        Ok(self.entries(index.0..index.0.saturating_add(1))?.pop())
    }
}

/// Where the last signed checkpoint is kept outside the database, so that the database cannot be rewound in silence (THR-42).
pub trait Anchor: Send {
    /// The note kept; `None` if there never was one.
    ///
    /// # Errors
    /// [`StorageError`].
    fn load(&self) -> Result<Option<String>, StorageError>;

    /// Replaces it; durable when it returns.
    ///
    /// # Errors
    /// [`StorageError`].
    fn save(&mut self, note: &str) -> Result<(), StorageError>;
}
