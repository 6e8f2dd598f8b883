//! Signing with a soft key.

use std::sync::Arc;

use kokuin_key::{KeyError, Prepared, Signer};
use kokuin_suite::{DigestAlgorithm, KeyAlgorithm, SignatureAlgorithm};
use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKeyRef, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer as WholeSigner, Verifier as WholeVerifier};

use crate::soft::key::Opened;

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
    Rsa,
    Ed25519 { signed: u32 },
}

/// ECDSA with one context for all signatures: making one each time costs 1.9 us, a seventh of the signature.
struct EcdsaSigner {
    context: PkeyCtx<Private>,
    signed: u32,
    last_r: Vec<u8>,
}

fn library(at: &'static str) -> impl Fn(ErrorStack) -> KeyError {
    move |_| KeyError::Library(at)
}

impl SoftSigner {
    pub(super) fn new(key: Arc<Opened>) -> Result<Self, KeyError> {
        let method = match key.algorithm {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 | KeyAlgorithm::P521 => {
                let mut context = PkeyCtx::new(&key.private).map_err(library("context"))?;
                context.sign_init().map_err(library("context"))?;
                Method::Ecdsa(EcdsaSigner { context, signed: 0, last_r: Vec::new() })
            }
            KeyAlgorithm::Rsa { .. } => Method::Rsa,
            KeyAlgorithm::Ed25519 => Method::Ed25519 { signed: 0 },
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
        self.key.check_state()?;
        match &mut self.method {
            Method::Ecdsa(ecdsa) => ecdsa.sign(&self.key, &prepared),
            Method::Rsa => sign_rsa(&self.key.private, prepared.algorithm(), &prepared.digest()),
            Method::Ed25519 { signed } => {
                let verify = is_sample(signed);
                sign_ed25519(&self.key.private, prepared.message(), verify)
            }
        }
    }
}

/// Counts, and tells whether this signature is one to verify; the first is.
fn is_sample(signed: &mut u32) -> bool {
    let sample = signed.is_multiple_of(SAMPLE);
    *signed = signed.wrapping_add(1);
    sample
}

impl EcdsaSigner {
    fn sign(&mut self, key: &Opened, prepared: &Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        let digest = prepared.digest();
        let mut signature = vec![0; key.algorithm.max_signature_len()];
        let len = self.context.sign(&digest, Some(&mut signature)).map_err(library("signing"))?;
        signature.truncate(len);
        self.check_nonce(&signature)?;
        if is_sample(&mut self.signed) {
            let mut context = PkeyCtx::new(&key.private).map_err(library("context"))?;
            context.verify_init().map_err(library("context"))?;
            check_right(&context.verify(&digest, &signature))?;
        }
        Ok(signature)
    }

    /// The same r twice running means the same nonce twice, which gives the key away (THR-66).
    fn check_nonce(&mut self, signature: &[u8]) -> Result<(), KeyError> {
        // SEQUENCE and INTEGER headers of two octets each: our curves' values are shorter than 128 octets.
        let r = signature.get(3).and_then(|len| signature.get(4..4 + usize::from(*len)));
        let r = r.ok_or(KeyError::WrongAnswer)?;
        if self.last_r == r {
            return Err(KeyError::WrongAnswer);
        }
        self.last_r.clear();
        self.last_r.extend_from_slice(r);
        Ok(())
    }
}

fn sign_rsa(key: &PKeyRef<Private>, algorithm: SignatureAlgorithm, digest: &[u8]) -> Result<Vec<u8>, KeyError> {
    let mut context = PkeyCtx::new(key).map_err(library("context"))?;
    context.sign_init().map_err(library("context"))?;
    set_padding(&mut context, algorithm).map_err(library("padding"))?;
    let mut signature = Vec::new();
    context.sign_to_vec(digest, &mut signature).map_err(library("signing"))?;
    // A fault in one of the two halves of an RSA signature gives the key away: nothing leaves unverified (THR-66).
    let mut context = PkeyCtx::new(key).map_err(library("context"))?;
    context.verify_init().map_err(library("context"))?;
    set_padding(&mut context, algorithm).map_err(library("padding"))?;
    check_right(&context.verify(digest, &signature))?;
    Ok(signature)
}

fn set_padding(context: &mut PkeyCtx<Private>, algorithm: SignatureAlgorithm) -> Result<(), ErrorStack> {
    let md = md(algorithm.digest());
    if algorithm.is_pss() {
        context.set_rsa_padding(Padding::PKCS1_PSS)?;
        context.set_signature_md(md)?;
        context.set_rsa_mgf1_md(md)?;
        context.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)
    } else {
        context.set_rsa_padding(Padding::PKCS1)?;
        context.set_signature_md(md)
    }
}

fn md(digest: DigestAlgorithm) -> &'static MdRef {
    match digest {
        DigestAlgorithm::Sha1 => Md::sha1(),
        DigestAlgorithm::Sha256 => Md::sha256(),
        DigestAlgorithm::Sha384 => Md::sha384(),
        DigestAlgorithm::Sha512 => Md::sha512(),
        DigestAlgorithm::Sha3_256 => Md::sha3_256(),
        DigestAlgorithm::Sha3_384 => Md::sha3_384(),
        DigestAlgorithm::Sha3_512 => Md::sha3_512(),
    }
}

fn sign_ed25519(key: &PKeyRef<Private>, message: &[u8], verify: bool) -> Result<Vec<u8>, KeyError> {
    let mut signer = WholeSigner::new_without_digest(key).map_err(library("context"))?;
    let signature = signer.sign_oneshot_to_vec(message).map_err(library("signing"))?;
    if verify {
        let mut verifier = WholeVerifier::new_without_digest(key).map_err(library("context"))?;
        check_right(&verifier.verify_oneshot(&signature, message))?;
    }
    Ok(signature)
}

fn check_right(verdict: &Result<bool, ErrorStack>) -> Result<(), KeyError> {
    match verdict {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(KeyError::WrongAnswer),
    }
}
