//! Each rule, its failure bit and its exact bytes (TSP-10 to TSP-19, TSP-21).

use kokuin_asn1::{
    Extension, Oid, enc, oids,
    tsp::{FailureInfo, RequestBuilder, encode_rejection},
};
use kokuin_key::KeyState;
use kokuin_suite::DigestAlgorithm;
use kokuin_tsa::RefusalClass;

use crate::{
    faulty_key::Fault,
    fixture::{Setup, request},
};

/// The DER of a rejection, put together by hand: status 2, one line of text, the bits as TSP-19 lists them.
fn rejection(text: &str, bits: &[u8]) -> Vec<u8> {
    let text_len = u8::try_from(text.len()).unwrap();
    let free_text = [&[0x30, text_len + 2, 0x0c, text_len][..], text.as_bytes()].concat();
    let info_len = u8::try_from(3 + free_text.len() + bits.len()).unwrap();
    [&[0x30, info_len + 2, 0x30, info_len, 0x02, 0x01, 0x02][..], &free_text, bits].concat()
}

const BAD_ALG: &[u8] = &[0x03, 0x02, 0x07, 0x80];
const BAD_REQUEST: &[u8] = &[0x03, 0x02, 0x05, 0x20];
const BAD_DATA_FORMAT: &[u8] = &[0x03, 0x02, 0x02, 0x04];
const TIME_NOT_AVAILABLE: &[u8] = &[0x03, 0x03, 0x01, 0x00, 0x02];
const UNACCEPTED_POLICY: &[u8] = &[0x03, 0x03, 0x00, 0x00, 0x01];
const UNACCEPTED_EXTENSION: &[u8] = &[0x03, 0x04, 0x07, 0x00, 0x00, 0x80];
const ADD_INFO_NOT_AVAILABLE: &[u8] = &[0x03, 0x04, 0x06, 0x00, 0x00, 0x40];
const SYSTEM_FAILURE: &[u8] = &[0x03, 0x05, 0x06, 0x00, 0x00, 0x00, 0x40];

#[test]
fn refuses_an_unknown_digest_tsp_10() {
    let bench = Setup::default().start();
    let md5: Oid = "1.2.840.113549.2.5".parse().unwrap();
    let answer = bench.answer(&RequestBuilder::new(&md5, &[7; 16]).encode());
    assert_eq!(answer, rejection("digest algorithm 1.2.840.113549.2.5 is not known", BAD_ALG));
}

#[test]
fn refuses_sha_1_and_what_the_policy_leaves_out_tsp_03() {
    let mut setup = Setup::default();
    setup.config.tsu[0].hashes.retain(|hash| hash.0 != DigestAlgorithm::Sha512);
    let bench = setup.start();
    let sha1 = bench.answer(&RequestBuilder::new(&oids::SHA1, &[7; 20]).encode());
    assert_eq!(sha1, rejection("digest algorithm sha1 is not accepted", BAD_ALG));
    let sha512 = bench.answer(&RequestBuilder::new(&oids::SHA512, &[7; 64]).encode());
    assert_eq!(sha512, rejection("digest algorithm sha512 is not accepted", BAD_ALG));
    for (oid, len) in [(oids::SHA256, 32), (oids::SHA384, 48), (oids::SHA3_256, 32), (oids::SHA3_512, 64)] {
        bench.token(&RequestBuilder::new(&oid, &vec![7; len]).encode());
    }
}

#[test]
fn refuses_digest_parameters_that_are_not_null_tsp_04() {
    let bench = Setup::default().start();
    let algorithm = enc::sequence(&[&enc::oid(&oids::SHA256), &enc::octet_string(&[1])]);
    let imprint = enc::sequence(&[&algorithm, &enc::octet_string(&[7; 32])]);
    let answer = bench.answer(&RequestBuilder::with_imprint(&imprint).encode());
    assert_eq!(answer, rejection("digest algorithm 2.16.840.1.101.3.4.2.1 takes no parameters but NULL", BAD_ALG));
}

#[test]
fn refuses_another_version_as_bad_request_tsp_11() {
    let bench = Setup::default().start();
    let mut body = request().encode();
    assert_eq!(body[2..5], [0x02, 0x01, 0x01]);
    body[4] = 2;
    assert_eq!(bench.answer(&body), rejection("request is version 2, version 1 is the only one", BAD_REQUEST));
}

#[test]
fn refuses_an_imprint_shorter_or_longer_than_its_digest_tsp_02() {
    let bench = Setup::default().start();
    for found in [31, 33] {
        let answer = bench.answer(&RequestBuilder::new(&oids::SHA256, &vec![7; found]).encode());
        let text = format!("message imprint has {found} octets, sha256 makes 32");
        assert_eq!(answer, rejection(&text, BAD_DATA_FORMAT));
    }
}

#[test]
fn refuses_an_empty_body_tsp_12() {
    let bench = Setup::default().start();
    assert_eq!(bench.answer(&[]), rejection("the body is empty", BAD_DATA_FORMAT));
}

#[test]
fn refuses_what_is_not_der_as_bad_data_format_tsp_01_tsp_12() {
    let bench = Setup::default().start();
    let good = request().encode();
    let explicit_false = [&good[..], &[0x01, 0x01, 0x00]].concat();
    let mut bodies = vec![
        b"GET / HTTP/1.1".to_vec(),
        [&good[..], &[0]].concat(),
        good[..good.len() - 1].to_vec(),
        [&[0x30, 0x80][..], &good[2..], &[0, 0]].concat(),
        [&[0x30, 0x81, good[1]][..], &good[2..]].concat(),
        {
            let mut body = explicit_false;
            body[1] += 3;
            body
        },
        request().nonce_content(&[0, 1]).encode(),
        request().nonce_content(&[]).encode(),
        request().nonce_content(&[1; 33]).encode(),
    ];
    // Every cut is refused too.
    bodies.extend((1..good.len()).map(|len| good[..len].to_vec()));
    for body in bodies {
        let answer = bench.answer(&body);
        assert_eq!(
            answer,
            rejection("the body is not one TimeStampReq in DER", BAD_DATA_FORMAT),
            "{}",
            hex::encode(body)
        );
    }
}

#[test]
fn refuses_a_policy_that_is_not_offered_tsp_14() {
    let bench = Setup::default().start();
    let policy: Oid = "1.2.3.4".parse().unwrap();
    let answer = bench.answer(&request().policy(&policy).encode());
    assert_eq!(answer, rejection("policy 1.2.3.4 is not offered", UNACCEPTED_POLICY));
}

#[test]
fn refuses_any_extension_critical_or_not_tsp_15() {
    let bench = Setup::default().start();
    let oid: Oid = "1.3.6.1.5.5.7.1.3".parse().unwrap();
    for critical in [false, true] {
        let body = request().extension(&Extension::encode(&oid, critical, &[0x05, 0x00])).encode();
        assert_eq!(
            bench.answer(&body),
            rejection("extension 1.3.6.1.5.5.7.1.3 is not supported", UNACCEPTED_EXTENSION)
        );
    }
}

#[test]
fn refuses_when_the_clock_refuses_tsp_13() {
    let bench = Setup::default().start();
    bench.clock.refuse(true);
    let text = "the time is not known well enough at the moment";
    assert_eq!(bench.answer(&request().encode()), rejection(text, TIME_NOT_AVAILABLE));
}

#[test]
fn refuses_when_the_key_fails_or_is_suspended_tsp_17() {
    let bench = Setup::default().start();
    bench.key.set_fault(Fault::SessionLost);
    let unsigned = rejection("the token could not be signed; try again later", SYSTEM_FAILURE);
    assert_eq!(bench.answer(&request().encode()), unsigned);
    bench.key.set_fault(Fault::None);
    bench.token(&request().encode());
    for state in [KeyState::Suspended, KeyState::Lost] {
        bench.key.set_state(state);
        let out = rejection("the time-stamping unit is not in service", SYSTEM_FAILURE);
        assert_eq!(bench.answer(&request().encode()), out, "{state} (THR-65)");
    }
    bench.key.set_state(KeyState::Active);
    bench.token(&request().encode());
}

#[test]
fn refuses_when_the_log_fails_tsp_17() {
    let bench = Setup::default().start();
    bench.store.set_failing(true);
    let text = "the token could not be recorded and was not issued; try again later";
    assert_eq!(bench.answer(&request().encode()), rejection(text, SYSTEM_FAILURE));
}

#[test]
fn spells_each_failure_bit_as_listed_tsp_19() {
    for (failure, bits) in [
        (FailureInfo::BadAlg, BAD_ALG),
        (FailureInfo::BadRequest, BAD_REQUEST),
        (FailureInfo::BadDataFormat, BAD_DATA_FORMAT),
        (FailureInfo::TimeNotAvailable, TIME_NOT_AVAILABLE),
        (FailureInfo::UnacceptedPolicy, UNACCEPTED_POLICY),
        (FailureInfo::UnacceptedExtension, UNACCEPTED_EXTENSION),
        // TSP-16: no rule of ours ends there; see response.rs.
        (FailureInfo::AddInfoNotAvailable, ADD_INFO_NOT_AVAILABLE),
        (FailureInfo::SystemFailure, SYSTEM_FAILURE),
    ] {
        assert_eq!(encode_rejection("why", failure), rejection("why", bits));
    }
}

#[test]
fn says_nothing_about_the_inside_tsp_21() {
    let bench = Setup::default().start();
    bench.store.set_failing(true);
    let (_, log) = bench.refusal(&request().encode());
    bench.store.set_failing(false);
    let (_, der) = bench.refusal(&[0x30]);
    for text in [log, der] {
        for inside in ["sqlite", "told to fail", "tsu", "offset", "::", "/"] {
            assert!(!text.contains(inside), "{text}");
        }
    }
}

#[test]
fn counts_each_refusal_for_operators() {
    let bench = Setup::default().start();
    bench.answer(&[]);
    bench.answer(&[]);
    bench.token(&request().encode());
    let text = bench.registry.render();
    assert!(
        text.contains(&format!("kokuin_tsa_refusals_total{{code=\"{}\"}} 2", RefusalClass::BodyEmpty.code())),
        "{text}"
    );
    assert!(text.contains("kokuin_tsa_tokens_total 1"), "{text}");
}
