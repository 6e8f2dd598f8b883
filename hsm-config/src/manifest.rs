//! What a YubiHSM 2 is to be: its identity, keys, roles and audit options, declared in a file that people review.
//!
//! Lives here: the file, read and checked, and the same words for what a device says of itself. Must not know: how a device is reached.

mod audit;
mod capability;
mod check;
mod rule;
#[cfg(test)]
mod tests;
mod value;

use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use audit::{Audit, AuditSetting, Command};
pub use capability::Capabilities;
pub use rule::{ManifestError, Rule};
pub use value::{Custodians, Domains, Firmware, FirmwareRange, KeyKind, KeyUse, Label, ObjectId, Role};

/// The authentication key that a device leaves the factory with; its password is printed in every manual.
pub const FACTORY_KEY: ObjectId = ObjectId::FIRST;

/// A whole manifest. It can only be had checked: [`Manifest::load`].
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Which device it is about.
    pub device: Device,
    /// What the device writes into its own log.
    #[serde(default)]
    pub audit: Audit,
    /// Who may log in.
    #[serde(default, rename = "authentication_key")]
    pub authentication_keys: Vec<AuthenticationKey>,
    /// Under what keys leave the device.
    #[serde(default, rename = "wrap_key")]
    pub wrap_keys: Vec<WrapKey>,
    /// What signs.
    #[serde(default, rename = "signing_key")]
    pub signing_keys: Vec<SigningKey>,
}

/// `[device]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// What people call it.
    pub name: Label,
    /// Its serial number: another device is left alone (THR-60).
    pub serial: u32,
    /// Versions of its firmware that are accepted.
    pub firmware: FirmwareRange,
    /// Whether two administrators log in before anything is changed. A rule of procedure: the device itself obeys either of them.
    #[serde(default)]
    pub dual_control: bool,
    /// PEM file with the maker's root of attestation certificates.
    #[serde(default)]
    pub attestation_root: Option<PathBuf>,
}

/// `[[authentication_key]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationKey {
    /// Its number on the device.
    pub id: ObjectId,
    /// Its name on the device.
    pub label: Label,
    /// What it is for, which says what it may be able to do.
    pub role: Role,
    /// Where it works.
    pub domains: Domains,
    /// What its sessions may do.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// What keys made in its sessions may be able to do.
    #[serde(default)]
    pub delegated: Capabilities,
    /// File of its 32 octets, made by the ceremony that makes the key.
    pub key_file: PathBuf,
}

/// `[[wrap_key]]`: AES-256-CCM, made outside the device, so that custodians hold it in shares.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WrapKey {
    /// Its number on the device.
    pub id: ObjectId,
    /// Its name on the device.
    pub label: Label,
    /// Where it works.
    pub domains: Domains,
    /// What may be done with it.
    pub capabilities: Capabilities,
    /// What keys that it wraps may be able to do.
    pub delegated: Capabilities,
    /// Among how many people it is split.
    pub custodians: Custodians,
}

/// `[[signing_key]]`: made in the device.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SigningKey {
    /// Its number on the device.
    pub id: ObjectId,
    /// Its name on the device.
    pub label: Label,
    /// Kind and size.
    pub algorithm: KeyKind,
    /// What it signs, for its whole life (THR-57).
    pub purpose: KeyUse,
    /// Where it works.
    pub domains: Domains,
    /// What may be done with it.
    pub capabilities: Capabilities,
    /// SHA-256 of its public key, `SubjectPublicKeyInfo`, once it is made: another key under the same number is then told from it.
    #[serde(default)]
    pub public_key_sha256: Option<String>,
}

impl Manifest {
    /// Reads and checks `path`; files that it names are relative to its folder.
    ///
    /// # Errors
    /// The first rule that the file breaks, with its line or the entry.
    pub fn load(path: &Path) -> Result<Self, ManifestError> {
        let mut manifest: Self = kokuin_settings::load(path)?;
        let folder = path.parent().unwrap_or_else(|| Path::new(""));
        for file in manifest.files_mut() {
            *file = folder.join(&*file);
        }
        manifest.checked(path)
    }

    /// The same of `text`, which came from `path`; its files stay as they are written.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ManifestError> {
        kokuin_settings::parse::<Self>(path, text)?.checked(path)
    }

    fn checked(self, path: &Path) -> Result<Self, ManifestError> {
        match check::first_broken(&self) {
            None => Ok(self),
            Some((entry, rule)) => Err(ManifestError::Rule { path: path.to_owned(), entry, rule }),
        }
    }

    fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let keys = self.authentication_keys.iter_mut().map(|key| &mut key.key_file);
        keys.chain(&mut self.device.attestation_root)
    }

    /// The keys of one role, in the order of the file.
    pub fn with_role(&self, role: Role) -> impl Iterator<Item = &AuthenticationKey> {
        self.authentication_keys.iter().filter(move |key| key.role == role)
    }
}
