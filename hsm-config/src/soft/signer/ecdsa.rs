//! ECDSA: aws-lc-rs with the curve's own digest, OpenSSL with any other.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm,
};
use kokuin_key::{KeyError, Nonces, Prepared};
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm};
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;

use super::{check_right, is_sample, library, plain};
use crate::soft::key::Opened;

/// One worker's key pair.
pub(super) struct EcdsaSigner {
    pair: EcdsaKeyPair,
    own: SignatureAlgorithm,
    signed: u32,
    /// Each signer has a generator of its own; only one that is stuck is cheap enough to look for.
    nonces: Nonces,
}

impl EcdsaSigner {
    pub(super) fn new(key: &Opened) -> Result<Self, KeyError> {
        let own = key.algorithm.signature_algorithm();
        let algorithm = signing(key.algorithm).ok_or(KeyError::WrongAlgorithm { key: key.algorithm, asked: own })?;
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, &plain(&key.private)?);
        let pair = pair.map_err(|_| KeyError::Library("taking the key over"))?;
        Ok(Self { pair, own, signed: 0, nonces: Nonces::new(1) })
    }

    pub(super) fn sign(&mut self, key: &Opened, prepared: &Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        let signature = if prepared.algorithm() == self.own {
            let signature = self.pair.sign(&SystemRandom::new(), prepared.message());
            signature.map_err(|_| KeyError::Library("signing"))?.as_ref().to_vec()
        } else {
            sign_digest(&key.private, &prepared.digest())?
        };
        self.nonces.check(key.algorithm, &signature)?;
        if is_sample(&mut self.signed) {
            let mut context = PkeyCtx::new(&key.private).map_err(library("context"))?;
            context.verify_init().map_err(library("context"))?;
            check_right(&context.verify(&prepared.digest(), &signature))?;
        }
        Ok(signature)
    }
}

/// What aws-lc-rs signs with a key of this curve.
const fn signing(curve: KeyAlgorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    match curve {
        KeyAlgorithm::P256 => Some(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyAlgorithm::P384 => Some(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyAlgorithm::P521 => Some(&ECDSA_P521_SHA512_ASN1_SIGNING),
        KeyAlgorithm::Rsa { .. }
        | KeyAlgorithm::Ed25519
        | KeyAlgorithm::MlDsa44
        | KeyAlgorithm::MlDsa65
        | KeyAlgorithm::MlDsa87 => None,
    }
}

/// A curve with the digest of another, which no key of ours is asked for in service: a context each time.
fn sign_digest(private: &PKey<Private>, digest: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut context = PkeyCtx::new(private).map_err(library("context"))?;
    context.sign_init().map_err(library("context"))?;
    let mut signature = Vec::new();
    context.sign_to_vec(digest, &mut signature).map_err(library("signing"))?;
    Ok(signature)
}
