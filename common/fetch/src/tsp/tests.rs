use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::Duration,
};

use kokuin_asn1::{
    cms::{SignedDataParts, SignerIdParts, SignerParts, build_signed_data},
    enc, oids,
    tsp::{FailureInfo, MessageImprint, TimeStampReq, TstInfoParts, encode_granted, encode_rejection},
};

use super::*;
use crate::{Limits, Reach};

const DIGEST: [u8; 32] = [7; 32];
const NONCE: [u8; 16] = [0x41; 16];
const GEN_TIME: i64 = 1_795_435_200_123_456;

/// What a TSA puts into its answer.
struct Made<'a> {
    imprint: Vec<u8>,
    nonce: Option<&'a [u8]>,
    policy: Oid,
    content_type: Oid,
    certificates: &'a [&'a [u8]],
}

impl Default for Made<'_> {
    fn default() -> Self {
        Self {
            imprint: MessageImprint::encode(&oids::SHA256, &DIGEST),
            nonce: Some(&NONCE),
            policy: "2.999.3161.1".parse().unwrap(),
            content_type: oids::ID_CT_TST_INFO,
            certificates: &[&[0x30, 0]],
        }
    }
}

impl Made<'_> {
    /// A token whose signature nobody could verify: that is not what is tested here.
    fn token(&self) -> Vec<u8> {
        let info = TstInfoParts {
            policy: &self.policy,
            imprint: &self.imprint,
            serial: &[9],
            gen_time: GenTime::from_unix_micros(GEN_TIME).unwrap(),
            accuracy: None,
            ordering: false,
            nonce: self.nonce,
            tsa: None,
            extensions: &[],
        };
        let algorithm = enc::sequence(&[&enc::oid(&oids::SHA256)]);
        build_signed_data(&SignedDataParts {
            digest_algorithms: &[&algorithm],
            content_type: &self.content_type,
            content: Some(&info.encode()),
            certificates: self.certificates,
            crls: &[],
            signers: &[SignerParts {
                sid: SignerIdParts::IssuerSerial { issuer: &[0x30, 0], serial: &[1] },
                digest_algorithm: &algorithm,
                signed_attributes: None,
                signature_algorithm: &algorithm,
                signature: &[1],
                unsigned_attributes: &[],
            }],
        })
    }

    fn response(&self) -> Vec<u8> {
        encode_granted(&self.token())
    }
}

fn wanted() -> TspRequest<'static> {
    TspRequest::new(DigestAlgorithm::Sha256, &DIGEST)
}

fn code(made: &Made<'_>) -> &'static str {
    check(&wanted(), Some(&NONCE), made.response()).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn takes_what_was_asked_for() {
    let made = Made::default();
    let answer = check(&wanted(), Some(&NONCE), made.response()).unwrap();
    assert_eq!((answer.response, answer.token), (made.response(), made.token()));
    assert_eq!((answer.gen_time.unix_micros(), answer.serial, answer.status), (GEN_TIME, vec![9], PkiStatus::Granted));
    assert_eq!(answer.policy.to_string(), "2.999.3161.1");
}

#[test]
fn refuses_another_imprint_or_algorithm_tsp_58() {
    let imprint = |imprint| code(&Made { imprint, ..Made::default() });
    assert_eq!(imprint(MessageImprint::encode(&oids::SHA256, &[8; 32])), "tsp.imprint");
    assert_eq!(imprint(MessageImprint::encode(&oids::SHA3_256, &DIGEST)), "tsp.imprint");
    let parameters = enc::sequence(&[&enc::oid(&oids::SHA256), &enc::octet_string(b"x")]);
    assert_eq!(imprint(enc::sequence(&[&parameters, &enc::octet_string(&DIGEST)])), "tsp.imprint");
    let null = enc::sequence(&[&enc::oid(&oids::SHA256), &enc::null()]);
    assert_eq!(imprint(enc::sequence(&[&null, &enc::octet_string(&DIGEST)])), "ok");
}

#[test]
fn refuses_wrong_omitted_and_unasked_nonces_tsp_58() {
    assert_eq!(code(&Made { nonce: Some(&[0x41; 15]), ..Made::default() }), "tsp.nonce-wrong");
    assert_eq!(code(&Made { nonce: None, ..Made::default() }), "tsp.nonce-missing");
    let unasked = check(&TspRequest { nonce: false, ..wanted() }, None, Made::default().response());
    assert_eq!(unasked.unwrap_err().code(), "tsp.nonce-wrong");
    let neither = Made { nonce: None, ..Made::default() }.response();
    assert!(check(&TspRequest { nonce: false, ..wanted() }, None, neither).is_ok());
}

#[test]
fn refuses_another_policy_and_missing_certificate() {
    let policy: Oid = "2.999.3161.2".parse().unwrap();
    let error = check(&TspRequest { policy: Some(&policy), ..wanted() }, Some(&NONCE), Made::default().response());
    assert_eq!(error.unwrap_err().to_string(), "the token is under policy 2.999.3161.1, asked for was 2.999.3161.2");
    assert_eq!(code(&Made { certificates: &[], ..Made::default() }), "tsp.certificate-missing");
}

#[test]
fn refuses_implausible_times_thr_39() {
    let at = |now| {
        let window = Some(Window::around(now, 60_000_000));
        check(&TspRequest { gen_time: window, ..wanted() }, Some(&NONCE), Made::default().response())
    };
    assert!(at(GEN_TIME + 60_000_000).is_ok() && at(GEN_TIME - 60_000_000).is_ok());
    for now in [GEN_TIME + 60_000_001, GEN_TIME - 60_000_001, GEN_TIME + 7_200_000_000] {
        assert_eq!(at(now).unwrap_err().code(), "tsp.gen-time");
    }
}

#[test]
fn refuses_statuses_that_contradict_themselves_tsp_18_tsp_20() {
    let token = Made::default().token();
    let with_status = |status: &[u8]| {
        let response = enc::sequence(&[&enc::sequence(&[status]), &token]);
        check(&wanted(), Some(&NONCE), response).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(with_status(&[2, 1, 0]), "ok");
    assert_eq!(with_status(&[2, 1, 1]), "ok", "granted with modifications, and nothing modified");
    for status in [&[2, 1, 2][..], &[2, 1, 3], &[2, 1, 6], &[2, 1, 0, 3, 2, 7, 0x80]] {
        assert_eq!(with_status(status), "tsp.malformed", "{status:?}");
    }
    let no_token = enc::sequence(&[&enc::sequence(&[&[2, 1, 0]])]);
    assert_eq!(check(&wanted(), Some(&NONCE), no_token).unwrap_err().code(), "tsp.malformed");
    let modified = Made { imprint: MessageImprint::encode(&oids::SHA256, &[8; 32]), ..Made::default() };
    let response = enc::sequence(&[&enc::sequence(&[&[2, 1, 1]]), &modified.token()]);
    assert_eq!(check(&wanted(), Some(&NONCE), response).unwrap_err().code(), "tsp.imprint");
}

#[test]
fn says_why_the_tsa_refuses() {
    let response = encode_rejection("clock is off", FailureInfo::TimeNotAvailable);
    let error = check(&wanted(), Some(&NONCE), response).unwrap_err();
    assert!(error.may_pass());
    assert_eq!(error.to_string(), "the TSA refuses: rejection, timeNotAvailable, \"clock is off\"");
}

#[test]
fn refuses_content_of_another_type_and_trailing_octets() {
    assert_eq!(code(&Made { content_type: oids::ID_DATA, ..Made::default() }), "tsp.not-a-time-stamp");
    let mut longer = Made::default().response();
    longer.push(0);
    assert_eq!(check(&wanted(), Some(&NONCE), longer).unwrap_err().code(), "tsp.malformed");
}

/// A TSA that answers one request with what `answer` makes of it.
fn serve(content_type: &'static str, answer: impl FnOnce(&TimeStampReq<'_>) -> Vec<u8> + Send + 'static) -> Url {
    serve_with(200, content_type, answer)
}

/// The same with another status.
fn serve_with(
    status: u16,
    content_type: &'static str,
    answer: impl FnOnce(&TimeStampReq<'_>) -> Vec<u8> + Send + 'static,
) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tsa", listener.local_addr().unwrap()).parse().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        let mut seen = Vec::new();
        let mut octet = [0];
        while !seen.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut octet).unwrap();
            seen.push(octet[0]);
        }
        let head = String::from_utf8(seen).unwrap().to_ascii_lowercase();
        assert!(head.contains("content-type: application/timestamp-query\r\n"), "{head}");
        let length = head.split("content-length: ").nth(1).unwrap().split('\r').next().unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        let body = answer(&TimeStampReq::parse(&body).unwrap());
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
    });
    url
}

fn client() -> Client {
    Client::new(Limits::TSP.with_reach(Reach::LOOPBACK))
}

#[test]
fn asks_a_tsa_over_http_with_a_fresh_nonce() {
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let url = serve("application/timestamp-reply", |request| {
            assert_eq!((request.imprint.digest, request.cert_req, request.version), (&DIGEST[..], true, 1));
            Made { imprint: request.imprint.raw.to_vec(), nonce: request.nonce, ..Made::default() }.response()
        });
        let answer = request(&client(), &url, &wanted()).unwrap();
        let signed = kokuin_asn1::cms::SignedData::parse(&answer.token).unwrap();
        let info = kokuin_asn1::tsp::TstInfo::parse(signed.content.unwrap()).unwrap();
        nonces.push(info.nonce.unwrap().to_vec());
    }
    assert_ne!(nonces[0], nonces[1]);
    assert!(nonces.iter().all(|nonce| nonce.len() == 16 && nonce[0] & 0xc0 == 0x40));
}

#[test]
fn refuses_a_replayed_token_thr_39() {
    let url = serve("application/timestamp-reply", |_| Made::default().response());
    assert_eq!(request(&client(), &url, &wanted()).unwrap_err().code(), "tsp.nonce-wrong");
}

#[test]
fn hands_over_what_a_server_says_that_turns_the_question_away() {
    for (status, may_pass) in [(401, false), (503, true)] {
        let url = serve_with(status, "application/problem+json", |_| b"{}".to_vec());
        let error = request(&client(), &url, &wanted()).unwrap_err();
        assert_eq!((error.code(), error.may_pass()), ("fetch.status", may_pass));
        assert!(matches!(error, TspError::TurnedAway(answer) if answer.status == status && answer.body == b"{}"));
    }
}

#[test]
fn refuses_another_content_type_tsp_45() {
    let url = serve("application/timestamp-response", |_| Made::default().response());
    assert_eq!(request(&client(), &url, &wanted()).unwrap_err().code(), "fetch.content-type");
}
