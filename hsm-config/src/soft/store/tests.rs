//! What the soft back end promises beyond the conformance suite, which `tests/conformance.rs` runs.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use kokuin_key::{KeyError, KeyState, Prepared, self_test};
use kokuin_suite::SignatureAlgorithm;
use kokuin_suite_openssl::OpenSslEngine;
use tempfile::TempDir;

use super::*;

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: TempDir::new().unwrap() };
        fs::write(place.passphrase(), "correct horse battery staple\n").unwrap();
        set_mode(&place.passphrase(), 0o600);
        place
    }

    fn keys(&self) -> PathBuf {
        self.dir.path().join("keys")
    }

    fn passphrase(&self) -> PathBuf {
        self.dir.path().join("passphrase")
    }

    fn open(&self) -> Result<SoftStore, SoftError> {
        SoftStore::open(&self.keys(), &self.passphrase())
    }
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn id(name: &str) -> KeyId {
    KeyId::new(name).unwrap()
}

#[test]
fn a_key_is_opened_again_with_its_kind_and_purpose() {
    let place = Place::new();
    let made = place.open().unwrap().create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    let opened = place.open().unwrap().load(&id("tsu")).unwrap();
    assert_eq!(opened.public_key(), made.public_key());
    assert_eq!((opened.algorithm(), opened.purpose()), (KeyAlgorithm::P256, Purpose::Tst));
    assert_eq!(self_test(&*opened, &OpenSslEngine), Ok(()));
    assert_eq!(place.open().unwrap().list().unwrap(), [id("tsu")]);
}

/// EN 319 421 7.6.2: what is there is never replaced, its purpose neither.
#[test]
fn of_two_that_make_one_key_at_one_time_one_makes_it_and_the_other_changes_nothing() {
    let place = Place::new();
    for round in 0..4 {
        let id = id(&format!("key-{round}"));
        let make = |purpose| {
            let made = place.open().unwrap().create(&id, KeyAlgorithm::P256, purpose);
            made.map(|key| key.purpose()).map_err(|refused| refused.code())
        };
        let made = std::thread::scope(|scope| {
            [Purpose::Tst, Purpose::Seal]
                .map(|purpose| {
                    let make = &make;
                    scope.spawn(move || make(purpose))
                })
                .map(|one| one.join().unwrap())
        });
        let kept = place.open().unwrap().load(&id).unwrap().purpose();
        assert!(made.contains(&Ok(kept)) && made.contains(&Err("soft.exists")), "{kept:?} is left of {made:?}");
    }
}

#[test]
fn files_are_for_their_owner_alone_and_hold_no_key_in_the_clear() {
    let place = Place::new();
    place.open().unwrap().create(&id("tsu"), KeyAlgorithm::Ed25519, Purpose::Log).unwrap();
    for name in ["tsu.p8", "tsu.toml"] {
        let mode = fs::metadata(place.keys().join(name)).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let text = fs::read_to_string(place.keys().join("tsu.p8")).unwrap();
    assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    // THR-105: no salt or initialization vector is used twice.
    place.open().unwrap().create(&id("other"), KeyAlgorithm::Ed25519, Purpose::Log).unwrap();
    let block = |name: &str| sealed::block(&fs::read(place.keys().join(name)).unwrap()).unwrap();
    let (one, two) = (block("tsu.p8"), block("other.p8"));
    assert_eq!(one.len(), two.len());
    assert!(one.iter().zip(&two).filter(|(a, b)| a != b).count() > 32);
}

#[test]
fn refuses_another_passphrase() {
    let place = Place::new();
    place.open().unwrap().create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    fs::write(place.passphrase(), "Correct horse battery staple\n").unwrap();
    let refused = place.open().unwrap().load(&id("tsu")).unwrap_err();
    assert!(matches!(refused, SoftError::WrongPassphrase(_)), "{refused}");
}

#[test]
fn refuses_files_and_folders_that_others_can_read() {
    let place = Place::new();
    place.open().unwrap().create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    set_mode(&place.keys().join("tsu.p8"), 0o640);
    let refused = place.open().unwrap().load(&id("tsu")).unwrap_err();
    assert!(matches!(refused, SoftError::Secret(SecretError::Exposed { .. })), "{refused}");
    set_mode(&place.keys(), 0o750);
    assert!(matches!(place.open(), Err(SoftError::FolderExposed { mode: 0o750, .. })));
    set_mode(&place.keys(), 0o700);
    set_mode(&place.passphrase(), 0o604);
    assert!(matches!(place.open(), Err(SoftError::Secret(SecretError::Exposed { .. }))));
}

#[test]
fn refuses_a_key_in_the_clear() {
    let place = Place::new();
    let store = place.open().unwrap();
    store.create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    let clear = generate(KeyAlgorithm::P256).unwrap().private_key_to_pem_pkcs8().unwrap();
    fs::write(place.keys().join("tsu.p8"), clear).unwrap();
    assert!(matches!(store.load(&id("tsu")), Err(SoftError::NotEncrypted { .. })));
}

#[test]
fn refuses_a_key_that_is_not_as_described() {
    let place = Place::new();
    let store = place.open().unwrap();
    store.create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    fs::write(place.keys().join("tsu.toml"), "algorithm = \"p384\"\npurpose = \"tst\"\n").unwrap();
    let refused = store.load(&id("tsu")).unwrap_err();
    assert!(matches!(refused, SoftError::NotAsDescribed { described: KeyAlgorithm::P384, .. }), "{refused}");
    for text in ["algorithm = \"p256\"\n", "algorithm = \"p256\"\npurpose = \"tls\"\n", "x = 1"] {
        fs::write(place.keys().join("tsu.toml"), text).unwrap();
        assert!(matches!(store.load(&id("tsu")), Err(SoftError::Description { .. })), "{text}");
    }
}

#[test]
fn never_overwrites_a_key() {
    let place = Place::new();
    let store = place.open().unwrap();
    let made = store.create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    let again = store.create(&id("tsu"), KeyAlgorithm::Ed25519, Purpose::Log).unwrap_err();
    assert!(matches!(again, SoftError::Exists(_)), "{again}");
    assert_eq!(store.load(&id("tsu")).unwrap().public_key(), made.public_key());
    assert!(matches!(store.load(&id("other")), Err(SoftError::Unknown(_))));
}

#[test]
fn a_broken_attempt_does_not_stand_in_the_way() {
    let place = Place::new();
    let store = place.open().unwrap();
    fs::write(place.keys().join("tsu.toml"), "algorithm = \"p384\"\npurpose = \"log\"\n").unwrap();
    let made = store.create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    assert_eq!((made.algorithm(), made.purpose()), (KeyAlgorithm::P256, Purpose::Tst));
}

#[test]
fn makes_only_what_it_says_thr_70() {
    let place = Place::new();
    let store = place.open().unwrap();
    for name in ["rsa-2048", "rsa-1024", "p521", "ml-dsa-65"] {
        let algorithm = name.parse().unwrap();
        let refused = store.create(&id("k"), algorithm, Purpose::Tst).unwrap_err();
        assert!(matches!(refused, SoftError::Algorithm(named) if named == algorithm), "{refused}");
    }
}

#[test]
fn a_key_whose_file_is_gone_is_lost() {
    let place = Place::new();
    let store = place.open().unwrap();
    let key = store.create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    let mut signer = key.open().unwrap();
    fs::remove_file(place.keys().join("tsu.p8")).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let answer = signer.sign(Prepared::new(Purpose::Tst, SignatureAlgorithm::EcdsaSha256, b"x"));
    assert_eq!(answer, Err(KeyError::Lost));
    assert_eq!(key.state(), KeyState::Lost);
}

#[test]
fn a_key_suspended_before_it_is_opened_does_not_sign() {
    let place = Place::new();
    let store = place.open().unwrap();
    store.create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    store.suspend(&id("tsu")).unwrap();
    store.suspend(&id("tsu")).unwrap();
    let key = place.open().unwrap().load(&id("tsu")).unwrap();
    assert_eq!(key.state(), KeyState::Suspended);
    assert_eq!(key.open().map(drop), Err(KeyError::Suspended));
    store.resume(&id("tsu")).unwrap();
    store.resume(&id("tsu")).unwrap();
    assert_eq!(place.open().unwrap().load(&id("tsu")).unwrap().state(), KeyState::Active);
    assert!(matches!(store.suspend(&id("none")), Err(SoftError::Unknown(_))));
}

#[test]
fn shows_neither_key_nor_passphrase() {
    let place = Place::new();
    let store = place.open().unwrap();
    let key = store.create(&id("tsu"), KeyAlgorithm::P256, Purpose::Tst).unwrap();
    let shown = format!("{store:?} {key:?}");
    assert!(!shown.contains("horse"), "{shown}");
    assert!(shown.ends_with("SoftKey { id: KeyId(\"tsu\"), algorithm: P256, purpose: Tst, .. }"), "{shown}");
}
