//! Making, opening, listing and suspending soft keys.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kokuin_key::{KeyId, Purpose, SigningKey};
use kokuin_settings::{Secret, SecretError, SecretFile};
use kokuin_suite::KeyAlgorithm;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use serde::{Deserialize, Serialize};

use crate::folder::Folder;
use crate::marker::Marker;
use crate::soft::SoftError;
use crate::soft::key::{Opened, SoftKey};
use crate::soft::sealed;

/// A folder of soft keys, all encrypted with one passphrase.
#[derive(Debug)]
pub struct SoftStore {
    folder: Folder,
    passphrase: Secret,
}

/// `ID.p8` is the key.
const KEY_SUFFIX: &str = "p8";

/// What stands beside a key.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Description {
    algorithm: String,
    purpose: String,
}

impl SoftStore {
    /// Opens the folder `dir`, which is made if it is not there, with the passphrase in a file.
    ///
    /// # Errors
    /// [`SoftError::Secret`] and [`SoftError::FolderExposed`] if others may read either, [`SoftError::Io`].
    pub fn open(dir: &Path, passphrase_file: &Path) -> Result<Self, SoftError> {
        let passphrase = SecretFile::new(passphrase_file.to_owned()).read()?;
        Ok(Self { folder: Folder::open(dir)?, passphrase })
    }

    /// Makes a key, keeps it and opens it.
    ///
    /// # Errors
    /// [`SoftError::Algorithm`], [`SoftError::Exists`], [`SoftError::Io`], [`SoftError::Library`].
    pub fn create(
        &self,
        id: &KeyId,
        algorithm: KeyAlgorithm,
        purpose: Purpose,
    ) -> Result<Arc<dyn SigningKey>, SoftError> {
        // Whoever is second finds the first one's key, and leaves its description alone.
        let _alone = self.folder.lock()?;
        let key_file = self.key_file(id);
        if fs::symlink_metadata(&key_file).is_ok() {
            return Err(SoftError::Exists(id.clone()));
        }
        let private = generate(algorithm)?;
        let sealed = sealed::seal(&private, self.passphrase.expose()).map_err(|_| SoftError::Library("encryption"))?;
        self.describe(id, algorithm, purpose)?;
        self.folder.add(&key_file, sealed.as_bytes()).map_err(|error| match error {
            taken if taken.is_taken() => SoftError::Exists(id.clone()),
            other => other.into(),
        })?;
        self.load(id)
    }

    /// The description is there before the key, so that no key is without one; one that a broken attempt left over is replaced.
    fn describe(&self, id: &KeyId, algorithm: KeyAlgorithm, purpose: Purpose) -> Result<(), SoftError> {
        let path = self.folder.file(id, "toml");
        let description = Description { algorithm: algorithm.to_string(), purpose: purpose.to_string() };
        let text = toml::to_string(&description)
            .map_err(|error| SoftError::Description { path: path.clone(), reason: error.to_string() })?;
        self.folder.remove(&path)?;
        Ok(self.folder.add(&path, text.as_bytes())?)
    }

    /// Opens a key that was made before.
    ///
    /// # Errors
    /// [`SoftError::Unknown`], [`SoftError::WrongPassphrase`], [`SoftError::NotAsDescribed`] and those of reading.
    pub fn load(&self, id: &KeyId) -> Result<Arc<dyn SigningKey>, SoftError> {
        let (private, algorithm, spki) = self.open_private(id)?;
        let (_, purpose) = self.description(id)?;
        let marker = self.marker(id);
        Ok(Arc::new(SoftKey::new(Opened { id: id.clone(), algorithm, purpose, spki, private, marker })))
    }

    /// The private key, its kind, and its `SubjectPublicKeyInfo`.
    pub(super) fn open_private(&self, id: &KeyId) -> Result<(PKey<Private>, KeyAlgorithm, Vec<u8>), SoftError> {
        let key_file = self.key_file(id);
        let text = SecretFile::new(key_file.clone()).read().map_err(|error| match error {
            SecretError::Unreadable { reason, .. } if reason.kind() == ErrorKind::NotFound => {
                SoftError::Unknown(id.clone())
            }
            other => SoftError::Secret(other),
        })?;
        let (algorithm, _) = self.description(id)?;
        let block = sealed::block(text.expose()).ok_or(SoftError::NotEncrypted { path: key_file })?;
        let private = sealed::open(&block, self.passphrase.expose());
        let private = private.map_err(|_| SoftError::WrongPassphrase(id.clone()))?;
        let spki = private.public_key_to_der().map_err(|_| SoftError::Library("public key"))?;
        match KeyAlgorithm::from_spki(&spki) {
            Ok(found) if found == algorithm => Ok((private, algorithm, spki)),
            found => {
                let found = found.map_or_else(|refusal| refusal.to_string(), |found| found.to_string());
                Err(SoftError::NotAsDescribed { id: id.clone(), described: algorithm, found })
            }
        }
    }

    /// Whether the key may sign, looked at now.
    pub(super) fn marker(&self, id: &KeyId) -> Marker {
        Marker::new(&self.folder, id, self.key_file(id))
    }

    pub(super) fn description(&self, id: &KeyId) -> Result<(KeyAlgorithm, Purpose), SoftError> {
        let path = self.folder.file(id, "toml");
        let refused = |reason: String| SoftError::Description { path: path.clone(), reason };
        let text = fs::read_to_string(&path).map_err(|reason| SoftError::Io { path: path.clone(), reason })?;
        let description: Description = toml::from_str(&text).map_err(|error| refused(error.to_string()))?;
        let algorithm = description.algorithm.parse().map_err(|error| refused(format!("{error}")))?;
        let purpose = description.purpose.parse().map_err(|error| refused(format!("{error}")))?;
        Ok((algorithm, purpose))
    }

    /// Names of all keys in the folder, sorted.
    ///
    /// # Errors
    /// [`SoftError::Io`].
    pub fn list(&self) -> Result<Vec<KeyId>, SoftError> {
        Ok(self.folder.ids(KEY_SUFFIX)?)
    }

    /// Stops a key: every process that has it open signs nothing later than a second from now (THR-65).
    ///
    /// # Errors
    /// [`SoftError::Unknown`], [`SoftError::Io`].
    pub fn suspend(&self, id: &KeyId) -> Result<(), SoftError> {
        if fs::symlink_metadata(self.key_file(id)).is_err() {
            return Err(SoftError::Unknown(id.clone()));
        }
        Ok(Marker::suspend(&self.folder, id)?)
    }

    /// Lets a suspended key go on.
    ///
    /// # Errors
    /// [`SoftError::Io`].
    pub fn resume(&self, id: &KeyId) -> Result<(), SoftError> {
        Ok(Marker::resume(&self.folder, id)?)
    }

    fn key_file(&self, id: &KeyId) -> PathBuf {
        self.folder.file(id, KEY_SUFFIX)
    }
}

fn generate(algorithm: KeyAlgorithm) -> Result<PKey<Private>, SoftError> {
    let generated = match algorithm {
        KeyAlgorithm::P256 => generate_ec(Nid::X9_62_PRIME256V1),
        KeyAlgorithm::P384 => generate_ec(Nid::SECP384R1),
        KeyAlgorithm::Rsa { bits: bits @ (3072 | 4096) } => Rsa::generate(bits).and_then(PKey::from_rsa),
        KeyAlgorithm::Ed25519 => PKey::generate_ed25519(),
        KeyAlgorithm::P521
        | KeyAlgorithm::Rsa { .. }
        | KeyAlgorithm::MlDsa44
        | KeyAlgorithm::MlDsa65
        | KeyAlgorithm::MlDsa87 => return Err(SoftError::Algorithm(algorithm)),
    };
    generated.map_err(|_| SoftError::Library("generation"))
}

fn generate_ec(curve: Nid) -> Result<PKey<Private>, ErrorStack> {
    EcKey::generate(EcGroup::from_curve_name(curve)?.as_ref()).and_then(PKey::from_ec_key)
}

#[cfg(test)]
mod tests;
