//! The keys of one device, and of those that are its replicas.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use kokuin_key::{DeviceLog, KeyId, SigningKey};
use kokuin_suite::Verify;
use yubihsm::Capability;
use yubihsm::object::{Origin, Type};

use crate::answers::Answers;
use crate::marker::Marker;
use crate::public::DeviceKey;
use crate::record::{RECORD_SUFFIX, Record};
use crate::yubihsm::device::{Device, Role};
use crate::yubihsm::key::{Shared, YubiHsmKey};
use crate::yubihsm::kind::{made, public};
use crate::yubihsm::uri::parse_object;
use crate::yubihsm::{CallError, ConfigRule, DeviceConfig, KeyName, KeyWeakness, YubiHsmError, YubiHsmUri};

/// One device of the configuration, with the records of its keys.
#[derive(Debug)]
pub struct YubiHsmStore {
    pub(super) device: Arc<Device>,
    pub(super) engine: Arc<dyn Verify>,
    replicas: Vec<Arc<Device>>,
}

impl YubiHsmStore {
    /// Every device of a configuration. A device is asked when a key is. `keys`: the key folder; `engine` checks every signature that a device makes.
    ///
    /// # Errors
    /// [`YubiHsmError::Config`], [`YubiHsmError::FolderExposed`], [`YubiHsmError::Io`].
    pub fn open_all(
        configs: &[DeviceConfig],
        keys: &Path,
        engine: &Arc<dyn Verify>,
    ) -> Result<Vec<Self>, YubiHsmError> {
        let mut devices: Vec<Arc<Device>> = Vec::with_capacity(configs.len());
        for config in configs {
            let broken = |rule| YubiHsmError::Config { device: config.name.clone(), rule };
            if devices.iter().any(|other| other.config.name == config.name) {
                return Err(broken(ConfigRule::SameName));
            }
            if devices.iter().any(|other| other.config.serial == config.serial) {
                return Err(broken(ConfigRule::SameSerial));
            }
            devices.push(Arc::new(Device::new(config.clone(), keys, Arc::clone(engine))?));
        }
        let store = |device: &Arc<Device>| {
            let named = |name: &KeyId| {
                let found = devices.iter().find(|other| other.config.name == *name).map(Arc::clone);
                let rule = ConfigRule::Replica;
                found.ok_or_else(|| YubiHsmError::Config { device: device.config.name.clone(), rule })
            };
            let replicas = device.config.replicas.iter().map(named).collect::<Result<_, _>>()?;
            Ok(Self { device: Arc::clone(device), engine: Arc::clone(engine), replicas })
        };
        devices.iter().map(store).collect()
    }

    /// What the configuration calls the device.
    #[must_use]
    pub fn name(&self) -> &KeyId {
        &self.device.config.name
    }

    /// Whether there is a record of this key.
    #[must_use]
    pub fn has(&self, id: &KeyId) -> bool {
        self.device.folder.file(id, RECORD_SUFFIX).exists()
    }

    /// Whether `uri` means the key `id` of this device. Nothing is asked of the device.
    #[must_use]
    pub fn means(&self, uri: &YubiHsmUri, id: &KeyId) -> bool {
        uri.device == *self.name()
            && match &uri.key {
                KeyName::Id(named) => named == id,
                KeyName::Object(object) => self.record(id).is_ok_and(|(_, found)| found == *object),
            }
    }

    /// The device's log, if it is to be read. From then on, signatures of this process are matched with it: ask for it before keys sign.
    #[must_use]
    pub fn device_log(&self) -> Option<Arc<dyn DeviceLog>> {
        if !self.device.config.drain {
            return None;
        }
        // Lines of an earlier process are read before any key is loaded: what they are about is in the records.
        for id in self.device.folder.ids(RECORD_SUFFIX).unwrap_or_default() {
            if let Ok((_, object)) = self.record(&id) {
                self.device.know(object, &id);
                self.replicas.iter().for_each(|replica| replica.know(object, &id));
            }
        }
        self.device.account();
        let log: Arc<dyn DeviceLog> = Arc::<Device>::clone(&self.device);
        Some(log)
    }

    /// Opens the key that `uri` means: the one that a ceremony made, which may sign and nothing else.
    ///
    /// # Errors
    /// [`YubiHsmError`], one variant for each rule.
    pub fn load(&self, uri: &YubiHsmUri) -> Result<Arc<dyn SigningKey>, YubiHsmError> {
        let id = self.id_of(uri)?;
        let (record, object) = self.record(&id)?;
        let public = inspect(&self.device, &id, object)?;
        if !record.is_about(&public) {
            return Err(YubiHsmError::OtherKey(id));
        }
        let mut devices = vec![Arc::clone(&self.device)];
        for replica in &self.replicas {
            // One that is away joins when it is back: what it signs is checked with this public key.
            let found = match inspect(replica, &id, object) {
                Err(YubiHsmError::Call { error, .. }) if !matches!(error, CallError::Refused(_)) => None,
                found => Some(found?),
            };
            if found.is_some_and(|found| found != public) {
                return Err(YubiHsmError::OtherKey(id));
            }
            devices.push(Arc::clone(replica));
        }
        for device in &devices {
            device.know(object, &id);
        }
        let folder = &self.device.folder;
        let marker = Marker::new(folder, &id, folder.file(&id, RECORD_SUFFIX));
        Ok(Arc::new(YubiHsmKey(Arc::new(Shared {
            id,
            purpose: record.purpose,
            public,
            object,
            devices,
            next: AtomicUsize::new(0),
            marker,
            answers: Answers::new(Arc::clone(&self.engine)),
        }))))
    }

    /// The record of a key, and its number.
    pub(super) fn record(&self, id: &KeyId) -> Result<(Record, u16), YubiHsmError> {
        let record = Record::load(&self.device.folder, id)?;
        let object = parse_object(&record.id)?;
        Ok((record, object))
    }

    pub(super) fn id_of(&self, uri: &YubiHsmUri) -> Result<KeyId, YubiHsmError> {
        let object = match &uri.key {
            KeyName::Id(id) => return Ok(id.clone()),
            KeyName::Object(object) => *object,
        };
        let ids = self.device.folder.ids(RECORD_SUFFIX)?;
        let found = ids.into_iter().find(|id| self.record(id).is_ok_and(|(_, number)| number == object));
        found.ok_or_else(|| YubiHsmError::NoRecord(format!("{object:#06x}")))
    }
}

/// The public key of an object that is fit for signing.
pub(super) fn inspect(device: &Device, id: &KeyId, object: u16) -> Result<DeviceKey, YubiHsmError> {
    let mut line = device.line();
    let unknown = |error| match error {
        YubiHsmError::Call { error: CallError::Refused(0x0b | 0x0c), .. } => {
            let (device, login) = (device.config.name.clone(), device.config.auth_key);
            YubiHsmError::UnknownKey { device, object, login }
        }
        other => other,
    };
    let ask = move |client: &yubihsm::Client| {
        Ok((client.get_object_info(object, Type::AsymmetricKey)?, client.get_public_key(object)?))
    };
    let (info, key) = device.query(&mut line, Role::Sign, ask).map_err(unknown)?;
    let weak = |weakness| YubiHsmError::Weak { key: id.clone(), weakness };
    let public = public(&key).ok_or_else(|| weak(KeyWeakness::Kind))?;
    let (_, capability) = made(public.algorithm).ok_or_else(|| weak(KeyWeakness::Kind))?;
    if !matches!(info.origin, Origin::Generated | Origin::WrappedGenerated) {
        return Err(weak(KeyWeakness::Imported));
    }
    if !info.capabilities.contains(capability) {
        return Err(weak(KeyWeakness::CannotSign));
    }
    if !(capability | Capability::EXPORTABLE_UNDER_WRAP).contains(info.capabilities) {
        return Err(weak(KeyWeakness::Capable));
    }
    if info.label.try_as_str().is_ok_and(|label| label == id.as_str()) {
        Ok(public)
    } else {
        Err(weak(KeyWeakness::Label))
    }
}
