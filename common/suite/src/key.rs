//! What kind of key a `SubjectPublicKeyInfo` holds.

mod edwards;
pub mod public;
mod roca;

use std::fmt;
use std::str::FromStr;

use kokuin_asn1::Asn1Error;

pub(crate) use edwards::is_strong_edwards_point;
pub(crate) use public::bit_len;
pub use public::{PssRestriction, PublicKey, RsaKey};

use crate::signature::{AlgorithmRefusal, SignatureAlgorithm};

/// A key's algorithm and the parameter that decides its strength.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum KeyAlgorithm {
    /// ECDSA over NIST P-256.
    P256,
    /// ECDSA over NIST P-384.
    P384,
    /// ECDSA over NIST P-521.
    P521,
    /// RSA, whichever padding its signatures use.
    Rsa {
        /// Length of the modulus, in bits.
        bits: u32,
    },
    /// RFC 8032, pure.
    Ed25519,
    /// FIPS 204, category 2.
    MlDsa44,
    /// FIPS 204, category 3.
    MlDsa65,
    /// FIPS 204, category 5.
    MlDsa87,
}

/// No key algorithm has this name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no key algorithm is called {0:?}")]
pub struct UnknownKeyAlgorithm(pub String);

/// Why a `SubjectPublicKeyInfo` is not a key we can use.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyRefusal {
    /// It is not the DER it should be.
    #[error("the public key cannot be read: {0}")]
    Malformed(#[from] Asn1Error),
    /// Its algorithm is not one of ours.
    #[error("public keys of algorithm {0} are not supported")]
    UnknownAlgorithm(String),
    /// Its curve is not one of ours, or is written out instead of named (RFC 5480 section 2.1.1).
    #[error("the elliptic curve {0} is not supported")]
    UnknownCurve(String),
    /// The algorithm's parameters are not what its specification says.
    #[error("the parameters of {0} are not what its specification says")]
    Parameters(&'static str),
    /// The key has the wrong size for its algorithm.
    #[error("a key of {algorithm} has {expected} octets, this one has {found}")]
    Length {
        /// Named in the key.
        algorithm: &'static str,
        /// Octets that it takes.
        expected: usize,
        /// Octets there.
        found: usize,
    },
    /// An elliptic curve point is not in the uncompressed form.
    #[error("the point begins with {0:#04x}, only uncompressed points (0x04) are read")]
    PointForm(u8),
    /// The RSA modulus is even, or longer than any key in use.
    #[error("the RSA modulus of {bits} bits is even or longer than {limit} bits")]
    Modulus {
        /// Its length.
        bits: u32,
        /// The longest one read.
        limit: u32,
    },
    /// The RSA exponent is even, or one.
    #[error("the RSA public exponent is even or one")]
    Exponent,
    /// The RSA modulus is of a library whose keys can be factored (THR-68).
    #[error("the RSA modulus is of the kind that can be factored (ROCA, CVE-2017-15361)")]
    Factorable,
    /// An Ed25519 key that is not canonical or has a small order: signatures by it prove nothing (THR-10).
    #[error("the Ed25519 key is not canonical or has a small order")]
    WeakPoint,
    /// An RSASSA-PSS key restricted to parameters we do not read.
    #[error("the key's RSASSA-PSS parameters: {0}")]
    Pss(Box<AlgorithmRefusal>),
}

impl KeyRefusal {
    /// Stable name, for logs, reports and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "suite.key-malformed",
            Self::UnknownAlgorithm(_) => "suite.key-algorithm-unknown",
            Self::UnknownCurve(_) => "suite.key-curve-unknown",
            Self::Parameters(_) => "suite.key-parameters",
            Self::Length { .. } => "suite.key-length",
            Self::PointForm(_) => "suite.key-point-form",
            Self::Modulus { .. } => "suite.key-modulus",
            Self::Exponent => "suite.key-exponent",
            Self::Factorable => "suite.key-factorable",
            Self::WeakPoint => "suite.key-weak-point",
            Self::Pss(_) => "suite.key-pss",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Malformed(_) | Self::UnknownAlgorithm(_) => "RFC 5280 4.1.2.7",
            Self::UnknownCurve(_) => "RFC 5480 2.1.1",
            Self::Parameters(_) => "RFC 3279 2.3.1, RFC 5480 2.1.1, RFC 8410 3, RFC 9881 2",
            Self::Length { .. } => "RFC 5480 2.2, RFC 8410 4, RFC 9881 4",
            Self::PointForm(_) => "RFC 5480 2.2",
            Self::Modulus { .. } | Self::Exponent => "RFC 8017 3.1",
            Self::Factorable => "CVE-2017-15361, Kokuin THR-68",
            Self::WeakPoint => "RFC 8032 5.1.3, 8.9",
            Self::Pss(_) => "RFC 4055 1.2, 3.3",
        }
    }
}

impl KeyAlgorithm {
    /// Reads the kind of key out of a DER `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`KeyRefusal`], also for keys that are well formed but worthless.
    pub fn from_spki(spki: &[u8]) -> Result<Self, KeyRefusal> {
        Ok(PublicKey::parse(spki)?.algorithm())
    }

    /// What a key of this kind signs with unless something else is asked for.
    #[must_use]
    pub const fn signature_algorithm(self) -> SignatureAlgorithm {
        match self {
            Self::P256 => SignatureAlgorithm::EcdsaSha256,
            Self::P384 => SignatureAlgorithm::EcdsaSha384,
            Self::P521 => SignatureAlgorithm::EcdsaSha512,
            Self::Rsa { .. } => SignatureAlgorithm::RsaPkcs1Sha256,
            Self::Ed25519 => SignatureAlgorithm::Ed25519,
            Self::MlDsa44 => SignatureAlgorithm::MlDsa44,
            Self::MlDsa65 => SignatureAlgorithm::MlDsa65,
            Self::MlDsa87 => SignatureAlgorithm::MlDsa87,
        }
    }

    /// Whether a key of this kind can make signatures of `algorithm`.
    #[must_use]
    pub const fn fits(self, algorithm: SignatureAlgorithm) -> bool {
        match algorithm {
            SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 | SignatureAlgorithm::EcdsaSha512 => {
                matches!(self, Self::P256 | Self::P384 | Self::P521)
            }
            SignatureAlgorithm::RsaPkcs1Sha1
            | SignatureAlgorithm::RsaPkcs1Sha256
            | SignatureAlgorithm::RsaPkcs1Sha384
            | SignatureAlgorithm::RsaPkcs1Sha512
            | SignatureAlgorithm::RsaPssSha256
            | SignatureAlgorithm::RsaPssSha384
            | SignatureAlgorithm::RsaPssSha512 => matches!(self, Self::Rsa { .. }),
            SignatureAlgorithm::Ed25519 => matches!(self, Self::Ed25519),
            SignatureAlgorithm::MlDsa44 => matches!(self, Self::MlDsa44),
            SignatureAlgorithm::MlDsa65 => matches!(self, Self::MlDsa65),
            SignatureAlgorithm::MlDsa87 => matches!(self, Self::MlDsa87),
        }
    }

    /// The longest signature a key of this kind makes, in octets.
    #[must_use]
    pub const fn max_signature_len(self) -> usize {
        match self {
            Self::P256 => 72,
            Self::P384 => 104,
            Self::P521 => 139,
            Self::Rsa { bits } => bits.div_ceil(8) as usize,
            Self::Ed25519 => 64,
            Self::MlDsa44 => 2420,
            Self::MlDsa65 => 3309,
            Self::MlDsa87 => 4627,
        }
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::P256 => f.write_str("p256"),
            Self::P384 => f.write_str("p384"),
            Self::P521 => f.write_str("p521"),
            Self::Rsa { bits } => write!(f, "rsa-{bits}"),
            Self::Ed25519 => f.write_str("ed25519"),
            Self::MlDsa44 => f.write_str("ml-dsa-44"),
            Self::MlDsa65 => f.write_str("ml-dsa-65"),
            Self::MlDsa87 => f.write_str("ml-dsa-87"),
        }
    }
}

impl FromStr for KeyAlgorithm {
    type Err = UnknownKeyAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownKeyAlgorithm> {
        let unknown = || UnknownKeyAlgorithm(name.to_owned());
        Ok(match name {
            "p256" => Self::P256,
            "p384" => Self::P384,
            "p521" => Self::P521,
            "ed25519" => Self::Ed25519,
            "ml-dsa-44" => Self::MlDsa44,
            "ml-dsa-65" => Self::MlDsa65,
            "ml-dsa-87" => Self::MlDsa87,
            _ => {
                let bits = name.strip_prefix("rsa-").and_then(|bits| bits.parse().ok()).ok_or_else(unknown)?;
                let named = Self::Rsa { bits };
                if named.to_string() != name {
                    return Err(unknown());
                }
                named
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        for name in ["p256", "p384", "p521", "rsa-3072", "rsa-4096", "ed25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"] {
            assert_eq!(name.parse::<KeyAlgorithm>().map(|a| a.to_string()), Ok(name.to_owned()));
        }
        for name in ["P256", "rsa", "rsa-", "rsa-03072", "rsa-+3072", "dsa-2048", ""] {
            assert_eq!(name.parse::<KeyAlgorithm>(), Err(UnknownKeyAlgorithm(name.to_owned())));
        }
    }

    #[test]
    fn every_key_fits_what_it_signs_with() {
        for name in ["p256", "p384", "p521", "rsa-3072", "ed25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"] {
            let key: KeyAlgorithm = name.parse().expect("listed above");
            assert!(key.fits(key.signature_algorithm()), "{name}");
        }
        assert!(!KeyAlgorithm::P256.fits(SignatureAlgorithm::RsaPssSha256));
        assert!(!KeyAlgorithm::MlDsa44.fits(SignatureAlgorithm::MlDsa65));
    }
}
