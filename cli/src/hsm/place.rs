//! A manifest, and the device that it is about.

use std::{path::PathBuf, time::Duration};

use anyhow::{Context as _, bail};
use kokuin_hsm_config::{
    manifest::{AuthenticationKey, Manifest, ObjectId, Role},
    yubihsm::{
        Way,
        manage::{DeviceSession, ManageError, Station, same_secret},
    },
};
use kokuin_settings::{HumanDuration, SecretFile};

/// Which device.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// What the device is to be
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: PathBuf,
    /// Its connector, or usb where that is built in
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:12345", value_parser = connector)]
    connector: Way,
    /// How long the device may take for one answer
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    timeout: HumanDuration,
    /// Where the file of an authentication key is, if not where the manifest says: an administrator's own medium. Repeated
    #[arg(long = "key-file", value_name = "ID=FILE", value_parser = key_file)]
    key_files: Vec<(ObjectId, PathBuf)>,
}

fn connector(text: &str) -> Result<Way, String> {
    let way: Way = text.parse().map_err(|error| format!("{error}"))?;
    if way.is_built() { Ok(way) } else { Err("this program was built without the feature usb".to_owned()) }
}

fn key_file(text: &str) -> Result<(ObjectId, PathBuf), String> {
    let (id, path) = text.split_once('=').ok_or("ID=FILE")?;
    Ok((id.parse().map_err(|error| format!("{error}"))?, PathBuf::from(path)))
}

/// A manifest and a connector.
pub(super) struct Place {
    pub(super) manifest: Manifest,
    pub(super) station: Station,
}

impl Place {
    /// Reads the manifest. The device is not asked yet.
    ///
    /// # Errors
    /// If the manifest breaks a rule, or two logins have one key (THR-61).
    pub(super) fn open(which: &Which) -> anyhow::Result<Self> {
        let mut manifest =
            Manifest::load(&which.manifest).map_err(|error| anyhow::anyhow!("{error} ({})", error.code()))?;
        for (id, path) in &which.key_files {
            let key = manifest.authentication_keys.iter_mut().find(|key| key.id == *id);
            key.with_context(|| format!("the manifest has no authentication key {id}"))?.key_file.clone_from(path);
        }
        same_secret(manifest.authentication_keys.iter().map(|key| key.key_file.as_path()))?;
        let timeout: Duration = which.timeout.as_std();
        let station = Station::new(which.connector.clone(), manifest.device.serial, timeout);
        Ok(Self { manifest, station })
    }

    /// Logs in as `key`.
    ///
    /// # Errors
    /// If its file cannot be read, or the device does not take it.
    pub(super) fn log_in(&self, key: &AuthenticationKey) -> anyhow::Result<DeviceSession> {
        let secret = SecretFile::new(key.key_file.clone()).read()?;
        self.station.open(key.id, &secret).map_err(told)
    }

    /// A login that reads: the audit login's, else an administrator's.
    ///
    /// # Errors
    /// If there is no file of such a key, or the device does not take it.
    pub(super) fn reader(&self) -> anyhow::Result<DeviceSession> {
        let keys = self.manifest.with_role(Role::Audit).chain(self.manifest.with_role(Role::Admin));
        match keys.into_iter().find(|key| key.key_file.exists()) {
            Some(key) => self.log_in(key),
            None => {
                bail!("none of the manifest's key files is there; a fresh device is provisioned by `kokuin hsm apply`")
            }
        }
    }

    /// The same of a device that nobody has provisioned yet: its factory's key, where that opens.
    ///
    /// # Errors
    /// As [`Self::reader`].
    pub(super) fn reader_or_factory(&self) -> anyhow::Result<DeviceSession> {
        match self.station.open_factory().map_err(told)? {
            Some(session) => {
                eprintln!("kokuin: the device opens with the factory password");
                Ok(session)
            }
            None => self.reader(),
        }
    }

    /// The sessions of those who change the device: the factory's where that opens, else administrators', two of them under dual control, all of
    /// them open before anything is done.
    ///
    /// # Errors
    /// If a key file is missing, or the device does not take a key.
    pub(super) fn administrators(&self) -> anyhow::Result<Vec<DeviceSession>> {
        if let Some(session) = self.station.open_factory().map_err(told)? {
            return Ok(vec![session]);
        }
        let needed = if self.manifest.device.dual_control { 2 } else { 1 };
        let keys: Vec<&AuthenticationKey> =
            self.manifest.with_role(Role::Admin).filter(|key| key.key_file.exists()).take(needed).collect();
        if keys.len() < needed {
            bail!(
                "{needed} administrators are needed and {} key files are there; --key-file says where the others are",
                keys.len()
            );
        }
        keys.into_iter().map(|key| self.log_in(key)).collect()
    }

    /// Which signing key of the manifest has this number.
    ///
    /// # Errors
    /// If none has.
    pub(super) fn signing_key(&self, id: ObjectId) -> anyhow::Result<&kokuin_hsm_config::manifest::SigningKey> {
        let mut keys = self.manifest.signing_keys.iter();
        keys.find(|key| key.id == id).with_context(|| format!("the manifest has no signing key {id}"))
    }
}

/// With the code that `docs/errors.md` explains.
pub(super) fn told(error: ManageError) -> anyhow::Error {
    let code = error.code();
    anyhow::Error::new(error).context(format!("stopped ({code})"))
}
