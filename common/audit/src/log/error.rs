//! Why a log does not open, or does not take an entry.

use std::sync::Arc;

use kokuin_key::KeyError;

use crate::{
    checkpoint::CheckpointError,
    entry::EntryError,
    hash::Hash,
    name::{LeafIndex, TreeSize},
    note::NoteError,
    storage::StorageError,
};

/// A rule of the log that was broken, or a part of it that failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// The store, or the anchor's file.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The entry cannot be written.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The log's key is not what a log's key must be.
    #[error(transparent)]
    Key(#[from] NoteError),
    /// Keys have one purpose.
    #[error("key {key} is not a log key")]
    WrongPurpose {
        /// Its id.
        key: String,
    },
    /// The key did not sign.
    #[error("log key: {0}")]
    Signing(KeyError),
    /// The anchor's checkpoint is not one of this log (THR-42).
    #[error("anchor: {0}")]
    AnchorInvalid(CheckpointError),
    /// The stored checkpoint is not one of this log.
    #[error("stored checkpoint: {0}")]
    CheckpointInvalid(CheckpointError),
    /// There are entries, so there must have been an anchor.
    #[error("store has {stored} entries and the anchor is missing")]
    AnchorMissing {
        /// Entries stored.
        stored: TreeSize,
    },
    /// The store was rewound (THR-42).
    #[error("store has {stored} entries, {} fewer than the {anchored} of the anchor", anchored.0.saturating_sub(stored.0))]
    StoreBehindAnchor {
        /// Entries stored.
        stored: TreeSize,
        /// Entries at the anchor's checkpoint.
        anchored: TreeSize,
    },
    /// The store has another history (THR-42).
    #[error("at {size} entries the store has root {stored}, the anchor {anchored}")]
    StoreDiffersFromAnchor {
        /// Size of the anchor's checkpoint.
        size: TreeSize,
        /// Root of the store's entries.
        stored: Hash,
        /// Root of the anchor.
        anchored: Hash,
    },
    /// The store lost entries while the log was open.
    #[error("store has {stored} entries, {known} are known to have been stored")]
    StoreLostEntries {
        /// Entries stored.
        stored: TreeSize,
        /// Entries known.
        known: TreeSize,
    },
    /// The stored right edge of the tree does not give the checkpoint's root.
    #[error("stored tree edge does not belong to the checkpoint of {size} entries")]
    EdgeDamaged {
        /// Size of the checkpoint.
        size: TreeSize,
    },
    /// An entry after the last checkpoint is none.
    #[error("entry {index} after the last checkpoint: {error}")]
    TailEntry {
        /// Which.
        index: LeafIndex,
        /// Why it is none.
        error: EntryError,
    },
    /// A tile, or one of the newest entries, is not what the tree holds.
    #[error("stored tile or entry at {index} is not the one that belongs there")]
    TailDiffers {
        /// First entry concerned.
        index: LeafIndex,
    },
    /// The first entry names the log.
    #[error("first entry does not open log {origin}")]
    NotOpened {
        /// Origin expected.
        origin: String,
    },
    /// A successor begins empty.
    #[error("store has {stored} entries already: no new log can begin there")]
    NotEmpty {
        /// Entries stored.
        stored: TreeSize,
    },
    /// The number is in the log already: the caller's serials are not unique.
    #[error("serial is in the log already")]
    DuplicateSerial,
    /// An append or checkpoint failed, and no test append has succeeded since (THR-54).
    #[error("log is not writable")]
    NotWritable,
    /// The entry may be stored, but the process did not hold the log's lease any more when it was to be answered for (THR-43).
    #[error("the log's lease is over")]
    LeaseOver,
    /// The log has been closed.
    #[error("log is closed")]
    Closed,
    /// The writer ended without having closed the log: it panicked, and no last checkpoint was made.
    #[error("the log's writer ended without closing the log")]
    WriterGone,
    /// No thread for the writer.
    #[error("cannot start the log's writer: {0}")]
    Thread(Arc<std::io::Error>),
}

impl LogError {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Storage(error) => error.code(),
            Self::Entry(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::WrongPurpose { .. } => "audit.wrong-purpose",
            Self::Signing(_) => "audit.signing",
            Self::AnchorInvalid(_) => "audit.anchor-invalid",
            Self::CheckpointInvalid(_) => "audit.checkpoint-invalid",
            Self::AnchorMissing { .. } => "audit.anchor-missing",
            Self::StoreBehindAnchor { .. } => "audit.store-behind-anchor",
            Self::StoreDiffersFromAnchor { .. } => "audit.store-differs-from-anchor",
            Self::StoreLostEntries { .. } => "audit.store-lost-entries",
            Self::EdgeDamaged { .. } => "audit.edge-damaged",
            Self::TailEntry { .. } => "audit.tail-entry",
            Self::TailDiffers { .. } => "audit.tail-differs",
            Self::NotOpened { .. } => "audit.not-opened",
            Self::NotEmpty { .. } => "audit.not-empty",
            Self::DuplicateSerial => "audit.duplicate-serial",
            Self::NotWritable => "audit.not-writable",
            Self::LeaseOver => "audit.lease-over",
            Self::Closed => "audit.closed",
            Self::WriterGone => "audit.writer-gone",
            Self::Thread(_) => "audit.thread",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Entry(error) => error.clause(),
            Self::Key(error) => error.clause(),
            Self::AnchorInvalid(error) | Self::CheckpointInvalid(error) => error.clause(),
            Self::WrongPurpose { .. } | Self::Signing(_) => "docs/architecture.md, 6",
            Self::Storage(_)
            | Self::AnchorMissing { .. }
            | Self::StoreBehindAnchor { .. }
            | Self::StoreDiffersFromAnchor { .. }
            | Self::StoreLostEntries { .. }
            | Self::EdgeDamaged { .. }
            | Self::TailEntry { .. }
            | Self::TailDiffers { .. }
            | Self::NotOpened { .. }
            | Self::NotEmpty { .. }
            | Self::DuplicateSerial
            | Self::NotWritable
            | Self::LeaseOver
            | Self::Closed
            | Self::WriterGone
            | Self::Thread(_) => "docs/architecture.md, 5; EN 319 421 7.12",
        }
    }
}
