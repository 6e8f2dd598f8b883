//! Keys out of a device under wrap, and into another one.

use serde::{Deserialize, Serialize};
use yubihsm::{object, wrap};

use crate::manifest::{ObjectId, SigningKey};
use crate::yubihsm::manage::{DeviceSession, ManageError, spki};

/// Octets before the ciphertext.
const NONCE: usize = 13;
/// The device's code for an object that is there already.
const OBJECT_EXISTS: u8 = 0x11;

/// One key, wrapped, as its file has it. Whoever has the wrap key has the key.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// Serial number of the device that it came from.
    pub serial: u32,
    /// Number of the wrap key.
    pub wrap_key: String,
    /// The key's number.
    pub key: String,
    /// Its label.
    pub label: String,
    /// Its kind.
    pub algorithm: String,
    /// SHA-256 of its `SubjectPublicKeyInfo`, hexadecimal.
    pub public_key_sha256: String,
    /// Nonce and ciphertext as the device made them, hexadecimal.
    pub wrapped: String,
}

/// Why a backup is not restored.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BackupError {
    /// It is none.
    #[error("the backup of {0} is damaged")]
    Damaged(String),
    /// The wrapped key is not the one that the file says.
    #[error("signing-key:{id} has a public key with SHA-256 {found}, the backup says {expected}")]
    OtherKey {
        /// Which.
        id: ObjectId,
        /// In the file.
        expected: String,
        /// The device's.
        found: String,
    },
}

impl BackupError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Damaged(_) => "hsm.backup-damaged",
            Self::OtherKey { .. } => "hsm.backup-other-key",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        "EN 319 421 7.6.2"
    }
}

impl DeviceSession {
    /// Takes a key out, wrapped.
    ///
    /// # Errors
    /// [`ManageError`] if the device does not let it go.
    pub fn back_up(&mut self, serial: u32, wrap_key: ObjectId, key: &SigningKey) -> Result<Backup, ManageError> {
        let (wrap, number) = (wrap_key.as_u16(), key.id.as_u16());
        let wrapped =
            self.call("export a key", move |client| client.export_wrapped(wrap, object::Type::AsymmetricKey, number))?;
        let (spki, _) = self.public_key(key.id)?.ok_or(ManageError::PublicKeyForm(key.id))?;
        Ok(Backup {
            serial,
            wrap_key: wrap_key.to_string(),
            key: key.id.to_string(),
            label: key.label.to_string(),
            algorithm: key.algorithm.to_string(),
            public_key_sha256: spki::fingerprint(&spki),
            wrapped: hex::encode(wrapped.into_vec()),
        })
    }

    /// Puts a wrapped key in. One that is there already, the same, stays.
    ///
    /// # Errors
    /// [`ManageError`] if the device does not take it, or it is another key than the file says.
    pub fn restore(&mut self, backup: &Backup) -> Result<(), ManageError> {
        let damaged = || BackupError::Damaged(backup.key.clone());
        let octets = hex::decode(&backup.wrapped).map_err(|_| damaged())?;
        let id: ObjectId = backup.key.parse().map_err(|_| damaged())?;
        let wrap: ObjectId = backup.wrap_key.parse().map_err(|_| damaged())?;
        // The library panics on less than a nonce.
        if octets.len() <= NONCE {
            return Err(damaged().into());
        }
        let message = wrap::Message::from_vec(octets).map_err(|_| damaged())?;
        let number = wrap.as_u16();
        match self.call("import a key", move |client| client.import_wrapped(number, message)) {
            Err(error) if !error.is_refused_with(OBJECT_EXISTS) => return Err(error),
            Ok(_) | Err(_) => {}
        }
        let (spki, _) = self.public_key(id)?.ok_or(ManageError::PublicKeyForm(id))?;
        let (expected, found) = (backup.public_key_sha256.clone(), spki::fingerprint(&spki));
        if expected != found {
            return Err(BackupError::OtherKey { id, expected, found }.into());
        }
        Ok(())
    }
}
