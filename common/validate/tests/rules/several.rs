//! No signature, several signatures, and what is no artefact at all: THR-08, THR-09, THR-29.

use kokuin_validate::{Purpose, validate_cades, validate_tst};

use crate::material::{Asked, DATA, NOW, verdict, world};

#[test]
fn thr_08_a_cms_without_signer_never_passes() {
    let a = world("a");
    for mut cms in [a.cades(DATA), a.token(DATA, NOW - 60)] {
        cms.signers.clear();
        let report = Asked::new(&cms.build(), &a.trust_both(), &a.crls()).run();
        assert_eq!(report.status().name(), "INDETERMINATE");
        assert!(report.overall.reason.starts_with("No signature found"), "{}", report.overall.reason);
    }
}

#[test]
fn thr_08_unrelated_files_never_pass() {
    let a = world("a");
    for bytes in [&b""[..], b"hello", b"{\"a\":1}", b"<a/>", b"PK\x03\x04", b"%PDF-1.7\n%%EOF\n", &[0x30, 0x80]] {
        let report = Asked::new(bytes, &a.trust_both(), &a.crls()).run();
        assert!(!report.is_total_passed(), "{bytes:?}");
    }
}

#[test]
fn thr_09_one_bad_signature_among_good_ones_decides() {
    let a = world("a");
    let good = a.cades(DATA);
    let mut bad_signer = good.signers[0].clone();
    let mut value = bad_signer.signature();
    // The last octet of s: still a DER SEQUENCE of two INTEGERs.
    *value.last_mut().expect("octets") ^= 1;
    bad_signer.value = Some(value);
    for bad_first in [true, false] {
        let mut both = good.clone();
        both.signers.insert(usize::from(!bad_first), bad_signer.clone());
        let report = Asked::new(&both.build(), &a.trust_both(), &a.crls()).run();
        assert_eq!(verdict(&report), "TOTAL-FAILED SIG_CRYPTO_FAILURE");
        let statuses: Vec<_> = report.signatures.iter().map(|each| each.status.name()).collect();
        let expected = if bad_first { ["TOTAL-FAILED", "TOTAL-PASSED"] } else { ["TOTAL-PASSED", "TOTAL-FAILED"] };
        assert_eq!(statuses, expected);
    }
}

#[test]
fn thr_09_a_token_has_one_signature() {
    let a = world("a");
    let mut token = a.token(DATA, NOW - 60);
    token.signers.push(token.signers[0].clone());
    let report = Asked::new(&token.build(), &a.trust_both(), &a.crls()).run();
    assert_eq!(verdict(&report), "TOTAL-FAILED FORMAT_FAILURE");
}

#[test]
fn thr_29_refuses_what_follows_the_artefact() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let granted = kokuin_asn1::tsp::TimeStampResp::encode_granted(&token);
    for artifact in [&token, &granted] {
        for tail in [&b"\n"[..], &token] {
            let mut bytes = artifact.clone();
            bytes.extend_from_slice(tail);
            let report = Asked::new(&bytes, &a.trust_both(), &a.crls()).run();
            assert_eq!(verdict(&report), "INDETERMINATE FORMAT_FAILURE");
        }
        assert_eq!(verdict(&Asked::new(artifact, &a.trust_both(), &a.crls()).run()), "TOTAL-PASSED");
    }
}

#[test]
fn thr_29_refuses_another_kind_than_was_asked_for() {
    let a = world("a");
    let (token, seal) = (a.token(DATA, NOW - 60).build(), a.cades(DATA).build());
    let (trust, crls) = (a.trust_both(), a.crls());
    let policy = kokuin_suite::CryptoPolicy::default();
    let request = |artifact| {
        let at = kokuin_validate::ControlTime::now(NOW);
        let mut request =
            kokuin_validate::Request::new(artifact, &trust, &kokuin_suite_openssl::OpenSslEngine, &policy, at);
        request.data = Some(kokuin_validate::DetachedData::Bytes(DATA));
        request.crls = &crls;
        request
    };
    assert!(validate_tst(&request(&token)).is_total_passed());
    assert!(!validate_cades(&request(&token)).is_total_passed());
    assert!(validate_cades(&request(&seal)).is_total_passed());
    assert!(!validate_tst(&request(&seal)).is_total_passed());
}

#[test]
fn a_refused_response_is_no_proof() {
    let a = world("a");
    let refused =
        kokuin_asn1::tsp::TimeStampResp::encode_rejection("not today", kokuin_asn1::tsp::FailureInfo::TimeNotAvailable);
    let report = Asked::new(&refused, &a.trust(Purpose::Tsa), &a.crls()).run();
    assert_eq!(report.status().name(), "INDETERMINATE");
    assert!(report.overall.reason.contains("not today"), "{}", report.overall.reason);
}

#[test]
fn reads_cms_with_indefinite_lengths() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    // The outer SEQUENCE with an indefinite length: BER, as some TSAs send it.
    let inner = kokuin_asn1::Reader::new(&token, "ContentInfo").next().expect("a SEQUENCE").value.to_vec();
    let ber = [&[0x30, 0x80][..], &inner, &[0, 0]].concat();
    assert_eq!(verdict(&Asked::new(&ber, &a.trust_both(), &a.crls()).run()), "TOTAL-PASSED");
}
