//! HMAC keys, decryption and key agreement. No time-stamp needs them; Yubico's own tests of the log and of the lists do.

use openssl::{
    encrypt::Decrypter,
    hash::MessageDigest,
    memcmp,
    pkey::{PKey, Private},
    rsa::Padding,
    sign::Signer,
};

use super::{
    Device,
    create::{GENERATED, Header, IMPORTED},
    login,
    run::Call,
    sign,
};
use crate::{
    algorithm::{Algorithm, digest_of_length},
    keys,
    object::{Capabilities, Object, ObjectType},
    refusal::Refusal,
};

impl Device {
    pub(super) fn put_hmac_key(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::PUT_MAC_KEY)?;
        let header = Header::read(call)?;
        let (digest, longest) = header.algorithm.hmac().ok_or(Refusal::InvalidData)?;
        let key = call.fields.rest();
        // As HMAC itself does with a key that is longer than its block.
        let key = if key.len() > longest { openssl::hash::hash(digest, key)?.to_vec() } else { key.to_vec() };
        self.create(call, header.object(ObjectType::HMAC_KEY, Capabilities::NONE, IMPORTED, key))
    }

    pub(super) fn generate_hmac_key(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::GENERATE_HMAC_KEY)?;
        let header = Header::read(call)?;
        call.fields.end()?;
        let (digest, _) = header.algorithm.hmac().ok_or(Refusal::InvalidData)?;
        let mut key = vec![0; digest.size()];
        openssl::rand::rand_bytes(&mut key)?;
        self.create(call, header.object(ObjectType::HMAC_KEY, Capabilities::NONE, GENERATED, key))
    }

    pub(super) fn sign_hmac(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.usable(call, ObjectType::HMAC_KEY, Capabilities::SIGN_HMAC)?;
        hmac(&key, call.fields.rest())
    }

    pub(super) fn verify_hmac(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.usable(call, ObjectType::HMAC_KEY, Capabilities::VERIFY_HMAC)?;
        let (digest, _) = key.algorithm.hmac().ok_or(Refusal::InvalidData)?;
        let tag = call.fields.take(digest.size())?;
        Ok(vec![u8::from(memcmp::eq(&hmac(&key, call.fields.rest())?, tag))])
    }

    pub(super) fn decrypt_pkcs1(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.usable(call, ObjectType::ASYMMETRIC_KEY, Capabilities::DECRYPT_PKCS)?;
        let opened = sign::rsa(&key)?.rsa()?;
        // OpenSSL answers bad padding with random bytes, the device with an error: so the padding is read here.
        let mut block = vec![0; opened.n().to_vec().len()];
        opened.private_decrypt(call.fields.rest(), &mut block, Padding::NONE)?;
        let [0, 2, padded @ ..] = block.as_slice() else { return Err(Refusal::InvalidData) };
        let end = padded.iter().position(|byte| *byte == 0).filter(|end| *end >= 8).ok_or(Refusal::InvalidData)?;
        Ok(padded[end + 1..].to_vec())
    }

    pub(super) fn decrypt_oaep(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.usable(call, ObjectType::ASYMMETRIC_KEY, Capabilities::DECRYPT_OAEP)?;
        let mask = Algorithm(call.fields.u8()?).mgf1()?;
        let opened = sign::rsa(&key)?;
        let ciphertext = call.fields.take(opened.size())?;
        let label = call.fields.rest();
        oaep(&opened, ciphertext, mask, digest_of_length(label.len())?, label)
    }

    pub(super) fn derive_ecdh(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.usable(call, ObjectType::ASYMMETRIC_KEY, Capabilities::DERIVE_ECDH)?;
        login::agree(keys::open_ec(key.algorithm, &key.payload)?, call.fields.rest())
    }
}

fn hmac(key: &Object, data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let (digest, _) = key.algorithm.hmac().ok_or(Refusal::InvalidData)?;
    let secret = PKey::hmac(&key.payload)?;
    Ok(Signer::new(digest, &secret)?.sign_oneshot_to_vec(data)?)
}

/// Only the empty label: the device gets a label's digest, and OpenSSL wants the label.
fn oaep(
    key: &PKey<Private>,
    ciphertext: &[u8],
    mask: MessageDigest,
    digest: MessageDigest,
    label: &[u8],
) -> Result<Vec<u8>, Refusal> {
    if openssl::hash::hash(digest, &[])?.as_ref() != label {
        return Err(Refusal::InvalidData);
    }
    let mut decrypter = Decrypter::new(key)?;
    decrypter.set_rsa_padding(Padding::PKCS1_OAEP)?;
    decrypter.set_rsa_oaep_md(digest)?;
    decrypter.set_rsa_mgf1_md(mask)?;
    let mut plain = vec![0; decrypter.decrypt_len(ciphertext)?];
    let length = decrypter.decrypt(ciphertext, &mut plain)?;
    plain.truncate(length);
    Ok(plain)
}
