//! RSA with OpenSSL, which blinds, and verifies what the two halves of the key gave; and verified once more here.

use kokuin_key::KeyError;
use kokuin_suite::{DigestAlgorithm, SignatureAlgorithm};
use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKeyRef, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;

use super::{check_right, library};

pub(super) fn sign(key: &PKeyRef<Private>, algorithm: SignatureAlgorithm, digest: &[u8]) -> Result<Vec<u8>, KeyError> {
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
