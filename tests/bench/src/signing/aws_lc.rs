//! The signature of aws-lc-rs, which makes a context for each.

use anyhow::anyhow;
use aws_lc_rs::{
    digest::{Digest, SHA256},
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
        Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    },
};

use super::Signing;
use crate::options::KeyKind;

pub(super) fn signing(kind: KeyKind) -> anyhow::Result<Signing> {
    match kind {
        KeyKind::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyKind::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyKind::Ed25519 => {
            let key = Ed25519KeyPair::generate().map_err(|_| anyhow!("no Ed25519 key"))?;
            Ok(Box::new(move |digest| Ok(key.sign(digest).as_ref()[63])))
        }
        KeyKind::Rsa2048 => rsa(KeySize::Rsa2048),
        KeyKind::Rsa3072 => rsa(KeySize::Rsa3072),
        KeyKind::Rsa4096 => rsa(KeySize::Rsa4096),
    }
}

/// Over a message of 32 octets: the hashing of its one block is part of it, as P-384 takes no digest of 32 octets.
fn ecdsa(algorithm: &'static EcdsaSigningAlgorithm) -> anyhow::Result<Signing> {
    let key = EcdsaKeyPair::generate(algorithm).map_err(|_| anyhow!("no key on a curve"))?;
    Ok(Box::new(move |digest| {
        let signature = key.sign(&SystemRandom::new(), digest).map_err(|_| anyhow!("signing failed"))?;
        signature.as_ref().last().copied().ok_or_else(|| anyhow!("an empty signature"))
    }))
}

fn rsa(size: KeySize) -> anyhow::Result<Signing> {
    let key = RsaKeyPair::generate(size).map_err(|_| anyhow!("no RSA key"))?;
    let mut signature = vec![0; key.public_modulus_len()];
    Ok(Box::new(move |digest| {
        let digest = Digest::import_less_safe(digest, &SHA256).map_err(|_| anyhow!("no digest"))?;
        key.sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature).map_err(|_| anyhow!("signing failed"))?;
        signature.last().copied().ok_or_else(|| anyhow!("an empty signature"))
    }))
}
