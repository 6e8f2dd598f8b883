//! Why an algorithm identifier is not one we can act on.

use kokuin_asn1::Asn1Error;

use crate::digest::DigestAlgorithm;
use crate::signature::SignatureAlgorithm;

/// A rule about algorithm identifiers that one broke.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AlgorithmRefusal {
    /// Its parameters are not DER.
    #[error("the algorithm parameters cannot be read: {0}")]
    Malformed(#[from] Asn1Error),
    /// Not one of our signature algorithms.
    #[error("the signature algorithm {0} is not supported")]
    UnknownSignature(String),
    /// Not one of our digest algorithms.
    #[error("the digest algorithm {0} is not supported")]
    UnknownDigest(String),
    /// The parameters are not what the algorithm's specification says.
    #[error("the parameters of {0} are not what its specification says")]
    Parameters(String),
    /// The signature algorithm leaves the digest open, and this one does not go with it.
    #[error("{signature} is not supported with the digest {digest}")]
    NoSuchPair {
        /// Object identifier of the signature algorithm.
        signature: String,
        /// Named beside it.
        digest: DigestAlgorithm,
    },
    /// Both identifiers name a digest, and not the same one.
    #[error("the signature algorithm {signature} stands beside the digest algorithm {digest}")]
    DigestMismatch {
        /// Algorithm of the signature.
        signature: SignatureAlgorithm,
        /// Named beside it.
        digest: DigestAlgorithm,
    },
    /// PSS without parameters says nothing about its digest.
    #[error("RSASSA-PSS without parameters")]
    PssParametersAbsent,
    /// A digest that PSS is not supported with; SHA-1 is the default that an empty SEQUENCE stands for.
    #[error("RSASSA-PSS with {0} is not supported")]
    PssDigest(DigestAlgorithm),
    /// The mask generation function is not MGF1.
    #[error("the mask generation function {0} is not MGF1")]
    PssMaskFunction(String),
    /// MGF1 uses another digest than the signature.
    #[error("RSASSA-PSS with {digest} has MGF1 with {mask}")]
    PssMaskDigest {
        /// Of the signature.
        digest: DigestAlgorithm,
        /// Of the mask.
        mask: DigestAlgorithm,
    },
    /// The salt is not as long as the digest.
    #[error("RSASSA-PSS with {digest} takes a salt of {expected} octets, the parameters say {found}")]
    PssSaltLength {
        /// Of the signature.
        digest: DigestAlgorithm,
        /// Octets of the digest.
        expected: usize,
        /// Octets in the parameters.
        found: u64,
    },
    /// A trailer field other than 1.
    #[error("the RSASSA-PSS trailer field is {0}, only 1 exists")]
    PssTrailer(i64),
}

impl AlgorithmRefusal {
    /// Stable name, for logs, reports and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "suite.algorithm-malformed",
            Self::UnknownSignature(_) => "suite.signature-algorithm-unknown",
            Self::UnknownDigest(_) => "suite.digest-algorithm-unknown",
            Self::Parameters(_) => "suite.algorithm-parameters",
            Self::NoSuchPair { .. } => "suite.algorithm-pair",
            Self::DigestMismatch { .. } => "suite.digest-mismatch",
            Self::PssParametersAbsent => "suite.pss-parameters-absent",
            Self::PssDigest(_) => "suite.pss-digest",
            Self::PssMaskFunction(_) => "suite.pss-mask-function",
            Self::PssMaskDigest { .. } => "suite.pss-mask-digest",
            Self::PssSaltLength { .. } => "suite.pss-salt-length",
            Self::PssTrailer(_) => "suite.pss-trailer",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "RFC 5280 4.1.1.2",
            Self::UnknownSignature(_) | Self::UnknownDigest(_) => "ETSI TS 119 312",
            Self::Parameters(_) => "RFC 4055 5, RFC 5754 2-3, RFC 5758 3.2, RFC 8410 3, RFC 9881 2",
            Self::NoSuchPair { .. } => "RFC 5754 3",
            Self::DigestMismatch { .. } => "RFC 8933 3.1, RFC 8419 3.1, RFC 9882 3.3",
            Self::PssParametersAbsent | Self::PssDigest(_) | Self::PssMaskFunction(_) | Self::PssTrailer(_) => {
                "RFC 4055 3.1"
            }
            Self::PssMaskDigest { .. } | Self::PssSaltLength { .. } => "RFC 4055 3.1, ETSI TS 119 312",
        }
    }
}
