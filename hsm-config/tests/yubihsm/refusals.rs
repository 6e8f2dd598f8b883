//! What is refused before a device is used, and before a secret is given to it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use kokuin_hsm_config::yubihsm::YubiHsmError;
use kokuin_key::KeyError;
use kokuin_yubihsm_sim::{Command, FACTORY_KEY, Fault, On};

use crate::place::{Place, SIGN, SIGN_ECDSA, SIGN_EDDSA, make, object, open, sign};
use crate::recovery::record;

/// Logins of the key that signs, as the device's log has them.
fn logins(place: &Place) -> usize {
    place.simulator.log().iter().filter(|line| line.command == 0x03 && line.target == SIGN).count()
}

fn load(place: &Place) -> Result<(), YubiHsmError> {
    place.store_with("drain = false")?.load(&"device/tsu-1".parse()?).map(drop)
}

#[test]
fn a_wrong_secret_is_tried_once_until_it_changes_thr_67() {
    let place = Place::new();
    make(&place.store(), "tsu-1");
    let right = fs::read_to_string(place.path("sign")).unwrap();
    place.write("sign", &"ab".repeat(32));
    let before = logins(&place);
    assert_eq!(load(&place).unwrap_err().code(), "yubihsm.password-refused");
    for _ in 0..5 {
        // Each a start of its own.
        let refused = load(&place).unwrap_err();
        assert_eq!((refused.code(), refused.clause()), ("yubihsm.password-not-tried", "Kokuin THR-67"));
    }
    assert_eq!(logins(&place), before + 1);
    place.write("sign", &right);
    load(&place).unwrap();
}

#[test]
fn a_secret_that_was_right_before_is_given_again_thr_60() {
    let place = Place::new();
    let key = make(&place.store(), "tsu-1");
    // What a login with another device looks like.
    place.simulator.fault(Fault::FlipBit { bit: 80 }.on(On::Command(0x03)));
    let refused = load(&place).unwrap_err();
    assert_eq!(refused.code(), "yubihsm.login", "{refused}");
    load(&place).unwrap();
    drop(key);
}

#[test]
fn secrets_that_others_know_or_guess_are_not_given_to_the_device_thr_61() {
    let place = Place::new();
    make(&place.store(), "tsu-1");
    let before = logins(&place);
    for weak in ["password", "password\n", "123456", "fifteen octets."] {
        place.write("sign", weak);
        let refused = load(&place).unwrap_err();
        assert_eq!((refused.code(), refused.clause()), ("yubihsm.password-weak", "Kokuin THR-61"));
    }
    // One secret for two roles.
    place.write("sign", &fs::read_to_string(place.path("audit")).unwrap());
    assert_eq!(load(&place).unwrap_err().code(), "yubihsm.config-same-key");
    assert_eq!(logins(&place), before);
    fs::set_permissions(place.path("sign"), Permissions::from_mode(0o644)).unwrap();
    assert_eq!(load(&place).unwrap_err().code(), "secret.exposed");
}

#[test]
fn a_configuration_that_breaks_a_rule_asks_no_device() {
    let place = Place::new();
    let refused = |change: &dyn Fn(&mut kokuin_hsm_config::yubihsm::DeviceConfig)| {
        let mut config = place.config("device", "");
        change(&mut config);
        open(&[config], &place.keys()).unwrap_err().code()
    };
    assert_eq!(
        refused(&|config| config.connector = "http://192.0.2.1:12345".parse().unwrap()),
        "yubihsm.config-remote"
    );
    if cfg!(not(feature = "usb")) {
        assert_eq!(refused(&|config| config.connector = "usb".parse().unwrap()), "yubihsm.config-usb");
    }
    assert_eq!(refused(&|config| config.auth_key = 0), "yubihsm.config-object");
    assert_eq!(refused(&|config| config.identity_sha256 = "ab".to_owned()), "yubihsm.config-identity");
    assert_eq!(refused(&|config| config.domains = vec![17]), "yubihsm.config-domains");
    assert_eq!(refused(&|config| config.audit_key = None), "yubihsm.config-audit");
    assert_eq!(refused(&|config| config.operator_key = None), "yubihsm.config-operator");
    assert_eq!(
        refused(&|config| (config.audit_key, config.audit_password_file) = (None, None)),
        "yubihsm.config-drain"
    );
    assert_eq!(refused(&|config| config.audit_key = Some(config.auth_key)), "yubihsm.config-same-key");
    assert_eq!(refused(&|config| config.replicas = vec!["other".parse().unwrap()]), "yubihsm.config-replica");
    let twice = [place.config("a", ""), place.config("a", "")];
    assert_eq!(open(&twice, &place.keys()).unwrap_err().code(), "yubihsm.config-name");
    let twice = [place.config("a", ""), place.config("b", "")];
    assert_eq!(open(&twice, &place.keys()).unwrap_err().code(), "yubihsm.config-serial");
}

#[test]
fn a_key_that_may_do_more_than_sign_is_refused_thr_63() {
    let place = Place::new();
    let direct = |command, payload: &[u8]| place.simulator.direct(FACTORY_KEY, Command(command), payload).unwrap();
    let ecdh = 1 << 0x0b;
    let keys = [
        (0x46, SIGN_ECDSA | ecdh, "tsu-1", "yubihsm.weak-capable"),
        (0x46, SIGN_EDDSA, "tsu-1", "yubihsm.weak-cannot-sign"),
        (0x46, SIGN_ECDSA, "tsu-2", "yubihsm.weak-label"),
        (0x45, SIGN_ECDSA, "tsu-1", "yubihsm.weak-imported"),
    ];
    for (number, (command, capabilities, label, code)) in (5..).zip(keys) {
        let mut payload = object(number, label, capabilities, 12);
        if command == 0x45 {
            payload.extend([7; 32]);
        }
        direct(command, &payload);
        record(&place, "tsu-1", number);
        assert_eq!(load(&place).unwrap_err().code(), code);
    }
    direct(0x46, &object(20, "tsu-1", SIGN_ECDSA | 1 << 0x10, 12));
    record(&place, "tsu-1", 20);
    load(&place).unwrap();
}

#[test]
fn a_key_without_record_is_nobodys() {
    let place = Place::new();
    let store = place.store();
    assert_eq!(store.load(&"device/tsu-1".parse().unwrap()).unwrap_err().code(), "yubihsm.no-record");
    assert_eq!(store.load(&"device/0x0005".parse().unwrap()).unwrap_err().code(), "yubihsm.no-record");
}

#[test]
fn a_service_that_may_not_make_keys_makes_none_thr_59() {
    use kokuin_hsm_config::ceremony::Ceremony as _;
    let place = Place::new();
    let mut config = place.config("device", "");
    (config.operator_key, config.operator_password_file) = (None, None);
    let store = open(&[config], &place.keys()).unwrap().remove(0);
    let refused = store.create(&"tsu-1".parse().unwrap(), kokuin_suite::KeyAlgorithm::P256, kokuin_key::Purpose::Tst);
    assert_eq!(refused.unwrap_err().code(), "yubihsm.not-allowed");
}

#[test]
fn a_message_over_a_frame_is_refused_and_the_session_goes_on() {
    use kokuin_hsm_config::ceremony::Ceremony as _;
    use kokuin_key::{Prepared, Purpose};
    use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm};
    let place = Place::new();
    let key = place.store().create(&"log".parse().unwrap(), KeyAlgorithm::Ed25519, Purpose::Log).unwrap();
    let mut signer = key.open().unwrap();
    let long = vec![0; 2020];
    let mut ask = |message| signer.sign(Prepared::new(Purpose::Log, SignatureAlgorithm::Ed25519, message));
    assert_eq!(ask(&long), Err(KeyError::Refused(8)));
    ask(&long[..2019]).unwrap();
    sign(&*key).unwrap();
}
