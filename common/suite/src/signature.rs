//! Signature algorithms, and how certificates and CMS messages name them.

pub mod pss;
mod refusal;

use std::fmt;
use std::str::FromStr;

use kokuin_asn1::{AlgorithmId, Oid, enc, oids, tag};

pub use refusal::AlgorithmRefusal;

use crate::digest::DigestAlgorithm;
use pss::PssParameters;

/// How a signature value is made, digest included.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SignatureAlgorithm {
    /// ECDSA with SHA-256, on any of our curves.
    EcdsaSha256,
    /// ECDSA with SHA-384, on any of our curves.
    EcdsaSha384,
    /// ECDSA with SHA-512, on any of our curves.
    EcdsaSha512,
    /// RSASSA-PKCS1-v1_5 with SHA-1. For reading the past only.
    RsaPkcs1Sha1,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    RsaPkcs1Sha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaPkcs1Sha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaPkcs1Sha512,
    /// RSASSA-PSS with SHA-256, MGF1 with the same, salt of 32 octets.
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384, MGF1 with the same, salt of 48 octets.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512, MGF1 with the same, salt of 64 octets.
    RsaPssSha512,
    /// RFC 8032, pure.
    Ed25519,
    /// FIPS 204, pure, empty context.
    MlDsa44,
    /// FIPS 204, pure, empty context.
    MlDsa65,
    /// FIPS 204, pure, empty context.
    MlDsa87,
}

/// No signature algorithm has this name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no signature algorithm is called {0:?}")]
pub struct UnknownSignatureAlgorithm(pub String);

impl SignatureAlgorithm {
    /// Every algorithm.
    pub const ALL: [Self; 14] = [
        Self::EcdsaSha256,
        Self::EcdsaSha384,
        Self::EcdsaSha512,
        Self::RsaPkcs1Sha1,
        Self::RsaPkcs1Sha256,
        Self::RsaPkcs1Sha384,
        Self::RsaPkcs1Sha512,
        Self::RsaPssSha256,
        Self::RsaPssSha384,
        Self::RsaPssSha512,
        Self::Ed25519,
        Self::MlDsa44,
        Self::MlDsa65,
        Self::MlDsa87,
    ];

    /// The algorithm an X.509 `AlgorithmIdentifier` names.
    ///
    /// # Errors
    /// [`AlgorithmRefusal`] if it is not one of ours or its parameters are not what its specification says.
    pub fn from_x509(id: &AlgorithmId<'_>) -> Result<Self, AlgorithmRefusal> {
        if id.oid == oids::RSASSA_PSS {
            let parameters = id.parameters.ok_or(AlgorithmRefusal::PssParametersAbsent)?;
            return Ok(PssParameters::parse(parameters)?.signature_algorithm());
        }
        let algorithm = Self::ALL
            .into_iter()
            .find(|algorithm| !algorithm.is_pss() && algorithm.oid() == id.oid)
            .ok_or_else(|| AlgorithmRefusal::UnknownSignature(id.oid.to_string()))?;
        algorithm.check_parameters(id)?;
        Ok(algorithm)
    }

    /// The algorithm that a CMS `SignerInfo` names with its two identifiers: `signatureAlgorithm` may be complete in
    /// itself, or be a bare `rsaEncryption` or `id-ecPublicKey` that the `digestAlgorithm` completes.
    ///
    /// # Errors
    /// [`AlgorithmRefusal`], also if both name a digest and they differ (RFC 8933 section 3.1).
    pub fn from_cms(signature: &AlgorithmId<'_>, digest: &AlgorithmId<'_>) -> Result<Self, AlgorithmRefusal> {
        let digest = parse_digest(digest)?;
        if signature.oid == oids::RSA_ENCRYPTION {
            if !signature.has_no_parameters() {
                return Err(AlgorithmRefusal::Parameters(signature.oid.to_string()));
            }
            return Self::complete(
                digest,
                signature,
                [
                    (DigestAlgorithm::Sha1, Self::RsaPkcs1Sha1),
                    (DigestAlgorithm::Sha256, Self::RsaPkcs1Sha256),
                    (DigestAlgorithm::Sha384, Self::RsaPkcs1Sha384),
                    (DigestAlgorithm::Sha512, Self::RsaPkcs1Sha512),
                ],
            );
        }
        if signature.oid == oids::EC_PUBLIC_KEY {
            // Some signers name the key's type here, with or without the curve beside it.
            return Self::complete(
                digest,
                signature,
                [
                    (DigestAlgorithm::Sha256, Self::EcdsaSha256),
                    (DigestAlgorithm::Sha384, Self::EcdsaSha384),
                    (DigestAlgorithm::Sha512, Self::EcdsaSha512),
                ],
            );
        }
        let algorithm = Self::from_x509(signature)?;
        if !algorithm.goes_with(digest) {
            return Err(AlgorithmRefusal::DigestMismatch { signature: algorithm, digest });
        }
        Ok(algorithm)
    }

    fn complete<const N: usize>(
        digest: DigestAlgorithm,
        signature: &AlgorithmId<'_>,
        pairs: [(DigestAlgorithm, Self); N],
    ) -> Result<Self, AlgorithmRefusal> {
        pairs
            .into_iter()
            .find(|(with, _)| *with == digest)
            .map(|(_, algorithm)| algorithm)
            .ok_or_else(|| AlgorithmRefusal::NoSuchPair { signature: signature.oid.to_string(), digest })
    }

    /// The digest that belongs beside it in a CMS `SignerInfo`: its own, or for algorithms that sign whole messages
    /// SHA-512 (RFC 8419 section 3, RFC 9882 section 3.3).
    #[must_use]
    pub const fn digest(self) -> DigestAlgorithm {
        match self {
            Self::RsaPkcs1Sha1 => DigestAlgorithm::Sha1,
            Self::EcdsaSha256 | Self::RsaPkcs1Sha256 | Self::RsaPssSha256 => DigestAlgorithm::Sha256,
            Self::EcdsaSha384 | Self::RsaPkcs1Sha384 | Self::RsaPssSha384 => DigestAlgorithm::Sha384,
            Self::EcdsaSha512 | Self::RsaPkcs1Sha512 | Self::RsaPssSha512 => DigestAlgorithm::Sha512,
            Self::Ed25519 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => DigestAlgorithm::Sha512,
        }
    }

    /// Whether it signs a digest made beforehand (and not the whole message).
    #[must_use]
    pub const fn is_prehashed(self) -> bool {
        match self {
            Self::EcdsaSha256
            | Self::EcdsaSha384
            | Self::EcdsaSha512
            | Self::RsaPkcs1Sha1
            | Self::RsaPkcs1Sha256
            | Self::RsaPkcs1Sha384
            | Self::RsaPkcs1Sha512
            | Self::RsaPssSha256
            | Self::RsaPssSha384
            | Self::RsaPssSha512 => true,
            Self::Ed25519 | Self::MlDsa44 | Self::MlDsa65 | Self::MlDsa87 => false,
        }
    }

    /// Whether its padding is PSS.
    #[must_use]
    pub const fn is_pss(self) -> bool {
        matches!(self, Self::RsaPssSha256 | Self::RsaPssSha384 | Self::RsaPssSha512)
    }

    /// Whether a CMS `SignerInfo` may name `digest` beside it (RFC 8933 3.1, RFC 8419 3.1, RFC 9882 3.3 and ALG-23).
    #[must_use]
    pub fn goes_with(self, digest: DigestAlgorithm) -> bool {
        use DigestAlgorithm::{Sha1, Sha3_256, Sha3_384, Sha256, Sha384, Sha512};
        match self {
            Self::MlDsa44 => digest != Sha1,
            Self::MlDsa65 => !matches!(digest, Sha1 | Sha256 | Sha3_256),
            Self::MlDsa87 => !matches!(digest, Sha1 | Sha256 | Sha384 | Sha3_256 | Sha3_384),
            Self::Ed25519 => digest == Sha512,
            Self::EcdsaSha256
            | Self::EcdsaSha384
            | Self::EcdsaSha512
            | Self::RsaPkcs1Sha1
            | Self::RsaPkcs1Sha256
            | Self::RsaPkcs1Sha384
            | Self::RsaPkcs1Sha512
            | Self::RsaPssSha256
            | Self::RsaPssSha384
            | Self::RsaPssSha512 => digest == self.digest(),
        }
    }

    /// Its object identifier; for PSS the one all digests share.
    #[must_use]
    pub fn oid(self) -> Oid {
        match self {
            Self::EcdsaSha256 => oids::ECDSA_WITH_SHA256,
            Self::EcdsaSha384 => oids::ECDSA_WITH_SHA384,
            Self::EcdsaSha512 => oids::ECDSA_WITH_SHA512,
            Self::RsaPkcs1Sha1 => oids::SHA1_WITH_RSA,
            Self::RsaPkcs1Sha256 => oids::SHA256_WITH_RSA,
            Self::RsaPkcs1Sha384 => oids::SHA384_WITH_RSA,
            Self::RsaPkcs1Sha512 => oids::SHA512_WITH_RSA,
            Self::RsaPssSha256 | Self::RsaPssSha384 | Self::RsaPssSha512 => oids::RSASSA_PSS,
            Self::Ed25519 => oids::ED25519,
            Self::MlDsa44 => oids::ML_DSA_44,
            Self::MlDsa65 => oids::ML_DSA_65,
            Self::MlDsa87 => oids::ML_DSA_87,
        }
    }

    /// Its `AlgorithmIdentifier` as we write it, for certificates and CMS alike: NULL for PKCS#1 (RFC 4055 section 5),
    /// PSS parameters written out, absent for all others (RFC 5758 3.2, RFC 8410 3, RFC 9881 2).
    #[must_use]
    pub fn algorithm_id_der(self) -> Vec<u8> {
        let oid = enc::oid(&self.oid());
        match self {
            Self::RsaPkcs1Sha1 | Self::RsaPkcs1Sha256 | Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512 => {
                enc::sequence(&[&oid, &enc::null()])
            }
            Self::RsaPssSha256 | Self::RsaPssSha384 | Self::RsaPssSha512 => {
                enc::sequence(&[&oid, &pss::parameters_der(self.digest())])
            }
            Self::EcdsaSha256
            | Self::EcdsaSha384
            | Self::EcdsaSha512
            | Self::Ed25519
            | Self::MlDsa44
            | Self::MlDsa65
            | Self::MlDsa87 => enc::sequence(&[&oid]),
        }
    }

    fn check_parameters(self, id: &AlgorithmId<'_>) -> Result<(), AlgorithmRefusal> {
        let fits = match self {
            // RFC 4055 section 5 writes NULL, RFC 5754 section 3.2 makes readers take both.
            Self::RsaPkcs1Sha1 | Self::RsaPkcs1Sha256 | Self::RsaPkcs1Sha384 | Self::RsaPkcs1Sha512 => {
                matches!(id.parameters, None | Some([tag::NULL, 0]))
            }
            // Read by `PssParameters` before.
            Self::RsaPssSha256 | Self::RsaPssSha384 | Self::RsaPssSha512 => true,
            Self::EcdsaSha256
            | Self::EcdsaSha384
            | Self::EcdsaSha512
            | Self::Ed25519
            | Self::MlDsa44
            | Self::MlDsa65
            | Self::MlDsa87 => id.parameters.is_none(),
        };
        if fits { Ok(()) } else { Err(AlgorithmRefusal::Parameters(id.oid.to_string())) }
    }

    /// Its name in configuration, reports and policy files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EcdsaSha256 => "ecdsa-sha256",
            Self::EcdsaSha384 => "ecdsa-sha384",
            Self::EcdsaSha512 => "ecdsa-sha512",
            Self::RsaPkcs1Sha1 => "rsa-pkcs1-sha1",
            Self::RsaPkcs1Sha256 => "rsa-pkcs1-sha256",
            Self::RsaPkcs1Sha384 => "rsa-pkcs1-sha384",
            Self::RsaPkcs1Sha512 => "rsa-pkcs1-sha512",
            Self::RsaPssSha256 => "rsa-pss-sha256",
            Self::RsaPssSha384 => "rsa-pss-sha384",
            Self::RsaPssSha512 => "rsa-pss-sha512",
            Self::Ed25519 => "ed25519",
            Self::MlDsa44 => "ml-dsa-44",
            Self::MlDsa65 => "ml-dsa-65",
            Self::MlDsa87 => "ml-dsa-87",
        }
    }
}

/// The digest algorithm an `AlgorithmIdentifier` names; NULL parameters mean the same as none (RFC 5754 section 2).
///
/// # Errors
/// [`AlgorithmRefusal::UnknownDigest`], [`AlgorithmRefusal::Parameters`].
pub fn parse_digest(id: &AlgorithmId<'_>) -> Result<DigestAlgorithm, AlgorithmRefusal> {
    let digest =
        DigestAlgorithm::from_oid(&id.oid).ok_or_else(|| AlgorithmRefusal::UnknownDigest(id.oid.to_string()))?;
    if !id.has_no_parameters() {
        return Err(AlgorithmRefusal::Parameters(id.oid.to_string()));
    }
    Ok(digest)
}

impl fmt::Display for SignatureAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for SignatureAlgorithm {
    type Err = UnknownSignatureAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownSignatureAlgorithm> {
        Self::ALL.into_iter().find(|a| a.name() == name).ok_or_else(|| UnknownSignatureAlgorithm(name.to_owned()))
    }
}

#[cfg(test)]
mod tests;
