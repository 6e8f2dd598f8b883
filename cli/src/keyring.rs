//! Every key that a configuration can name, whichever back end has it.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use kokuin_hsm_config::{
    ceremony::Ceremony,
    pkcs11::{Pkcs11Store, Pkcs11Uri},
    soft::SoftStore,
    yubihsm::{YubiHsmStore, YubiHsmUri},
};
use kokuin_key::{DeviceLog, KeyId, KeyUri, Scheme, SigningKey};
use kokuin_suite::Verify;

use crate::config::Keys;

/// The back ends of one configuration.
#[derive(Debug)]
pub(crate) struct Keyring {
    soft: SoftStore,
    tokens: Vec<Pkcs11Store>,
    devices: Vec<YubiHsmStore>,
}

impl Keyring {
    /// Opens the key folder and starts the modules of tokens. `engine` checks what tokens and devices sign.
    ///
    /// # Errors
    /// If a folder is open to others, a passphrase or module cannot be read, or two tokens or devices have one name.
    pub(crate) fn open(keys: &Keys, engine: &Arc<dyn Verify>) -> anyhow::Result<Self> {
        let soft = SoftStore::open(&keys.directory, &keys.passphrase_file)?;
        let mut tokens: Vec<Pkcs11Store> = Vec::new();
        for config in &keys.pkcs11 {
            if tokens.iter().any(|token| *token.name() == config.name) {
                bail!("two [[keys.pkcs11]] are called {}", config.name);
            }
            let opened = Pkcs11Store::open(config.clone(), &keys.directory, Arc::clone(engine));
            tokens.push(opened.with_context(|| format!("token {}", config.name))?);
        }
        let devices = YubiHsmStore::open_all(&keys.yubihsm, &keys.directory, engine)?;
        if let Some(device) = devices.iter().find(|device| tokens.iter().any(|token| token.name() == device.name())) {
            bail!("a [[keys.pkcs11]] and a [[keys.yubihsm]] are both called {}", device.name());
        }
        Ok(Self { soft, tokens, devices })
    }

    /// The key that `uri` names.
    ///
    /// # Errors
    /// What its back end refuses.
    pub(crate) fn key(&self, uri: &str) -> anyhow::Result<Arc<dyn SigningKey>> {
        let uri: KeyUri = uri.parse()?;
        match uri.scheme() {
            Scheme::Soft => Ok(self.soft.load(&KeyId::new(uri.rest())?)?),
            Scheme::Pkcs11 => {
                let meant: Pkcs11Uri = uri.rest().parse()?;
                Ok(self.token_of(&uri, &meant)?.load(&meant)?)
            }
            Scheme::YubiHsm => {
                let meant: YubiHsmUri = uri.rest().parse()?;
                let device = self.devices.iter().find(|device| *device.name() == meant.device);
                Ok(device
                    .with_context(|| format!("no [[keys.yubihsm]] is the device that {uri} names"))?
                    .load(&meant)?)
            }
        }
    }

    fn token_of(&self, uri: &KeyUri, meant: &Pkcs11Uri) -> anyhow::Result<&Pkcs11Store> {
        let mut fitting = self.tokens.iter().filter(|token| token.may_have(meant));
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => bail!("no [[keys.pkcs11]] is the token that {uri} names"),
            (Some(_), Some(_)) => bail!("several [[keys.pkcs11]] could be the token that {uri} names"),
        }
    }

    /// The devices of the configuration.
    pub(crate) fn devices(&self) -> &[YubiHsmStore] {
        &self.devices
    }

    /// The logs of devices that are to be read.
    pub(crate) fn device_logs(&self) -> Vec<Arc<dyn DeviceLog>> {
        self.devices.iter().filter_map(YubiHsmStore::device_log).collect()
    }

    /// The back end called `name`; `None`: keys in files.
    ///
    /// # Errors
    /// If there is no such token or device.
    pub(crate) fn room(&self, name: Option<&KeyId>) -> anyhow::Result<&dyn Ceremony> {
        let Some(name) = name else { return Ok(&self.soft) };
        if let Some(device) = self.devices.iter().find(|device| device.name() == name) {
            return Ok(device);
        }
        let token = self.tokens.iter().find(|token| token.name() == name);
        Ok(token.with_context(|| format!("no [[keys.pkcs11]] and no [[keys.yubihsm]] is called {name}"))?)
    }

    /// The back end that has the key `id`: a token or device if it has a record of it, else the key folder.
    ///
    /// # Errors
    /// If several back ends have it.
    pub(crate) fn room_of(&self, id: &KeyId) -> anyhow::Result<&dyn Ceremony> {
        let tokens = self.tokens.iter().filter(|token| token.has(id)).map(|token| -> &dyn Ceremony { token });
        let devices = self.devices.iter().filter(|device| device.has(id)).map(|device| -> &dyn Ceremony { device });
        let mut rooms: Vec<_> = tokens.chain(devices).collect();
        if self.soft.list()?.contains(id) {
            rooms.push(&self.soft);
        }
        match rooms.as_slice() {
            [] => Ok(&self.soft),
            [one] => Ok(*one),
            _ => bail!("several back ends have a key {id}; say --token"),
        }
    }

    /// Refuses a name that a key has already, wherever it is: the record of a ceremony names its key by it.
    ///
    /// # Errors
    /// If a back end has a key `id`.
    pub(crate) fn check_free(&self, id: &KeyId) -> anyhow::Result<()> {
        let in_device =
            self.tokens.iter().any(|token| token.has(id)) || self.devices.iter().any(|device| device.has(id));
        if in_device || self.soft.list()?.contains(id) {
            bail!("there is a key {id} already");
        }
        Ok(())
    }

    /// Every back end, keys in files first.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = &dyn Ceremony> {
        let soft: &dyn Ceremony = &self.soft;
        let tokens = self.tokens.iter().map(|token| -> &dyn Ceremony { token });
        let devices = self.devices.iter().map(|device| -> &dyn Ceremony { device });
        std::iter::once(soft).chain(tokens).chain(devices)
    }
}
