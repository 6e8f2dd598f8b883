//! Ceremonies with keys in a device.

use std::sync::Arc;

use kokuin_asn1::CertificationRequestInfo;
use kokuin_key::{KeyId, Purpose, Scheme, SigningKey};
use kokuin_suite::KeyAlgorithm;
use yubihsm::object::{Filter, Label, Type};
use yubihsm::{Client, Domain};

use crate::ceremony::{Ceremony, CeremonyError, KeyRecord, signed_by_device};
use crate::marker::Marker;
use crate::record::Record;
use crate::yubihsm::device::Device;
use crate::yubihsm::kind::{made, public};
use crate::yubihsm::uri::NUMBER;
use crate::yubihsm::{CallError, KeyName, KeyWeakness, YubiHsmError, YubiHsmStore, YubiHsmUri};

/// The device picks a number.
const ANY: u16 = 0;
/// Longest label.
const LABEL: usize = 40;
/// A session without the right.
const INSUFFICIENT_PERMISSIONS: u8 = 0x09;

impl Ceremony for YubiHsmStore {
    fn scheme(&self) -> Scheme {
        Scheme::YubiHsm
    }

    fn uri(&self, id: &KeyId) -> String {
        format!("yubihsm:{}/{id}", self.name())
    }

    fn is_named(&self, uri: &str, id: &KeyId) -> bool {
        uri.strip_prefix("yubihsm:").and_then(|rest| rest.parse().ok()).is_some_and(|uri| self.means(&uri, id))
    }

    fn create(
        &self,
        id: &KeyId,
        algorithm: KeyAlgorithm,
        purpose: Purpose,
    ) -> Result<Arc<dyn SigningKey>, CeremonyError> {
        self.make(id, algorithm, purpose)?;
        Ok(self.load(&self.named(id))?)
    }

    fn load(&self, id: &KeyId) -> Result<Arc<dyn SigningKey>, CeremonyError> {
        Ok(Self::load(self, &self.named(id))?)
    }

    fn list(&self) -> Result<Vec<KeyRecord>, CeremonyError> {
        Ok(Record::list(&self.device.folder).map_err(YubiHsmError::from)?)
    }

    fn sign_request(&self, id: &KeyId, request: &CertificationRequestInfo) -> Result<Vec<u8>, CeremonyError> {
        signed_by_device::<YubiHsmError>(&*Self::load(self, &self.named(id))?, request)
    }

    fn suspend(&self, id: &KeyId) -> Result<(), CeremonyError> {
        if !self.has(id) {
            return Err(YubiHsmError::NoRecord(id.to_string()).into());
        }
        Ok(Marker::suspend(&self.device.folder, id).map_err(YubiHsmError::from)?)
    }

    fn resume(&self, id: &KeyId) -> Result<(), CeremonyError> {
        Ok(Marker::resume(&self.device.folder, id).map_err(YubiHsmError::from)?)
    }
}

impl YubiHsmStore {
    fn named(&self, id: &KeyId) -> YubiHsmUri {
        YubiHsmUri { device: self.name().clone(), key: KeyName::Id(id.clone()) }
    }

    /// Makes a key in the device, which may sign and nothing else, and its record.
    fn make(&self, name: &KeyId, algorithm: KeyAlgorithm, purpose: Purpose) -> Result<(), YubiHsmError> {
        let device = &self.device;
        let (kind, capability) = made(algorithm).ok_or(YubiHsmError::Algorithm(algorithm))?;
        let unusable = || YubiHsmError::Name(name.clone());
        if name.as_str().len() > LABEL || name.as_str().starts_with(NUMBER) {
            return Err(unusable());
        }
        let label = Label::from_bytes(name.as_str().as_bytes()).map_err(|_| unusable())?;
        let domains = domains(&device.config.domains);
        // Whoever is second finds the first one's key.
        let _alone = device.folder.lock()?;
        if self.has(name) {
            return Err(YubiHsmError::Exists(name.clone()));
        }
        let (mut connection, login) = device.operator()?;
        let failed = |error| match error {
            CallError::Refused(INSUFFICIENT_PERMISSIONS) => {
                YubiHsmError::NotAllowed { device: device.config.name.clone(), login }
            }
            error => device.failed(error),
        };
        let wanted = label.clone();
        let same =
            move |client: &Client| client.list_objects(&[Filter::Type(Type::AsymmetricKey), Filter::Label(wanted)]);
        if !connection.call(same).map_err(failed)?.is_empty() {
            return Err(YubiHsmError::Exists(name.clone()));
        }
        let making = move |client: &Client| client.generate_asymmetric_key(ANY, label, domains, capability, kind);
        let object = connection.call_within(Device::MAKING, making).map_err(failed)?;
        let found = connection.call(move |client| client.get_public_key(object)).map_err(failed)?;
        let weak = || YubiHsmError::Weak { key: name.clone(), weakness: KeyWeakness::Kind };
        let public = public(&found).ok_or_else(weak)?;
        if public.algorithm != algorithm {
            return Err(YubiHsmError::OtherKey(name.clone()));
        }
        Ok(Record::new(&public, purpose, format!("{object:#06x}")).save(&device.folder, name)?)
    }
}

/// Domains as the device has them: domain n is bit n - 1.
fn domains(numbers: &[u8]) -> Domain {
    numbers
        .iter()
        .filter_map(|number| Domain::at(usize::from(*number)).ok())
        .fold(Domain::empty(), |all, one| all | one)
}
