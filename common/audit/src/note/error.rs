//! Why bytes are no note, a text no verifier key, or a note not what its key signed.

use super::{MAX_LINE, MAX_NOTE, MAX_SIGNATURES};

/// A rule of C2SP's signed-note that was broken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NoteError {
    /// Our limit.
    #[error("note of {found} octets, at most {MAX_NOTE} are read")]
    TooLong {
        /// Octets.
        found: usize,
    },
    /// Our limit.
    #[error("line of {found} octets, at most {MAX_LINE} are read")]
    LineTooLong {
        /// Octets.
        found: usize,
    },
    /// Our limit.
    #[error("{found} signature lines, at most {MAX_SIGNATURES} are read")]
    TooManySignatures {
        /// Lines.
        found: usize,
    },
    /// Notes are UTF-8.
    #[error("note is not UTF-8")]
    NotUtf8,
    /// Only line feeds are allowed.
    #[error("control character at octet {at}")]
    ControlCharacter {
        /// Offset.
        at: usize,
    },
    /// No blank line, or nothing below it.
    #[error("no signature lines below a blank line")]
    NoSignatures,
    /// Not `— name base64`.
    #[error("signature line {number} is malformed")]
    SignatureLine {
        /// From one.
        number: usize,
    },
    /// Not `name+hash+base64`, or the hash is not the key's.
    #[error("{found:?} is no verifier key")]
    VerifierKey {
        /// As given, shortened.
        found: String,
    },
    /// A key type that we do not verify.
    #[error("key type {found:#04x} is not known, 0x01 (Ed25519) is")]
    KeyType {
        /// First octet of the key.
        found: u8,
    },
    /// A log key is an Ed25519 key.
    #[error("log key is not an Ed25519 public key")]
    NotEd25519,
    /// The key has not signed.
    #[error("not signed by {key}")]
    NotSignedBy {
        /// The verifier key.
        key: String,
    },
    /// The key's signature does not verify.
    #[error("signature of {key} does not verify")]
    BadSignature {
        /// Name of the key.
        key: String,
    },
}

impl NoteError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "audit.note-too-long",
            Self::LineTooLong { .. } => "audit.note-line-too-long",
            Self::TooManySignatures { .. } => "audit.note-signatures",
            Self::NotUtf8 => "audit.note-not-utf8",
            Self::ControlCharacter { .. } => "audit.note-control",
            Self::NoSignatures => "audit.note-unsigned",
            Self::SignatureLine { .. } => "audit.note-signature-line",
            Self::VerifierKey { .. } => "audit.vkey",
            Self::KeyType { .. } => "audit.vkey-type",
            Self::NotEd25519 => "audit.log-key-type",
            Self::NotSignedBy { .. } => "audit.note-not-signed-by",
            Self::BadSignature { .. } => "audit.note-bad-signature",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::TooLong { .. } | Self::LineTooLong { .. } | Self::TooManySignatures { .. } => "docs/log.md, Limits",
            Self::NotUtf8 | Self::ControlCharacter { .. } | Self::NoSignatures | Self::SignatureLine { .. } => {
                "C2SP signed-note, Format"
            }
            Self::VerifierKey { .. } | Self::KeyType { .. } | Self::NotEd25519 => "C2SP signed-note, Verifier keys",
            Self::NotSignedBy { .. } | Self::BadSignature { .. } => "C2SP signed-note, Verification",
        }
    }
}
