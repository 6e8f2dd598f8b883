//! Opening sessions, with a symmetric key in two steps or an asymmetric one in one.

use openssl::{
    bn::BigNumContext,
    derive::Deriver,
    ec::{EcGroup, EcKey, EcPoint, PointConversionForm},
    memcmp,
    nid::Nid,
    pkey::{PKey, Private, Public},
};

use super::{
    Device,
    session::{Rights, Session, State},
};
use crate::{
    algorithm::Algorithm,
    channel::{self, Channel, MAC, SessionKeys, StaticKeys},
    object::ObjectType,
    refusal::Refusal,
    wire::Fields,
};

/// An uncompressed point of P-256.
const POINT: usize = 65;

impl Device {
    pub(super) fn create_session(&mut self, payload: &[u8], target: &mut u16) -> Result<Vec<u8>, Refusal> {
        let mut fields = Fields(payload);
        *target = fields.u16()?;
        let key = self.store.find(ObjectType::AUTHENTICATION_KEY, *target, u16::MAX)?;
        let rights = Rights::of(key);
        let (state, answer) = if key.algorithm == Algorithm::P256_AUTHENTICATION {
            let host = fields.array::<POINT>()?;
            fields.end()?;
            asymmetric(&self.identity, &key.payload, &host)?
        } else {
            let challenge = fields.array::<8>()?;
            fields.end()?;
            symmetric(&key.payload, challenge)?
        };
        let id = self.sessions.free()?;
        self.sessions.put(id, Session { rights, state, used: self.now() });
        Ok([&[id], answer.as_slice()].concat())
    }

    /// A wrong cryptogram frees the slot; what a real device does with it is not documented.
    pub(super) fn authenticate_session(
        &mut self,
        frame: &[u8],
        payload: &[u8],
        target: &mut u16,
    ) -> Result<Vec<u8>, Refusal> {
        let mut fields = Fields(payload);
        let id = fields.u8()?;
        let (cryptogram, mac) = (fields.array::<8>()?, fields.array::<MAC>()?);
        fields.end()?;
        let now = self.now();
        let session = self.sessions.find(id)?;
        *target = session.rights.key;
        let State::HalfOpen { keys, context } = &session.state else { return Err(Refusal::InvalidSession) };
        let chain = channel::cmac(&keys.mac, &[&[0; 16], &frame[..frame.len() - MAC]])?;
        let right = memcmp::eq(&keys.host_cryptogram(context)?, &cryptogram) && memcmp::eq(&chain[..MAC], &mac);
        if !right {
            self.sessions.close(id);
            return Err(Refusal::AuthenticationFailed);
        }
        session.state = State::Open(Channel::new(*keys, chain));
        session.used = now;
        Ok(Vec::new())
    }

    pub(super) fn device_public_key(&self) -> Result<Vec<u8>, Refusal> {
        if !self.firmware().has_asymmetric_login() {
            return Err(Refusal::InvalidCommand);
        }
        let mut answer = vec![Algorithm::P256_AUTHENTICATION.0];
        answer.extend_from_slice(&point(&self.identity)?[1..]);
        Ok(answer)
    }
}

fn symmetric(key: &[u8], challenge: [u8; 8]) -> Result<(State, Vec<u8>), Refusal> {
    let keys = StaticKeys::from_bytes(key.try_into().map_err(|_| Refusal::SessionFailed)?);
    let mut context = [0; 16];
    context[..8].copy_from_slice(&challenge);
    openssl::rand::rand_bytes(&mut context[8..])?;
    let keys = SessionKeys::derive(&keys, &context)?;
    let answer = [&context[8..], keys.card_cryptogram(&context)?.as_slice()].concat();
    Ok((State::HalfOpen { keys, context }, answer))
}

fn asymmetric(identity: &EcKey<Private>, key: &[u8], host: &[u8; POINT]) -> Result<(State, Vec<u8>), Refusal> {
    let ephemeral = EcKey::generate(&*EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?)?;
    let device = point(&ephemeral)?;
    let fixed = [&[4], key].concat();
    let secrets = [agree(ephemeral, host)?, agree(identity.clone(), &fixed)?].concat();
    let (receipt_key, keys) = channel::asymmetric_keys(&secrets);
    let receipt = channel::cmac(&receipt_key, &[&device, host])?;
    Ok((State::Open(Channel::new(keys, receipt)), [device.as_slice(), &receipt].concat()))
}

fn point(key: &EcKey<Private>) -> Result<Vec<u8>, Refusal> {
    let mut context = BigNumContext::new()?;
    Ok(key.public_key().to_bytes(key.group(), PointConversionForm::UNCOMPRESSED, &mut context)?)
}

/// ECDH with a point as it comes over the wire; OpenSSL refuses one that is not on the curve.
pub(super) fn agree(own: EcKey<Private>, peer: &[u8]) -> Result<Vec<u8>, Refusal> {
    let group = own.group();
    let peer = EcPoint::from_bytes(group, peer, &mut *BigNumContext::new()?)?;
    let peer: PKey<Public> = PKey::from_ec_key(EcKey::from_public_key(group, &peer)?)?;
    let own = PKey::from_ec_key(own)?;
    let mut deriver = Deriver::new(&own)?;
    deriver.set_peer(&peer)?;
    Ok(deriver.derive_to_vec()?)
}
