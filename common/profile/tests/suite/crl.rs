//! One CRL per rule that breaks it and nothing else.

use kokuin_asn1::{Oid, enc, oids, tag};
use kokuin_devca::{Reason, Revoked};
use kokuin_profile::{Rule, check_crl_der};

use crate::support::{NOW, ca};

const DAY: i64 = 86_400;

/// The parts of a CRL, each as the DER that goes in.
struct Parts {
    version: Vec<u8>,
    outer: Vec<u8>,
    next_update: Vec<u8>,
    entries: Vec<u8>,
    extensions: Vec<Vec<u8>>,
}

impl Parts {
    fn good() -> Self {
        Self {
            version: enc::uint_u64(1),
            outer: algorithm(&oids::ECDSA_WITH_SHA256),
            next_update: enc::time(NOW + DAY).unwrap(),
            entries: enc::sequence(&[&entry(1, false)]),
            extensions: vec![
                extension(&oids::AKI, false, &enc::sequence(&[&enc::implicit_primitive(0, &[7; 20])])),
                extension(&oids::CRL_NUMBER, false, &enc::uint_u64(7)),
            ],
        }
    }

    fn der(&self) -> Vec<u8> {
        let extensions: Vec<&[u8]> = self.extensions.iter().map(Vec::as_slice).collect();
        let tbs = enc::sequence(&[
            &self.version,
            &algorithm(&oids::ECDSA_WITH_SHA256),
            ca().certificate().subject(),
            &enc::time(NOW).unwrap(),
            &self.next_update,
            &self.entries,
            &enc::explicit(0, &enc::sequence(&extensions)),
        ]);
        enc::sequence(&[&tbs, &self.outer, &enc::bit_string(&[0; 64], 0)])
    }
}

fn algorithm(oid: &Oid) -> Vec<u8> {
    enc::sequence(&[&enc::oid(oid)])
}

fn extension(oid: &Oid, critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { enc::boolean(true) } else { Vec::new() };
    enc::sequence(&[&enc::oid(oid), &critical, &enc::octet_string(value)])
}

fn entry(reason: u8, critical: bool) -> Vec<u8> {
    let reason = extension(&oids::CRL_REASON, critical, &enc::tlv(tag::ENUMERATED, &[reason]));
    enc::sequence(&[&enc::uint_u64(77), &enc::time(NOW).unwrap(), &enc::sequence(&[&reason])])
}

type Case = (Rule, fn(&mut Parts));

#[rustfmt::skip]
const CASES: &[Case] = &[
    (Rule::CrlReadable, |crl| crl.entries = enc::sequence(&[&enc::sequence(&[])])),
    (Rule::CrlVersion2, |crl| crl.version = Vec::new()),
    (Rule::CrlNumber, |crl| { crl.extensions.pop(); }),
    (Rule::CrlNumber, |crl| crl.extensions[1] = extension(&oids::CRL_NUMBER, true, &enc::uint_u64(7))),
    (Rule::CrlNumber, |crl| crl.extensions[1] = extension(&oids::CRL_NUMBER, false, &enc::uint(&[7; 21]))),
    (Rule::CrlNextUpdate, |crl| crl.next_update = Vec::new()),
    (Rule::CrlNextUpdate, |crl| crl.next_update = enc::time(NOW - 1).unwrap()),
    (Rule::CrlNoEmptyList, |crl| crl.entries = enc::sequence(&[])),
    (Rule::CrlReason, |crl| crl.entries = enc::sequence(&[&entry(0, false)])),
    (Rule::CrlReason, |crl| crl.entries = enc::sequence(&[&entry(1, true)])),
    (Rule::CrlAuthorityKeyId, |crl| { crl.extensions.remove(0); }),
    (Rule::CrlSameAlgorithm, |crl| crl.outer = algorithm(&oids::ECDSA_WITH_SHA384)),
];

fn rules(der: &[u8]) -> Vec<Rule> {
    check_crl_der(der).iter().map(|finding| finding.rule).collect()
}

#[test]
fn finds_each_broken_rule_and_nothing_else_cert_09() {
    assert_eq!(rules(&Parts::good().der()), []);
    for (rule, change) in CASES {
        let mut parts = Parts::good();
        change(&mut parts);
        assert_eq!(rules(&parts.der()), [*rule]);
    }
    assert_eq!(rules(b"x"), [Rule::CrlReadable]);
}

#[test]
fn has_a_crl_for_every_rule() {
    let of_crls = Rule::ALL.iter().filter(|rule| **rule >= Rule::CrlReadable);
    for rule in of_crls {
        assert!(CASES.iter().any(|case| case.0 == *rule), "{rule}");
    }
}

#[test]
fn finds_nothing_in_what_the_development_ca_builds() {
    let revoked = Revoked { serial: vec![0x40; 16], at: NOW, reason: Some(Reason::KeyCompromise) };
    let silent = Revoked { serial: vec![0x41; 16], at: NOW, reason: None };
    for list in [&[][..], &[revoked, silent]] {
        assert_eq!(rules(&ca().crl(NOW, NOW + DAY, list, 1).unwrap()), []);
    }
}
