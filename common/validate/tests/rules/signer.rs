//! Who signed, and who vouches for it: THR-01 to THR-05.

use kokuin_asn1::{cades, enc, oids};
use kokuin_devca::hostile::TestCertificate;
use kokuin_key::Purpose as KeyPurpose;
use kokuin_validate::{Purpose, Purposes, TrustStore};

use crate::material::{Asked, DATA, NOW, SignerSpec, has_check, key, verdict, world};

#[test]
fn passes_a_token_with_everything_in_order() {
    let a = world("a");
    let (token, trust, crls) = (a.token(DATA, NOW - 60).build(), a.trust(Purpose::Tsa), a.crls());
    let report = Asked::new(&token, &trust, &crls).run();
    assert_eq!(verdict(&report), "TOTAL-PASSED", "{report:#?}");
    assert_eq!(report.overall.gen_time.as_deref(), Some("2026-11-23T11:59:00.25Z"));
    assert_eq!(report.overall.accuracy.as_deref(), Some("1"));
    assert_eq!(report.overall.serial.as_deref(), Some("112233"));
    assert_eq!(report.overall.policy.as_deref(), Some("2.999.3161.1"));
}

#[test]
fn thr_01_chooses_the_signer_by_its_hash_and_not_by_its_place() {
    let (a, b) = (world("a"), world("b"));
    let mut token = a.token(DATA, NOW - 60);
    token.certificates.insert(0, b.tsu.der().to_vec());
    let token = token.build();
    let under_b = Asked::new(&token, &b.trust(Purpose::Tsa), &b.crls()).run();
    assert_eq!(verdict(&under_b), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND");
    let under_a = Asked::new(&token, &a.trust(Purpose::Tsa), &a.crls()).run();
    assert_eq!(verdict(&under_a), "TOTAL-PASSED");
    let signer = under_a.overall.signer.expect("a signer");
    assert_eq!(signer.certificate_sha256, hex::encode(a.tsu.sha256()));
}

#[test]
fn thr_02_does_not_trust_a_root_for_being_in_the_token() {
    let (good, attacker) = (world("good"), world("attacker"));
    let mut token = attacker.token(DATA, NOW - 60);
    token.certificates.push(attacker.root.certificate().der().to_vec());
    let report = Asked::new(&token.build(), &good.trust(Purpose::Tsa), &attacker.crls()).run();
    assert_eq!(verdict(&report), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND");
    let note = report.overall.checks.iter().find(|check| check.id == "trust.embedded-root").expect("a note");
    assert!(note.detail.starts_with("A root certificate is present, not trusted"), "{}", note.detail);
}

#[test]
fn thr_03_refuses_a_second_certificate_of_the_same_key() {
    let a = world("a");
    let other = a.made("tsu", &a.tsu_key, |certificate| certificate);
    let mut token = a.token(DATA, NOW - 60);
    token.signers[0].sid = other.clone();
    token.certificates = a.bag(&other);
    let report = Asked::new(&token.build(), &a.trust(Purpose::Tsa), &a.crls()).run();
    assert_eq!(verdict(&report), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    assert!(has_check(&report, "signer.reference", "indeterminate"), "{report:#?}");
}

#[test]
fn thr_03_refuses_an_identifier_that_names_another_certificate_at_hand() {
    let a = world("a");
    let other = a.made("tsu", &a.tsu_key, |certificate| certificate);
    let mut token = a.token(DATA, NOW - 60);
    token.signers[0].sid = other.clone();
    token.certificates.push(other.der().to_vec());
    let report = Asked::new(&token.build(), &a.trust(Purpose::Tsa), &a.crls()).run();
    assert_eq!(verdict(&report), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    assert!(has_check(&report, "signer.sid", "indeterminate"), "{report:#?}");
}

#[test]
fn thr_03_finds_the_real_signer_beside_a_certificate_that_poses_as_it() {
    let a = world("a");
    let forged_key = key("forged", KeyPurpose::Tst);
    let real = a.tsu.clone();
    let forged = a.made("tsu", &forged_key, |certificate| certificate.posing_as(&real));
    for place in [0, 2] {
        let mut token = a.token(DATA, NOW - 60);
        token.certificates.insert(place, forged.der().to_vec());
        let report = Asked::new(&token.build(), &a.trust(Purpose::Tsa), &a.crls()).run();
        assert_eq!(verdict(&report), "TOTAL-PASSED");
        assert_eq!(report.overall.signer.expect("a signer").certificate_sha256, hex::encode(real.sha256()));
    }
    let mut token = a.token(DATA, NOW - 60);
    token.certificates = a.bag(&forged);
    let report = Asked::new(&token.build(), &a.trust(Purpose::Tsa), &a.crls()).run();
    assert_eq!(verdict(&report), "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND");
}

#[test]
fn thr_04_refuses_each_wrong_tsu_certificate_by_its_own_name() {
    let stamping = oids::KP_TIME_STAMPING;
    let cases = [
        ("tst.eku-absent", world("a").with_tsu(|c| c.without(&oids::EXT_KEY_USAGE))),
        ("tst.eku-not-critical", world("a").with_tsu(|c| c.extended_key_usage(&[oids::KP_TIME_STAMPING], false))),
        ("tst.eku-other", world("a").with_tsu(|c| c.extended_key_usage(&[stamping, oids::KP_CODE_SIGNING], true))),
        ("tst.leaf-is-ca", world("a").with_tsu(TestCertificate::ca_true)),
    ];
    for (id, a) in cases {
        let token = a.token(DATA, NOW - 60).build();
        let report = Asked::new(&token, &a.trust(Purpose::Tsa), &a.crls()).run();
        assert_eq!(verdict(&report), "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE", "{id}");
        assert!(has_check(&report, id, "indeterminate"), "{id}: {report:#?}");
    }
}

#[test]
fn thr_05_an_anchor_for_seals_does_not_vouch_for_a_tsu() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let report = Asked::new(&token, &a.trust(Purpose::Seal), &a.crls()).run();
    assert_eq!(verdict(&report), "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE");
    assert!(report.overall.reason.contains("not for the purpose tsa"), "{}", report.overall.reason);
}

#[test]
fn thr_05_a_tsu_certificate_does_not_seal() {
    let a = world("a");
    let mut seal = a.cades(DATA);
    let signing_time = seal.signers[0].attributes.pop().expect("the signing time");
    seal.signers[0] = SignerSpec::new(&a.tsu_key, &a.tsu, &oids::ID_DATA, DATA);
    seal.signers[0].attributes.push(signing_time);
    seal.certificates = a.bag(&a.tsu);
    let mut trust = TrustStore::new();
    trust.add(a.root.certificate().clone(), Purposes::all());
    let report = Asked::new(&seal.build(), &trust, &a.crls()).run();
    assert_eq!(verdict(&report), "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE");
    assert!(report.overall.reason.contains("another purpose than seal"), "{}", report.overall.reason);
}

#[test]
fn thr_05_every_path_tried_is_reported_with_its_purposes() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let report = Asked::new(&token, &a.trust(Purpose::Seal), &a.crls()).run();
    let path = report.overall.paths.first().expect("a path");
    assert_eq!(path.certificates.len(), 3);
    assert_eq!(path.purposes, ["seal"]);
    assert!(path.reason.is_some());
}

#[test]
fn an_anchor_without_purpose_serves_and_is_said_to() {
    let a = world("a");
    let mut trust = TrustStore::new();
    trust.add(a.root.certificate().clone(), Purposes::all());
    let report = Asked::new(&a.token(DATA, NOW - 60).build(), &trust, &a.crls()).run();
    assert_eq!(verdict(&report), "TOTAL-PASSED");
    assert!(has_check(&report, "trust.scope", "note"));
}

#[test]
fn finds_a_signer_that_the_token_does_not_carry() {
    let a = world("a");
    let mut token = a.token(DATA, NOW - 60);
    token.certificates.clear();
    let token = token.build();
    let (trust, crls) = (a.trust(Purpose::Tsa), a.crls());
    let asked = Asked::new(&token, &trust, &crls);
    assert_eq!(verdict(&asked.run()), "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND");
    let given = [a.tsu.clone(), a.ca.certificate().clone()];
    assert_eq!(verdict(&Asked { intermediates: &given, ..asked }.run()), "TOTAL-PASSED");
}

#[test]
fn thr_05_a_server_certificate_does_not_seal() {
    let usages: [&[kokuin_asn1::Oid]; 3] = [
        &[oids::KP_SERVER_AUTH],
        &[oids::KP_SERVER_AUTH, oids::KP_CLIENT_AUTH],
        &[oids::KP_OCSP_SIGNING, oids::KP_EMAIL_PROTECTION],
    ];
    for usages in usages {
        let a = world("a").with_seal(|seal| seal.extended_key_usage(usages, false));
        let report = Asked::new(&a.cades(DATA).build(), &a.trust_both(), &a.crls()).run();
        assert_eq!(verdict(&report), "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE", "{usages:?}");
        assert!(has_check(&report, "chain.leaf-purpose", "indeterminate"), "{report:#?}");
    }
    let usages = [oids::KP_DOCUMENT_SIGNING, oids::KP_EMAIL_PROTECTION, oids::KP_CLIENT_AUTH];
    let a = world("a").with_seal(|seal| seal.extended_key_usage(&usages, false));
    assert_eq!(verdict(&Asked::new(&a.cades(DATA).build(), &a.trust_both(), &a.crls()).run()), "TOTAL-PASSED");
}

#[test]
fn thr_05_an_authority_for_other_purposes_does_not_vouch_for_a_seal() {
    for (usages, expected) in [
        (vec![oids::KP_TIME_STAMPING], "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE"),
        (vec![oids::KP_SERVER_AUTH, oids::KP_CLIENT_AUTH], "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE"),
        (vec![oids::KP_EMAIL_PROTECTION, oids::KP_CLIENT_AUTH], "TOTAL-PASSED"),
        (vec![oids::ANY_EXT_KEY_USAGE], "TOTAL-PASSED"),
    ] {
        let a = world("a");
        let subject = kokuin_devca::Subject::demo_organization("a");
        let validity = kokuin_devca::Validity::months(NOW - 300 * crate::material::DAY, 24);
        let spki = a.ca.certificate().spki();
        let template = TestCertificate::new(&a.root, crate::material::profile("issuing-ca"), &subject, spki, validity);
        let mut template = template.expect("a template").extended_key_usage(&usages, false);
        template.fields.subject = a.ca.certificate().subject().to_vec();
        let limited = template.sign(&a.root).expect("signed");
        let mut seal = a.cades(DATA);
        seal.certificates = vec![a.seal.der().to_vec(), limited];
        let report = Asked::new(&seal.build(), &a.trust_both(), &a.crls()).run();
        assert_eq!(verdict(&report), expected, "{usages:?}: {report:#?}");
    }
}

#[test]
fn thr_03_refuses_references_that_name_two_certificates() {
    let (a, b) = (world("a"), world("b"));
    let v1 = |certificate: &kokuin_asn1::Certificate| {
        let hash = kokuin_suite::digest(kokuin_suite::DigestAlgorithm::Sha1, certificate.der());
        let id = enc::sequence(&[&enc::octet_string(&hash)]);
        cades::attribute(&oids::SIGNING_CERTIFICATE, &enc::sequence(&[&enc::sequence(&[&id])]))
    };
    let judged = |reference: Vec<u8>| {
        let mut token = a.token(DATA, NOW - 60);
        token.certificates.insert(0, b.tsu.der().to_vec());
        token.signers[0].attributes.push(reference);
        verdict(&Asked::new(&token.build(), &a.trust(Purpose::Tsa), &a.crls()).run())
    };
    assert_eq!(judged(v1(&a.tsu)), "TOTAL-PASSED");
    assert_eq!(judged(v1(&b.tsu)), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
}
