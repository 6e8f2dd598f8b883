//! A service that must not start does not, and names the rule.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kokuin_audit::Entry;
use kokuin_key::Purpose;
use kokuin_suite::KeyAlgorithm;

use crate::{
    fixture::{Setup, ca, certify},
    test_key::TestKey,
};

fn refusal(setup: Setup) -> String {
    match setup.try_start() {
        Ok(_) => panic!("it started"),
        Err(error) => format!("{}: {error}", error.code()),
    }
}

#[test]
fn records_its_start() {
    let bench = Setup::default().start();
    let kinds: Vec<&str> = bench
        .entries()
        .iter()
        .map(|entry| match entry {
            Entry::LogOpen(_) => "log-open",
            Entry::ServiceStart(_) => "service-start",
            Entry::Config(_) => "config",
            Entry::Certificate(_) => "certificate",
            Entry::SelfTest(_) => "self-test",
            _ => "other",
        })
        .collect();
    assert_eq!(kinds, ["log-open", "service-start", "config", "certificate", "self-test"]);
}

/// Whoever sets the machine's clock back puts no self-test off.
#[test]
fn tests_its_key_every_five_minutes_of_the_monotonic_clock() {
    let setup = Setup::default();
    let clock = Arc::clone(&setup.clock);
    let bench = setup.start();
    let tests = || bench.entries().iter().filter(|entry| matches!(entry, Entry::SelfTest(_))).count();
    assert_eq!(tests(), 1);
    clock.pass(301);
    let deadline = Instant::now() + Duration::from_secs(20);
    while tests() < 2 {
        assert!(Instant::now() < deadline, "no self-test");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn refuses_a_certificate_that_breaks_its_profile_and_names_the_rule() {
    let setup = Setup::default();
    let certificates = vec![certify(&ca("ca"), "tsu", setup.key.as_ref())];
    let refusal = refusal(Setup { certificates, ..setup });
    assert!(refusal.starts_with("eseal.start.profile: "), "{refusal}");
    assert!(refusal.contains("KOK-CERT-"), "{refusal}");
}

#[test]
fn refuses_a_certificate_of_another_key() {
    let other = TestKey::new("other", KeyAlgorithm::P256, Purpose::Seal);
    let certificates = vec![certify(&ca("ca"), "seal-jp", &other)];
    assert!(refusal(Setup { certificates, ..Setup::default() }).starts_with("eseal.start.key-mismatch: "));
}

#[test]
fn refuses_issuers_that_are_not_its_certificates() {
    let with = |issuer| {
        let mut setup = Setup::default();
        setup.certificates.truncate(1);
        setup.certificates.extend(issuer);
        setup
    };
    let stranger = certify(&ca("ca"), "seal-jp", &TestKey::new("other", KeyAlgorithm::P256, Purpose::Seal));
    assert!(refusal(with(Some(stranger))).starts_with("chain.issuer: "));
    let namesake = ca("other-ca").certificate().clone();
    assert!(refusal(with(Some(namesake))).starts_with("chain.signature: "));
    drop(with(None).start());
}

#[test]
fn refuses_a_key_of_another_purpose() {
    let key = Arc::new(TestKey::new("seal", KeyAlgorithm::P256, Purpose::Tst));
    assert!(refusal(Setup { key, ..Setup::default() }).starts_with("eseal.start.purpose: "));
}

#[test]
fn refuses_a_key_that_signs_wrongly_and_no_certificate() {
    let setup = Setup::default();
    setup.key.answer_wrongly();
    assert!(refusal(setup).starts_with("eseal.start.key: "));
    assert!(
        refusal(Setup { certificates: Vec::new(), ..Setup::default() }).starts_with("eseal.start.no-certificate: ")
    );
}
