//! The certificates after the TSU's own (TSP-67): there need be none, and those that are there must be its chain.

use std::sync::Arc;

use kokuin_asn1::{Certificate, enc, oids};
use kokuin_devca::{DevCa, Subject, Validity, hostile::TestCertificate};
use kokuin_key::{Purpose, SigningKey};
use kokuin_profile::Profile;
use kokuin_suite::KeyAlgorithm;

use crate::{
    fixture::{Setup, ca, certify, keys},
    moved_clock::NOON,
    test_key::TestKey,
};

const YESTERDAY: i64 = NOON / 1_000_000 - 86_400;
const URL: &str = "http://127.0.0.1/issuing.crl";

fn ca_key(name: &str) -> Arc<dyn SigningKey> {
    Arc::new(TestKey::new(name, KeyAlgorithm::P256, Purpose::Ca))
}

/// A CA below `above`, with something changed in its certificate.
fn below(above: &DevCa, name: &str, change: impl FnOnce(TestCertificate) -> TestCertificate) -> DevCa {
    let (key, profile) = (ca_key(name), Profile::by_name("issuing-ca").unwrap());
    let validity = Validity::months(YESTERDAY, 120);
    let made = TestCertificate::new(above, profile, &Subject::demo_organization(name), key.public_key(), validity);
    let certificate = Certificate::parse(&change(made.unwrap()).sign(above).unwrap()).unwrap();
    DevCa::load(certificate, key, URL).unwrap()
}

/// The TSU's certificate as `issuer` issues it, then `chain`.
fn file(issuer: &DevCa, chain: &[&DevCa]) -> Vec<Certificate> {
    let (profile, subject) = (Profile::by_name("tsu").unwrap(), Subject::demo_organization("Test TSU"));
    let key = keys().p256.public_key();
    let own = issuer.issue(profile, &subject, key, Validity::usual(profile, YESTERDAY)).unwrap();
    std::iter::once(own).chain(chain.iter().map(|ca| ca.certificate().clone())).collect()
}

/// Code of what keeps the service from starting with these certificates.
fn refusal(certificates: Vec<Certificate>) -> Option<&'static str> {
    Setup { certificates, ..Setup::default() }.try_start().err().map(|error| {
        assert!(!error.clause().is_empty());
        error.code()
    })
}

#[test]
fn starts_with_a_chain_that_holds_whole_or_in_part_or_with_none_tsp_67() {
    let root = ca();
    let issuing = below(&root, "issuing", |it| it);
    assert_eq!(refusal(file(&issuing, &[&issuing, &root])), None);
    assert_eq!(refusal(file(&issuing, &[&issuing])), None);
    assert_eq!(refusal(file(&issuing, &[])), None);
}

#[test]
fn refuses_a_chain_with_a_gap_or_out_of_order_tsp_67() {
    let root = ca();
    let issuing = below(&root, "issuing", |it| it);
    assert_eq!(refusal(file(&issuing, &[&root])), Some("chain.issuer"));
    assert_eq!(refusal(file(&issuing, &[&root, &issuing])), Some("chain.issuer"));
    let mut with_a_stranger = file(&issuing, &[&issuing, &root]);
    with_a_stranger.push(certify(keys().p384.as_ref()));
    assert_eq!(refusal(with_a_stranger), Some("chain.issuer"), "what follows the root is no issuer of it");
}

/// The right name, another key.
#[test]
fn refuses_an_issuer_that_did_not_sign_tsp_67() {
    let root = ca();
    let issuing = below(&root, "issuing", |it| it);
    let other_root = DevCa::create(ca_key("other"), "Test root", YESTERDAY, URL).unwrap();
    assert_eq!(refusal(file(&root, &[&other_root])), Some("chain.signature"));
    assert_eq!(refusal(file(&issuing, &[&issuing, &other_root])), Some("chain.signature"));
}

#[test]
fn refuses_an_issuer_that_is_no_ca_tsp_67() {
    let root = ca();
    let no_flag = below(&root, "issuing", |it| it.without(&oids::BASIC_CONSTRAINTS));
    let false_flag = below(&root, "issuing", |it| it.extension(oids::BASIC_CONSTRAINTS, true, enc::sequence(&[])));
    let no_cert_sign = below(&root, "issuing", |it| it.key_usage(1 << 31));
    for issuing in [no_flag, false_flag, no_cert_sign] {
        assert_eq!(refusal(file(&issuing, &[&issuing, &root])), Some("chain.not-authority"));
    }
}

#[test]
fn refuses_more_cas_than_one_above_allows_tsp_67() {
    let limited = |limit: u64| enc::sequence(&[&enc::boolean(true), &enc::uint_u64(limit)]);
    for (limit, expected) in [(0, Some("chain.path-length")), (1, None)] {
        let root = ca();
        let upper = below(&root, "upper", |it| it.extension(oids::BASIC_CONSTRAINTS, true, limited(limit)));
        let lower = below(&upper, "lower", |it| it);
        assert_eq!(refusal(file(&lower, &[&lower, &upper, &root])), expected);
    }
}

#[test]
fn refuses_an_issuer_that_is_not_valid_now_tsp_67() {
    let (root, now) = (ca(), NOON / 1_000_000);
    for (not_before, not_after, expected) in [
        (YESTERDAY, now - 1, Some("chain.validity")),
        (now + 1, now + 86_400, Some("chain.validity")),
        (now, now, None),
    ] {
        let issuing = below(&root, "issuing", |it| it.valid(Validity { not_before, not_after }).unwrap());
        assert_eq!(refusal(file(&issuing, &[&issuing, &root])), expected);
    }
}
