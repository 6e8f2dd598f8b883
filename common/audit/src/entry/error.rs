//! Why bytes are no entry, or text no member of one.

use super::Kind;
use crate::tile::MAX_ENTRY;

/// A value that cannot stand in an entry.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum FieldError {
    /// Keys are named so everywhere.
    #[error("{0:?} is no key name: 1 to 64 of a-z, 0-9 and '-'")]
    KeyName(String),
    /// Codes and names of software parts.
    #[error("{0:?} is no label: 1 to 128 of A-Z, a-z, 0-9 and ._:/+@-")]
    Label(String),
    /// Explanations by people.
    #[error("text of {0} octets, 1 to 1024 are kept")]
    Text(usize),
    /// Object identifiers.
    #[error("{0:?} is no dotted object identifier")]
    PolicyOid(String),
    /// Numbers of tokens and seals.
    #[error("{0:?} is no serial: 1 to 32 octets in lower-case hexadecimal")]
    Serial(String),
    /// Digests and commitments.
    #[error("{0:?} are not 32 octets in base64url without padding")]
    Octets32(String),
    /// Roots of hash trees.
    #[error("a root of {0} octets, 32 to 64 are kept")]
    Root(usize),
    /// Tokens of others.
    #[error("a token of {0} octets, 1 to 46080 fit an entry")]
    Token(usize),
    /// Lines of devices' logs.
    #[error("lines of {0} octets, at most 16384 are kept")]
    Lines(usize),
    /// References of time sources.
    #[error("{0:?} is no reference: 8 digits of lower-case hexadecimal")]
    Reference(String),
    /// Times.
    #[error("{0:?} is no time as 2026-11-23T12:00:00.000000Z")]
    Time(String),
}

impl FieldError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyName(_) => "audit.field-key",
            Self::Label(_) => "audit.field-label",
            Self::Text(_) => "audit.field-text",
            Self::PolicyOid(_) => "audit.field-policy",
            Self::Serial(_) => "audit.field-serial",
            Self::Octets32(_) => "audit.field-octets",
            Self::Root(_) => "audit.field-root",
            Self::Token(_) => "audit.field-token",
            Self::Lines(_) => "audit.field-lines",
            Self::Reference(_) => "audit.field-reference",
            Self::Time(_) => "audit.field-time",
        }
    }
}

/// Bytes that are no entry of this schema.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EntryError {
    /// An entry bundle has two octets for the length.
    #[error("entry of {found} octets, at most {MAX_ENTRY} fit a bundle")]
    TooLong {
        /// Octets.
        found: usize,
    },
    /// JSON is UTF-8.
    #[error("entry is not UTF-8")]
    NotUtf8,
    /// Version and kind come first, always.
    #[error("entry does not begin with its version and kind")]
    Head,
    /// A schema that this reader does not know.
    #[error("entry of schema version {found}, this reader knows 1")]
    Version {
        /// As written.
        found: String,
    },
    /// A kind that this schema does not have.
    #[error("entry of unknown kind {found:?}")]
    Kind {
        /// As written.
        found: String,
    },
    /// A member is missing, unknown, double, or of another type.
    #[error("entry of kind {kind:?}: {reason}")]
    Members {
        /// The kind whose members they should be.
        kind: Kind,
        /// What is wrong, from the JSON reader.
        reason: String,
    },
    /// The same members, written differently: other order, white space, escapes.
    #[error("entry of kind {kind:?} is not written as this schema writes it")]
    NotCanonical {
        /// The kind.
        kind: Kind,
    },
}

impl EntryError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "audit.entry-too-long",
            Self::NotUtf8 => "audit.entry-not-utf8",
            Self::Head => "audit.entry-head",
            Self::Version { .. } => "audit.entry-version",
            Self::Kind { .. } => "audit.entry-kind",
            Self::Members { .. } => "audit.entry-members",
            Self::NotCanonical { .. } => "audit.entry-not-canonical",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "C2SP tlog-tiles, Log Entries",
            Self::NotUtf8 => "RFC 8259 8.1",
            Self::Head
            | Self::Version { .. }
            | Self::Kind { .. }
            | Self::Members { .. }
            | Self::NotCanonical { .. } => "docs/log.md, Entries",
        }
    }
}
