//! RSA with OpenSSL, which blinds, and verifies what the two halves of the key gave; and verified once more by aws-lc-rs.

use aws_lc_rs::signature::{
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters,
};
use kokuin_key::{KeyError, Prepared};
use kokuin_suite::{DigestAlgorithm, SignatureAlgorithm};
use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKeyRef, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;

use super::library;
use crate::soft::key::Opened;

/// What one worker signs and verifies with, used again and again.
#[derive(Default)]
pub(super) struct RsaSigner(Option<Kept>);

struct Kept {
    algorithm: SignatureAlgorithm,
    signing: PkeyCtx<Private>,
    verifying: ParsedPublicKey,
}

impl Kept {
    fn new(key: &Opened, algorithm: SignatureAlgorithm) -> Result<Self, KeyError> {
        let wrong = KeyError::WrongAlgorithm { key: key.algorithm, asked: algorithm };
        let verifying = ParsedPublicKey::new(verifying(algorithm).ok_or(wrong)?, &key.spki);
        let verifying = verifying.map_err(|_| KeyError::Library("taking the public key over"))?;
        let signing = signing(&key.private, algorithm).map_err(library("context"))?;
        Ok(Self { algorithm, signing, verifying })
    }
}

impl RsaSigner {
    pub(super) fn sign(&mut self, key: &Opened, prepared: &Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        let algorithm = prepared.algorithm();
        // Taken out: a context with which anything failed is not used again.
        let mut kept = match self.0.take().filter(|kept| kept.algorithm == algorithm) {
            Some(kept) => kept,
            None => Kept::new(key, algorithm)?,
        };
        let mut signature = vec![0; key.private.size()];
        let length = kept.signing.sign(&prepared.digest(), Some(&mut signature)).map_err(library("signing"))?;
        signature.truncate(length);
        // A fault in one of the two halves of an RSA signature gives the key away: nothing leaves unverified (THR-66).
        kept.verifying.verify_sig(prepared.message(), &signature).map_err(|_| KeyError::WrongAnswer)?;
        self.0 = Some(kept);
        Ok(signature)
    }
}

fn signing(key: &PKeyRef<Private>, algorithm: SignatureAlgorithm) -> Result<PkeyCtx<Private>, ErrorStack> {
    let mut context = PkeyCtx::new(key)?;
    context.sign_init()?;
    set_padding(&mut context, algorithm)?;
    Ok(context)
}

/// How aws-lc-rs verifies.
const fn verifying(algorithm: SignatureAlgorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1Sha256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        SignatureAlgorithm::RsaPkcs1Sha384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        SignatureAlgorithm::RsaPkcs1Sha512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        SignatureAlgorithm::RsaPssSha256 => Some(&RSA_PSS_2048_8192_SHA256),
        SignatureAlgorithm::RsaPssSha384 => Some(&RSA_PSS_2048_8192_SHA384),
        SignatureAlgorithm::RsaPssSha512 => Some(&RSA_PSS_2048_8192_SHA512),
        SignatureAlgorithm::RsaPkcs1Sha1
        | SignatureAlgorithm::EcdsaSha256
        | SignatureAlgorithm::EcdsaSha384
        | SignatureAlgorithm::EcdsaSha512
        | SignatureAlgorithm::Ed25519
        | SignatureAlgorithm::MlDsa44
        | SignatureAlgorithm::MlDsa65
        | SignatureAlgorithm::MlDsa87 => None,
    }
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
