//! Keys that a ceremony made become keys of a service: each gets its record.

use std::path::Path;

use kokuin_key::{KeyId, Purpose};

use crate::folder::Folder;
use crate::manifest::{KeyUse, SigningKey};
use crate::public::DeviceKey;
use crate::record::{Record, RecordError};
use crate::yubihsm::manage::{DeviceSession, ManageError};

impl DeviceSession {
    /// Writes the record of `key` as `keys/yubihsm/DEVICE/LABEL.toml`, if it signs for a service, its label is a key's name and there is no record.
    /// A record that is there must be about this key.
    ///
    /// # Errors
    /// [`ManageError`] if the key cannot be read, or the record is about another one.
    pub fn enroll(&mut self, keys: &Path, device: &KeyId, key: &SigningKey) -> Result<Option<KeyId>, ManageError> {
        let purpose = match key.purpose {
            KeyUse::Tst => Purpose::Tst,
            KeyUse::Seal => Purpose::Seal,
            KeyUse::Log => Purpose::Log,
            KeyUse::Identity => return Ok(None),
        };
        let Ok(name) = KeyId::new(key.label.as_str()) else { return Ok(None) };
        let (spki, _) = self.public_key(key.id)?.ok_or(ManageError::PublicKeyForm(key.id))?;
        let public = DeviceKey::new(spki).map_err(|reason| ManageError::PublicKey { id: key.id, reason })?;
        let failed = |reason: String| ManageError::Record { name: name.clone(), reason };
        let folder = Folder::open(&keys.join("yubihsm").join(device.as_str()));
        let folder = folder.map_err(|error| failed(format!("{error:?}")))?;
        match Record::load(&folder, &name) {
            Ok(record) if record.is_about(&public) => Ok(None),
            Ok(_) => Err(failed("it is about another key".to_owned())),
            Err(RecordError::Missing(_)) => {
                let record = Record::new(&public, purpose, key.id.to_string());
                record.save(&folder, &name).map_err(|error| failed(format!("{error:?}")))?;
                Ok(Some(name))
            }
            Err(error) => Err(failed(format!("{error:?}"))),
        }
    }
}
