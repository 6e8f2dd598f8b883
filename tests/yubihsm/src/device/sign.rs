//! The four signing commands.

use openssl::{
    ecdsa::EcdsaSig,
    hash::MessageDigest,
    md::{Md, MdRef},
    nid::Nid,
    pkey::{PKey, Private},
    pkey_ctx::PkeyCtx,
    rsa::Padding,
    sign::{RsaPssSaltlen, Signer},
};

use super::{Device, SignatureMade, run::Call};
use crate::{
    algorithm::{Algorithm, digest_of_length},
    keys,
    object::{Capabilities, Object, ObjectType},
    refusal::Refusal,
};

/// Longest message for Ed25519 (known issues).
const EDDSA_MESSAGE: usize = 2019;

impl Device {
    pub(super) fn sign_pkcs1(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.usable(call, ObjectType::ASYMMETRIC_KEY, Capabilities::SIGN_PKCS)?;
        let digest = call.fields.rest();
        let opened = rsa(&key)?;
        let mut context = PkeyCtx::new(&opened)?;
        context.sign_init()?;
        context.set_rsa_padding(Padding::PKCS1)?;
        context.set_signature_md(md(digest_of_length(digest.len())?)?)?;
        let mut signature = Vec::new();
        context.sign_to_vec(digest, &mut signature)?;
        Ok(self.signed(call, signature))
    }

    pub(super) fn sign_pss(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.usable(call, ObjectType::ASYMMETRIC_KEY, Capabilities::SIGN_PSS)?;
        let mask = Algorithm(call.fields.u8()?).mgf1()?;
        let salt = i32::from(call.fields.u16()?);
        let digest = call.fields.rest();
        let opened = rsa(&key)?;
        let mut context = PkeyCtx::new(&opened)?;
        context.sign_init()?;
        context.set_rsa_padding(Padding::PKCS1_PSS)?;
        context.set_signature_md(md(digest_of_length(digest.len())?)?)?;
        context.set_rsa_mgf1_md(md(mask)?)?;
        context.set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt))?;
        let mut signature = Vec::new();
        context.sign_to_vec(digest, &mut signature)?;
        Ok(self.signed(call, signature))
    }

    pub(super) fn sign_ecdsa(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.usable(call, ObjectType::ASYMMETRIC_KEY, Capabilities::SIGN_ECDSA)?;
        let digest = call.fields.rest();
        digest_of_length(digest.len())?;
        let opened = keys::open_ec(key.algorithm, &key.payload)?;
        // OpenSSL takes the leftmost bits for the curve, as the device does from 2.1.0.
        let signature = EcdsaSig::sign(digest, &opened)?.to_der()?;
        Ok(self.signed(call, signature))
    }

    pub(super) fn sign_eddsa(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.usable(call, ObjectType::ASYMMETRIC_KEY, Capabilities::SIGN_EDDSA)?;
        let message = call.fields.rest();
        if key.algorithm != Algorithm::ED25519 {
            return Err(Refusal::InvalidData);
        }
        if message.len() > EDDSA_MESSAGE {
            return Err(Refusal::WrongLength);
        }
        let opened = keys::open(key.algorithm, &key.payload)?;
        let signature = Signer::new_without_digest(&opened)?.sign_oneshot_to_vec(message)?;
        Ok(self.signed(call, signature))
    }

    /// Counts the signature, and spoils it if a fault says so.
    fn signed(&mut self, call: &Call<'_>, mut signature: Vec<u8>) -> Vec<u8> {
        self.signatures.push(SignatureMade {
            key: call.target,
            session_key: call.rights.key,
            command: call.command,
            data: call.fields.rest().to_vec(),
        });
        if let Some(last) = signature.last_mut().filter(|_| call.wrong_signature) {
            *last ^= 1;
        }
        signature
    }
}

pub(super) fn rsa(key: &Object) -> Result<PKey<Private>, Refusal> {
    if key.algorithm.rsa_bits().is_none() {
        return Err(Refusal::InvalidData);
    }
    keys::open(key.algorithm, &key.payload)
}

fn md(digest: MessageDigest) -> Result<&'static MdRef, Refusal> {
    match digest.type_() {
        Nid::SHA1 => Ok(Md::sha1()),
        Nid::SHA256 => Ok(Md::sha256()),
        Nid::SHA384 => Ok(Md::sha384()),
        Nid::SHA512 => Ok(Md::sha512()),
        _ => Err(Refusal::InvalidData),
    }
}
