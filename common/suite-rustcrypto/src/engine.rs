//! `Verify` in Rust alone.

use ed25519_dalek::{Signature as Ed25519Signature, VerifyingKey as Ed25519Key};
use kokuin_suite::key::PublicKey;
use kokuin_suite::verify::{Question, split_ecdsa};
use kokuin_suite::{SignatureAlgorithm, Verify, VerifyError, digest};
use p256::ecdsa::signature::hazmat::PrehashVerifier;

use crate::rsa_key;

/// Name of the engine.
pub(crate) const NAME: &str = "rustcrypto";

/// Verifies ECDSA on P-256 and P-384, Ed25519, and RSA of 1024 to 8192 bits; everything else is
/// [`VerifyError::Unsupported`].
#[derive(Clone, Copy, Debug, Default)]
pub struct RustCryptoEngine;

impl Verify for RustCryptoEngine {
    fn name(&self) -> &'static str {
        NAME
    }

    fn verify(
        &self,
        alg: SignatureAlgorithm,
        spki: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        let question = Question::new(alg, spki, signature)?;
        match question.key() {
            PublicKey::P256(point) => {
                let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| VerifyError::NotOnCurve)?;
                let value = p256::ecdsa::Signature::from_slice(&joined(signature, 32)?);
                let value = value.map_err(|_| VerifyError::Mismatch)?;
                key.verify_prehash(&digest(alg.digest(), message), &value).map_err(|_| VerifyError::Mismatch)
            }
            PublicKey::P384(point) => {
                let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| VerifyError::NotOnCurve)?;
                let value = p384::ecdsa::Signature::from_slice(&joined(signature, 48)?);
                let value = value.map_err(|_| VerifyError::Mismatch)?;
                key.verify_prehash(&digest(alg.digest(), message), &value).map_err(|_| VerifyError::Mismatch)
            }
            PublicKey::Rsa(rsa) => rsa_key::verify(&question, rsa, &digest(alg.digest(), message)),
            PublicKey::Ed25519(point) => verify_ed25519(point, message, signature),
            PublicKey::P521(_) | PublicKey::MlDsa44(_) | PublicKey::MlDsa65(_) | PublicKey::MlDsa87(_) => {
                Err(question.unsupported(NAME))
            }
        }
    }
}

/// r and s side by side, as the `ecdsa` crate takes them.
fn joined(signature: &[u8], order_len: usize) -> Result<Vec<u8>, VerifyError> {
    let (mut r, s) = split_ecdsa(signature, order_len)?;
    r.extend_from_slice(&s);
    Ok(r)
}

fn verify_ed25519(point: &[u8; 32], message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    // A y without a point of the curve: OpenSSL finds out only while verifying, and both must say the same (THR-10).
    let key = Ed25519Key::from_bytes(point).map_err(|_| VerifyError::Mismatch)?;
    let value = Ed25519Signature::from_slice(signature).map_err(|_| VerifyError::Mismatch)?;
    key.verify_strict(message, &value).map_err(|_| VerifyError::Mismatch)
}
