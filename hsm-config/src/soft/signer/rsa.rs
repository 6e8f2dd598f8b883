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

/// One worker's contexts, each used again and again.
#[derive(Default)]
pub(super) struct RsaSigner(Option<Contexts>);

struct Contexts {
    algorithm: SignatureAlgorithm,
    signing: PkeyCtx<Private>,
    verifying: PkeyCtx<Private>,
}

impl Contexts {
    fn new(key: &PKeyRef<Private>, algorithm: SignatureAlgorithm) -> Result<Self, ErrorStack> {
        let (mut signing, mut verifying) = (PkeyCtx::new(key)?, PkeyCtx::new(key)?);
        signing.sign_init()?;
        set_padding(&mut signing, algorithm)?;
        verifying.verify_init()?;
        set_padding(&mut verifying, algorithm)?;
        Ok(Self { algorithm, signing, verifying })
    }
}

impl RsaSigner {
    pub(super) fn sign(
        &mut self,
        key: &PKeyRef<Private>,
        algorithm: SignatureAlgorithm,
        digest: &[u8],
    ) -> Result<Vec<u8>, KeyError> {
        // Taken out: contexts with which anything failed are not used again.
        let mut contexts = match self.0.take().filter(|kept| kept.algorithm == algorithm) {
            Some(kept) => kept,
            None => Contexts::new(key, algorithm).map_err(library("context"))?,
        };
        let mut signature = vec![0; key.size()];
        let length = contexts.signing.sign(digest, Some(&mut signature)).map_err(library("signing"))?;
        signature.truncate(length);
        // A fault in one of the two halves of an RSA signature gives the key away: nothing leaves unverified (THR-66).
        check_right(&contexts.verifying.verify(digest, &signature))?;
        self.0 = Some(contexts);
        Ok(signature)
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
