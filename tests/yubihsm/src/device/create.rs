//! Objects made, brought in, changed and deleted.

use super::{Device, run::Call, session::Rights};
use crate::{
    algorithm::Algorithm,
    keys,
    object::{Capabilities, Object, ObjectType},
    refusal::Refusal,
};

/// Made in the device.
pub(super) const GENERATED: u8 = 1;
/// Brought in.
pub(super) const IMPORTED: u8 = 2;

/// The header that every Put and Generate begins with.
#[derive(Debug)]
pub(super) struct Header {
    id: u16,
    label: [u8; 40],
    domains: u16,
    capabilities: Capabilities,
    pub(super) algorithm: Algorithm,
}

impl Header {
    pub(super) fn read(call: &mut Call<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            id: call.target()?,
            label: call.fields.array()?,
            domains: call.fields.u16()?,
            capabilities: Capabilities(call.fields.u64()?),
            algorithm: Algorithm(call.fields.u8()?),
        })
    }

    pub(super) fn object(self, kind: ObjectType, delegated: Capabilities, origin: u8, payload: Vec<u8>) -> Object {
        Object {
            id: self.id,
            kind,
            label: self.label.to_vec(),
            domains: self.domains,
            capabilities: self.capabilities,
            delegated,
            algorithm: self.algorithm,
            sequence: 0,
            origin,
            payload,
        }
    }
}

impl Device {
    pub(super) fn put_opaque(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::PUT_OPAQUE)?;
        let header = Header::read(call)?;
        if !matches!(header.algorithm, Algorithm::OPAQUE_DATA | Algorithm::OPAQUE_X509) {
            return Err(Refusal::InvalidData);
        }
        let data = call.fields.rest().to_vec();
        self.create(call, header.object(ObjectType::OPAQUE, Capabilities::NONE, IMPORTED, data))
    }

    pub(super) fn put_authentication_key(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::PUT_AUTHENTICATION_KEY)?;
        let header = Header::read(call)?;
        let delegated = Capabilities(call.fields.u64()?);
        let key = self.authentication_key(header.algorithm, call.fields.rest())?;
        self.create(call, header.object(ObjectType::AUTHENTICATION_KEY, delegated, IMPORTED, key))
    }

    /// Only of the session's own key.
    pub(super) fn change_authentication_key(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let id = call.target()?;
        let algorithm = Algorithm(call.fields.u8()?);
        let payload = self.authentication_key(algorithm, call.fields.rest())?;
        if id != call.rights.key {
            return Err(Refusal::InvalidId);
        }
        call.needs(Capabilities::CHANGE_AUTHENTICATION_KEY)?;
        let sequence = self.store.next_sequence((ObjectType::AUTHENTICATION_KEY, id));
        let key = self.store.find_mut(ObjectType::AUTHENTICATION_KEY, id, call.rights.domains)?;
        (key.algorithm, key.payload, key.sequence) = (algorithm, payload, sequence);
        Ok(id.to_be_bytes().to_vec())
    }

    fn authentication_key(&self, algorithm: Algorithm, key: &[u8]) -> Result<Vec<u8>, Refusal> {
        let size = match algorithm {
            Algorithm::AES128_AUTHENTICATION => 32,
            Algorithm::P256_AUTHENTICATION if self.firmware().has_asymmetric_login() => 64,
            _ => return Err(Refusal::InvalidData),
        };
        if key.len() == size { Ok(key.to_vec()) } else { Err(Refusal::WrongLength) }
    }

    pub(super) fn put_asymmetric_key(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::PUT_ASYMMETRIC_KEY)?;
        let header = Header::read(call)?;
        let payload = keys::import(key_pair(header.algorithm)?, call.fields.rest())?;
        self.create(call, header.object(ObjectType::ASYMMETRIC_KEY, Capabilities::NONE, IMPORTED, payload))
    }

    pub(super) fn generate_asymmetric_key(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::GENERATE_ASYMMETRIC_KEY)?;
        let header = Header::read(call)?;
        call.fields.end()?;
        let payload = keys::generate(key_pair(header.algorithm)?)?;
        self.create(call, header.object(ObjectType::ASYMMETRIC_KEY, Capabilities::NONE, GENERATED, payload))
    }

    /// Checks what a session may create, and keeps it.
    pub(super) fn create(&mut self, call: &mut Call<'_>, mut object: Object) -> Result<Vec<u8>, Refusal> {
        let choices = self.settings.choices;
        let Rights { domains, delegated, .. } = call.rights;
        if object.domains == 0 {
            return Err(Refusal::InvalidData);
        }
        if choices.domains_within_session && object.domains & !domains != 0 {
            return Err(Refusal::InsufficientPermissions);
        }
        if !delegated.covers(object.capabilities.and(object.delegated)) {
            return Err(choices.delegation_exceeded);
        }
        object.id = self.store.free_id(object.kind, object.id)?;
        call.target = object.id;
        Ok(self.store.add(object)?.to_be_bytes().to_vec())
    }

    pub(super) fn delete_object(&mut self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let (id, kind) = (call.target()?, call.object_type()?);
        call.fields.end()?;
        call.needs(match kind {
            ObjectType::OPAQUE => Capabilities::DELETE_OPAQUE,
            ObjectType::AUTHENTICATION_KEY => Capabilities::DELETE_AUTHENTICATION_KEY,
            ObjectType::ASYMMETRIC_KEY => Capabilities::DELETE_ASYMMETRIC_KEY,
            ObjectType::WRAP_KEY => Capabilities::DELETE_WRAP_KEY,
            ObjectType::HMAC_KEY => Capabilities::DELETE_HMAC_KEY,
            _ => return Err(Refusal::InvalidData),
        })?;
        self.store.find(kind, id, call.rights.domains)?;
        self.store.remove(kind, id);
        Ok(Vec::new())
    }
}

/// The algorithm, if key pairs have it: 49 has a curve, but is for logging in.
fn key_pair(algorithm: Algorithm) -> Result<Algorithm, Refusal> {
    if algorithm == Algorithm::P256_AUTHENTICATION { Err(Refusal::InvalidData) } else { Ok(algorithm) }
}
