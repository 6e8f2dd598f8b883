//! What a signature is asked with.

use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm, digest};

use crate::error::KeyError;
use crate::purpose::Purpose;

/// The bytes to sign, with the algorithm and the purpose they are signed for. Consumed by signing: one signature each.
#[derive(Debug)]
pub struct Prepared<'a> {
    purpose: Purpose,
    algorithm: SignatureAlgorithm,
    message: &'a [u8],
}

impl<'a> Prepared<'a> {
    /// Names what to sign.
    #[must_use]
    pub const fn new(purpose: Purpose, algorithm: SignatureAlgorithm, message: &'a [u8]) -> Self {
        Self { purpose, algorithm, message }
    }

    /// What the signature is for.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// How to sign.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The whole message.
    #[must_use]
    pub const fn message(&self) -> &'a [u8] {
        self.message
    }

    /// The message's digest, for back ends that are given a digest ([`SignatureAlgorithm::is_prehashed`]).
    #[must_use]
    pub fn digest(&self) -> Vec<u8> {
        digest(self.algorithm.digest(), self.message)
    }

    /// Checks the question against the key it is put to. Every back end does this before anything else.
    ///
    /// # Errors
    /// [`KeyError::WrongPurpose`], [`KeyError::WrongAlgorithm`].
    pub fn check(&self, purpose: Purpose, key: KeyAlgorithm) -> Result<(), KeyError> {
        if self.purpose != purpose {
            return Err(KeyError::WrongPurpose { key: purpose, asked: self.purpose });
        }
        // SHA-1 is for reading the past; no key of ours makes new signatures with it (THR-109).
        if !key.fits(self.algorithm) || matches!(self.algorithm, SignatureAlgorithm::RsaPkcs1Sha1) {
            return Err(KeyError::WrongAlgorithm { key, asked: self.algorithm });
        }
        Ok(())
    }
}
