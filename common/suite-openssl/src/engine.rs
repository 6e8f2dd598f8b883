//! `Verify` by OpenSSL.

use kokuin_suite::verify::Question;
use kokuin_suite::{DigestAlgorithm, SignatureAlgorithm, Verify, VerifyError};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Public};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Verifier};

use crate::key;

/// Verifies everything that `suite` names.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenSslEngine;

impl Verify for OpenSslEngine {
    fn name(&self) -> &'static str {
        key::NAME
    }

    fn verify(
        &self,
        alg: SignatureAlgorithm,
        spki: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        let question = Question::new(alg, spki, signature)?;
        let key = key::load(&question, spki)?;
        let mut verifier = prepare(alg, &key).map_err(|_| VerifyError::Engine(key::NAME))?;
        // OpenSSL answers some wrong values with "false" and some with an error: both mean that they are wrong.
        match verifier.verify_oneshot(signature, message) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(VerifyError::Mismatch),
        }
    }
}

fn prepare(alg: SignatureAlgorithm, key: &PKey<Public>) -> Result<Verifier<'_>, ErrorStack> {
    if !alg.is_prehashed() {
        return Verifier::new_without_digest(key);
    }
    let digest = message_digest(alg.digest());
    let mut verifier = Verifier::new(digest, key)?;
    if alg.is_pss() {
        verifier.set_rsa_padding(Padding::PKCS1_PSS)?;
        verifier.set_rsa_mgf1_md(digest)?;
        verifier.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
    }
    Ok(verifier)
}

fn message_digest(digest: DigestAlgorithm) -> MessageDigest {
    match digest {
        DigestAlgorithm::Sha1 => MessageDigest::sha1(),
        DigestAlgorithm::Sha256 => MessageDigest::sha256(),
        DigestAlgorithm::Sha384 => MessageDigest::sha384(),
        DigestAlgorithm::Sha512 => MessageDigest::sha512(),
        DigestAlgorithm::Sha3_256 => MessageDigest::sha3_256(),
        DigestAlgorithm::Sha3_384 => MessageDigest::sha3_384(),
        DigestAlgorithm::Sha3_512 => MessageDigest::sha3_512(),
    }
}
