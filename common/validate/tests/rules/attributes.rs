//! Signed attributes: THR-22, THR-23, and what RFC 5652, RFC 5035 and RFC 6211 want of them.

use kokuin_asn1::{cades, enc, oids};
use kokuin_suite::{DigestAlgorithm, digest};
use kokuin_validate::ValidationReport;

use crate::material::{Asked, Cms, DATA, NOW, World, has_check, verdict, world};

fn judged(a: &World, cms: &Cms) -> ValidationReport {
    Asked::new(&cms.build(), &a.trust_both(), &a.crls()).run()
}

#[test]
fn passes_a_seal_with_everything_in_order() {
    let a = world("a");
    let report = judged(&a, &a.cades(DATA));
    assert_eq!(verdict(&report), "TOTAL-PASSED", "{report:#?}");
    assert_eq!(report.overall.level, Some("B-B"));
    let signer = report.overall.signer.expect("a signer");
    assert_eq!(signer.corporate_number.as_deref(), Some("9000000000000"));
    assert_eq!(signer.organization_identifier.as_deref(), Some("NTRJP-9000000000000"));
    let answers = report.overall.answers.expect("answers");
    assert_eq!(answers.unchanged, "yes");
    assert!(answers.issued_by.contains("corporate number 9000000000000"), "{}", answers.issued_by);
}

#[test]
fn thr_22_refuses_signed_attributes_passed_off_as_content() {
    let a = world("a");
    let genuine = a.cades(DATA);
    let set = genuine.signers[0].set();
    let mut forged = genuine.clone();
    forged.content = Some(set.clone());
    forged.signers[0].value = Some(genuine.signers[0].signature());
    forged.signers[0].signed_directly = Some(set.clone());
    let report = Asked { data: Some(&set), ..Asked::new(&forged.build(), &a.trust_both(), &a.crls()) }.run();
    assert_eq!(verdict(&report), "TOTAL-FAILED FORMAT_FAILURE");
    assert!(has_check(&report, "cms.signed-attributes", "failed"), "{report:#?}");
    let detached = Cms { content: None, ..forged };
    let report = Asked { data: Some(&set), ..Asked::new(&detached.build(), &a.trust_both(), &a.crls()) }.run();
    assert_eq!(verdict(&report), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
}

#[test]
fn thr_22_refuses_a_token_without_signed_attributes() {
    let a = world("a");
    let mut token = a.token(DATA, NOW - 60);
    token.signers[0].signed_directly = token.content.clone();
    assert_eq!(verdict(&judged(&a, &token)), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
}

#[test]
fn thr_22_refuses_a_content_type_that_is_not_the_contents() {
    let a = world("a");
    let mut token = a.token(DATA, NOW - 60);
    token.signers[0].attributes[0] = cades::content_type(&oids::ID_DATA);
    let report = judged(&a, &token);
    assert_eq!(verdict(&report), "TOTAL-FAILED FORMAT_FAILURE");
    assert!(has_check(&report, "cms.content-type", "failed"));
}

#[test]
fn thr_23_refuses_an_attribute_that_is_there_twice() {
    let a = world("a");
    for index in 0..3 {
        let mut seal = a.cades(DATA);
        let mut twice = seal.signers[0].attributes[index].clone();
        // A second one that differs in its last octet: equal ones would be one element of the SET.
        *twice.last_mut().expect("octets") ^= 1;
        seal.signers[0].attributes.push(twice);
        let report = judged(&a, &seal);
        assert_eq!(verdict(&report), "TOTAL-FAILED FORMAT_FAILURE", "attribute {index}");
        assert!(has_check(&report, "cms.attribute-once", "failed"));
    }
}

#[test]
fn thr_23_refuses_an_attribute_with_two_values() {
    let a = world("a");
    let mut seal = a.cades(DATA);
    let value = enc::octet_string(&digest(DigestAlgorithm::Sha256, DATA));
    let other = enc::octet_string(&[0; 32]);
    seal.signers[0].attributes[1] = enc::sequence(&[&enc::oid(&oids::MESSAGE_DIGEST), &enc::set_of(&[&value, &other])]);
    assert_eq!(verdict(&judged(&a, &seal)), "TOTAL-FAILED FORMAT_FAILURE");
}

#[test]
fn thr_23_refuses_a_signed_attribute_among_the_unsigned() {
    let a = world("a");
    let mut seal = a.cades(DATA);
    seal.signers[0].unsigned.push(cades::message_digest(&[0; 32]));
    let report = judged(&a, &seal);
    assert_eq!(verdict(&report), "TOTAL-FAILED FORMAT_FAILURE");
    assert!(has_check(&report, "cms.attribute-placement", "failed"));
}

#[test]
fn refuses_an_attribute_set_without_message_digest() {
    let a = world("a");
    let mut seal = a.cades(DATA);
    seal.signers[0].attributes.remove(1);
    assert_eq!(verdict(&judged(&a, &seal)), "TOTAL-FAILED FORMAT_FAILURE");
}

#[test]
fn refuses_a_signature_that_names_no_certificate() {
    let a = world("a");
    let mut seal = a.cades(DATA);
    seal.signers[0].attributes.remove(2);
    let report = judged(&a, &seal);
    assert_eq!(verdict(&report), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    assert!(has_check(&report, "signer.reference", "indeterminate"));
}

#[test]
fn cad_10_refuses_a_seal_without_signing_time() {
    let a = world("a");
    let mut seal = a.cades(DATA);
    seal.signers[0].attributes.pop();
    let report = judged(&a, &seal);
    assert_eq!(verdict(&report), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    assert_eq!(report.overall.level, None);
}

#[test]
fn cad_04_compares_the_signed_algorithms_by_meaning() {
    let a = world("a");
    let with = |digest_algorithm: &[u8], signature_algorithm: &[u8]| {
        let mut seal = a.cades(DATA);
        seal.signers[0].attributes.push(cades::cms_algorithm_protection(digest_algorithm, signature_algorithm));
        verdict(&judged(&a, &seal))
    };
    let sha256 = enc::sequence(&[&enc::oid(&oids::SHA256)]);
    let sha256_null = enc::sequence(&[&enc::oid(&oids::SHA256), &enc::null()]);
    let ecdsa = enc::sequence(&[&enc::oid(&oids::ECDSA_WITH_SHA256)]);
    assert_eq!(with(&sha256, &ecdsa), "TOTAL-PASSED");
    assert_eq!(with(&sha256_null, &ecdsa), "TOTAL-PASSED");
    let sha384 = enc::sequence(&[&enc::oid(&oids::SHA384)]);
    assert_eq!(with(&sha384, &ecdsa), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    let other = enc::sequence(&[&enc::oid(&oids::ECDSA_WITH_SHA384)]);
    assert_eq!(with(&sha256, &other), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
}

#[test]
fn thr_109_refuses_sha_1_as_the_only_binding_to_the_certificate() {
    let a = world("a");
    let mut token = a.token(DATA, NOW - 60);
    let id = enc::sequence(&[&enc::octet_string(&digest(DigestAlgorithm::Sha1, a.tsu.der()))]);
    let value = enc::sequence(&[&enc::sequence(&[&id])]);
    token.signers[0].attributes[2] = cades::attribute(&oids::SIGNING_CERTIFICATE, &value);
    let report = judged(&a, &token);
    assert_eq!(verdict(&report), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE");
    assert!(report.overall.reason.contains("reference to the signing certificate"), "{}", report.overall.reason);
}
