//! OpenSSL's signature, with one context that is used again and again.

use openssl::{
    ec::{EcGroup, EcKey},
    error::ErrorStack,
    md::Md,
    nid::Nid,
    pkey::{PKey, Private},
    pkey_ctx::PkeyCtx,
    rsa::{Padding, Rsa},
    sign::Signer,
};

use super::Signing;
use crate::options::KeyKind;

pub(super) fn signing(kind: KeyKind) -> anyhow::Result<Signing> {
    let key = generate(kind)?;
    let mut signature = vec![0; 1_024];
    // Ed25519 takes no digest: here, as in the other library, the 32 octets are its message.
    if kind == KeyKind::Ed25519 {
        return Ok(Box::new(move |digest| {
            Signer::new_without_digest(&key)?.sign_oneshot(&mut signature, digest)?;
            Ok(signature[63])
        }));
    }
    let mut context = PkeyCtx::new(&key)?;
    context.sign_init()?;
    if kind.is_rsa() {
        context.set_rsa_padding(Padding::PKCS1)?;
        context.set_signature_md(Md::sha256())?;
    }
    Ok(Box::new(move |digest| {
        let length = context.sign(digest, Some(&mut signature))?;
        Ok(signature[length - 1])
    }))
}

fn generate(kind: KeyKind) -> Result<PKey<Private>, ErrorStack> {
    let curve =
        |curve| EcGroup::from_curve_name(curve).and_then(|group| EcKey::generate(&group)).and_then(PKey::from_ec_key);
    let rsa = |bits| Rsa::generate(bits).and_then(PKey::from_rsa);
    match kind {
        KeyKind::P256 => curve(Nid::X9_62_PRIME256V1),
        KeyKind::P384 => curve(Nid::SECP384R1),
        KeyKind::Ed25519 => PKey::generate_ed25519(),
        KeyKind::Rsa2048 => rsa(2_048),
        KeyKind::Rsa3072 => rsa(3_072),
        KeyKind::Rsa4096 => rsa(4_096),
    }
}
