//! A device under the eyes of a service: what its keys need is there before the start, and the device stays what its manifest says.

use kokuin_settings::{SecretError, SecretFile};

use crate::manifest::{KeyKind, Manifest, ManifestError, ObjectId};
use crate::plan::{Lack, Need, Plan, compare, preflight};
use crate::yubihsm::login::Login;
use crate::yubihsm::manage::{DeviceSession, ManageError, Station};
use crate::yubihsm::{DeviceConfig, YubiHsmError, YubiHsmStore, YubiHsmUri};

/// One device, its manifest, and the keys of it that services use.
#[derive(Debug)]
pub struct Watch {
    station: Station,
    login: (ObjectId, SecretFile),
    /// Whether the login sees options and all domains.
    sees_all: bool,
    manifest: Option<Manifest>,
    needs: Vec<Need>,
    secrets: Vec<Lack>,
    session: Option<DeviceSession>,
}

/// What was seen.
#[derive(Debug)]
pub struct Look {
    /// What services lack.
    pub lacks: Vec<Lack>,
    /// What differs from the manifest, if the configuration names one.
    pub plan: Option<Plan>,
}

/// Why a device cannot be watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// Its manifest.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The manifest is about another device.
    #[error("the manifest is about {declared}, the configuration about {configured}")]
    OtherDevice {
        /// Serial number in the manifest.
        declared: u32,
        /// Serial number in the configuration.
        configured: u32,
    },
    /// A manifest is compared with the eyes of the audit login.
    #[error("a manifest needs an audit_key, which sees the options and all domains")]
    NoAuditKey,
    /// A key's record, or its number.
    #[error(transparent)]
    Key(#[from] YubiHsmError),
    /// A secret's file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// No number of an object.
    #[error("{0:#06x} is no object's number: 0x0001 to 0xfffe")]
    Number(u16),
}

impl WatchError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Manifest(error) => error.code(),
            Self::OtherDevice { .. } => "hsm.watch-other-device",
            Self::NoAuditKey => "hsm.watch-no-audit-key",
            Self::Key(_) => "hsm.watch-key",
            Self::Secret(_) => "hsm.watch-secret",
            Self::Number(_) => "hsm.watch-number",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Manifest(error) => error.clause(),
            Self::OtherDevice { .. } | Self::Key(_) => "Kokuin THR-60",
            Self::NoAuditKey => "Kokuin THR-59",
            Self::Secret(_) => "Kokuin THR-104",
            Self::Number(_) => "YubiHSM 2 user guide",
        }
    }
}

impl Watch {
    /// The device of `config`, whose keys `needs` are used. The device is not asked yet.
    ///
    /// # Errors
    /// [`WatchError`] if the manifest breaks a rule or a secret cannot be read.
    pub fn new(config: &DeviceConfig, needs: Vec<Need>) -> Result<Self, WatchError> {
        let manifest = config.manifest.as_deref().map(Manifest::load).transpose()?;
        if let Some(manifest) = &manifest
            && manifest.device.serial != config.serial
        {
            let (declared, configured) = (manifest.device.serial, config.serial);
            return Err(WatchError::OtherDevice { declared, configured });
        }
        let audit = config.audit_key.zip(config.audit_password_file.clone());
        if manifest.is_some() && audit.is_none() {
            return Err(WatchError::NoAuditKey);
        }
        let sees_all = audit.is_some();
        let signing = (config.auth_key, config.password_file.clone());
        let secrets = weak_secrets(config, [Some(&signing), audit.as_ref()].into_iter().flatten())?;
        let (number, file) = audit.unwrap_or(signing);
        let login = ObjectId::new(number.into()).ok_or(WatchError::Number(number))?;
        Ok(Self {
            station: Station::new(config.connector.clone(), config.serial, config.timeout.as_std()),
            login: (login, SecretFile::new(file)),
            sees_all,
            manifest,
            needs,
            secrets,
            session: None,
        })
    }

    /// The keys that services use.
    #[must_use]
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// Looks at the device, in a session that is kept for the next time.
    ///
    /// # Errors
    /// [`ManageError`] if the device cannot be asked.
    pub fn look(&mut self) -> Result<Look, ManageError> {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.open()?,
        };
        let seen = session.inventory(&self.station);
        let mut inventory = match seen {
            Ok(inventory) => inventory,
            // The session may have ended meanwhile.
            Err(_) => {
                session = self.open()?;
                session.inventory(&self.station)?
            }
        };
        self.session = Some(session);
        let plan = self.manifest.as_ref().map(|manifest| compare(manifest, &inventory));
        if !self.sees_all {
            // What the signing login is not shown is not missing.
            inventory.command_audit.clear();
        }
        let mut lacks = self.secrets.clone();
        lacks.extend(preflight(&self.needs, &inventory));
        Ok(Look { lacks, plan })
    }

    #[cfg(test)]
    pub(super) fn secrets_lacking(&self) -> Vec<&'static str> {
        self.secrets.iter().map(Lack::code).collect()
    }

    fn open(&self) -> Result<DeviceSession, ManageError> {
        let secret = self.login.1.read().map_err(crate::yubihsm::manage::SecretsError::from)?;
        self.station.open(self.login.0, &secret)
    }
}

/// What is weak about the configuration's own secrets (THR-61).
fn weak_secrets<'a>(
    config: &DeviceConfig,
    logins: impl Iterator<Item = &'a (u16, std::path::PathBuf)>,
) -> Result<Vec<Lack>, WatchError> {
    let device = config.name.to_string();
    let mut lacks = Vec::new();
    let mut known: Vec<Login> = Vec::new();
    for (number, file) in logins {
        let login = Login::new(*number, &SecretFile::new(file.clone()).read()?);
        if login.is_weak() {
            lacks.push(Lack::WeakSecret { device: device.clone(), login: *number });
        }
        if known.iter().any(|other| other.secret().matches(login.secret().expose())) {
            lacks.push(Lack::SharedSecret { device: device.clone() });
        }
        known.push(login);
    }
    Ok(lacks)
}

impl YubiHsmStore {
    /// What the operator says of the device.
    #[must_use]
    pub fn config(&self) -> &DeviceConfig {
        &self.device.config
    }

    /// What `user` needs of the device to sign with the key that `uri` means, as its record says. The device is not asked.
    ///
    /// # Errors
    /// [`WatchError`] if there is no record, or it has no number of an object.
    pub fn need(&self, user: String, uri: &YubiHsmUri) -> Result<Need, WatchError> {
        let id = self.id_of(uri)?;
        let (record, number) = self.record(&id)?;
        let key = ObjectId::new(number.into()).ok_or(WatchError::Number(number))?;
        let kind = KeyKind::of(record.algorithm).ok_or(YubiHsmError::Algorithm(record.algorithm))?;
        let login = self.device.config.auth_key;
        let login = ObjectId::new(login.into()).ok_or(WatchError::Number(login))?;
        Ok(Need { user, key, kind, login })
    }
}
