//! What comes after a failure: another session with the same device, and never the same request again (THR-60).

use std::fs;
use std::sync::Arc;

use kokuin_hsm_config::ceremony::Ceremony as _;
use kokuin_key::KeyError;
use kokuin_suite::{DigestAlgorithm, digest};
use kokuin_yubihsm_sim::{Command, FACTORY_KEY, Fault, Firmware, On};

use crate::place::{Place, SIGN_ECDSA, id, identity, made, make, number, object, open, prepared, settings, sign};

#[test]
fn a_connector_that_restarts_needs_no_restart_here() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    let mut signer = key.open().unwrap();
    signer.sign(prepared(&*key)).unwrap();
    for _ in 0..3 {
        place.simulator.restart_connector().unwrap();
        let before = made(&place.simulator);
        let answer = signer.sign(prepared(&*key));
        assert!(made(&place.simulator) <= before + 1, "asked once");
        assert!(answer.is_ok() || answer.is_err_and(|error| error.may_have_signed()));
        signer.sign(prepared(&*key)).unwrap();
    }
    place.simulator.stop_connector();
    assert!(signer.sign(prepared(&*key)).is_err());
    assert_eq!(sign(&*key), Err(KeyError::Unavailable));
    place.simulator.start_connector().unwrap();
    sign(&*key).unwrap();
    signer.sign(prepared(&*key)).unwrap();
}

#[test]
fn another_serial_number_is_refused_until_the_device_is_back_thr_60() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    let mut signer = key.open().unwrap();
    signer.sign(prepared(&*key)).unwrap();
    // A copy, with every object and every secret.
    place.simulator.swap(99, true).unwrap();
    let before = made(&place.simulator);
    drop(signer.sign(prepared(&*key)));
    assert_eq!(sign(&*key), Err(KeyError::Lost));
    assert_eq!(made(&place.simulator), before, "it signs nothing for us");
    let refused = store.load(&format!("device/{}", id("tsu-1")).parse().unwrap()).unwrap_err();
    // The third attempt waits.
    assert!(["yubihsm.other-serial", "yubihsm.waiting"].contains(&refused.code()), "{refused}");
    place.simulator.swap(7_550_000, true).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    sign(&*key).unwrap();
    signer.sign(prepared(&*key)).unwrap();
}

#[test]
fn a_serial_number_is_not_enough_thr_60() {
    let place = Place::new();
    // The same number and the same secrets, and keys of its own.
    let other = Place::new();
    assert_ne!(place.identity, other.identity);
    let mut config = other.config("device", "");
    config.identity_sha256 = place.identity.clone();
    let store = open(&[config], &other.keys()).unwrap().remove(0);
    other.simulator.direct(FACTORY_KEY, Command(0x46), &object(5, "tsu-1", SIGN_ECDSA, 12)).unwrap();
    record(&other, "tsu-1", 5);
    let refused = store.load(&"device/tsu-1".parse().unwrap()).unwrap_err();
    assert_eq!((refused.code(), refused.clause()), ("yubihsm.other-device", "Kokuin THR-60"));
    assert_eq!(made(&other.simulator), 0);
}

#[test]
fn an_identity_key_that_lies_is_refused_thr_60() {
    let place = Place::new();
    let store = place.store();
    make(&store, "tsu-1");
    drop(store);
    // The right public key, and no signature by it.
    place.simulator.fault(Fault::WrongSignature.on(On::Signing));
    let refused = place.store().load(&"device/tsu-1".parse().unwrap()).unwrap_err();
    assert_eq!(refused.code(), "yubihsm.other-device");
    place.store().load(&"device/tsu-1".parse().unwrap()).unwrap();
}

#[test]
fn another_key_by_the_number_of_the_first_is_refused_thr_60() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    let number = number(&place, "device", "tsu-1");
    let direct = |command, payload: &[u8]| place.simulator.direct(FACTORY_KEY, Command(command), payload).unwrap();
    direct(0x58, &[&number.to_be_bytes()[..], &[3]].concat());
    assert!(sign(&*key).is_err());
    assert_eq!(store.load(&"device/tsu-1".parse().unwrap()).unwrap_err().code(), "yubihsm.unknown-key");
    direct(0x46, &object(number, "tsu-1", SIGN_ECDSA, 12));
    assert_eq!(sign(&*key), Err(KeyError::WrongAnswer), "nothing leaves (THR-66)");
    assert_eq!(store.load(&"device/tsu-1".parse().unwrap()).unwrap_err().code(), "yubihsm.other-key");
}

#[test]
fn a_key_in_two_devices_has_two_lanes_and_survives_one_of_them() {
    const WRAP: u16 = 0x30;
    let first = Place::new();
    let second = Place::with(settings(Firmware::V2_4_1, 8));
    let direct = |place: &Place, command, payload: &[u8]| {
        place.simulator.direct(FACTORY_KEY, Command(command), payload).unwrap()
    };
    let exportable = SIGN_ECDSA | 1 << 0x10;
    for place in [&first, &second] {
        let mut wrap = object(WRAP, "wrap", 1 << 0x0c | 1 << 0x0d, 42);
        wrap.extend(u64::to_be_bytes(exportable));
        wrap.extend([9; 32]);
        direct(place, 0x4c, &wrap);
    }
    direct(&first, 0x46, &object(5, "tsu-1", exportable, 12));
    let wrapped = direct(&first, 0x4a, &[0, 0x30, 3, 0, 5]);
    direct(&second, 0x4b, &[&WRAP.to_be_bytes()[..], &wrapped].concat());
    record(&first, "tsu-1", 5);
    let configs = [first.config("a", "replicas = [\"b\"]"), second.config("b", "")];
    fs::rename(first.keys().join("yubihsm/device"), first.keys().join("yubihsm/a")).unwrap();
    let stores = open(&configs, &first.keys()).unwrap();
    let key = stores[0].load(&"a/tsu-1".parse().unwrap()).unwrap();
    assert_eq!(key.lanes(), 2);
    for _ in 0..6 {
        sign(&*key).unwrap();
    }
    assert_eq!((made(&first.simulator), made(&second.simulator)), (3, 3));
    for store in &stores {
        let extract = store.device_log().unwrap().read().unwrap();
        assert_eq!((extract.unexplained.len(), extract.signatures[0].made), (0, 3), "{extract:?}");
    }
    first.simulator.stop_connector();
    drop(sign(&*key));
    for _ in 0..4 {
        sign(&*key).unwrap();
    }
    // Another key by its name is no replica.
    first.simulator.start_connector().unwrap();
    direct(&second, 0x58, &[0, 5, 3]);
    direct(&second, 0x46, &object(5, "tsu-1", exportable, 12));
    let refused = open(&configs, &first.keys()).unwrap()[0].load(&"a/tsu-1".parse().unwrap()).unwrap_err();
    assert_eq!(refused.code(), "yubihsm.other-key");
}

/// The record that a ceremony would leave.
pub(crate) fn record(place: &Place, name: &str, number: u16) {
    let found = place.simulator.direct(FACTORY_KEY, Command(0x54), &number.to_be_bytes()).unwrap();
    let spki = crate::place::p256(&found[1..]);
    let sha = hex::encode(digest(DigestAlgorithm::Sha256, &spki));
    let folder = place.keys().join("yubihsm/device");
    fs::create_dir_all(&folder).unwrap();
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).unwrap();
    let text =
        format!("algorithm = \"p256\"\npurpose = \"tst\"\nid = \"{number:#06x}\"\npublic_key_sha256 = \"{sha}\"\n");
    fs::write(folder.join(format!("{name}.toml")), text).unwrap();
}

#[test]
fn ceremonies_are_those_of_every_back_end() {
    let place = Place::new();
    let store = place.store();
    let key = make(&store, "tsu-1");
    assert_eq!(store.uri(key.id()), "yubihsm:device/tsu-1");
    let number = number(&place, "device", "tsu-1");
    for uri in ["yubihsm:device/tsu-1".to_owned(), format!("yubihsm:device/{number:#06x}")] {
        assert!(store.is_named(&uri, key.id()), "{uri}");
        let loaded = store.load(&uri["yubihsm:".len()..].parse().unwrap()).unwrap();
        assert_eq!(loaded.public_key(), key.public_key());
    }
    assert!(!store.is_named("yubihsm:device/tsu-2", key.id()));
    let list = store.list().unwrap();
    assert_eq!((list.len(), &list[0].id), (1, key.id()));
    let again = store.create(&id("tsu-1"), key.algorithm(), key.purpose()).unwrap_err();
    assert_eq!(again.code(), "yubihsm.exists");
    assert_eq!(Arc::strong_count(&key), 1);
    assert_eq!(identity(&place.simulator), place.identity);
}
