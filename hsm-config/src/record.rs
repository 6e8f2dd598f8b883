//! What a ceremony wrote down of a key: what it is for, and which public key it had. The device says neither.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use kokuin_key::{KeyId, Protection, Purpose};
use kokuin_suite::{DigestAlgorithm, KeyAlgorithm, digest};
use serde::{Deserialize, Serialize};

use crate::ceremony::KeyRecord;
use crate::folder::{Folder, FolderError};
use crate::marker::Marker;
use crate::public::DeviceKey;

/// `ID.toml` is the record.
pub(crate) const RECORD_SUFFIX: &str = "toml";

/// One key's record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Record {
    pub(crate) algorithm: KeyAlgorithm,
    pub(crate) purpose: Purpose,
    /// What the device calls it: `CKA_ID`, or the object id; hexadecimal.
    pub(crate) id: String,
    /// SHA-256 of the `SubjectPublicKeyInfo`, hexadecimal.
    public_key: String,
}

/// Why a record is not used.
#[derive(Debug)]
pub(crate) enum RecordError {
    /// There is none.
    Missing(KeyId),
    /// It cannot be understood.
    Damaged { path: PathBuf, reason: String },
    /// It cannot be read or written.
    Folder(FolderError),
}

impl From<FolderError> for RecordError {
    fn from(error: FolderError) -> Self {
        Self::Folder(error)
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Text {
    algorithm: String,
    purpose: String,
    id: String,
    public_key_sha256: String,
}

impl Record {
    pub(crate) fn new(public: &DeviceKey, purpose: Purpose, id: String) -> Self {
        Self { algorithm: public.algorithm, purpose, id, public_key: fingerprint(public) }
    }

    /// Whether this is the key that was made.
    pub(crate) fn is_about(&self, public: &DeviceKey) -> bool {
        self.algorithm == public.algorithm && self.public_key == fingerprint(public)
    }

    /// Reads the record of `id`.
    pub(crate) fn load(folder: &Folder, id: &KeyId) -> Result<Self, RecordError> {
        let path = folder.file(id, RECORD_SUFFIX);
        let text = fs::read_to_string(&path).map_err(|reason| match reason.kind() {
            ErrorKind::NotFound => RecordError::Missing(id.clone()),
            _ => FolderError::Io { path: path.clone(), reason }.into(),
        })?;
        let refused = |reason: String| RecordError::Damaged { path: path.clone(), reason };
        let text: Text = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            algorithm: text.algorithm.parse().map_err(|error| refused(format!("{error}")))?,
            purpose: text.purpose.parse().map_err(|error| refused(format!("{error}")))?,
            id: text.id,
            public_key: text.public_key_sha256,
        })
    }

    /// What the records of `folder` say of their keys, and whether these may sign.
    pub(crate) fn list(folder: &Folder) -> Result<Vec<KeyRecord>, RecordError> {
        let record = |id: KeyId| {
            let Self { algorithm, purpose, .. } = Self::load(folder, &id)?;
            let state = Marker::new(folder, &id, folder.file(&id, RECORD_SUFFIX)).state();
            Ok(KeyRecord { id, algorithm, purpose, state, protection: Protection::Device })
        };
        folder.ids(RECORD_SUFFIX)?.into_iter().map(record).collect()
    }

    /// Writes the record of a new key.
    pub(crate) fn save(&self, folder: &Folder, id: &KeyId) -> Result<(), RecordError> {
        let path = folder.file(id, RECORD_SUFFIX);
        let text = Text {
            algorithm: self.algorithm.to_string(),
            purpose: self.purpose.to_string(),
            id: self.id.clone(),
            public_key_sha256: self.public_key.clone(),
        };
        let text = toml::to_string(&text)
            .map_err(|error| RecordError::Damaged { path: path.clone(), reason: error.to_string() })?;
        Ok(folder.add(&path, text.as_bytes())?)
    }
}

fn fingerprint(public: &DeviceKey) -> String {
    hex::encode(digest(DigestAlgorithm::Sha256, &public.spki))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(last: u8) -> DeviceKey {
        DeviceKey { algorithm: KeyAlgorithm::P256, spki: vec![1, 2, last] }
    }

    #[test]
    fn a_record_knows_its_key_again_and_no_other_thr_60() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("t")).unwrap();
        let id = KeyId::new("tsu-1").unwrap();
        assert!(matches!(Record::load(&folder, &id), Err(RecordError::Missing(missing)) if missing == id));
        let record = Record::new(&public(3), Purpose::Tst, "ab".to_owned());
        record.save(&folder, &id).unwrap();
        let read = Record::load(&folder, &id).unwrap();
        assert_eq!(read, record);
        assert!(read.is_about(&public(3)));
        assert!(!read.is_about(&public(4)));
        assert!(!read.is_about(&DeviceKey { algorithm: KeyAlgorithm::P384, ..public(3) }));
        assert!(record.save(&folder, &id).is_err(), "a record is never replaced");
    }
}
