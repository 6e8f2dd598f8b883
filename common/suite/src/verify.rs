//! Asking an engine whether a signature value is right.

pub mod shape;

use std::fmt::Debug;

pub use shape::{Question, ecdsa_r, split_ecdsa};

use crate::key::{KeyAlgorithm, KeyRefusal};
use crate::signature::SignatureAlgorithm;

/// A cryptographic library that can tell right signature values from wrong ones. It trusts nothing and knows no dates.
pub trait Verify: Send + Sync + Debug {
    /// Its name in reports.
    fn name(&self) -> &'static str;

    /// Whether `signature` is the raw value that the key in `spki` made over `message` (the whole message: the engine hashes).
    ///
    /// # Errors
    /// [`VerifyError`]; anything but `Ok` means that nothing has been shown.
    fn verify(&self, alg: SignatureAlgorithm, spki: &[u8], message: &[u8], signature: &[u8])
    -> Result<(), VerifyError>;
}

/// Why a signature value was not found right.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum VerifyError {
    /// This engine cannot compute it; another one may.
    #[error("the engine {engine} does not verify {algorithm} with a key of {key}")]
    Unsupported {
        /// Name of the engine.
        engine: &'static str,
        /// Asked for.
        algorithm: SignatureAlgorithm,
        /// Kind of the key.
        key: KeyAlgorithm,
    },
    /// The key cannot be used at all.
    #[error(transparent)]
    Key(#[from] KeyRefusal),
    /// The point is not on the curve it names.
    #[error("the public key is not a point of its curve")]
    NotOnCurve,
    /// A key of this kind, or with its own restriction, makes no such signatures.
    #[error("a key of {key} does not sign with {algorithm}")]
    WrongKey {
        /// Asked for.
        algorithm: SignatureAlgorithm,
        /// Kind of the key.
        key: KeyAlgorithm,
    },
    /// The signature value has the wrong length.
    #[error("a signature of {algorithm} has {expected} octets, this one has {found}")]
    Length {
        /// Asked for.
        algorithm: SignatureAlgorithm,
        /// Octets that it takes.
        expected: usize,
        /// Octets there.
        found: usize,
    },
    /// An ECDSA value that is not exactly the DER SEQUENCE of two positive INTEGERs.
    #[error("the ECDSA signature value is not strict DER of two positive numbers")]
    EcdsaEncoding,
    /// An Ed25519 value whose commitment is not canonical or has a small order.
    #[error("the Ed25519 signature's first half is not canonical or has a small order")]
    WeakCommitment,
    /// Well formed, and not made by this key over this message.
    #[error("the signature value does not match the message and the key")]
    Mismatch,
    /// The library itself failed: no verdict.
    #[error("the engine {0} failed without a verdict")]
    Engine(&'static str),
}

impl VerifyError {
    /// Stable name, for logs, reports and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } => "suite.unsupported",
            Self::Key(refusal) => refusal.code(),
            Self::NotOnCurve => "suite.not-on-curve",
            Self::WrongKey { .. } => "suite.wrong-key",
            Self::Length { .. } => "suite.signature-length",
            Self::EcdsaEncoding => "suite.ecdsa-encoding",
            Self::WeakCommitment => "suite.weak-commitment",
            Self::Mismatch => "suite.signature-mismatch",
            Self::Engine(_) => "suite.engine-failed",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Unsupported { .. } | Self::Engine(_) => "Kokuin THR-10",
            Self::Key(refusal) => refusal.clause(),
            Self::NotOnCurve => "SEC 1 3.2.2.1",
            Self::WrongKey { .. } => "RFC 5652 5.6, RFC 4055 3.3",
            Self::Length { .. } => "RFC 8017 8.2.2, RFC 8032 5.1.7, FIPS 204 table 2",
            Self::EcdsaEncoding => "RFC 3279 2.2.3, X.690 8.3",
            Self::WeakCommitment => "RFC 8032 5.1.7, 8.9",
            Self::Mismatch => "RFC 5652 5.6",
        }
    }
}
