//! A folder, a simulated device with keys of its roles, and the back end over both.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kokuin_asn1::{enc, oids};
use kokuin_hsm_config::ceremony::Ceremony;
use kokuin_hsm_config::yubihsm::{DeviceConfig, YubiHsmError, YubiHsmStore};
use kokuin_key::{KeyError, KeyId, Prepared, Purpose, SigningKey};
use kokuin_suite::{DigestAlgorithm, KeyAlgorithm, Verify, digest};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_yubihsm_sim::{Command, FACTORY_KEY, Firmware, Settings, Simulator};
use tempfile::TempDir;

/// Object ids of the device's keys.
pub(crate) const SIGN: u16 = 0x10;
pub(crate) const AUDIT: u16 = 0x11;
pub(crate) const OPERATOR: u16 = 0x12;
pub(crate) const IDENTITY: u16 = 0x20;

/// Capability bits (Yubico, Capability).
pub(crate) const SIGN_PKCS: u64 = 1 << 0x05;
pub(crate) const SIGN_ECDSA: u64 = 1 << 0x07;
pub(crate) const SIGN_EDDSA: u64 = 1 << 0x08;
const GENERATE: u64 = 1 << 0x04;
const READ_LOG: u64 = 1 << 0x18;
const EXPORTABLE: u64 = 1 << 0x10;
const ALL_SIGN: u64 = SIGN_PKCS | SIGN_ECDSA | SIGN_EDDSA;

/// A device as it is provisioned, and where its keys' records are.
pub(crate) struct Place {
    pub(crate) dir: Arc<TempDir>,
    pub(crate) simulator: Arc<Simulator>,
    pub(crate) identity: String,
}

/// Settings of a device whose connection never ends in silence.
pub(crate) fn settings(firmware: Firmware, serial: u32) -> Settings {
    Settings { firmware, serial, idle: None, ..Settings::default() }
}

impl Place {
    pub(crate) fn new() -> Self {
        Self::with(settings(Firmware::V2_2_0, 7_550_000))
    }

    pub(crate) fn with(settings: Settings) -> Self {
        let simulator = Arc::new(Simulator::start(settings).unwrap());
        provision(&simulator);
        let place = Self { dir: Arc::new(TempDir::new().unwrap()), identity: identity(&simulator), simulator };
        for (name, secret) in [("sign", [1; 32]), ("audit", [2; 32]), ("operator", [3; 32])] {
            place.write(name, &hex::encode(secret));
        }
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a secret file.
    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }

    /// The text of a configuration, with `more` settings.
    pub(crate) fn config(&self, name: &str, more: &str) -> DeviceConfig {
        let file = |name: &str| self.path(name).display().to_string();
        let text = format!(
            "name = {name:?}\nconnector = {:?}\nserial = {}\nauth_key = {SIGN}\npassword_file = {:?}\naudit_key = {AUDIT}\n\
             audit_password_file = {:?}\noperator_key = {OPERATOR}\noperator_password_file = {:?}\nidentity_key = {IDENTITY}\n\
             identity_sha256 = {:?}\ntimeout = \"2s\"\n{more}\n",
            self.simulator.url(),
            self.simulator.serial(),
            file("sign"),
            file("audit"),
            file("operator"),
            self.identity,
        );
        toml::from_str(&text).unwrap()
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.path("keys")
    }

    pub(crate) fn store(&self) -> YubiHsmStore {
        self.store_with("").unwrap()
    }

    pub(crate) fn store_with(&self, more: &str) -> Result<YubiHsmStore, YubiHsmError> {
        open(&[self.config("device", more)], &self.keys()).map(|mut stores| stores.remove(0))
    }
}

pub(crate) fn open(configs: &[DeviceConfig], keys: &Path) -> Result<Vec<YubiHsmStore>, YubiHsmError> {
    let engine: Arc<dyn Verify> = Arc::new(OpenSslEngine);
    let stores = YubiHsmStore::open_all(configs, keys, &engine)?;
    // As a service does, before any key signs.
    for store in &stores {
        drop(store.device_log());
    }
    Ok(stores)
}

/// A header as commands that make objects have it.
pub(crate) fn object(id: u16, label: &str, capabilities: u64, algorithm: u8) -> Vec<u8> {
    let mut padded = [0; 40];
    padded[..label.len()].copy_from_slice(label.as_bytes());
    [&id.to_be_bytes()[..], &padded, &1_u16.to_be_bytes(), &capabilities.to_be_bytes(), &[algorithm]].concat()
}

/// Makes the keys of the roles with the factory's key, and switches on the log of what signs.
pub(crate) fn provision(simulator: &Simulator) {
    let direct = |command, payload: &[u8]| simulator.direct(FACTORY_KEY, Command(command), payload).unwrap();
    let roles = [
        (SIGN, ALL_SIGN, 0, [1; 32]),
        (AUDIT, READ_LOG, 0, [2; 32]),
        (OPERATOR, GENERATE, ALL_SIGN | EXPORTABLE, [3; 32]),
    ];
    for (id, capabilities, delegated, secret) in roles {
        let mut payload = object(id, "role", capabilities, 38);
        payload.extend(u64::to_be_bytes(delegated));
        payload.extend(secret);
        direct(0x44, &payload);
    }
    direct(0x46, &object(IDENTITY, "identity", SIGN_ECDSA, 12));
    for command in [0x47, 0x56, 0x6a] {
        direct(0x4f, &[3, 0, 2, command, 1]);
    }
    // What provisioning left is nobody's concern.
    let last = simulator.log().last().unwrap().number;
    direct(0x67, &last.to_be_bytes());
}

/// The fingerprint of the identity key.
pub(crate) fn identity(simulator: &Simulator) -> String {
    let found = simulator.direct(FACTORY_KEY, Command(0x54), &IDENTITY.to_be_bytes()).unwrap();
    hex::encode(digest(DigestAlgorithm::Sha256, &p256(&found[1..])))
}

/// A point as certificates hold it.
pub(crate) fn p256(point: &[u8]) -> Vec<u8> {
    let algorithm = enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &enc::oid(&oids::P256)]);
    enc::sequence(&[&algorithm, &enc::bit_string(&[&[4], point].concat(), 0)])
}

pub(crate) fn id(name: &str) -> KeyId {
    KeyId::new(name).unwrap()
}

pub(crate) fn make(store: &YubiHsmStore, name: &str) -> Arc<dyn SigningKey> {
    store.create(&id(name), KeyAlgorithm::P256, Purpose::Tst).unwrap()
}

/// The number of a key in its device, as its record has it.
pub(crate) fn number(place: &Place, device: &str, name: &str) -> u16 {
    let text = fs::read_to_string(place.keys().join("yubihsm").join(device).join(format!("{name}.toml"))).unwrap();
    let hex = text.split("0x").nth(1).unwrap();
    u16::from_str_radix(&hex[..4], 16).unwrap()
}

/// A signature by a signer opened for it.
pub(crate) fn sign(key: &dyn SigningKey) -> Result<Vec<u8>, KeyError> {
    key.open()?.sign(prepared(key))
}

pub(crate) fn prepared(key: &dyn SigningKey) -> Prepared<'static> {
    Prepared::new(key.purpose(), key.algorithm().signature_algorithm(), b"message")
}

/// The result of each signature that a key of services made, as the simulator knows it.
pub(crate) fn made(simulator: &Simulator) -> usize {
    simulator.signatures().iter().filter(|made| made.key != IDENTITY).count()
}
