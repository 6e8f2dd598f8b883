//! Several TSUs side by side (TSP-65, TSP-72).

use std::{path::PathBuf, sync::Arc};

use actix_web::rt::System;
use kokuin_asn1::{
    Certificate,
    cms::{CertificateChoice, SignedData},
    tsp::{PkiStatus, TimeStampResp, TstInfo},
};
use kokuin_devca::{Subject, Validity};
use kokuin_key::{KeyState, SigningKey};
use kokuin_profile::Profile;
use kokuin_tsa::{KeyParts, TsuConfig, TsuParts, config::ConfiguredState, unit::Standing};
use kokuin_web::Readiness as _;

use crate::{
    faulty_key::{Fault, FaultyKey},
    fixture::{Bench, Setup, ca, certify, keys, request},
    moved_clock::NOON,
};

/// A TSU beside the first: settings and parts.
pub(crate) fn beside(setup: &mut Setup, name: &str, key: Arc<dyn SigningKey>, certificates: Vec<Certificate>) {
    setup.config.tsu.push(TsuConfig::development(name, "soft:other", PathBuf::from("other.pem")));
    let current = KeyParts { key: Some(key), certificates };
    setup.others.push(TsuParts { name: name.to_owned(), current, next: None, access: kokuin_web::Access::default() });
}

/// A certificate with a subject of its own.
pub(crate) fn certify_as(key: &dyn SigningKey, subject: &str) -> Vec<Certificate> {
    let profile = Profile::by_name("tsu").unwrap();
    let validity = Validity::usual(profile, NOON / 1_000_000 - 86_400);
    let made = ca().issue(profile, &Subject::demo_organization(subject), key.public_key(), validity).unwrap();
    vec![made, ca().certificate().clone()]
}

/// Two TSUs: `tsu-1` on P-256, `tsu-2` on P-384 behind switches.
fn two() -> (Setup, Arc<FaultyKey>) {
    let mut setup = Setup::default();
    let second = Arc::new(FaultyKey::new(Arc::clone(&keys().p384), kokuin_key::Protection::Software));
    beside(&mut setup, "tsu-2", second.clone(), certify_as(second.as_ref(), "Second TSU"));
    (setup, second)
}

/// The public key that the unit of this name signs with, if it does.
pub(crate) fn signer(bench: &Bench, name: &str) -> Option<Vec<u8>> {
    let unit = bench.service.unit(name).unwrap();
    let answer = System::new().block_on(bench.worker.answer_at(&unit, &request().cert_req(true).encode())).into_bytes();
    let response = TimeStampResp::parse(&answer).unwrap();
    if response.status != PkiStatus::Granted {
        return None;
    }
    let signed = SignedData::parse(response.token.unwrap()).unwrap();
    assert!(!TstInfo::parse(signed.content.unwrap()).unwrap().serial.is_empty());
    let [CertificateChoice::Certificate(own), ..] = signed.certificates[..] else { panic!("asked for") };
    Some(Certificate::parse(own).unwrap().spki().to_vec())
}

fn refused(setup: Setup) -> &'static str {
    let Err(error) = setup.try_start() else { return "started" };
    assert!(!error.clause().is_empty());
    error.code()
}

#[test]
fn each_address_has_a_key_and_an_offer_of_its_own() {
    let (mut setup, second) = two();
    setup.config.tsu[1].policies = vec![kokuin_tsa::config::PolicyId("1.2.3".parse().unwrap())];
    let bench = setup.start();
    assert_eq!(signer(&bench, "tsu-1").unwrap(), keys().p256.public_key());
    assert_eq!(signer(&bench, "tsu-2").unwrap(), second.public_key());
    assert!(bench.service.unit("tsu-3").is_none());
}

#[test]
fn one_unit_that_fails_leaves_the_others_in_service_thr_95() {
    let (setup, second) = two();
    let bench = setup.start();
    second.set_state(KeyState::Suspended);
    assert_eq!(signer(&bench, "tsu-2"), None);
    assert!(signer(&bench, "tsu-1").is_some() && bench.service.check().is_ok());
    bench.key.set_state(KeyState::Suspended);
    assert_eq!(bench.service.check().unwrap_err().code, "tsa.key-not-active");
}

#[test]
fn a_key_that_fails_its_first_test_is_not_served_tsp_65() {
    let (setup, second) = two();
    second.set_fault(Fault::WrongAnswer);
    let bench = setup.start();
    assert_eq!(signer(&bench, "tsu-2"), None);
    assert!(signer(&bench, "tsu-1").is_some());
    let (mut setup, second) = two();
    second.set_fault(Fault::SessionLost);
    setup.config.tsu[0].state = ConfiguredState::Retired;
    assert_eq!(refused(setup), "tsa.start.key", "no other passes");
}

#[test]
fn refuses_one_key_in_two_tsus_tsp_65() {
    let mut setup = Setup::default();
    beside(&mut setup, "tsu-2", Arc::clone(&keys().p256), vec![certify(keys().p256.as_ref())]);
    assert_eq!(refused(setup), "tsa.start.key-twice");
}

#[test]
fn keeps_qualified_tokens_apart_tsp_72() {
    let (mut setup, _) = two();
    setup.config.tsu[1].qualified = true;
    assert_eq!(refused(setup), "tsa.config.mixed", "/tsa would be an access point of both");
    let (mut setup, _) = two();
    (setup.config.tsu[1].qualified, setup.config.tsu[0].default) = (true, true);
    assert_eq!(refused(setup), "started");
    let mut setup = Setup::default();
    beside(&mut setup, "tsu-2", Arc::clone(&keys().p384), vec![certify(keys().p384.as_ref())]);
    (setup.config.tsu[1].qualified, setup.config.tsu[0].default) = (true, true);
    assert_eq!(refused(setup), "tsa.start.subject-shared");
}

#[test]
fn refuses_names_that_say_two_things() {
    type Change = fn(&mut Setup);
    let changes: [(Change, &str); 5] = [
        (|setup| setup.config.tsu.clear(), "tsa.config.no-tsu"),
        (|setup| setup.config.tsu[1].name = "tsu-1".to_owned(), "tsa.config.name-twice"),
        (|setup| setup.config.tsu[1].name = "batches".to_owned(), "tsa.config.name-taken"),
        (|setup| setup.config.tsu.iter_mut().for_each(|tsu| tsu.default = true), "tsa.config.two-defaults"),
        (|setup| setup.others[0].current.key = None, "tsa.start.no-key"),
    ];
    for (change, code) in changes {
        let (mut setup, _) = two();
        change(&mut setup);
        assert_eq!(refused(setup), code);
    }
}

#[test]
fn the_plain_address_is_the_default_or_the_first_that_is_active() {
    let (mut setup, _) = two();
    setup.config.tsu[0].state = ConfiguredState::Retired;
    setup.config.tsu[0].key = String::new();
    let bench = setup.start();
    assert_eq!(bench.service.default_unit().name(), "tsu-2");
    let (mut setup, _) = two();
    setup.config.tsu[1].default = true;
    assert_eq!(setup.start().service.default_unit().name(), "tsu-2");
}

/// A key that was suspended before the start says so, and not that it failed.
#[test]
fn tells_a_suspended_key_from_a_failing_one_thr_65() {
    let (setup, second) = two();
    second.set_state(KeyState::Suspended);
    second.set_fault(Fault::SessionLost);
    let bench = setup.start();
    assert_eq!(bench.service.unit("tsu-2").unwrap().standing(), Standing::Suspended);
    assert_eq!(bench.service.impaired(), ["tsu-2: tsa.key-not-active"]);
    assert_eq!(signer(&bench, "tsu-2"), None);
}
