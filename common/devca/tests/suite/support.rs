//! Real keys in a store that lives as long as the test program.

use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::OpenOptionsExt,
    sync::{Arc, LazyLock},
};

use kokuin_devca::DevCa;
use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::{KeyId, Purpose, SigningKey};
use kokuin_suite::KeyAlgorithm;

/// 2026-11-23T00:00:00Z.
pub(crate) const NOW: i64 = 1_795_392_000;
pub(crate) const CRL_URL: &str = "http://127.0.0.1:3161/ca/root.crl";

struct Keys {
    store: SoftStore,
    /// Kept: the store is gone with it.
    _dir: tempfile::TempDir,
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let dir = tempfile::tempdir().unwrap();
    let passphrase = dir.path().join("passphrase");
    let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&passphrase).unwrap();
    file.write_all(b"correct horse battery staple").unwrap();
    let store = SoftStore::open(&dir.path().join("keys"), &passphrase).unwrap();
    Keys { store, _dir: dir }
});

/// A new key.
pub(crate) fn key(id: &str, algorithm: KeyAlgorithm, purpose: Purpose) -> Arc<dyn SigningKey> {
    KEYS.store.create(&KeyId::new(id).unwrap(), algorithm, purpose).unwrap()
}

/// A new root with a P-256 key.
pub(crate) fn root(id: &str) -> DevCa {
    DevCa::create(key(id, KeyAlgorithm::P256, Purpose::Ca), id, NOW, CRL_URL).unwrap()
}
