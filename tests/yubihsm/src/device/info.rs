//! What the device tells about itself and its objects.

use super::{Device, run::Call};
use crate::{
    algorithm::Algorithm,
    command_log::CAPACITY,
    keys,
    object::{Capabilities, Object, ObjectType},
    refusal::Refusal,
    settings::Firmware,
    wire::Fields,
};

/// The second page of `DeviceInfo`, which came with 2.4.0.
const PART_NUMBER: &[u8] = b"simulated";
/// Most random bytes in one answer.
const RANDOM: u16 = 2021;

impl Device {
    pub(super) fn device_info(&self, payload: &[u8]) -> Result<Vec<u8>, Refusal> {
        let firmware = self.firmware();
        match payload {
            [] => {}
            [1] if firmware >= Firmware(2, 4, 0) => return Ok(PART_NUMBER.to_vec()),
            _ => return Err(Refusal::InvalidData),
        }
        let mut answer = vec![firmware.0, firmware.1, firmware.2];
        answer.extend(self.serial.to_be_bytes());
        answer.push(u8::try_from(CAPACITY).unwrap_or(u8::MAX));
        answer.push(self.log.used());
        answer.extend(firmware.algorithms().map(|algorithm| algorithm.0));
        Ok(answer)
    }

    pub(super) fn pseudo_random(&self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        call.needs(Capabilities::GET_PSEUDO_RANDOM)?;
        let count = call.fields.u16()?;
        call.fields.end()?;
        if count > RANDOM {
            return Err(Refusal::InvalidData);
        }
        let mut bytes = vec![0; usize::from(count)];
        openssl::rand::rand_bytes(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn list_objects(&self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let filters = filters(call.fields)?;
        let visible = self.store.iter().filter(|object| object.domains & call.rights.domains != 0);
        let chosen = visible.filter(|object| filters.iter().all(|filter| filter.takes(object)));
        Ok(chosen
            .flat_map(|object| {
                let [high, low] = object.id.to_be_bytes();
                [high, low, object.kind.0, object.sequence]
            })
            .collect())
    }

    pub(super) fn object_info(&self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let (id, kind) = (call.target()?, call.object_type()?);
        call.fields.end()?;
        Ok(self.store.find(kind, id, call.rights.domains)?.info())
    }

    pub(super) fn public_key(&self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let id = call.target()?;
        // From 2.4.0 a type may follow, for RSA wrap keys.
        if !call.fields.rest().is_empty() && call.object_type()? != ObjectType::ASYMMETRIC_KEY {
            return Err(Refusal::InvalidData);
        }
        call.fields.end()?;
        let object = self.store.find(ObjectType::ASYMMETRIC_KEY, id, call.rights.domains)?;
        Ok([&[object.algorithm.0], keys::public(object.algorithm, &object.payload)?].concat())
    }

    pub(super) fn opaque(&self, call: &mut Call<'_>) -> Result<Vec<u8>, Refusal> {
        let id = call.target()?;
        call.fields.end()?;
        call.needs(Capabilities::GET_OPAQUE)?;
        // The certificate of the device's own attestation key.
        if id == 0 {
            return self.attestor.certificate();
        }
        Ok(self.store.find(ObjectType::OPAQUE, id, call.rights.domains)?.payload.clone())
    }
}

/// What an object must have to be listed.
enum Filter {
    Id(u16),
    Type(ObjectType),
    /// At least one of them.
    Domains(u16),
    /// At least one of them.
    Capabilities(u64),
    Algorithm(Algorithm),
    Label([u8; 40]),
}

impl Filter {
    fn takes(&self, object: &Object) -> bool {
        match self {
            Self::Id(id) => object.id == *id,
            Self::Type(kind) => object.kind == *kind,
            Self::Domains(domains) => object.domains & domains != 0,
            Self::Capabilities(capabilities) => object.capabilities.0 & capabilities != 0,
            Self::Algorithm(algorithm) => object.algorithm == *algorithm,
            Self::Label(label) => object.label == label,
        }
    }
}

fn filters(mut fields: Fields<'_>) -> Result<Vec<Filter>, Refusal> {
    let mut filters = Vec::new();
    while !fields.rest().is_empty() {
        filters.push(match fields.u8()? {
            1 => Filter::Id(fields.u16()?),
            2 => Filter::Type(ObjectType(fields.u8()?)),
            3 => Filter::Domains(fields.u16()?),
            4 => Filter::Capabilities(fields.u64()?),
            5 => Filter::Algorithm(Algorithm(fields.u8()?)),
            6 => Filter::Label(fields.array()?),
            _ => return Err(Refusal::InvalidData),
        });
    }
    Ok(filters)
}
