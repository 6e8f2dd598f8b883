//! The edge over real connections: what is refused before a body is parsed, and in which time.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest, HttpResponse,
    http::StatusCode,
    web::{self, Payload},
};
use kokuin_settings::{ByteSize, HumanDuration, Limit};
use kokuin_web::{BodyRules, Limits, Problem, ServiceSpec, bind, only, run};

const RULES: BodyRules = BodyRules {
    media_type: "application/timestamp-query",
    limit: ByteSize::from_bytes(16 * 1024),
    within: HumanDuration::from_millis(1_000),
};

async fn echo(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Problem> {
    let body = RULES.read(&request, payload).await?;
    Ok(HttpResponse::build(StatusCode::OK).body(body))
}

/// One server for all tests of this file; it ends with the process.
static SERVER: LazyLock<SocketAddr> = LazyLock::new(|| {
    let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let limits = Limits {
        header_timeout: HumanDuration::from_millis(2_000),
        workers: Limit::new(2),
        connections: Limit::new(2_048).unwrap(),
        ..Limits::default()
    };
    let application = Arc::new(|config: &mut web::ServiceConfig| {
        config.service(web::resource("/tsa").route(web::post().to(echo)).default_service(only("POST")));
    });
    let service = ServiceSpec::new("test", listener, limits, application);
    std::thread::spawn(move || run(vec![service]).unwrap());
    address
});

fn connect() -> TcpStream {
    let stream = TcpStream::connect(*SERVER).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Sends bytes as they are and reads until the server closes or a whole answer without a body left is here.
fn talk(request: &[u8]) -> String {
    let mut stream = connect();
    // A server that has answered already may close while we still send.
    let _sent = stream.write_all(request);
    until_closed(&mut stream)
}

fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut buffer = vec![0; 65_536];
    while let Ok(length @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..length]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

fn status(answer: &str) -> &str {
    answer.get(9..12).unwrap_or(answer)
}

fn post(headers: &str, body: &str) -> Vec<u8> {
    format!("POST /tsa HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{headers}\r\n{body}").into_bytes()
}

const TYPE: &str = "content-type: application/timestamp-query\r\n";

#[test]
fn answers_a_request() {
    let answer = talk(&post(&format!("{TYPE}content-length: 3\r\n"), "abc"));
    assert_eq!(status(&answer), "200");
    assert!(answer.ends_with("abc"), "{answer}");
    let chunked = talk(&post(&format!("{TYPE}transfer-encoding: chunked\r\n"), "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
    assert!(chunked.ends_with("abcde"), "{chunked}");
}

#[test]
fn refuses_gigabyte_body_before_reading_it_thr_85() {
    let start = Instant::now();
    let answer = talk(&post(&format!("{TYPE}content-length: 1073741824\r\n"), "abc"));
    assert_eq!(status(&answer), "413");
    assert!(answer.contains("\"code\":\"web.body-too-large\""), "{answer}");
    assert!(answer.contains("application/problem+json"));
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn refuses_chunked_body_without_end_thr_85() {
    for (line, status) in [("POST /tsa", "413"), ("PUT /tsa", "405"), ("POST /elsewhere", "404")] {
        check_endless_body(line, status);
    }
}

fn check_endless_body(line: &str, expected: &str) {
    let mut stream = connect();
    stream
        .write_all(format!("{line} HTTP/1.1\r\nhost: a\r\n{TYPE}transfer-encoding: chunked\r\n\r\n").as_bytes())
        .unwrap();
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(4_096));
    let chunks = (0..1_000_000).take_while(|_| stream.write_all(chunk.as_bytes()).is_ok()).count();
    assert!(chunks < 1_000_000, "{line}: the server took {chunks} chunks of 4 KiB");
    // Without a length the answer can be lost in the reset that ends the sending, so only the end is checked here.
    let answer = until_closed(&mut stream);
    assert!(answer.is_empty() || status(&answer) == expected, "{answer}");
}

#[test]
fn refuses_chunked_body_over_the_limit_with_413() {
    let chunk = format!("4001\r\n{}\r\n0\r\n\r\n", "x".repeat(16_385));
    assert_eq!(status(&talk(&post(&format!("{TYPE}transfer-encoding: chunked\r\n"), &chunk))), "413");
}

#[test]
fn refuses_a_million_content_types_thr_85() {
    let answer = talk(&post(&TYPE.repeat(1_000_000), ""));
    assert!(answer.is_empty() || status(&answer).starts_with('4'), "{answer}");
}

#[test]
fn refuses_other_methods_with_allow() {
    let answer = talk(b"GET /tsa HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert_eq!(status(&answer), "405");
    assert!(answer.to_ascii_lowercase().contains("\r\nallow: post\r\n"), "{answer}");
    assert!(answer.contains("\"code\":\"web.method\""));
}

#[test]
fn answers_unknown_paths_with_a_problem() {
    let answer = talk(b"GET /../etc/passwd HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    assert_eq!(status(&answer), "404");
    assert!(answer.contains("\"code\":\"web.not-found\""), "{answer}");
}

#[test]
fn refuses_other_media_types_before_reading_the_body() {
    let answer = talk(&post("content-type: application/timestamp-reply\r\ncontent-length: 3\r\n", "abc"));
    assert_eq!(status(&answer), "415");
}

#[test]
fn closes_connection_whose_headers_never_end_thr_87() {
    let mut stream = connect();
    stream.write_all(b"POST /tsa HTTP/1.1\r\nhost: a\r\n").unwrap();
    let start = Instant::now();
    let answer = until_closed(&mut stream);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(answer.is_empty() || status(&answer) == "408", "{answer}");
}

#[test]
fn refuses_body_that_drips_thr_87() {
    let mut stream = connect();
    stream.write_all(&post(&format!("{TYPE}content-length: 100\r\n"), "a")).unwrap();
    let mut drip = stream.try_clone().unwrap();
    std::thread::spawn(move || {
        while drip.write_all(b"a").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    let start = Instant::now();
    let answer = until_closed(&mut stream);
    assert_eq!(status(&answer), "408", "{answer}");
    assert!(start.elapsed() < Duration::from_secs(8));
}

#[test]
fn serves_others_beside_a_thousand_idle_connections_thr_87() {
    let _idle: Vec<TcpStream> = (0..1_000).map(|_| connect()).collect();
    let start = Instant::now();
    assert_eq!(status(&talk(&post(&format!("{TYPE}content-length: 3\r\n"), "abc"))), "200");
    assert!(start.elapsed() < Duration::from_secs(3));
}

#[test]
fn refuses_smuggled_requests_thr_88() {
    let smuggled = "0\r\n\r\nGET /tsa HTTP/1.1\r\nhost: a\r\n\r\n";
    for headers in [
        "content-length: 4\r\ntransfer-encoding: chunked\r\n",
        "content-length: 4\r\ncontent-length: 5\r\n",
        "content-length: +4\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding : chunked\r\n",
    ] {
        let answer = talk(&post(&format!("{TYPE}{headers}"), smuggled));
        assert_eq!(status(&answer), "400", "{headers}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{headers}: {answer}");
    }
}
