//! Ed25519 with aws-lc-rs.

use aws_lc_rs::signature::Ed25519KeyPair;
use kokuin_key::KeyError;
use openssl::pkey::{PKey, Private};
use openssl::sign::Verifier;

use super::{check_right, is_sample, library, plain};

/// One worker's key pair.
pub(super) struct Ed25519Signer {
    pair: Ed25519KeyPair,
    signed: u32,
}

impl Ed25519Signer {
    pub(super) fn new(private: &PKey<Private>) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_pkcs8(&plain(private)?);
        let pair = pair.map_err(|_| KeyError::Library("taking the key over"))?;
        Ok(Self { pair, signed: 0 })
    }

    pub(super) fn sign(&mut self, private: &PKey<Private>, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let signature = self.pair.try_sign(message).map_err(|_| KeyError::Library("signing"))?.as_ref().to_vec();
        if is_sample(&mut self.signed) {
            let mut verifier = Verifier::new_without_digest(private).map_err(library("context"))?;
            check_right(&verifier.verify_oneshot(&signature, message))?;
        }
        Ok(signature)
    }
}
