//! RFC 3161.

use kokuin_asn1::{
    Asn1Error, Extension, enc, oids,
    tsp::{Accuracy, FailureInfo, GenTime, MAX_NONCE, PkiStatus, RequestBuilder, TimeStampReq, TimeStampResp, TstInfo},
};

use crate::fixture::{NOON, imprint, token, tst_info};

fn request(parts: &[&[u8]]) -> Vec<u8> {
    enc::sequence(parts)
}

const VERSION_1: [u8; 3] = [2, 1, 1];

/// TSP-01, TSP-04: what `openssl ts -query -sha256 -cert -no_nonce` writes for the digest of nothing.
#[test]
fn reads_the_request_of_another_implementation() {
    let der = hex::decode(concat!(
        "3039020101",
        "3031300d060960864801650304020105000420",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "0101ff"
    ))
    .unwrap();
    let request = TimeStampReq::parse(&der).unwrap();
    assert_eq!(request.version, 1);
    assert_eq!(request.imprint.algorithm.oid, oids::SHA256);
    assert_eq!(request.imprint.algorithm.parameters, Some(&[5, 0][..]));
    assert_eq!(request.imprint.digest.len(), 32);
    assert_eq!(request.imprint.raw, &der[5..56]);
    assert_eq!((request.policy, request.nonce, request.cert_req), (None, None, true));
    assert_eq!(request.extensions, []);
}

/// TSP-01.
#[test]
fn first_octets_of_a_request_are_those_of_the_table() {
    let der = RequestBuilder::new(&oids::SHA256, &[0; 32]).encode();
    assert_eq!((der[0], &der[2..5]), (0x30, &VERSION_1[..]));
}

/// TSP-01, TSP-11: well-formed, so that the answer is badRequest and not badDataFormat.
#[test]
fn reads_request_of_another_version() {
    let der = request(&[&[2, 1, 2], &imprint()]);
    assert_eq!(TimeStampReq::parse(&der).unwrap().version, 2);
}

/// TSP-01.
#[test]
fn refuses_requests_that_are_not_der() {
    let good = request(&[&VERSION_1, &imprint()]);
    assert!(TimeStampReq::parse(&good).is_ok());

    let trailing = [&good[..], &[0]].concat();
    assert!(matches!(TimeStampReq::parse(&trailing), Err(Asn1Error::TrailingBytes { count: 1, .. })));
    let inner = request(&[&VERSION_1, &imprint(), &[5, 0]]);
    assert!(matches!(TimeStampReq::parse(&inner), Err(Asn1Error::TrailingBytes { count: 2, .. })));
    let explicit_false = request(&[&VERSION_1, &imprint(), &[1, 1, 0]]);
    assert!(matches!(TimeStampReq::parse(&explicit_false), Err(Asn1Error::DefaultEncoded { .. })));
    let indefinite = [&[0x30, 0x80], &good[2..], &[0, 0]].concat();
    assert!(matches!(TimeStampReq::parse(&indefinite), Err(Asn1Error::IndefiniteLength { .. })));
    let empty_extensions = request(&[&VERSION_1, &imprint(), &[0xa0, 0]]);
    assert!(matches!(TimeStampReq::parse(&empty_extensions), Err(Asn1Error::Empty { .. })));
    let out_of_order = request(&[&VERSION_1, &imprint(), &[1, 1, 0xff], &[2, 1, 5]]);
    assert!(matches!(TimeStampReq::parse(&out_of_order), Err(Asn1Error::TrailingBytes { .. })));
    assert!(matches!(TimeStampReq::parse(&[]), Err(Asn1Error::Missing { .. })));
}

/// TSP-01, TSP-08.
#[test]
fn reads_extensions_and_refuses_explicit_false_in_them() {
    let extension = Extension::encode(&oids::QC_STATEMENTS, false, &[5, 0]);
    let der = request(&[&VERSION_1, &imprint(), &enc::implicit_constructed(0, &extension)]);
    let request_read = TimeStampReq::parse(&der).unwrap();
    assert_eq!(
        request_read.extensions,
        [Extension { raw: &extension, oid: oids::QC_STATEMENTS, critical: false, value: &[5, 0] }]
    );

    let spelled = enc::sequence(&[&enc::oid(&oids::QC_STATEMENTS), &enc::boolean(false), &enc::octet_string(&[])]);
    let der = request(&[&VERSION_1, &imprint(), &enc::implicit_constructed(0, &spelled)]);
    assert!(matches!(TimeStampReq::parse(&der), Err(Asn1Error::DefaultEncoded { .. })));
}

/// TSP-06.
#[test]
fn keeps_nonces_of_any_sign_and_refuses_long_ones() {
    for nonce in [&[0][..], &[0x80], &[0, 0xff], &[0x7f; MAX_NONCE]] {
        let der = RequestBuilder::new(&oids::SHA256, &[0; 32]).nonce_content(nonce).encode();
        assert_eq!(TimeStampReq::parse(&der).unwrap().nonce, Some(nonce));
    }
    let der = RequestBuilder::new(&oids::SHA256, &[0; 32]).nonce_content(&[0x7f; 33]).encode();
    assert_eq!(TimeStampReq::parse(&der), Err(Asn1Error::NonceTooLong { limit: 32, found: 33 }));
    let padded = request(&[&VERSION_1, &imprint(), &[2, 2, 0, 1]]);
    assert!(matches!(TimeStampReq::parse(&padded), Err(Asn1Error::IntegerNotMinimal { .. })));
}

/// TSP-33, TSP-35.
#[test]
fn reads_the_token_it_writes() {
    let der = tst_info();
    let info = TstInfo::parse(&der).unwrap();
    assert_eq!(info.gen_time.to_string(), "20261123120000.123456Z");
    assert_eq!(info.accuracy, Some(Accuracy { seconds: 0, millis: 500, micros: 0 }));
    assert_eq!((info.serial, info.nonce, info.ordering), (&[1, 2][..], Some(&[0, 0xff][..]), false));
    assert_eq!(info.policy, oids::BEST_PRACTICES_TS_POLICY);
    assert_eq!(info.imprint.raw, imprint());
    assert!(info.is_der);
    // TSP-35: 500 ms.
    let accuracy = hex::decode("3004800201f4").unwrap();
    assert!(der.windows(accuracy.len()).any(|window| window == accuracy));
}

/// Tokens in use spell `ordering` out; ours do not (TSP-33).
#[test]
fn says_that_a_default_is_spelled_out() {
    let der = tst_info();
    let content = &TstInfo::parse(&der).unwrap().raw[2..];
    let nonce_at = content.len() - 4;
    let spelled = enc::sequence(&[&content[..nonce_at], &enc::boolean(false), &content[nonce_at..]]);
    let info = TstInfo::parse(&spelled).unwrap();
    assert!(!info.ordering && !info.is_der);
}

#[test]
fn refuses_token_of_another_version() {
    let mut der = tst_info();
    assert_eq!(&der[2..5], VERSION_1);
    der[4] = 2;
    assert!(matches!(TstInfo::parse(&der), Err(Asn1Error::UnsupportedVersion { found: 2, .. })));
}

/// TSP-34.
#[test]
fn reads_gen_time_as_the_rfc_spells_it() {
    for text in ["20261123120000Z", "20261123120000.1Z", "20261123120000.000000001Z", "20261123120000.123456789Z"] {
        assert_eq!(GenTime::parse(text.as_bytes()).unwrap().to_string(), text);
    }
    let malformed = [
        "20261123120000",
        "202611231200Z",
        "20261123120000.Z",
        "20261123120000.0Z",
        "20261123120000.10Z",
        "20261123120000,1Z",
        "20261123120000.1234567891Z",
        "20261123240000Z",
        "20261123235960Z",
        "20261131120000Z",
        "20261123120000+0900",
        " 0261123120000Z",
    ];
    for text in malformed {
        assert!(matches!(GenTime::parse(text.as_bytes()), Err(Asn1Error::TimeMalformed { .. })), "{text}");
    }
}

#[test]
fn gen_time_counts_microseconds() {
    let time = GenTime::from_unix_micros(NOON * 1_000_000 + 120_000).unwrap();
    assert_eq!(time.to_string(), "20261123120000.12Z");
    assert_eq!(GenTime::from_unix_micros(-1).unwrap().to_string(), "19691231235959.999999Z");
    assert_eq!(GenTime::from_unix_micros(i64::MAX), Err(Asn1Error::TimeOutOfRange));
    assert_eq!(GenTime::parse(b"20261123120000.0000009Z").unwrap().unix_micros(), NOON * 1_000_000);
}

/// TSP-35.
#[test]
fn refuses_thousandths_out_of_range() {
    let with = |accuracy: &[u8]| {
        let der = tst_info();
        let content = &der[2..];
        let old = hex::decode("3004800201f4").unwrap();
        let start = content.windows(old.len()).position(|window| window == old).unwrap();
        let der = enc::sequence(&[&content[..start], &enc::sequence(&[accuracy]), &content[start + old.len()..]]);
        TstInfo::parse(&der).map(|info| info.accuracy.unwrap())
    };
    assert_eq!(with(&[2, 1, 1, 0x80, 1, 2, 0x81, 1, 3]), Ok(Accuracy { seconds: 1, millis: 2, micros: 3 }));
    assert_eq!(with(&[]), Ok(Accuracy::default()));
    for accuracy in [&[0x80, 1, 0][..], &[0x80, 2, 3, 0xe8], &[0x81, 1, 0xff], &[2, 1, 0xff], &[2, 5, 1, 0, 0, 0, 0]] {
        assert!(matches!(with(accuracy), Err(Asn1Error::IntegerOutOfRange { .. })), "{accuracy:02x?}");
    }
}

/// TSP-18, TSP-19, TSP-21.
#[test]
fn writes_and_reads_answers() {
    let token = token();
    let granted = TimeStampResp::encode_granted(&token);
    let answer = TimeStampResp::parse(&granted).unwrap();
    assert_eq!((answer.status, answer.token, answer.fail_info), (PkiStatus::Granted, Some(&token[..]), None));

    let refused = TimeStampResp::encode_rejection("no", FailureInfo::BadAlg);
    assert_eq!(hex::encode(&refused), "300f300d020102 3004 0c026e6f 03020780".replace(' ', ""));
    let answer = TimeStampResp::parse(&refused).unwrap();
    assert_eq!(answer.status, PkiStatus::Rejection);
    assert_eq!(answer.status_text, ["no"]);
    assert_eq!((answer.fail_info, answer.token), (Some(FailureInfo::BadAlg), None));
}

/// TSP-18, TSP-20.
#[test]
fn refuses_answers_that_contradict_themselves() {
    let answer = |status: u8, fail_info: &[u8], token: &[u8]| {
        TimeStampResp::parse(&enc::sequence(&[&enc::sequence(&[&[2, 1, status], fail_info]), token])).map(|_| ())
    };
    let token = token();
    let bad_alg = FailureInfo::BadAlg.der();
    assert_eq!(answer(0, &[], &[]), Err(Asn1Error::TokenMissing { status: 0 }));
    assert_eq!(answer(1, &[], &[]), Err(Asn1Error::TokenMissing { status: 1 }));
    assert_eq!(answer(0, &bad_alg, &token), Err(Asn1Error::FailureInfoForbidden { status: 0 }));
    for status in 2..=5 {
        assert_eq!(answer(status, &[], &token), Err(Asn1Error::TokenForbidden { status }));
        assert_eq!(answer(status, &bad_alg, &[]), Ok(()));
    }
    assert_eq!(answer(6, &[], &[]), Err(Asn1Error::StatusUnknown { found: 6 }));
    assert_eq!(answer(2, &[3, 2, 6, 0x40], &[]), Err(Asn1Error::FailureInfoUnknown { found: 0x4000_0000 }));
    assert!(matches!(answer(2, &[3, 2, 0, 0x80], &[]), Err(Asn1Error::BitStringMalformed { .. })));
}
