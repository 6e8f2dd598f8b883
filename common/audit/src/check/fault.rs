//! What can be wrong with a log.

use std::time::Duration;

use crate::{
    entry::{EntryError, KeyName},
    hash::Hash,
    name::{LeafIndex, TreeSize},
    tile::TileId,
};

/// One thing that is wrong.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The entry is not the one that was logged.
    #[error("entry {index} was changed: its hash is {found}, {logged} was logged")]
    EntryChanged {
        /// Which.
        index: LeafIndex,
        /// Hash of what is there.
        found: Hash,
        /// Hash in the tree that was signed.
        logged: Hash,
    },
    /// The entry cannot be read.
    #[error("entry {index}: {error}")]
    EntryUnreadable {
        /// Which.
        index: LeafIndex,
        /// Why.
        error: EntryError,
    },
    /// There should be an entry.
    #[error("entry {index} is missing")]
    Missing {
        /// The first that is missing.
        index: LeafIndex,
    },
    /// The tile is not the one that the entries give.
    #[error("{tile} was changed")]
    TileChanged {
        /// Which.
        tile: TileId,
    },
    /// There should be a tile.
    #[error("{tile} is missing")]
    TileMissing {
        /// Which.
        tile: TileId,
    },
    /// The edge stored beside the checkpoint is not its tree's.
    #[error("the tree edge stored with the checkpoint of {size} entries was changed")]
    EdgeChanged {
        /// Size of the checkpoint.
        size: TreeSize,
    },
    /// Neither entries nor leaf hashes give the root that was signed.
    #[error("at {size} entries the root is {computed}, {signed} was signed")]
    RootDiffers {
        /// Size of the checkpoint.
        size: TreeSize,
        /// From the entries.
        computed: Hash,
        /// In the note.
        signed: Hash,
    },
    /// The log signed another tree before: this one, or that one, was shown to somebody else (THR-50).
    #[error("the log also signed root {signed} at {size} entries, this log has {computed} there:\n{note}")]
    Equivocation {
        /// Size of the other checkpoint.
        size: TreeSize,
        /// From the entries.
        computed: Hash,
        /// In the other note.
        signed: Hash,
        /// The other note: evidence.
        note: String,
    },
    /// The log signed more than there is (THR-42).
    #[error("the log signed {signed} entries, there are {stored}")]
    Rewound {
        /// Entries there.
        stored: TreeSize,
        /// Entries in the anchor, or another note.
        signed: TreeSize,
    },
    /// The first entry opens the log under its own name and key.
    #[error("entry 0 does not open this log")]
    NotOpened,
    /// The entry names another that is not there, or is something else.
    #[error("entry {index} names entry {named} as its {member}, which is none of its own")]
    Reference {
        /// Which.
        index: LeafIndex,
        /// `clock`, `cert` or `intent`.
        member: &'static str,
        /// The entry named.
        named: LeafIndex,
    },
    /// Two tokens of one key, the later entry with the earlier time (THR-38).
    #[error("key {key}: entry {later} has a time {} us before that of entry {earlier}", back.as_micros())]
    OutOfOrder {
        /// The key.
        key: KeyName,
        /// The entry that came first.
        earlier: LeafIndex,
        /// The entry that came later, with the earlier time.
        later: LeafIndex,
        /// By how much.
        back: Duration,
    },
    /// A key in a device signed without an intent that is still open (THR-44).
    #[error("entry {index} was signed by {key}, which is in a device, and no open intent of that key has its number")]
    NoIntent {
        /// Which.
        index: LeafIndex,
        /// The key.
        key: KeyName,
    },
    /// One signature cannot end two ways (THR-44).
    #[error("entry {index} ends the intent of entry {intent}, which has an end already")]
    IntentEndedTwice {
        /// The second end.
        index: LeafIndex,
        /// The intent.
        intent: LeafIndex,
    },
    /// The accounts stated are not those that the entries before them give.
    #[error("the accounts stated at entry {index} are not those of the entries before it")]
    AccountsDiffer {
        /// Which.
        index: LeafIndex,
    },
    /// A time mark speaks of entries that come after it, or so far before it that nobody can compare them.
    #[error("the time mark at entry {index} is over {size} entries")]
    MarkSize {
        /// The mark.
        index: LeafIndex,
        /// What it covers.
        size: TreeSize,
    },
    /// A time mark is over a tree that the log never had.
    #[error("the time mark at entry {index} is over a root {named} of {size} entries, these give {computed}")]
    MarkRoot {
        /// The mark.
        index: LeafIndex,
        /// What it covers.
        size: TreeSize,
        /// From the entries.
        computed: Hash,
        /// In the mark.
        named: Hash,
    },
    /// A time mark's token is not what the entry says.
    #[error("the token of the time mark at entry {index}: {reason}")]
    MarkToken {
        /// The mark.
        index: LeafIndex,
        /// Why.
        reason: String,
    },
    /// An entry has a time later than that at which a foreign authority's token shows it to have existed.
    #[error("entry {index} has a time {} us after the time mark at entry {mark} shows it to have existed", by.as_micros())]
    PostDated {
        /// Which.
        index: LeafIndex,
        /// The mark.
        mark: LeafIndex,
        /// By how much at least, both accuracies taken off.
        by: Duration,
    },
    /// An entry after a foreign authority's token has a time before it: it was logged later than it says (THR-37).
    #[error("entry {index} has a time {} us before that of the time mark at entry {mark}, which was logged before it", by.as_micros())]
    BackDated {
        /// Which.
        index: LeafIndex,
        /// The mark.
        mark: LeafIndex,
        /// By how much at least, both accuracies taken off.
        by: Duration,
    },
    /// A proof in an export of chosen entries does not hold.
    #[error("entry {index} is not proven to be in the log")]
    NotProven {
        /// Which.
        index: LeafIndex,
    },
}

impl Fault {
    /// Stable name, for reports and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EntryChanged { .. } => "audit.entry-changed",
            Self::EntryUnreadable { error, .. } => error.code(),
            Self::Missing { .. } => "audit.entry-missing",
            Self::TileChanged { .. } => "audit.tile-changed",
            Self::TileMissing { .. } => "audit.tile-missing",
            Self::EdgeChanged { .. } => "audit.edge-changed",
            Self::RootDiffers { .. } => "audit.root-differs",
            Self::Equivocation { .. } => "audit.equivocation",
            Self::Rewound { .. } => "audit.rewound",
            Self::NotOpened => "audit.not-opened",
            Self::Reference { .. } => "audit.reference",
            Self::OutOfOrder { .. } => "audit.out-of-order",
            Self::NoIntent { .. } => "audit.no-intent",
            Self::IntentEndedTwice { .. } => "audit.intent-ended-twice",
            Self::AccountsDiffer { .. } => "audit.accounts-differ",
            Self::MarkSize { .. } => "audit.mark-size",
            Self::MarkRoot { .. } => "audit.mark-root",
            Self::MarkToken { .. } => "audit.mark-token",
            Self::PostDated { .. } => "audit.post-dated",
            Self::BackDated { .. } => "audit.back-dated",
            Self::NotProven { .. } => "audit.not-proven",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::EntryChanged { .. }
            | Self::TileChanged { .. }
            | Self::RootDiffers { .. }
            | Self::EdgeChanged { .. }
            | Self::NotProven { .. } => "RFC 6962 2.1",
            Self::EntryUnreadable { error, .. } => error.clause(),
            Self::Missing { .. } | Self::TileMissing { .. } => "C2SP tlog-tiles",
            Self::Equivocation { .. } | Self::Rewound { .. } => "C2SP tlog-checkpoint",
            Self::NotOpened
            | Self::Reference { .. }
            | Self::MarkSize { .. }
            | Self::MarkRoot { .. }
            | Self::MarkToken { .. } => "docs/log.md, Entries",
            Self::PostDated { .. } | Self::BackDated { .. } => "docs/log.md, Time marks",
            Self::NoIntent { .. } | Self::IntentEndedTwice { .. } | Self::AccountsDiffer { .. } => {
                "docs/log.md, Accounts of devices"
            }
            Self::OutOfOrder { .. } => "RFC 3161 2.4.2; EN 319 421 7.7.2",
        }
    }

    /// The entry that the fault is about.
    #[must_use]
    pub const fn entry(&self) -> Option<LeafIndex> {
        match self {
            Self::EntryChanged { index, .. }
            | Self::EntryUnreadable { index, .. }
            | Self::Missing { index }
            | Self::Reference { index, .. }
            | Self::NoIntent { index, .. }
            | Self::IntentEndedTwice { index, .. }
            | Self::AccountsDiffer { index }
            | Self::MarkSize { index, .. }
            | Self::MarkRoot { index, .. }
            | Self::MarkToken { index, .. }
            | Self::PostDated { index, .. }
            | Self::BackDated { index, .. }
            | Self::NotProven { index } => Some(*index),
            Self::OutOfOrder { later, .. } => Some(*later),
            Self::NotOpened => Some(LeafIndex(0)),
            Self::TileChanged { .. }
            | Self::TileMissing { .. }
            | Self::EdgeChanged { .. }
            | Self::RootDiffers { .. }
            | Self::Equivocation { .. }
            | Self::Rewound { .. } => None,
        }
    }
}
