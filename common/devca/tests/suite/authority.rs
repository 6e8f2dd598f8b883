//! What the development CA issues and revokes.

use std::sync::Arc;

use kokuin_asn1::{Certificate, Crl, oids};
use kokuin_devca::{DevCa, DevCaError, Reason, Revoked, Subject, Validity, is_development};
use kokuin_key::Purpose;
use kokuin_profile::{Profile, Rule, check, check_crl_der};
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm, Verify};
use kokuin_suite_openssl::OpenSslEngine;

use crate::support::{CRL_URL, NOW, key, root};

const DAY: i64 = 86_400;

fn profile(name: &str) -> &'static Profile {
    Profile::by_name(name).unwrap()
}

/// Whether `certificate` is signed by the key of `issuer`.
fn is_signed_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    let algorithm = SignatureAlgorithm::from_x509(&certificate.signature_algorithm()).unwrap();
    OpenSslEngine.verify(algorithm, issuer.spki(), certificate.tbs(), certificate.signature()).is_ok()
}

#[test]
fn makes_a_root_that_signs_itself_and_says_what_it_is_thr_62() {
    let ca = root("root-self");
    let certificate = ca.certificate();
    assert!(is_signed_by(certificate, certificate));
    assert!(is_development(certificate));
    assert!(certificate.is_self_issued());
    assert!(certificate.subject_text().contains("NOT FOR PRODUCTION"), "{}", certificate.subject_text());
    assert_eq!(certificate.not_after(), Validity::months(NOW, 168).not_after);
    assert!(certificate.aki().is_none() && certificate.ski().is_some());
}

#[test]
fn issues_a_tsu_certificate_as_its_profile_says_tsp_56() {
    let ca = root("root-tsu");
    let tsu = key("tsu", KeyAlgorithm::P256, Purpose::Tst);
    let subject = Subject { organization: "Kokuin Time".to_owned(), ..Subject::demo_organization("TSU 1") };
    let validity = Validity::usual(profile("tsu"), NOW);
    let certificate = ca.issue(profile("tsu"), &subject, tsu.public_key(), validity).unwrap();

    assert!(is_signed_by(&certificate, ca.certificate()));
    assert_eq!(certificate.spki(), tsu.public_key());
    assert_eq!(certificate.ext_key_usage(), Some(vec![oids::KP_TIME_STAMPING]));
    assert!(certificate.extension(&oids::EXT_KEY_USAGE).unwrap().critical);
    assert_eq!(certificate.crl_distribution_points(), [CRL_URL]);
    assert_eq!(certificate.serial().len(), 16);
    assert_eq!(certificate.issuer(), ca.certificate().subject());
    let period = certificate.private_key_usage_period().unwrap();
    assert_eq!(period.not_after, Some(Validity::months(NOW, 15).not_after));
    assert!(is_development(&certificate));
    let found: Vec<Rule> = check(profile("tsu"), &certificate).iter().map(|finding| finding.rule).collect();
    assert_eq!(found, [Rule::DevelopmentMaterial]);
}

#[test]
fn issues_a_seal_certificate_with_the_unassigned_corporate_number_jp_es_07() {
    let ca = root("root-seal");
    let seal = key("seal", KeyAlgorithm::P384, Purpose::Seal);
    let subject = Subject::demo_organization("Demo seal");
    let validity = Validity::usual(profile("seal-jp"), NOW);
    let certificate = ca.issue(profile("seal-jp"), &subject, seal.public_key(), validity).unwrap();
    let attributes = certificate.subject_attributes();
    let expected = [
        (oids::C, "JP"),
        (oids::O, "Demo Organization - NOT FOR PRODUCTION"),
        (oids::ORG_ID, "NTRJP-9000000000000"),
        (oids::CN, "Demo seal"),
    ];
    assert_eq!(attributes, expected.map(|(oid, text)| (oid, text.to_owned())));
    assert!(certificate.extension(&oids::QC_STATEMENTS).is_none());
    assert!(certificate.extension(&oids::EXT_KEY_USAGE).is_none());
}

#[test]
fn refuses_to_issue_what_its_own_profile_refuses() {
    let ca = root("root-strict");
    let seal = key("seal-strict", KeyAlgorithm::P256, Purpose::Seal);
    let cases = [
        (Some("NTRJP-1000000000000"), 12, Rule::CorporateNumberValid),
        (None, 12, Rule::SubjectComplete),
        (Some("NTRJP-9000000000000"), 61, Rule::ValidityLimit),
    ];
    for (identifier, months, rule) in cases {
        let subject =
            Subject { organization_identifier: identifier.map(str::to_owned), ..Subject::demo_organization("x") };
        let refusal =
            ca.issue(profile("seal-jp"), &subject, seal.public_key(), Validity::months(NOW, months)).unwrap_err();
        assert!(matches!(&refusal, DevCaError::Profile(violation) if violation.rule == rule), "{refusal}");
    }
}

#[test]
fn builds_a_path_through_an_intermediate() {
    let ca = root("root-path");
    let key_of_intermediate = key("intermediate", KeyAlgorithm::P256, Purpose::Ca);
    let below = ca.intermediate(key_of_intermediate, "Test Intermediate", NOW, "http://127.0.0.1/i.crl").unwrap();
    assert!(is_signed_by(below.certificate(), ca.certificate()));
    let tsu = key("tsu-below", KeyAlgorithm::P256, Purpose::Tst);
    let validity = Validity::usual(profile("tsu"), NOW);
    let subject = Subject::demo_organization("TSU");
    let leaf = below.issue(profile("tsu"), &subject, tsu.public_key(), validity).unwrap();
    assert!(is_signed_by(&leaf, below.certificate()));
    assert_eq!(leaf.crl_distribution_points(), ["http://127.0.0.1/i.crl"]);
}

#[test]
fn revokes_with_a_reason_in_a_list_that_its_key_signed_cert_09() {
    let ca = root("root-crl");
    let revoked = Revoked { serial: vec![0x40; 16], at: NOW - 5, reason: Some(Reason::Superseded) };
    let der = ca.crl(NOW, NOW + 7 * DAY, &[revoked], 3).unwrap();
    assert!(check_crl_der(&der).is_empty());
    let crl = Crl::parse(&der).unwrap();
    let algorithm = SignatureAlgorithm::from_x509(&crl.signature_algorithm()).unwrap();
    OpenSslEngine.verify(algorithm, ca.certificate().spki(), crl.tbs(), crl.signature()).unwrap();
    assert_eq!((crl.this_update(), crl.next_update()), (NOW, Some(NOW + 7 * DAY)));
    let entry = crl.find(&[0x40; 16]).unwrap();
    assert_eq!((entry.date, entry.reason), (NOW - 5, Some(4)));
    assert!(crl.find(&[0x41; 16]).is_none());

    let refusal = ca.crl(NOW, NOW, &[], 4).unwrap_err();
    assert_eq!(refusal.code(), "devca.update-order");
}

#[test]
fn takes_up_its_own_certificate_and_no_other() {
    let ca = root("root-load");
    let loaded = DevCa::load(ca.certificate().clone(), Arc::clone(ca.key()), CRL_URL).unwrap();
    assert_eq!(loaded.certificate().der(), ca.certificate().der());

    let other = key("other-load", KeyAlgorithm::P256, Purpose::Ca);
    let refusal = DevCa::load(ca.certificate().clone(), other, CRL_URL).unwrap_err();
    assert_eq!(refusal.code(), "devca.other-key");
}

#[test]
fn refuses_a_key_for_something_else() {
    for purpose in [Purpose::Tst, Purpose::Seal, Purpose::Log] {
        let wrong = key(&format!("wrong-{purpose}"), KeyAlgorithm::P256, purpose);
        let refusal = DevCa::create(wrong, "x", NOW, CRL_URL).unwrap_err();
        assert_eq!(refusal.code(), "devca.key-purpose");
    }
}
