//! The service behind its routes (TSP-45, TSP-46).

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use actix_web::{
    App,
    dev::ServiceResponse,
    http::{Method, StatusCode},
    test::{TestRequest, call_service, init_service, read_body},
};
use kokuin_asn1::{
    cms::SignedData,
    pem,
    tsp::{PkiStatus, TimeStampResp, TstInfo},
};
use kokuin_audit::{Entry, entry::Digest};
use kokuin_key::{KeyState, Protection};
use kokuin_settings::Limit;
use kokuin_tsa::{Config, KeyParts, Reload, TsuParts, config::ConfiguredState, http::routes};
use kokuin_web::{Access, Limits, LogRoutes, RateLimit, ServiceSpec, bind, run};

use crate::{
    faulty_key::{Fault, FaultyKey},
    fixture::{Bench, Setup, keys, request},
    moved_clock::NOON,
    units::{beside, certify_as},
};

const QUERY: (&str, &str) = ("content-type", "application/timestamp-query");

/// Status, content type, one more header, and body of the answer.
async fn call(bench: &Bench, asked: TestRequest, header: &str) -> (StatusCode, String, Option<String>, Vec<u8>) {
    let log = LogRoutes::new(Arc::new(bench.service.log().clone()));
    let application = routes(&bench.service, &Limits::default(), &bench.registry, log, None);
    let app = init_service(App::new().configure(|config| application(config))).await;
    let response: ServiceResponse = call_service(&app, asked.to_request()).await.map_into_boxed_body();
    let value = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (status, content_type, header) = (response.status(), value("content-type").unwrap_or_default(), value(header));
    (status, content_type, header, read_body(response).await.to_vec())
}

/// Sends `times` queries from one address through a listener of these limits.
async fn call_limited(bench: &Bench, limits: &Limits, times: usize) {
    let log = LogRoutes::new(Arc::new(bench.service.log().clone()));
    let application = routes(&bench.service, limits, &bench.registry, log, None);
    let app = init_service(App::new().configure(|config| application(config))).await;
    for _ in 0..times {
        let asked = post("/tsa").peer_addr("192.0.2.1:1000".parse().unwrap()).set_payload(request().encode());
        call_service(&app, asked.to_request()).await;
    }
}

fn post(path: &str) -> TestRequest {
    TestRequest::post().uri(path).insert_header(QUERY)
}

#[actix_web::test]
async fn answers_a_query_with_a_reply_tsp_45() {
    let bench = Setup::default().start();
    for path in ["/tsa", "/tsa/tsu-1"] {
        let (status, content_type, _, body) = call(&bench, post(path).set_payload(request().encode()), "x").await;
        assert_eq!((status, content_type.as_str()), (StatusCode::OK, "application/timestamp-reply"));
        assert_eq!(TimeStampResp::parse(&body).unwrap().status, PkiStatus::Granted);
    }
    let parameters = ("content-type", "Application/Timestamp-Query; charset=binary");
    let asked = TestRequest::post().uri("/tsa").insert_header(parameters).set_payload(request().encode());
    assert_eq!(call(&bench, asked, "x").await.0, StatusCode::OK);
}

#[actix_web::test]
async fn refuses_within_the_protocol_with_status_200_tsp_45() {
    let bench = Setup::default().start();
    for body in [vec![], b"hello".to_vec()] {
        let (status, content_type, _, body) = call(&bench, post("/tsa").set_payload(body), "x").await;
        assert_eq!((status, content_type.as_str()), (StatusCode::OK, "application/timestamp-reply"));
        assert_eq!(TimeStampResp::parse(&body).unwrap().status, PkiStatus::Rejection);
    }
}

#[actix_web::test]
async fn refuses_at_the_door_with_a_problem() {
    let bench = Setup::default().start();
    let too_large = vec![0x30; 16 * 1024 + 1];
    let cases = [
        (TestRequest::get().uri("/tsa"), 405, "web.method"),
        (TestRequest::put().uri("/tsa/tsu-1"), 405, "web.method"),
        (TestRequest::post().uri("/tsa").set_payload(request().encode()), 415, "web.media-type"),
        (post("/tsa").insert_header(("content-type", "application/json")).set_payload("{}"), 415, "web.media-type"),
        (post("/tsa").set_payload(too_large), 413, "web.body-too-large"),
        (TestRequest::delete().uri("/tsa/certchain"), 405, "web.method"),
    ];
    for (asked, expected, code) in cases {
        let (status, content_type, _, body) = call(&bench, asked, "x").await;
        assert_eq!((status.as_u16(), content_type.as_str()), (expected, "application/problem+json"));
        assert!(String::from_utf8(body).unwrap().contains(code));
    }
    let (_, _, allow, _) = call(&bench, TestRequest::default().method(Method::PATCH).uri("/tsa"), "allow").await;
    assert_eq!(allow.as_deref(), Some("POST"));
    let (status, ..) = call(&bench, post("/tsa/tsu-2").set_payload(request().encode()), "x").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "no TSU of this name");
}

/// One entry for each status and minute, and nothing of what was sent.
#[actix_web::test]
async fn counts_in_the_log_what_the_door_refused() {
    let bench = Setup::default().start();
    let before = bench.entries().len();
    for _ in 0..2 {
        call(&bench, TestRequest::get().uri("/tsa"), "x").await;
        call(&bench, TestRequest::post().uri("/tsa/tsu-1").set_payload("x"), "x").await;
        call(&bench, post("/tsa").set_payload(vec![0x30; 16 * 1024 + 1]), "x").await;
    }
    let one = Limit::new(1).unwrap();
    let rate = Some(RateLimit { per_second: one, burst: one });
    call_limited(&bench, &Limits { rate, ..Limits::default() }, 3).await;
    bench.service.stop().unwrap();
    let entries = bench.entries().split_off(before);
    let of = |status: &str| -> u64 {
        let counted = entries.iter().filter_map(|entry| match entry {
            Entry::Refusals(counted) if counted.class.as_str() == status => Some(counted.count),
            _ => None,
        });
        counted.sum()
    };
    assert_eq!(["http-405", "http-415", "http-413", "http-429"].map(of), [2, 2, 2, 2]);
    let counted = entries.iter().filter(|entry| matches!(entry, Entry::Refusals(_))).count();
    assert!(counted <= 8, "a minute may end in between");
}

#[actix_web::test]
async fn refuses_bodies_over_the_cap_whatever_they_claim_thr_85() {
    let bench = Setup::default().start();
    let claimed = post("/tsa").insert_header(("content-length", "1073741824"));
    assert_eq!(call(&bench, claimed, "x").await.0, StatusCode::PAYLOAD_TOO_LARGE);
    let mut asked = post("/tsa");
    for _ in 0..50 {
        asked = asked.append_header(QUERY);
    }
    assert_eq!(call(&bench, asked.set_payload(request().encode()), "x").await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[actix_web::test]
async fn answers_503_while_the_queue_of_a_slow_key_is_full() {
    let mut setup = Setup { protection: Protection::Device, ..Setup::default() };
    setup.config.signing_queue = 1;
    let bench = setup.start();
    bench.key.set_fault(Fault::Slow(Duration::from_secs(2)));
    let service = Arc::clone(&bench.service);
    let ask = || {
        let service = Arc::clone(&service);
        std::thread::spawn(move || {
            let worker = kokuin_tsa::Worker::new(&service);
            actix_web::rt::System::new().block_on(worker.issue(&request().encode())).is_ok()
        })
    };
    let until = |done: &dyn Fn() -> bool| {
        let deadline = Instant::now() + Duration::from_millis(1_500);
        while !done() {
            assert!(Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let before = bench.key.signatures();
    let signing = ask();
    until(&|| bench.key.signatures() > before);
    let waiting = ask();
    until(&|| service.default_unit().is_busy());
    let (status, _, again, body) = call(&bench, post("/tsa").set_payload(request().encode()), "retry-after").await;
    assert_eq!((status, again.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("1")));
    assert!(String::from_utf8(body).unwrap().contains("web.busy"));
    assert!(signing.join().unwrap() && waiting.join().unwrap(), "who was let in is answered");
}

#[actix_web::test]
async fn publishes_its_certificates() {
    let bench = Setup::default().start();
    let (status, content_type, _, body) = call(&bench, TestRequest::get().uri("/tsa/certchain"), "x").await;
    assert_eq!((status, content_type.as_str()), (StatusCode::OK, "application/pem-certificate-chain"));
    let blocks = pem::decode_all(&body).unwrap();
    assert_eq!(blocks.len(), 2);
    assert_eq!(blocks[0].der, bench.certificate.der());
}

#[actix_web::test]
async fn gives_a_receipt_or_says_when_to_ask_again() {
    let bench = Setup::default().start();
    let (_, _, _, body) = call(&bench, post("/tsa").set_payload(request().encode()), "x").await;
    let response = TimeStampResp::parse(&body).unwrap();
    let info = SignedData::parse(response.token.unwrap()).unwrap();
    let path = format!("/tsa/receipts/{}", hex::encode(TstInfo::parse(info.content.unwrap()).unwrap().serial));
    let receipt = loop {
        let (status, content_type, again, body) = call(&bench, TestRequest::get().uri(&path), "retry-after").await;
        if status == StatusCode::OK {
            assert_eq!(content_type, "text/plain; charset=utf-8");
            break String::from_utf8(body).unwrap();
        }
        assert_eq!((status, again.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("1")));
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(receipt.starts_with("c2sp.org/tlog-proof@v1\n"), "{receipt}");
    for unknown in ["00", "zz", "0654", &"00".repeat(500)] {
        let (status, ..) = call(&bench, TestRequest::get().uri(&format!("/tsa/receipts/{unknown}")), "x").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }
}

#[actix_web::test]
async fn is_ready_while_it_can_issue() {
    let bench = Setup::default().start();
    assert_eq!(call(&bench, TestRequest::get().uri("/readyz"), "x").await.0, StatusCode::OK);
    let before = bench.key.signatures();
    bench.key.set_state(KeyState::Suspended);
    let (status, _, _, body) = call(&bench, TestRequest::get().uri("/readyz"), "x").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(String::from_utf8(body).unwrap().contains("tsa.key-not-active"));
    assert_eq!(bench.key.signatures(), before, "asking costs no signature (THR-95)");
    assert_eq!(call(&bench, TestRequest::get().uri("/healthz"), "x").await.0, StatusCode::OK);
}

#[actix_web::test]
async fn serves_log_metrics_and_its_description() {
    let bench = Setup::default().start();
    for path in ["/log/checkpoint", "/logs", "/metrics", "/openapi.json"] {
        let (status, _, _, body) = call(&bench, TestRequest::get().uri(path), "x").await;
        assert_eq!(status, StatusCode::OK, "{path}");
        assert!(!body.is_empty());
    }
    let (_, content_type, _, body) = call(&bench, TestRequest::get().uri("/openapi.json"), "x").await;
    assert_eq!(content_type, "application/json");
    let text = String::from_utf8(body).unwrap();
    let described: serde_json::Value = serde_json::from_str(&text).unwrap();
    let routes: Vec<&str> = described["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = [
        "/healthz",
        "/log/checkpoint",
        "/log/tile/{path}",
        "/logs",
        "/logs/{name}/checkpoint",
        "/logs/{name}/tile/{path}",
        "/metrics",
        "/openapi.json",
        "/readyz",
        "/tsa",
        "/tsa/batches",
        "/tsa/batches/{id}",
        "/tsa/batches/{id}/records",
        "/tsa/batches/{id}/records/{digest}",
        "/tsa/certchain",
        "/tsa/receipts/{serial}",
        "/tsa/{tsu}",
        "/tsa/{tsu}/batches",
        "/tsa/{tsu}/certchain",
    ];
    assert_eq!(BTreeSet::from_iter(routes), BTreeSet::from(expected));
    let busy = &described["paths"]["/tsa/{tsu}"]["post"]["responses"]["503"]["content"];
    assert!(busy["application/problem+json"].is_object(), "{busy}");
}

/// THR-85: who is turned away with 429 or 503 cannot go on sending for ever.
#[test]
fn closes_on_a_body_without_end_that_is_turned_away_thr_85() {
    let bench = Setup::default().start();
    let rate = Some(RateLimit { per_second: Limit::MIN, burst: Limit::MIN });
    let limits = Limits { rate, workers: Some(Limit::MIN), ..Limits::default() };
    let log = LogRoutes::new(Arc::new(bench.service.log().clone()));
    let application = routes(&bench.service, &limits, &bench.registry, log, None);
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || run(vec![ServiceSpec::new("test", listener, limits, application)]).unwrap());

    let head = "POST /tsa HTTP/1.1\r\nhost: a\r\ncontent-type: application/timestamp-query\r\n";
    let mut first = TcpStream::connect(address).unwrap();
    first.write_all(format!("{head}connection: close\r\ncontent-length: 1\r\n\r\nx").as_bytes()).unwrap();
    let mut answer = String::new();
    first.read_to_string(&mut answer).unwrap_or_default();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let chunk = format!("1000\r\n{}\r\n", "x".repeat(4_096));
    for framing in ["transfer-encoding: chunked", "content-length: 1099511627776"] {
        let mut second = TcpStream::connect(address).unwrap();
        second.write_all(format!("{head}{framing}\r\n\r\n").as_bytes()).unwrap();
        let start = Instant::now();
        while second.write_all(chunk.as_bytes()).is_ok() {
            assert!(start.elapsed() < Duration::from_secs(5), "{framing}: the server takes all that comes");
        }
    }
}

/// One TSU's quota is its own, is asked before a body is read, and is not used up by requests that are refused for their headers.
#[actix_web::test]
async fn answers_429_when_the_quota_of_a_tsu_is_used_up_and_serves_the_others() {
    let mut setup = Setup::default();
    let key = &keys().p384;
    beside(&mut setup, "tsu-2", Arc::clone(key), certify_as(key.as_ref(), "Second TSU"));
    setup.config.tsu[1].quota = Some(RateLimit { per_second: Limit::MIN, burst: Limit::MIN });
    let bench = setup.start();
    let log = LogRoutes::new(Arc::new(bench.service.log().clone()));
    let application = routes(&bench.service, &Limits::default(), &bench.registry, log, None);
    let app = init_service(App::new().configure(|config| application(config))).await;
    let mut second = Vec::new();
    let no_query = || TestRequest::post().uri("/tsa/tsu-2").set_payload("x");
    let query = || post("/tsa/tsu-2").set_payload(request().encode());
    for asked in [no_query(), no_query(), query(), query(), no_query()] {
        let response = call_service(&app, asked.to_request()).await;
        let again = response.headers().get("retry-after").map(|value| value.to_str().unwrap().to_owned());
        second.push((response.status().as_u16(), again));
        let response = call_service(&app, post("/tsa/tsu-1").set_payload(request().encode()).to_request()).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    let turned_away = (429, Some("1".to_owned()));
    assert_eq!(second, [(415, None), (415, None), (200, None), turned_away, (415, None)]);
}

#[actix_web::test]
async fn names_the_units_that_are_not_served_and_counts_each_thr_86_thr_95() {
    let mut setup = Setup::default();
    let second = Arc::new(FaultyKey::new(Arc::clone(&keys().p384), Protection::Software));
    beside(&mut setup, "tsu-2", second.clone(), certify_as(second.as_ref(), "Second TSU"));
    let bench = setup.start();
    call(&bench, post("/tsa/tsu-1").set_payload(request().encode()), "x").await;
    call(&bench, post("/tsa/tsu-2").set_payload("no request"), "x").await;
    for unknown in 0..5 {
        call(&bench, post(&format!("/tsa/unknown-{unknown}")).set_payload(request().encode()), "x").await;
    }
    second.set_state(KeyState::Suspended);
    let (status, _, _, body) = call(&bench, TestRequest::get().uri("/readyz"), "x").await;
    let text = String::from_utf8(body).unwrap();
    assert_eq!((status, text.as_str()), (StatusCode::OK, "ready\nbut not tsu-2: tsa.key-not-active\n"));
    let (_, _, _, body) = call(&bench, TestRequest::get().uri("/metrics"), "x").await;
    let text = String::from_utf8(body).unwrap();
    for line in [
        "kokuin_tsa_tsu_tokens_total{tsu=\"tsu-1\"} 1",
        "kokuin_tsa_tsu_tokens_total{tsu=\"tsu-2\"} 0",
        "kokuin_tsa_tsu_refused_total{tsu=\"tsu-2\"} 1",
        "kokuin_tsa_tsu_state{tsu=\"tsu-1\"} 4",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    let certificate = (bench.certificate.not_after() - NOON / 1_000_000) / 86_400;
    let period = bench.certificate.private_key_usage_period().unwrap().not_after.unwrap();
    let key = (period - NOON / 1_000_000) / 86_400;
    assert!(text.contains(&format!("kokuin_tsa_tsu_certificate_days{{tsu=\"tsu-1\"}} {certificate}\n")));
    assert!(text.contains(&format!("kokuin_tsa_tsu_key_days{{tsu=\"tsu-1\"}} {key}\n")));
    assert!(!text.contains("unknown-"), "a label is a TSU's configured name only");
}

#[actix_web::test]
async fn publishes_the_certificates_of_each_unit_tsp_71() {
    let mut setup = Setup::default();
    let key = &keys().p384;
    beside(&mut setup, "tsu-2", Arc::clone(key), certify_as(key.as_ref(), "Second TSU"));
    setup.config.tsu[0].state = ConfiguredState::Retired;
    let bench = setup.start();
    for (path, certificates) in [("/tsa/certchain", 2), ("/tsa/tsu-1/certchain", 2), ("/tsa/tsu-2/certchain", 2)] {
        let (status, _, _, body) = call(&bench, TestRequest::get().uri(path), "x").await;
        let blocks = pem::decode_all(&body).unwrap();
        assert_eq!((status, blocks.len()), (StatusCode::OK, certificates), "{path}");
        assert_eq!(blocks[0].der == bench.certificate.der(), path == "/tsa/tsu-1/certchain", "{path}");
    }
    assert_eq!(call(&bench, TestRequest::get().uri("/tsa/tsu-3/certchain"), "x").await.0, StatusCode::NOT_FOUND);
}

#[actix_web::test]
async fn a_full_queue_of_one_tsu_turns_nobody_away_from_another() {
    let mut setup = Setup::default();
    setup.config.signing_queue = 1;
    let slow = Arc::new(FaultyKey::new(Arc::clone(&keys().p384), Protection::Device));
    beside(&mut setup, "tsu-2", slow.clone(), certify_as(slow.as_ref(), "Second TSU"));
    let bench = setup.start();
    slow.set_fault(Fault::Slow(Duration::from_secs(3)));
    let before = slow.signatures();
    let ask = || {
        let service = Arc::clone(&bench.service);
        std::thread::spawn(move || {
            let (worker, unit) = (kokuin_tsa::Worker::new(&service), service.unit("tsu-2").unwrap());
            actix_web::rt::System::new().block_on(worker.issue_at(&unit, &request().encode())).is_ok()
        })
    };
    let signing = ask();
    while slow.signatures() == before {
        std::thread::sleep(Duration::from_millis(5));
    }
    let waiting = ask();
    while !bench.service.unit("tsu-2").unwrap().is_busy() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let ask = |path| call(&bench, post(path).set_payload(request().encode()), "retry-after");
    let (full, free) = (ask("/tsa/tsu-2").await, ask("/tsa/tsu-1").await);
    assert_eq!((full.0, full.2.as_deref()), (StatusCode::SERVICE_UNAVAILABLE, Some("1")));
    assert_eq!(free.0, StatusCode::OK);
    assert!(signing.join().unwrap() && waiting.join().unwrap());
}

/// A request whose body is still on its way when its TSU is taken away or retired gets no token of it (TSP-71).
#[test]
fn a_slow_body_outlives_no_unit_tsp_71() {
    let mut setup = Setup::default();
    let key = &keys().p384;
    beside(&mut setup, "tsu-2", Arc::clone(key), certify_as(key.as_ref(), "Second TSU"));
    let bench = setup.start();
    let limits = Limits { workers: Some(Limit::MIN), ..Limits::default() };
    let log = LogRoutes::new(Arc::new(bench.service.log().clone()));
    let application = routes(&bench.service, &limits, &bench.registry, log, None);
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || run(vec![ServiceSpec::new("test", listener, limits, application)]).unwrap());

    let body = request().encode();
    let half_sent = |path: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/timestamp-query\r\nconnection: close\r\n"
        );
        stream.write_all(format!("{head}content-length: {}\r\n\r\n", body.len()).as_bytes()).unwrap();
        stream.write_all(&body[..10]).unwrap();
        stream
    };
    let (mut kept, mut gone) = (half_sent("/tsa/tsu-1"), half_sent("/tsa/tsu-2"));
    // Until both have been let in; too short a wait would only make the test see less.
    std::thread::sleep(Duration::from_millis(500));
    let config = Config::development("tsu-1", "soft:tsu", "tsu.pem".into());
    let current = KeyParts { key: Some(bench.key.clone()), certificates: bench.certificates.clone() };
    let tsus = vec![TsuParts { name: "tsu-1".to_owned(), current, next: None, access: Access::default() }];
    bench.service.reload(Reload { config, config_digest: Digest::of(b"other"), tsus }).unwrap();
    let answers = [&mut kept, &mut gone].map(|stream| {
        let mut answer = Vec::new();
        stream.write_all(&body[10..]).unwrap();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..12]).into_owned()
    });
    assert_eq!(answers, ["HTTP/1.1 200", "HTTP/1.1 404"]);
}
