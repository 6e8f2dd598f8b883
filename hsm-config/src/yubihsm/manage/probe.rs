//! Signatures that say nothing, to measure a device with.

use kokuin_suite::{DigestAlgorithm, KeyAlgorithm, digest};
use yubihsm::Client;

use crate::manifest::SigningKey;
use crate::yubihsm::manage::{DeviceSession, ManageError};

/// What is signed begins so: no token, seal, checkpoint or certificate does.
const PROBE: &str = "kokuin hsm bench ";

impl DeviceSession {
    /// Lines that the device's log has room for.
    ///
    /// # Errors
    /// [`ManageError`] if the device cannot be asked.
    pub fn log_room(&mut self) -> Result<u32, ManageError> {
        let info = self.call("ask what device it is", Client::device_info)?;
        Ok(u32::from(info.log_store_capacity.saturating_sub(info.log_store_used)))
    }

    /// Signs the `number`th probe and throws the signature away.
    ///
    /// # Errors
    /// [`ManageError`] if the device does not sign, or the library cannot ask it to: RSA signatures are measured through the service.
    pub fn sign_probe(&mut self, key: &SigningKey, number: u32) -> Result<(), ManageError> {
        let (id, probe) = (key.id.as_u16(), format!("{PROBE}{number}"));
        match key.algorithm.algorithm() {
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => {
                let algorithm = match key.algorithm.algorithm() {
                    KeyAlgorithm::P384 => DigestAlgorithm::Sha384,
                    _ => DigestAlgorithm::Sha256,
                };
                let prehash = digest(algorithm, probe.as_bytes());
                self.call("sign", move |client| client.sign_ecdsa_prehash_raw(id, prehash)).map(drop)
            }
            KeyAlgorithm::Ed25519 => {
                self.call("sign", move |client| client.sign_ed25519(id, probe.into_bytes()).map(|_| ()))
            }
            other => Err(ManageError::NotMeasured(other)),
        }
    }
}
