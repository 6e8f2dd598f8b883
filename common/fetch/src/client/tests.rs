use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::Duration,
};

use super::*;
use crate::Reach;

/// A server that answers one connection with fixed bytes, then hands over what it was sent.
fn serve(answer: &'static [u8]) -> (Url, std::thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap()).parse().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        let mut seen = Vec::new();
        let mut buffer = [0; 4_096];
        while let Ok(length @ 1..) = stream.read(&mut buffer) {
            seen.extend_from_slice(&buffer[..length]);
            // The head of a POST may come alone: its body is on the way.
            let whole = if seen.starts_with(b"POST") { seen.ends_with(b"body") } else { seen.ends_with(b"\r\n\r\n") };
            if whole {
                break;
            }
        }
        // The client may hang up on an answer that it does not want.
        let _sent = stream.write_all(answer);
        seen
    });
    (url, server)
}

fn client() -> Client {
    let total = Duration::from_millis(1_500);
    Client::new(Limits { body: 100, total, ..Limits::TSP }.with_reach(Reach::LOOPBACK))
}

fn code(answer: &'static [u8]) -> &'static str {
    let (url, _server) = serve(answer);
    client().get(&url).map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn fetches_and_sends() {
    let (url, _server) = serve(b"HTTP/1.1 200 OK\r\ncontent-type: Text/Plain; a=b\r\ncontent-length: 2\r\n\r\nhi");
    let answer = client().get(&url).unwrap();
    let expected = Answer { status: 200, content_type: "text/plain".into(), body: b"hi".to_vec(), retry_after_s: None };
    assert_eq!(answer, expected);

    let (url, server) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let token = Secret::new(b"abc".to_vec());
    client().post(&url, "application/x", b"the body", Some(&token)).unwrap();
    let seen = String::from_utf8(server.join().unwrap()).unwrap().to_ascii_lowercase();
    assert!(seen.starts_with("post /x http/1.1\r\n") && seen.ends_with("\r\n\r\nthe body"), "{seen}");
    assert!(
        seen.contains("content-type: application/x\r\n") && seen.contains("authorization: bearer abc\r\n"),
        "{seen}"
    );
}

#[test]
fn hands_over_a_status_and_when_to_come_again_to_who_asks_for_it() {
    let accepted = b"HTTP/1.1 202 Accepted\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
    let (url, _server) = serve(accepted);
    let answer = client().ask(&url, None).unwrap();
    assert_eq!((answer.status, answer.retry_after_s), (202, Some(7)));
    assert_eq!(code(accepted), "fetch.status");
    let (url, _server) =
        serve(b"HTTP/1.1 503 No\r\nretry-after: Mon, 23 Nov 2026 12:00:00 GMT\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(client().ask(&url, None).unwrap().retry_after_s, None);
}

#[test]
fn follows_no_redirect_thr_89() {
    for answer in [
        &b"HTTP/1.1 301 Moved\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"[..],
        b"HTTP/1.1 302 Found\r\nlocation: file:///etc/passwd\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 307 Temporary\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n",
    ] {
        assert_eq!(code(answer), "fetch.redirect");
    }
    let (url, _server) = serve(b"HTTP/1.1 308 Permanent\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
    assert_eq!(client().post(&url, "a/b", b"the body", None).unwrap_err().code(), "fetch.redirect");
}

#[test]
fn refuses_other_statuses_and_what_is_not_http() {
    assert_eq!(code(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"), "fetch.status");
    assert_eq!(code(b"HTTP/1.1 204 No Content\r\n\r\n"), "fetch.status");
    assert_eq!(code(b"+PONG\r\n\r\n"), "fetch.protocol");
}

#[test]
fn refuses_oversized_answers_with_and_without_length_thr_89() {
    static LONG: &[u8] = &[b'x'; 400];
    let with: &'static [u8] = [b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n", LONG].concat().leak();
    let without: &'static [u8] = [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n", LONG].concat().leak();
    let chunked: &'static [u8] =
        [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n190\r\n", LONG, b"\r\n0\r\n\r\n"].concat().leak();
    for answer in [with, without, chunked] {
        assert_eq!(code(answer), "fetch.too-large");
    }
    let headers: &'static [u8] =
        format!("HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n", "y".repeat(20_000)).leak().as_bytes();
    assert_ne!(code(headers), "ok");
}

#[test]
fn gives_up_on_slow_answers_thr_89() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url: Url = format!("http://{}/", listener.local_addr().unwrap()).parse().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n").unwrap();
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let start = Instant::now();
    let error = client().get(&url).unwrap_err();
    assert_eq!(error.code(), "fetch.timeout", "{error}");
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
}

#[test]
fn connects_to_no_forbidden_address_thr_89() {
    let (url, server) = serve(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let public = Client::new(Limits { total: Duration::from_secs(3), ..Limits::TSP });
    let error = public.get(&url).unwrap_err();
    assert_eq!(error.code(), "fetch.address-forbidden", "{error}");
    assert!(!server.is_finished(), "nothing connected");
    for address in
        ["169.254.169.254", "[::ffff:169.254.169.254]", "0.0.0.0", "[fe80::1]", "localhost", "0x7f.1", "2130706433"]
    {
        let url: Url = format!("http://{address}:1/").parse().unwrap();
        let code = public.get(&url).unwrap_err().code();
        assert!(["fetch.address-forbidden", "fetch.host-unknown"].contains(&code), "{address} {code}");
    }
}

#[test]
fn says_when_nobody_is_there() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = client().get(&format!("http://{free}/").parse().unwrap()).unwrap_err();
    assert_eq!(error.code(), "fetch.connection", "{error}");
    let error = client().get(&"http://kokuin.invalid/".parse().unwrap()).unwrap_err();
    assert_eq!(error.code(), "fetch.host-unknown", "{error}");
}

#[test]
fn asks_nobody_over_tls_without_anchors_thr_89() {
    // Without TLS in the build such an address is refused when it is read.
    let read = "https://127.0.0.1:1/".parse::<Url>();
    assert_eq!(read.is_ok(), cfg!(feature = "native-tls"));
    let Ok(url) = read else { return };
    let client = Client::new(Limits::TSP.with_reach(Reach::LOOPBACK));
    assert_eq!(client.get(&url).unwrap_err().code(), "fetch.no-anchors");
    assert_eq!(client.check(&url).unwrap_err().code(), "fetch.no-anchors");
    assert!(client.check(&"http://127.0.0.1:1/".parse().unwrap()).is_ok());
}
