//! Signing with a soft key.
//!
//! Elliptic curves are signed with by aws-lc-rs, which is faster (P-256 by a fifth, Ed25519 four times, P-384 eight times:
//! docs/performance.md), RSA by OpenSSL, which is as fast. OpenSSL verifies a sample of
//! what aws-lc-rs signs; aws-lc-rs verifies all that OpenSSL signs.

mod ecdsa;
mod ed25519;
mod rsa;

use std::sync::Arc;

use kokuin_key::{KeyError, Prepared, Signer};
use kokuin_suite::KeyAlgorithm;
use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use zeroize::Zeroizing;

use self::rsa::RsaSigner;
use crate::soft::key::Opened;
use ecdsa::EcdsaSigner;
use ed25519::Ed25519Signer;

/// One in this many ECDSA and Ed25519 signatures is verified before it leaves (every RSA signature is): verifying each
/// would cost three times the signing.
const SAMPLE: u32 = 256;

/// One worker's signer, with a context of its own.
pub(super) struct SoftSigner {
    key: Arc<Opened>,
    method: Method,
}

enum Method {
    Ecdsa(EcdsaSigner),
    Rsa(RsaSigner),
    Ed25519(Ed25519Signer),
}

impl SoftSigner {
    pub(super) fn new(key: Arc<Opened>) -> Result<Self, KeyError> {
        let method = match key.algorithm {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521 => Method::Ecdsa(EcdsaSigner::new(&key)?),
            KeyAlgorithm::Rsa { .. } => Method::Rsa(RsaSigner::default()),
            KeyAlgorithm::Ed25519 => Method::Ed25519(Ed25519Signer::new(&key.private)?),
            asked @ (KeyAlgorithm::MlDsa44 | KeyAlgorithm::MlDsa65 | KeyAlgorithm::MlDsa87) => {
                return Err(KeyError::WrongAlgorithm { key: asked, asked: asked.signature_algorithm() });
            }
        };
        Ok(Self { key, method })
    }
}

impl Signer for SoftSigner {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        prepared.check(self.key.purpose, self.key.algorithm)?;
        self.key.marker.check()?;
        match &mut self.method {
            Method::Ecdsa(ecdsa) => ecdsa.sign(&self.key, &prepared),
            Method::Rsa(rsa) => rsa.sign(&self.key, &prepared),
            Method::Ed25519(ed25519) => ed25519.sign(&self.key.private, prepared.message()),
        }
    }
}

fn library(at: &'static str) -> impl Fn(ErrorStack) -> KeyError {
    move |_| KeyError::Library(at)
}

/// The key as the other library reads it. It lives as long as it is read; that library wipes what it frees.
fn plain(private: &PKey<Private>) -> Result<Zeroizing<Vec<u8>>, KeyError> {
    private.private_key_to_pkcs8().map(Zeroizing::new).map_err(library("handing the key over"))
}

/// Counts, and tells whether this signature is one to verify; the first is.
fn is_sample(signed: &mut u32) -> bool {
    let sample = signed.is_multiple_of(SAMPLE);
    *signed = signed.wrapping_add(1);
    sample
}

fn check_right(verdict: &Result<bool, ErrorStack>) -> Result<(), KeyError> {
    match verdict {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(KeyError::WrongAnswer),
    }
}
