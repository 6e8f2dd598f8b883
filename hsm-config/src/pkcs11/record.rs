//! What a ceremony wrote down of a key: what it is for, and which public key it had. The token says neither.

use std::fs;
use std::io::ErrorKind;

use kokuin_key::{KeyId, Purpose};
use kokuin_suite::{DigestAlgorithm, KeyAlgorithm, digest};
use serde::{Deserialize, Serialize};

use crate::folder::Folder;
use crate::pkcs11::Pkcs11Error;
use crate::pkcs11::public::TokenPublicKey;

/// `ID.toml` is the record.
pub(super) const RECORD_SUFFIX: &str = "toml";

/// One key's record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Record {
    pub(super) algorithm: KeyAlgorithm,
    pub(super) purpose: Purpose,
    /// `CKA_ID`, hexadecimal.
    pub(super) id: String,
    /// SHA-256 of the `SubjectPublicKeyInfo`, hexadecimal.
    public_key: String,
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
    pub(super) fn new(public: &TokenPublicKey, purpose: Purpose, id: &[u8]) -> Self {
        Self { algorithm: public.algorithm, purpose, id: hex::encode(id), public_key: fingerprint(public) }
    }

    /// Whether this is the key that was made.
    pub(super) fn is_about(&self, public: &TokenPublicKey) -> bool {
        self.algorithm == public.algorithm && self.public_key == fingerprint(public)
    }

    /// Reads the record of `id`.
    pub(super) fn load(folder: &Folder, id: &KeyId) -> Result<Self, Pkcs11Error> {
        let path = folder.file(id, RECORD_SUFFIX);
        let text = fs::read_to_string(&path).map_err(|reason| match reason.kind() {
            ErrorKind::NotFound => Pkcs11Error::NoRecord(id.clone()),
            _ => Pkcs11Error::Io { path: path.clone(), reason },
        })?;
        let refused = |reason: String| Pkcs11Error::Record { path: path.clone(), reason };
        let text: Text = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            algorithm: text.algorithm.parse().map_err(|error| refused(format!("{error}")))?,
            purpose: text.purpose.parse().map_err(|error| refused(format!("{error}")))?,
            id: text.id,
            public_key: text.public_key_sha256,
        })
    }

    /// Writes the record of a new key.
    pub(super) fn save(&self, folder: &Folder, id: &KeyId) -> Result<(), Pkcs11Error> {
        let path = folder.file(id, RECORD_SUFFIX);
        let text = Text {
            algorithm: self.algorithm.to_string(),
            purpose: self.purpose.to_string(),
            id: self.id.clone(),
            public_key_sha256: self.public_key.clone(),
        };
        let text = toml::to_string(&text)
            .map_err(|error| Pkcs11Error::Record { path: path.clone(), reason: error.to_string() })?;
        Ok(folder.add(&path, text.as_bytes())?)
    }
}

fn fingerprint(public: &TokenPublicKey) -> String {
    hex::encode(digest(DigestAlgorithm::Sha256, &public.spki))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(last: u8) -> TokenPublicKey {
        TokenPublicKey { algorithm: KeyAlgorithm::P256, spki: vec![1, 2, last] }
    }

    #[test]
    fn a_record_knows_its_key_again_and_no_other_thr_60() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("t")).unwrap();
        let id = KeyId::new("tsu-1").unwrap();
        assert_eq!(Record::load(&folder, &id).unwrap_err().code(), "pkcs11.no-record");
        let record = Record::new(&public(3), Purpose::Tst, &[0xab]);
        record.save(&folder, &id).unwrap();
        let read = Record::load(&folder, &id).unwrap();
        assert_eq!(read, record);
        assert!(read.is_about(&public(3)));
        assert!(!read.is_about(&public(4)));
        assert!(!read.is_about(&TokenPublicKey { algorithm: KeyAlgorithm::P384, ..public(3) }));
        assert!(record.save(&folder, &id).is_err(), "a record is never replaced");
    }
}
