//! A device in a file, so that it is the same device when the program starts again. Keys stand in it as they are.

use std::{fs, io, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    command_log::CommandLog,
    device::Options,
    object::{Key, Object, Store},
};

/// What a device keeps without power.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Saved {
    pub(crate) serial: u32,
    objects: Vec<Object>,
    written: Vec<(Key, u8)>,
    pub(crate) log: CommandLog,
    pub(crate) options: Options,
    /// Payload of the P-256 key that it logs in with.
    pub(crate) identity: Vec<u8>,
    /// The maker's key and certificate, the device's attestation key and certificate; PKCS#8 and DER.
    pub(crate) attestor: [Vec<u8>; 4],
}

impl Saved {
    pub(crate) fn new(
        serial: u32,
        store: &Store,
        log: CommandLog,
        options: Options,
        identity: Vec<u8>,
        attestor: [Vec<u8>; 4],
    ) -> Self {
        let (objects, written) = (store.iter().cloned().collect(), store.written().collect());
        Self { serial, objects, written, log, options, identity, attestor }
    }

    pub(crate) fn store(&self) -> Store {
        Store::restore(self.objects.clone(), self.written.clone())
    }

    /// The device in `path`, if there is a file.
    pub(crate) fn load(path: &Path) -> io::Result<Option<Self>> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whole or not at all.
    pub(crate) fn store_in(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        fs::write(&beside, serde_json::to_vec(self)?)?;
        fs::rename(beside, path)
    }
}
