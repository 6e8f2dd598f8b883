//! The common cases: tampered, unrelated, missing, expired, and judged at a time of the caller's (THR-11).

use kokuin_devca::Validity;
use kokuin_suite::{DigestAlgorithm, digest};
use kokuin_validate::{ControlTime, DetachedData, Purpose};

use crate::material::{Asked, DATA, DAY, HOUR, NOW, has_check, verdict, world};

#[test]
fn val_21_other_data_is_a_hash_failure() {
    let a = world("a");
    for artifact in [a.token(DATA, NOW - 60).build(), a.cades(DATA).build()] {
        let report = Asked { data: Some(b"other"), ..Asked::new(&artifact, &a.trust_both(), &a.crls()) }.run();
        assert_eq!(verdict(&report), "TOTAL-FAILED HASH_FAILURE");
    }
}

#[test]
fn val_22_a_wrong_signature_value_is_a_crypto_failure() {
    let a = world("a");
    for mut cms in [a.token(DATA, NOW - 60), a.cades(DATA)] {
        let mut value = cms.signers[0].signature();
        *value.last_mut().expect("octets") ^= 1;
        cms.signers[0].value = Some(value);
        let report = Asked::new(&cms.build(), &a.trust_both(), &a.crls()).run();
        assert_eq!(verdict(&report), "TOTAL-FAILED SIG_CRYPTO_FAILURE");
    }
}

#[test]
fn val_44_missing_data_is_not_a_pass() {
    let a = world("a");
    for artifact in [a.token(DATA, NOW - 60).build(), a.cades(DATA).build()] {
        let report = Asked { data: None, ..Asked::new(&artifact, &a.trust_both(), &a.crls()) }.run();
        assert_eq!(verdict(&report), "INDETERMINATE SIGNED_DATA_NOT_FOUND");
    }
}

#[test]
fn a_digest_in_place_of_the_data_is_enough() {
    let a = world("a");
    let artifact = a.cades(DATA).build();
    let with = |algorithm, value| {
        Asked::new(&artifact, &a.trust_both(), &a.crls())
            .run_with(|request| request.data = Some(DetachedData::Digest { algorithm, value }))
    };
    let sha256 = digest(DigestAlgorithm::Sha256, DATA);
    assert_eq!(verdict(&with(DigestAlgorithm::Sha256, sha256.clone())), "TOTAL-PASSED");
    assert_eq!(verdict(&with(DigestAlgorithm::Sha256, vec![0; 32])), "TOTAL-FAILED HASH_FAILURE");
    // The same length, another algorithm: nothing can be compared.
    assert_eq!(verdict(&with(DigestAlgorithm::Sha3_256, sha256)), "INDETERMINATE SIGNED_DATA_NOT_FOUND");
}

#[test]
fn attached_content_is_checked_against_the_data_given() {
    let a = world("a");
    let mut seal = a.cades(DATA);
    seal.content = Some(DATA.to_vec());
    let artifact = seal.build();
    let (trust, crls) = (a.trust_both(), a.crls());
    let with = |data| verdict(&Asked { data, ..Asked::new(&artifact, &trust, &crls) }.run());
    assert_eq!(with(None), "TOTAL-PASSED");
    assert_eq!(with(Some(DATA)), "TOTAL-PASSED");
    assert_eq!(with(Some(b"other".as_slice())), "TOTAL-FAILED HASH_FAILURE");
}

#[test]
fn val_39_and_val_40_after_the_end_of_the_tsu_certificate_a_token_is_not_settled() {
    let ended = Validity { not_before: NOW - 300 * DAY, not_after: NOW - DAY };
    let a = world("a").with_tsu(|certificate| certificate.valid(ended).expect("times"));
    let token = a.token(DATA, NOW - 2 * DAY).build();
    let trust = a.trust(Purpose::Tsa);
    assert_eq!(verdict(&Asked::new(&token, &trust, &a.crls()).run()), "INDETERMINATE OUT_OF_BOUNDS_NO_POE");
    let list = |ca: &kokuin_devca::DevCa| {
        kokuin_asn1::Crl::parse(&ca.crl(NOW - 25 * HOUR, NOW + DAY, &[], 1).expect("a list")).expect("a list")
    };
    let crls = [list(&a.root), list(&a.ca)];
    assert_eq!(verdict(&Asked::new(&token, &trust, &crls).run()), "INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED");
}

#[test]
fn thr_11_a_pass_at_a_chosen_time_says_so_first() {
    let ended = Validity { not_before: NOW - 300 * DAY, not_after: NOW - DAY };
    let a = world("a").with_tsu(|certificate| certificate.valid(ended).expect("times"));
    let token = a.token(DATA, NOW - 2 * DAY).build();
    let list = |ca: &kokuin_devca::DevCa| {
        kokuin_asn1::Crl::parse(&ca.crl(NOW - 37 * HOUR, NOW + DAY, &[], 1).expect("a list")).expect("a list")
    };
    let crls = [list(&a.root), list(&a.ca)];
    let trust = a.trust(Purpose::Tsa);
    let report = Asked { at: ControlTime::chosen(NOW - 36 * HOUR), ..Asked::new(&token, &trust, &crls) }.run();
    assert_eq!(verdict(&report), "TOTAL-PASSED");
    let start = "Judged at 2026-11-22T00:00:00Z, a time chosen by the caller: ";
    assert!(report.overall.reason.starts_with(start), "{}", report.overall.reason);
    assert!(has_check(&report, "time.chosen", "note"));
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["control_time_source"], "caller");
    assert_eq!(json["control_time"], "2026-11-22T00:00:00Z");
}

#[test]
fn json_has_the_interface_s_names() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let report = Asked::new(&token, &a.trust(Purpose::Tsa), &a.crls()).run();
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["kind"], "tst");
    assert_eq!(json["status"], "TOTAL-PASSED");
    assert!(json["sub_indication"].is_null());
    assert_eq!(json["control_time_source"], "system-clock");
    for name in
        ["file", "reason", "gen_time", "signer", "policy", "serial", "accuracy", "valid_until", "checks", "paths"]
    {
        assert!(!json[name].is_null(), "{name}");
    }
    let check = &json["checks"][0];
    for name in ["id", "clause", "outcome", "detail"] {
        assert!(check[name].is_string(), "{name}");
    }
    assert_eq!(json["signer"]["organization_identifier"], "NTRJP-9000000000000");
    assert_eq!(json["signer"]["corporate_number"], "9000000000000");
}

#[test]
fn thr_109_a_weak_digest_of_the_data_shows_nothing_about_attached_content() {
    let a = world("a");
    let mut attached = a.cades(DATA);
    attached.content = Some(DATA.to_vec());
    let attached = attached.build();
    for (algorithm, expected) in [
        (DigestAlgorithm::Sha1, "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE_NO_POE"),
        (DigestAlgorithm::Sha512, "TOTAL-PASSED"),
    ] {
        let value = digest(algorithm, DATA);
        let report = Asked::new(&attached, &a.trust_both(), &a.crls())
            .run_with(|request| request.data = Some(DetachedData::Digest { algorithm, value }));
        assert_eq!(verdict(&report), expected);
    }
}
