//! Bad input for every door, and what a caller gets.

use actix_web::{dev::Payload, http::StatusCode, test::TestRequest, web::Bytes};
use futures_util::stream;
use kokuin_audit::{Entry, entry::LogTime};

use crate::{
    fixture::{Bench, READER, SEALER, STRANGER, Setup, get, multipart, multipart_body, post},
    pdf::document,
};

const CADES: &[u8] = br#"{"format":"cades","level":"B-B"}"#;
const PADES: &[u8] = br#"{"format":"pades","level":"B-B"}"#;

type Parts<'a> = &'a [(&'a str, &'a [u8])];

async fn problem(bench: &Bench, asked: TestRequest) -> (u16, String) {
    bench.call(asked).await.problem()
}

fn expected(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

#[actix_web::test]
async fn refuses_strangers_before_their_body_is_read() {
    let bench = Setup::default().start();
    let nobody = TestRequest::post().uri("/v1/seals");
    assert_eq!(problem(&bench, nobody).await, expected(401, "web.credentials-missing"));
    assert_eq!(problem(&bench, post("guessed", "text/plain")).await, expected(401, "web.credentials-invalid"));
    assert_eq!(problem(&bench, post(STRANGER, "text/plain")).await, expected(403, "web.forbidden"));
    assert_eq!(problem(&bench, post(READER, "text/plain")).await, expected(403, "web.forbidden"));
    assert_eq!(problem(&bench, post(SEALER, "text/plain")).await, expected(415, "web.media-type"));
    assert_eq!(problem(&bench, get(SEALER, "/v1/seals")).await, expected(405, "web.method"));
    let large = multipart(SEALER, &[("document", &vec![0; 200_000]), ("request", CADES)]);
    assert_eq!(problem(&bench, large).await, expected(413, "web.body-too-large"));
    let document = multipart(SEALER, &[("document", &vec![0; 100_001]), ("request", CADES)]);
    assert_eq!(problem(&bench, document).await, expected(413, "eseal.document-too-large"));
}

#[actix_web::test]
async fn counts_in_the_log_what_the_door_refused() {
    let bench = Setup::default().start();
    for _ in 0..2 {
        bench.call(TestRequest::post().uri("/v1/seals")).await;
        bench.call(post(READER, "text/plain")).await;
        bench.call(post(SEALER, "text/plain")).await;
        bench.call(get(SEALER, "/v1/seals")).await;
        bench.call(multipart(SEALER, &[("document", &vec![0; 200_000]), ("request", CADES)])).await;
        bench.call(get("guessed", "/v1/credentials")).await;
        bench.call(TestRequest::delete().uri("/v1/credentials")).await;
    }
    bench.service.stop().unwrap();
    let entries = bench.entries();
    let of = |status: &str| -> u64 {
        let counted = entries.iter().filter_map(|entry| match entry {
            Entry::Refusals(counted) if counted.class.as_str() == status => Some(counted.count),
            _ => None,
        });
        counted.sum()
    };
    assert_eq!(["http-401", "http-403", "http-405", "http-413", "http-415"].map(of), [4, 2, 4, 2, 2]);
}

#[actix_web::test]
async fn thr_75_refuses_bodies_that_two_readers_read_in_two_ways() {
    let bench = Setup::default().start();
    let (document, request) = (("document", &b"x"[..]), ("request", CADES));
    let twice = br#"{"format":"cades","level":"B-B","level":"B-T"}"#;
    let cases: [(Parts<'_>, &str); 8] = [
        (&[document, document, request], "eseal.part-twice"),
        (&[document, request, request], "eseal.part-twice"),
        (&[document, request, ("other", b"x")], "eseal.part-unknown"),
        (&[document, ("Request", CADES)], "eseal.part-unknown"),
        (&[document], "eseal.part-missing"),
        (&[request], "eseal.part-missing"),
        (&[], "eseal.multipart"),
        (&[document, ("request", twice)], "eseal.json"),
    ];
    for (parts, code) in cases {
        assert_eq!(problem(&bench, multipart(SEALER, parts)).await, expected(400, code), "{code}");
    }
    let typed = |content_type| post(SEALER, content_type);
    let form = "multipart/form-data; boundary=B";
    let whole = multipart_body(&[document, request]);
    let epilogue =
        [whole.clone(), b"--B\r\nContent-Disposition: form-data; name=\"document\"\r\n\r\ny\r\n--B--\r\n".to_vec()]
            .concat();
    let cut = whole[..whole.len() - 6].to_vec();
    let nested = [
        b"--B\r\nContent-Disposition: form-data; name=\"document\"\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n".to_vec(),
        b"--C--\r\n--B--\r\n".to_vec(),
    ]
    .concat();
    let part = |head: &str| {
        let head = format!("--B\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        [head.into_bytes(), b"x\r\n".to_vec(), multipart_body(&[request])].concat()
    };
    let named_twice = part("name=\"document\"; name=\"request\"");
    let headed_twice = part("name=\"document\"\r\nContent-Disposition: form-data; name=\"request\"");
    let encoded = part("name=\"document\"\r\nContent-Transfer-Encoding: base64");
    let whole_part = typed(form).set_payload(part("name=\"document\""));
    assert_eq!(bench.call(whole_part).await.status, StatusCode::CREATED);
    for body in [epilogue, cut, nested, named_twice, headed_twice, encoded] {
        assert_eq!(problem(&bench, typed(form).set_payload(body)).await, expected(400, "eseal.multipart"));
    }
    let unbounded = typed("multipart/form-data").set_payload(whole);
    assert_eq!(problem(&bench, unbounded).await, expected(400, "eseal.multipart"));
}

#[actix_web::test]
async fn refuses_what_is_not_offered() {
    let bench = Setup::default().start();
    for (request, status, code) in [
        (r#"{"format":"xades","level":"B-B"}"#, 422, "eseal.format-not-offered"),
        (r#"{"format":"cades","level":"B-LTA"}"#, 422, "eseal.level-not-offered"),
        (r#"{"format":"cades","level":"B-B","packaging":"enveloped"}"#, 422, "eseal.packaging-not-offered"),
        (r#"{"format":"cades","level":"B-B","credential":"other"}"#, 422, "eseal.credential-unknown"),
        (r#"{"format":"cades","level":"b-b"}"#, 400, "eseal.json"),
        (r#"{"format":"cades","level":"B-B","visible":true}"#, 400, "eseal.json"),
        ("[]", 400, "eseal.json"),
    ] {
        let asked = multipart(SEALER, &[("document", b"x"), ("request", request.as_bytes())]);
        assert_eq!(problem(&bench, asked).await, expected(status, code), "{request}");
    }
    let empty = multipart(SEALER, &[("document", b""), ("request", CADES)]);
    assert_eq!(problem(&bench, empty).await, expected(422, "eseal.document-empty"));
    let without = Setup { has_tsa: false, ..Setup::default() }.start();
    let asked = multipart(SEALER, &[("document", b"x"), ("request", br#"{"format":"cades","level":"B-T"}"#)]);
    assert_eq!(problem(&without, asked).await, expected(422, "eseal.level-not-offered"));
}

#[actix_web::test]
async fn refuses_digests_that_do_not_fit() {
    let bench = Setup::default().start();
    let sha256 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=";
    let sha384 = "ywB1P0WjXou1oD1pmsZQBycsMqsO3tFjGotgWkP/W+2AhgcroefMI1i67KE0yCWn";
    for (format, digest, status, code) in [
        ("pades", format!(r#"{{"algorithm":"sha256","value":"{sha256}"}}"#), 422, "eseal.digest-not-for-format"),
        ("cades", format!(r#"{{"algorithm":"sha384","value":"{sha384}"}}"#), 422, "eseal.digest-algorithm"),
        ("cades", format!(r#"{{"algorithm":"sha256","value":"{sha384}"}}"#), 422, "eseal.digest-length"),
        ("cades", format!(r#"{{"algorithm":"md4","value":"{sha256}"}}"#), 422, "eseal.digest-algorithm-unknown"),
        ("cades", r#"{"algorithm":"sha256","value":"-"}"#.to_owned(), 400, "eseal.digest-value"),
    ] {
        let body = format!(r#"{{"format":"{format}","level":"B-B","digest":{digest}}}"#);
        let asked = post(SEALER, "application/json").set_payload(body);
        assert_eq!(problem(&bench, asked).await, expected(status, code));
    }
    let neither = post(SEALER, "application/json").set_payload(CADES);
    assert_eq!(problem(&bench, neither).await, expected(400, "eseal.document-or-digest"));
    let both = format!(r#"{{"format":"cades","level":"B-B","digest":{{"algorithm":"sha256","value":"{sha256}"}}}}"#);
    let asked = multipart(SEALER, &[("document", b"x"), ("request", both.as_bytes())]);
    assert_eq!(problem(&bench, asked).await, expected(400, "eseal.document-or-digest"));
}

#[actix_web::test]
async fn refuses_pdfs_that_are_not_sealed() {
    let bench = Setup::default().start();
    let sealed = bench.seal(r#"{"format":"pades","level":"B-B"}"#, &document("")).await.body;
    let script = document("/OpenAction<</S/JavaScript/JS(x)>>");
    let encrypted =
        String::from_utf8(document("")).unwrap().replace("/Root 1 0 R", "/Root 1 0 R/Encrypt<<>>").into_bytes();
    for (file, code) in [
        (b"hello".to_vec(), "pdf.not-a-pdf"),
        (sealed, "pdf.existing-signature"),
        (script, "pdf.active-content"),
        (encrypted, "pdf.encrypted"),
        (document("/Perms<</DocMDP 4 0 R>>"), "pdf.certified"),
        (document("/AcroForm<</Fields[4 0 R]>>"), "pdf.existing-form"),
        (document("")[..200].to_vec(), "pdf.broken-xref"),
    ] {
        let asked = multipart(SEALER, &[("document", &file), ("request", PADES)]);
        assert_eq!(problem(&bench, asked).await, expected(422, code));
    }
    let metrics = String::from_utf8(bench.call(TestRequest::get().uri("/metrics")).await.body).unwrap();
    assert!(metrics.contains("kokuin_eseal_refusals_total{class=\"document\"} 7"), "{metrics}");
    assert!(metrics.contains("kokuin_eseal_seals_total 1"), "{metrics}");
}

#[actix_web::test]
async fn makes_one_seal_of_a_request_sent_twice() {
    let bench = Setup::default().start();
    let asked = |key: &str, document: &[u8]| {
        multipart(SEALER, &[("document", document), ("request", CADES)]).insert_header(("idempotency-key", key))
    };
    let first = bench.call(asked("k1", b"x")).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let again = bench.call(asked("k1", b"x")).await;
    assert_eq!(again.problem(), expected(409, "eseal.already-sealed"));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(problem(&bench, asked("k1", b"y")).await, expected(422, "eseal.idempotency-key-reused"));
    assert_eq!(bench.call(asked("k2", b"x")).await.status, StatusCode::CREATED);
    assert_eq!(problem(&bench, asked("", b"x")).await, expected(400, "eseal.idempotency-key"));
    assert_eq!(problem(&bench, asked("a b", b"x")).await, expected(400, "eseal.idempotency-key"));
}

#[actix_web::test]
async fn thr_72_refuses_a_token_that_is_revoked_while_the_body_comes() {
    let bench = Setup::default().start();
    let body = multipart_body(&[("document", b"x"), ("request", CADES)]);
    let tokens = bench.tokens.clone();
    let coming = stream::once(async move {
        assert!(tokens.revoke("token of sealer", LogTime::system_now()).unwrap());
        Ok(Bytes::from(body))
    });
    let payload: Payload = Payload::Stream { payload: Box::pin(coming) };
    let answer = bench.call_with(post(SEALER, "multipart/form-data; boundary=B"), Some(payload)).await;
    assert_eq!(answer.problem(), expected(401, "web.credentials-invalid"));
}
