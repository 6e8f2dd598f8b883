//! What becomes of keys in files: the column `soft` of the table of faults in `docs/hsm.md` (THR-105, THR-103).

#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test stops at the first surprise")]

#[path = "../../tests/fault_table.rs"]
mod fault_table;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::{KeyId, Prepared, Purpose};
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm};
use tempfile::TempDir;

/// A key is looked for four times a second.
const NOTICED: Duration = Duration::from_millis(600);

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(TempDir::new().unwrap());
        place.write("passphrase", "correct horse battery staple");
        place.store().create(&id(), KeyAlgorithm::P256, Purpose::Tst).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        fs::write(self.path(name), content).unwrap();
        self.mode(name, 0o600);
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), Permissions::from_mode(mode)).unwrap();
    }

    fn store(&self) -> SoftStore {
        SoftStore::open(&self.path("keys"), &self.path("passphrase")).unwrap()
    }

    /// What opening the key is refused with, each time by a store of its own, as a start has it.
    fn refused(&self) -> String {
        format!("`{}`", self.store().load(&id()).unwrap_err().code())
    }
}

fn id() -> KeyId {
    KeyId::new("tsu-1").unwrap()
}

fn gone() -> String {
    let place = Place::new();
    let key = place.store().load(&id()).unwrap();
    let mut signer = key.open().unwrap();
    let mut sign = || signer.sign(Prepared::new(Purpose::Tst, SignatureAlgorithm::EcdsaSha256, b"message"));
    sign().unwrap();
    fs::rename(place.path("keys/tsu-1.p8"), place.path("away")).unwrap();
    thread::sleep(NOTICED);
    let error = sign().unwrap_err();
    assert!(!error.may_have_signed(), "{error}");
    fs::rename(place.path("away"), place.path("keys/tsu-1.p8")).unwrap();
    thread::sleep(NOTICED);
    sign().unwrap();
    format!("`{}`", error.code())
}

#[test]
fn the_column_is_what_is_seen_of_keys_in_files_thr_103_thr_105() {
    let mut seen = vec![("gone before it hears of the request", gone())];
    let place = Place::new();
    place.write("passphrase", "another passphrase");
    seen.push(("takes another PIN, password or passphrase than it is given", place.refused()));
    seen.push(("is asked again with the same", place.refused()));

    let place = Place::new();
    let mut text = fs::read_to_string(place.path("keys/tsu-1.p8")).unwrap();
    // Near the end: in what is encrypted.
    let at = text.find("\n-----END").unwrap() - 30;
    let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
    text.replace_range(at..=at, other);
    place.write("keys/tsu-1.p8", &text);
    seen.push(("its key file is changed", place.refused()));

    let place = Place::new();
    place.store().create(&KeyId::new("other").unwrap(), KeyAlgorithm::P384, Purpose::Tst).unwrap();
    fs::rename(place.path("keys/other.p8"), place.path("keys/tsu-1.p8")).unwrap();
    seen.push(("its key file is of another kind than recorded", place.refused()));

    let place = Place::new();
    place.mode("keys/tsu-1.p8", 0o640);
    seen.push(("its key file is open to others", place.refused()));
    fault_table::check("soft", &seen, &[]).unwrap();
}
