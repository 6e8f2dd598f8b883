//! Algorithm numbers and what follows from them (yubihsm.md section 5).

use openssl::{hash::MessageDigest, nid::Nid};
use serde::{Deserialize, Serialize};

use crate::refusal::Refusal;

/// An algorithm's number.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Algorithm(pub u8);

impl Algorithm {
    /// RSA-2048.
    pub const RSA_2048: Self = Self(9);
    /// RSA-3072.
    pub const RSA_3072: Self = Self(10);
    /// RSA-4096.
    pub const RSA_4096: Self = Self(11);
    /// P-256.
    pub const P256: Self = Self(12);
    /// P-384.
    pub const P384: Self = Self(13);
    /// P-521.
    pub const P521: Self = Self(14);
    /// HMAC with SHA-1.
    pub const HMAC_SHA1: Self = Self(19);
    /// HMAC with SHA-256.
    pub const HMAC_SHA256: Self = Self(20);
    /// HMAC with SHA-384.
    pub const HMAC_SHA384: Self = Self(21);
    /// HMAC with SHA-512.
    pub const HMAC_SHA512: Self = Self(22);
    /// AES-128-CCM wrap key.
    pub const AES128_CCM_WRAP: Self = Self(29);
    /// Opaque data.
    pub const OPAQUE_DATA: Self = Self(30);
    /// Opaque X.509 certificate.
    pub const OPAQUE_X509: Self = Self(31);
    /// Symmetric authentication key.
    pub const AES128_AUTHENTICATION: Self = Self(38);
    /// AES-192-CCM wrap key.
    pub const AES192_CCM_WRAP: Self = Self(41);
    /// AES-256-CCM wrap key.
    pub const AES256_CCM_WRAP: Self = Self(42);
    /// Ed25519.
    pub const ED25519: Self = Self(46);
    /// Asymmetric authentication key.
    pub const P256_AUTHENTICATION: Self = Self(49);

    /// Bits of an RSA key's modulus.
    #[must_use]
    pub const fn rsa_bits(self) -> Option<u32> {
        match self {
            Self::RSA_2048 => Some(2048),
            Self::RSA_3072 => Some(3072),
            Self::RSA_4096 => Some(4096),
            _ => None,
        }
    }

    /// Curve of an EC key, and the size of its field in bytes.
    #[must_use]
    pub const fn curve(self) -> Option<(Nid, usize)> {
        Some(match self.0 {
            12 | 49 => (Nid::X9_62_PRIME256V1, 32),
            13 => (Nid::SECP384R1, 48),
            14 => (Nid::SECP521R1, 66),
            15 => (Nid::SECP256K1, 32),
            16 => (Nid::BRAINPOOL_P256R1, 32),
            17 => (Nid::BRAINPOOL_P384R1, 48),
            18 => (Nid::BRAINPOOL_P512R1, 64),
            47 => (Nid::SECP224R1, 28),
            _ => return None,
        })
    }

    /// Bytes of a wrap key.
    #[must_use]
    pub const fn wrap_key_size(self) -> Option<usize> {
        match self {
            Self::AES128_CCM_WRAP => Some(16),
            Self::AES192_CCM_WRAP => Some(24),
            Self::AES256_CCM_WRAP => Some(32),
            _ => None,
        }
    }

    /// Digest of an HMAC key, and the longest key.
    #[must_use]
    pub fn hmac(self) -> Option<(MessageDigest, usize)> {
        match self {
            Self::HMAC_SHA1 => Some((MessageDigest::sha1(), 64)),
            Self::HMAC_SHA256 => Some((MessageDigest::sha256(), 64)),
            Self::HMAC_SHA384 => Some((MessageDigest::sha384(), 128)),
            Self::HMAC_SHA512 => Some((MessageDigest::sha512(), 128)),
            _ => None,
        }
    }

    /// Digest that an MGF1 number stands for.
    ///
    /// # Errors
    /// [`Refusal::InvalidData`] if it is not one.
    pub fn mgf1(self) -> Result<MessageDigest, Refusal> {
        match self.0 {
            32 => Ok(MessageDigest::sha1()),
            33 => Ok(MessageDigest::sha256()),
            34 => Ok(MessageDigest::sha384()),
            35 => Ok(MessageDigest::sha512()),
            _ => Err(Refusal::InvalidData),
        }
    }
}

/// The digest algorithm that a digest's length tells.
///
/// # Errors
/// [`Refusal::InvalidData`] if none is that long.
pub fn digest_of_length(length: usize) -> Result<MessageDigest, Refusal> {
    match length {
        20 => Ok(MessageDigest::sha1()),
        32 => Ok(MessageDigest::sha256()),
        48 => Ok(MessageDigest::sha384()),
        64 => Ok(MessageDigest::sha512()),
        _ => Err(Refusal::InvalidData),
    }
}
