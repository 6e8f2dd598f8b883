//! Which device this is: its serial number, and a signature over a random challenge by a key that no other device has (THR-60).
//!
//! A serial number alone is a claim. The connector is not trusted, and another device may have the same authentication keys.

use kokuin_suite::{DigestAlgorithm, KeyAlgorithm, SignatureAlgorithm, Verify, digest};

use crate::yubihsm::calls::Call;
use crate::yubihsm::connection::Connection;
use crate::yubihsm::kind::{SIGN_ECDSA, public};
use crate::yubihsm::{CallError, DeviceConfig, YubiHsmError};

/// What an identity signature begins with, so that it can be taken for nothing else. It begins with no DER and is no text of a note.
const DOMAIN: &[u8] = b"Kokuin device identity, version 1: this signature says nothing else.\x00\xff\xfe";
const CHALLENGE: usize = 32;

/// Refuses a device with another serial number.
pub(super) fn check_serial(config: &DeviceConfig, connection: &mut Connection) -> Result<(), YubiHsmError> {
    let info = connection.call(yubihsm::Client::device_info).map_err(|error| failed(config, error))?;
    let found = info.serial_number.to_string();
    if found.parse() == Ok(config.serial) {
        return Ok(());
    }
    Err(YubiHsmError::OtherSerial { device: config.name.clone(), expected: config.serial, found })
}

/// Refuses a device without the identity key. `note` is told of the signing command.
pub(super) fn check_key(
    config: &DeviceConfig,
    connection: &mut Connection,
    engine: &dyn Verify,
    note: impl FnOnce(Call),
) -> Result<(), YubiHsmError> {
    let other = || YubiHsmError::OtherDevice(config.name.clone());
    let object = config.identity_key;
    let answer = connection.call(move |client| client.get_public_key(object));
    let key = match answer {
        Ok(key) => public(&key).filter(|key| key.algorithm == KeyAlgorithm::P256).ok_or_else(other)?,
        Err(CallError::Refused(_)) => return Err(other()),
        Err(error) => return Err(failed(config, error)),
    };
    if !config.identity_sha256.eq_ignore_ascii_case(&hex::encode(digest(DigestAlgorithm::Sha256, &key.spki))) {
        return Err(other());
    }
    let mut challenge = [0; CHALLENGE];
    getrandom::fill(&mut challenge).map_err(|_| kokuin_key::KeyError::Library("random numbers"))?;
    let message = [DOMAIN, &config.serial.to_be_bytes(), &challenge].concat();
    let asked = digest(DigestAlgorithm::Sha256, &message);
    let answer = connection.call(move |client| client.sign_ecdsa_prehash_raw(object, asked));
    if let Some(call) = Call::of(SIGN_ECDSA, object, &answer) {
        note(call);
    }
    match answer {
        Ok(signature) => {
            let verdict = engine.verify(SignatureAlgorithm::EcdsaSha256, &key.spki, &message, &signature);
            verdict.map_err(|_| other())
        }
        Err(error) => Err(failed(config, error)),
    }
}

fn failed(config: &DeviceConfig, error: CallError) -> YubiHsmError {
    YubiHsmError::Call { device: config.name.clone(), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_signature_is_no_der_no_note_and_no_self_test_thr_57() {
        assert!(![0x30, 0x31].contains(&DOMAIN[0]));
        assert!(String::from_utf8(DOMAIN.to_vec()).is_err());
        assert!(!kokuin_key::SELF_TEST.starts_with(&DOMAIN[..16]));
    }
}
