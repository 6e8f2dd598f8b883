//! The load generator against services whose answers are known.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    process::Command,
};

use kokuin_asn1::{
    cms::{SignedDataParts, SignerIdParts, SignerParts, build_signed_data},
    enc, oids,
    tsp::{FailureInfo, GenTime, TimeStampReq, TstInfoParts, encode_granted, encode_rejection},
};

/// Answers one request's body.
type Answer = fn(&TimeStampReq<'_>) -> Vec<u8>;

fn token(request: &TimeStampReq<'_>, nonce: Option<&[u8]>) -> Vec<u8> {
    let policy = "2.999.1".parse().unwrap();
    let info = TstInfoParts {
        policy: &policy,
        imprint: request.imprint.raw,
        serial: &[1],
        gen_time: GenTime::from_unix_micros(1_795_435_200_000_000).unwrap(),
        accuracy: None,
        ordering: false,
        nonce,
        tsa: None,
        extensions: &[],
    };
    let algorithm = enc::sequence(&[&enc::oid(&oids::SHA256)]);
    encode_granted(&build_signed_data(&SignedDataParts {
        digest_algorithms: &[&algorithm],
        content_type: &oids::ID_CT_TST_INFO,
        content: Some(&info.encode()),
        certificates: &[],
        crls: &[],
        signers: &[SignerParts {
            sid: SignerIdParts::IssuerSerial { issuer: &[0x30, 0], serial: &[1] },
            digest_algorithm: &algorithm,
            signed_attributes: None,
            signature_algorithm: &algorithm,
            signature: &[1],
            unsigned_attributes: &[],
        }],
    }))
}

fn serve(answer: Answer, head: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/tsa", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let stream = stream.unwrap();
            std::thread::spawn(move || converse(stream, answer, head));
        }
    });
    url
}

fn converse(mut stream: TcpStream, answer: Answer, head: &str) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..length]);
        let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&bytes[..end]).into_owned();
        assert!(text.starts_with("POST /tsa HTTP/1.1\r\n") && text.contains("application/timestamp-query"), "{text}");
        let length: usize = text.split("Content-Length: ").nth(1).unwrap().parse().unwrap();
        if bytes.len() < end + 4 + length {
            continue;
        }
        let body = answer(&TimeStampReq::parse(&bytes[end + 4..]).unwrap());
        bytes.clear();
        let head = format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n", body.len());
        if stream.write_all(&[head.as_bytes(), &body].concat()).is_err() || head.contains("close") {
            return;
        }
    }
}

/// Runs the generator; its exit and its report.
fn measure(url: &str, more: &[&str]) -> (bool, serde_json::Value) {
    let common = ["tsa", "--url", url, "--connections", "4", "--warm-up", "10ms", "--check-every", "1", "--json"];
    let output = Command::new(env!("CARGO_BIN_EXE_kokuin-bench")).args(common).args(more).output().unwrap();
    (output.status.success(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn counts_tokens_and_what_they_cost() {
    let url = serve(|request| token(request, request.nonce), "");
    let own = std::process::id().to_string();
    let folder = std::env::temp_dir();
    let more = ["--count", "500", "--pid", &own, "--data", folder.to_str().unwrap()];
    let (good, report) = measure(&url, &more);
    assert!(good, "{report}");
    assert_eq!((&report["tokens"], &report["errors"]), (&500.into(), &serde_json::json!({})));
    assert!(report["latency_us"]["p50"].as_u64() <= report["latency_us"]["p999"].as_u64());
    assert!(report["server"]["resident_after_mib"].as_f64() > Some(1.0), "{report}");
    assert!(report["raw"]["yardstick_us"].as_f64() > Some(1.0) && report["fdatasync"]["p50_us"].is_u64(), "{report}");
}

#[test]
fn keeps_to_a_rate() {
    let url = serve(|request| token(request, request.nonce), "");
    let (good, report) = measure(&url, &["--duration", "1s", "--rate", "200"]);
    let tokens = report["tokens"].as_u64().unwrap();
    assert!(good && (150..=201).contains(&tokens), "{report}");
}

#[test]
fn connects_again_where_the_server_closes() {
    let url = serve(|request| token(request, request.nonce), "Connection: close\r\n");
    let (good, report) = measure(&url, &["--count", "50"]);
    assert!(good && report["tokens"] == 50, "{report}");
}

#[test]
fn fails_on_refusals_and_on_tokens_for_something_else() {
    let url = serve(|_| encode_rejection("no", FailureInfo::SystemFailure), "");
    let (good, report) = measure(&url, &["--count", "20"]);
    assert!(!good && report["errors"] == serde_json::json!({"refused": 20}), "{report}");
    let url = serve(|request| token(request, Some(&[7])), "");
    let (good, report) = measure(&url, &["--count", "20"]);
    assert!(!good && report["errors"] == serde_json::json!({"mismatch": 20}), "{report}");
}
