//! Why a policy does not let an algorithm be used, and what it remarks when it does.

use std::fmt;

use time::OffsetDateTime;

use crate::digest::DigestAlgorithm;
use crate::key::{KeyAlgorithm, KeyRefusal};
use crate::signature::SignatureAlgorithm;

/// What a policy row is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Subject {
    /// The digest.
    Digest(DigestAlgorithm),
    /// The way of signing, whatever digest and key size.
    Scheme(SignatureAlgorithm),
    /// The kind and size of key.
    Key(KeyAlgorithm),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digest(digest) => write!(f, "digest {digest}"),
            Self::Scheme(scheme) => write!(f, "signature algorithm {scheme}"),
            Self::Key(key) => write!(f, "key {key}"),
        }
    }
}

/// What an algorithm is wanted for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Use {
    /// A new signature or digest.
    Sign,
    /// A new certificate for a key.
    Certify,
    /// Counting a signature by the proof of when it existed.
    Rely,
    /// Looking at an old signature at all.
    Process,
}

/// The reason why an algorithm may not be used. Texts of dates are UTC.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unsuitable {
    /// Its time is over, or the proof of existence came too late.
    #[error("{subject} is not suitable since {}, wanted for {}: {policy}", day(*.end), day(*.at))]
    Since {
        /// What of the signature.
        subject: Subject,
        /// For what.
        wanted: Use,
        /// First second at which it is no longer suitable, UNIX time.
        end: i64,
        /// When it is used, or proven to have been used; UNIX seconds.
        at: i64,
        /// The document that says so, with its version.
        policy: String,
    },
    /// The policy lets it be verified but nothing new be made with it.
    #[error("{subject} is not recommended for anything new: {policy}")]
    OnlyForOld {
        /// What of the signature.
        subject: Subject,
        /// The document that says so, with its version.
        policy: String,
    },
    /// The policy does not know it, so no date can make it suitable.
    #[error("{subject} is not listed: {policy}")]
    NotListed {
        /// What of the signature.
        subject: Subject,
        /// The document that does not list it, with its version.
        policy: String,
    },
    /// Such a key makes no such signatures.
    #[error("a key {key} does not sign with {algorithm}")]
    DoesNotFit {
        /// Asked for.
        algorithm: SignatureAlgorithm,
        /// Kind of the key.
        key: KeyAlgorithm,
    },
    /// The public exponent is too small or too large.
    #[error("an RSA exponent of {bits} bits is outside 2^{above} < e < 2^{below}: {policy}")]
    RsaExponent {
        /// Its length.
        bits: u32,
        /// It must be above two to this power.
        above: u32,
        /// It must be below two to this power.
        below: u32,
        /// The document that says so, with its version.
        policy: String,
    },
    /// The key cannot be read, or is worthless whatever the date.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
}

impl Unsuitable {
    /// From when on it is unsuitable, UNIX seconds. `Some` means that a proof of existence before would help
    /// (`CRYPTO_CONSTRAINTS_FAILURE_NO_POE`), `None` that nothing does (`CRYPTO_CONSTRAINTS_FAILURE`).
    #[must_use]
    pub const fn since(&self) -> Option<i64> {
        match self {
            Self::Since { wanted: Use::Rely | Use::Sign | Use::Certify, end, .. } => Some(*end),
            Self::Since { wanted: Use::Process, .. }
            | Self::OnlyForOld { .. }
            | Self::NotListed { .. }
            | Self::DoesNotFit { .. }
            | Self::RsaExponent { .. }
            | Self::Key(_) => None,
        }
    }

    /// Stable name, for logs, reports and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Since { .. } => "policy.unsuitable-since",
            Self::OnlyForOld { .. } => "policy.only-for-old",
            Self::NotListed { .. } => "policy.not-listed",
            Self::DoesNotFit { .. } => "policy.does-not-fit",
            Self::RsaExponent { .. } => "policy.rsa-exponent",
            Self::Key(refusal) => refusal.code(),
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Since { .. } | Self::NotListed { .. } => "EN 319 102-1 5.2.8.4.3, the policy named",
            Self::OnlyForOld { .. } => "CRYPTREC LS-0001",
            Self::DoesNotFit { .. } => "RFC 5652 5.6",
            Self::RsaExponent { .. } => "ETSI TS 119 312 6.2.2.1",
            Self::Key(refusal) => refusal.clause(),
        }
    }
}

/// Something a report should say although the answer is yes.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Remark {
    /// The policy calls it legacy, or has it for compatibility only.
    Legacy {
        /// What of the signature.
        subject: Subject,
        /// The document that says so, with its version.
        policy: String,
        /// The row's own note.
        note: String,
    },
    /// It counts only because it is proven to be old (CRYPTREC: 許容).
    CountsByProof {
        /// What of the signature.
        subject: Subject,
        /// From when on nothing new counts, UNIX seconds.
        end: i64,
        /// The document that says so, with its version.
        policy: String,
    },
    /// The row's values have not been read in the standard's own text.
    Unverified {
        /// What of the signature.
        subject: Subject,
        /// The document, with its version.
        policy: String,
        /// What is not verified about it.
        note: String,
    },
}

fn day(unix: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix).map_or_else(|_| unix.to_string(), |time| time.date().to_string())
}
