//! Objects out and in under a wrap key, and data wrapped with one: AES-CCM, nonce 13, tag 16.
//!
//! Inside: `wrap key algorithm || capabilities || id || length || domains || type || algorithm || sequence || origin || label`,
//! then delegated capabilities for keys that have them, then the payload. How a real device writes Ed25519 there is not documented.

use openssl::{
    cipher::{Cipher, CipherRef},
    cipher_ctx::CipherCtx,
};

use super::{
    Device,
    create::{GENERATED, Header, IMPORTED},
    run::Call,
};
use crate::{
    algorithm::Algorithm,
    object::{Capabilities, Object, ObjectType},
    refusal::Refusal,
    settings::Firmware,
    wire::Fields,
};

const NONCE: usize = 13;
const TAG: usize = 16;
/// Added to the origin of what came in under wrap.
const WRAPPED: u8 = 0x10;

impl Device {
    pub(super) fn put_wrap_key(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::PUT_WRAP_KEY)?;
        let header = Header::read(call)?;
        let delegated = Capabilities(call.fields.u64()?);
        let key = call.fields.rest().to_vec();
        if header.algorithm.wrap_key_size().ok_or(Refusal::InvalidData)? != key.len() {
            return Err(Refusal::WrongLength);
        }
        self.create(call, header.object(ObjectType::WRAP_KEY, delegated, IMPORTED, key))
    }

    pub(super) fn generate_wrap_key(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::GENERATE_WRAP_KEY)?;
        let header = Header::read(call)?;
        let delegated = Capabilities(call.fields.u64()?);
        call.fields.end()?;
        let mut key = vec![0; header.algorithm.wrap_key_size().ok_or(Refusal::InvalidData)?];
        openssl::rand::rand_bytes(&mut key)?;
        self.create(call, header.object(ObjectType::WRAP_KEY, delegated, GENERATED, key))
    }

    pub(super) fn export_wrapped(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.wrap_key(call, Capabilities::EXPORT_WRAPPED, Refusal::InsufficientPermissions)?;
        let kind = call.object_type()?;
        call.second = call.fields.u16()?;
        // From 2.4.0 a byte may ask for the seed of an Ed25519 key, which is what there is here.
        if self.firmware() < Firmware(2, 4, 0) {
            call.fields.end()?;
        }
        let object = self.store.find(kind, call.second, call.rights.domains)?;
        let exportable = object.capabilities.covers(Capabilities::EXPORTABLE_UNDER_WRAP);
        if !exportable || !key.delegated.covers(object.capabilities) {
            return Err(Refusal::InsufficientPermissions);
        }
        seal(&key, &inside(&key, object))
    }

    pub(super) fn import_wrapped(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let key = self.wrap_key(call, Capabilities::IMPORT_WRAPPED, Refusal::InsufficientPermissions)?;
        let object = parse(&key, &open(&key, call.fields.rest())?)?;
        call.second = object.id;
        if !key.delegated.covers(object.capabilities) {
            return Err(Refusal::InsufficientPermissions);
        }
        let (kind, id) = (object.kind, object.id);
        self.store.free_id(kind, id)?;
        self.store.add(object)?;
        let [high, low] = id.to_be_bytes();
        Ok(vec![kind.0, high, low])
    }

    pub(super) fn wrap_data(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let missing = self.wrap_data_right_missing();
        let key = self.wrap_key(call, Capabilities::WRAP_DATA, missing)?;
        seal(&key, call.fields.rest())
    }

    pub(super) fn unwrap_data(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let missing = self.wrap_data_right_missing();
        let key = self.wrap_key(call, Capabilities::UNWRAP_DATA, missing)?;
        open(&key, call.fields.rest())
    }

    /// Yubico's own test tells these two apart by version.
    fn wrap_data_right_missing(&self) -> Refusal {
        if self.firmware() < Firmware(2, 5, 0) { Refusal::InvalidData } else { Refusal::InsufficientPermissions }
    }

    fn wrap_key(
        &self,
        call: &mut Call<'_>,
        capability: Capabilities,
        missing_on_key: Refusal,
    ) -> Result<Object, Refusal> {
        let id = call.target()?;
        call.needs(capability)?;
        let key = self.store.find(ObjectType::WRAP_KEY, id, call.rights.domains)?;
        if key.capabilities.covers(capability) { Ok(key.clone()) } else { Err(missing_on_key) }
    }
}

fn inside(key: &Object, object: &Object) -> Vec<u8> {
    let mut bytes = vec![key.algorithm.0];
    bytes.extend(object.capabilities.0.to_be_bytes());
    bytes.extend(object.id.to_be_bytes());
    bytes.extend(object.length().to_be_bytes());
    bytes.extend(object.domains.to_be_bytes());
    bytes.extend([object.kind.0, object.algorithm.0, object.sequence, object.origin]);
    bytes.extend_from_slice(&object.label);
    if object.has_delegated() {
        bytes.extend(object.delegated.0.to_be_bytes());
    }
    bytes.extend_from_slice(&object.payload);
    bytes
}

fn parse(key: &Object, bytes: &[u8]) -> Result<Object, Refusal> {
    let mut fields = Fields(bytes);
    if fields.u8()? != key.algorithm.0 {
        return Err(Refusal::InvalidData);
    }
    let capabilities = Capabilities(fields.u64()?);
    let (id, length, domains) = (fields.u16()?, fields.u16()?, fields.u16()?);
    let (kind, algorithm) = (ObjectType(fields.u8()?), Algorithm(fields.u8()?));
    let (sequence, origin) = (fields.u8()?, fields.u8()? | WRAPPED);
    let label = fields.take(40)?.to_vec();
    let mut object = Object {
        id,
        kind,
        label,
        domains,
        capabilities,
        delegated: Capabilities::NONE,
        algorithm,
        sequence,
        origin,
        payload: Vec::new(),
    };
    if object.has_delegated() {
        object.delegated = Capabilities(fields.u64()?);
    }
    object.payload = fields.rest().to_vec();
    if object.length() == length { Ok(object) } else { Err(Refusal::InvalidData) }
}

fn cipher(key: &Object) -> Result<&'static CipherRef, Refusal> {
    match key.algorithm {
        Algorithm::AES128_CCM_WRAP => Ok(Cipher::aes_128_ccm()),
        Algorithm::AES192_CCM_WRAP => Ok(Cipher::aes_192_ccm()),
        Algorithm::AES256_CCM_WRAP => Ok(Cipher::aes_256_ccm()),
        _ => Err(Refusal::InvalidData),
    }
}

/// CCM wants the lengths of nonce and tag before the key, and the length of the data before the data.
fn seal(key: &Object, data: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut nonce = [0; NONCE];
    openssl::rand::rand_bytes(&mut nonce)?;
    let mut context = CipherCtx::new()?;
    context.encrypt_init(Some(cipher(key)?), None, None)?;
    context.set_iv_length(NONCE)?;
    context.set_tag_length(TAG)?;
    context.encrypt_init(None, Some(&key.payload), Some(&nonce))?;
    context.set_data_len(data.len())?;
    let mut sealed = nonce.to_vec();
    context.cipher_update_vec(data, &mut sealed)?;
    let mut tag = [0; TAG];
    context.tag(&mut tag)?;
    sealed.extend(tag);
    Ok(sealed)
}

fn open(key: &Object, bytes: &[u8]) -> Result<Vec<u8>, Refusal> {
    let mut fields = Fields(bytes);
    let nonce = fields.array::<NONCE>()?;
    let (sealed, tag) = fields.rest().split_last_chunk::<TAG>().ok_or(Refusal::WrongLength)?;
    let mut context = CipherCtx::new()?;
    context.decrypt_init(Some(cipher(key)?), None, None)?;
    context.set_iv_length(NONCE)?;
    context.set_tag(tag)?;
    context.decrypt_init(None, Some(&key.payload), Some(&nonce))?;
    context.set_data_len(sealed.len())?;
    let mut data = Vec::new();
    context.cipher_update_vec(sealed, &mut data)?;
    Ok(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_changed_on_the_way_does_not_come_in() {
        let key = Object {
            id: 1,
            kind: ObjectType::WRAP_KEY,
            label: Vec::new(),
            domains: 1,
            capabilities: Capabilities::ALL,
            delegated: Capabilities::ALL,
            algorithm: Algorithm::AES256_CCM_WRAP,
            sequence: 0,
            origin: GENERATED,
            payload: vec![7; 32],
        };
        let sealed = seal(&key, b"secret").unwrap();
        assert_eq!(sealed.len(), NONCE + 6 + TAG);
        assert_eq!(open(&key, &sealed).unwrap(), b"secret");
        for byte in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[byte] ^= 1;
            assert_eq!(open(&key, &changed), Err(Refusal::InvalidData), "byte {byte}");
        }
    }
}
