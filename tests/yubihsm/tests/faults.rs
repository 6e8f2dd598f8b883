//! Each fault, seen from the other end of the wire; and the control address.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

use kokuin_yubihsm_sim::{Command, Control, FACTORY_KEY, Fault, On, Refusal, Settings, Simulator};

const ECHO: [u8; 5] = [1, 0, 2, b'h', b'i'];
const ECHOED: [u8; 5] = [0x81, 0, 2, b'h', b'i'];

/// Whether head and body are what the fault makes of them.
type IsSpoiled = fn(&str, &[u8]) -> bool;

fn start() -> Simulator {
    Simulator::start(Settings::default()).unwrap()
}

/// All that comes back to one request.
fn send(address: SocketAddr, method: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    // A connection that is cut has said what it said.
    drop(stream.read_to_end(&mut answer));
    answer
}

fn head_and_body(answer: &[u8]) -> (String, Vec<u8>) {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return Default::default() };
    (String::from_utf8(answer[..end].to_vec()).unwrap(), answer[end + 4..].to_vec())
}

fn api(simulator: &Simulator, frame: &[u8]) -> (String, Vec<u8>) {
    head_and_body(&send(simulator.address(), "POST", "/connector/api", frame))
}

#[test]
fn an_answer_has_the_header_names_that_the_crate_looks_for() {
    let (head, body) = api(&start(), &ECHO);
    assert_eq!(head, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 5");
    assert_eq!(body, ECHOED);
}

#[test]
fn the_connector_refuses_what_the_real_one_refuses() {
    let simulator = start();
    let status = |method: &str, path: &str, body: &[u8]| {
        let (head, _) = head_and_body(&send(simulator.address(), method, path, body));
        head.split("\r\n").next().unwrap_or_default().to_owned()
    };
    assert_eq!(status("GET", "/connector/api", b""), "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(status("POST", "/connector/status", b""), "HTTP/1.1 405 Method Not Allowed");
    assert_eq!(status("POST", "/connector/api", &[1, 0]), "HTTP/1.1 400 Bad Request");
    assert_eq!(status("POST", "/connector/api", &[0; 3140]), "HTTP/1.1 400 Bad Request");
    assert_eq!(status("GET", "/", b""), "HTTP/1.1 404 Not Found");
    let (_, body) = head_and_body(&send(simulator.address(), "GET", "/connector/status", b""));
    assert!(body.starts_with(b"status=OK\nserial=0007550000\nversion="));
    simulator.plug(false);
    assert_eq!(status("POST", "/connector/api", &ECHO), "HTTP/1.1 500 Internal Server Error");
    let (_, body) = head_and_body(&send(simulator.address(), "GET", "/connector/status", b""));
    assert!(body.starts_with(b"status=NO_DEVICE\nserial=*\n"));
    simulator.plug(true);
    assert_eq!(api(&simulator, &ECHO).1, ECHOED);
}

#[test]
fn a_fault_spoils_one_answer_and_the_next_is_whole() {
    let simulator = start();
    let cases: [(Fault, IsSpoiled); 11] = [
        (Fault::GoneBefore, |head, body| head.is_empty() && body.is_empty()),
        (Fault::AnswerLost, |head, body| head.is_empty() && body.is_empty()),
        (Fault::FlipBit { bit: 7 }, |_, body| body == [0x80, 0, 2, b'h', b'i']),
        (Fault::Truncated { bytes: 2 }, |head, body| head.ends_with(": 2") && body == [0x81, 0]),
        (Fault::BodyCut { bytes: 2 }, |head, body| head.ends_with(": 5") && body == [0x81, 0]),
        (Fault::Oversized { bytes: 5000 }, |head, body| head.ends_with(": 5005") && body.len() == 5005),
        (Fault::WrongLength, |_, body| body == [0x81, 1, 2, b'h', b'i']),
        (Fault::Html, |head, body| head.contains("text/html") && body.starts_with(b"<!DOCTYPE")),
        (Fault::Redirect, |head, _| head.starts_with("HTTP/1.1 302") && head.contains("Location: ")),
        (Fault::ServerError, |head, _| head.starts_with("HTTP/1.1 500")),
        (Fault::PlainError { code: 3 }, |_, body| body == [0x7f, 0, 1, 3]),
    ];
    for (fault, is_spoiled) in cases {
        simulator.fault(fault);
        let (head, body) = api(&simulator, &ECHO);
        assert!(is_spoiled(&head, &body), "{fault:?}: {head} {body:02x?}");
        assert_eq!(api(&simulator, &ECHO).1, ECHOED, "{fault:?}");
    }
}

#[test]
fn slow_faults_keep_the_whole_answer() {
    let simulator = start();
    simulator.fault(Fault::Slow { ms: 150 });
    let begun = Instant::now();
    assert_eq!(api(&simulator, &ECHO).1, ECHOED);
    assert!(begun.elapsed() >= Duration::from_millis(150));
    for fault in [Fault::Drip { ms: 1 }, Fault::Segmented] {
        simulator.fault(fault);
        let begun = Instant::now();
        assert_eq!(api(&simulator, &ECHO).1, ECHOED);
        assert!(begun.elapsed() >= Duration::from_millis(20), "{fault:?}");
    }
    simulator.fault(Fault::Chunked);
    let (head, body) = api(&simulator, &ECHO);
    assert!(head.contains("Transfer-Encoding: chunked") && !head.contains("Content-Length"));
    assert_eq!(body, [b"5\r\n".as_slice(), &ECHOED, b"\r\n0\r\n\r\n"].concat());
}

#[test]
fn a_device_that_loses_power_while_it_signs_has_signed_nothing() {
    let simulator = start();
    let mut create = vec![3, 0, 10, 0, 1];
    create.extend([7; 8]);
    assert_eq!(api(&simulator, &create).1[0], 0x83);
    assert_eq!(simulator.sessions(), 1);
    simulator.fault(Fault::GoneDuring.on(On::Command(Command::ECHO.0)));
    let before = simulator.log().len();
    assert_eq!(api(&simulator, &ECHO), (String::new(), Vec::new()));
    assert_eq!(simulator.sessions(), 0);
    assert_eq!(simulator.log()[before..].iter().map(|entry| entry.command).collect::<Vec<_>>(), [0]);
}

#[test]
fn a_stopped_connector_refuses_and_keeps_the_devices_sessions() {
    let simulator = Simulator::start(Settings { idle: None, ..Settings::default() }).unwrap();
    let mut create = vec![3, 0, 10, 0, 1];
    create.extend([7; 8]);
    api(&simulator, &create);
    let mut open = TcpStream::connect(simulator.address()).unwrap();
    open.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    open.write_all(b"GET /connector/status HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert!(open.read(&mut [0; 1024]).unwrap() > 100);
    simulator.stop_connector();
    assert!(TcpStream::connect(simulator.address()).is_err());
    let ended = open.read(&mut [0]).map_err(|error| error.kind());
    assert!(matches!(ended, Ok(0) | Err(ErrorKind::ConnectionReset)), "open connections end: {ended:?}");
    simulator.start_connector().unwrap();
    assert_eq!(api(&simulator, &ECHO).1, ECHOED);
    assert_eq!(simulator.sessions(), 1);
    simulator.restart_connector().unwrap();
    assert_eq!(api(&simulator, &ECHO).1, ECHOED);
}

#[test]
fn a_silent_connection_is_closed_as_the_real_connector_does() {
    let idle = Some(Duration::from_millis(50));
    let simulator = Simulator::start(Settings { idle, ..Settings::default() }).unwrap();
    let mut silent = TcpStream::connect(simulator.address()).unwrap();
    let begun = Instant::now();
    assert_eq!(silent.read(&mut [0]).unwrap(), 0);
    assert!(begun.elapsed() >= Duration::from_millis(50));
}

#[test]
fn orders_come_over_the_control_address() {
    let simulator = Arc::new(start());
    let control = Control::open(([127, 0, 0, 1], 0).into(), Arc::clone(&simulator)).unwrap();
    let order = |body: &str| {
        let (head, body) = head_and_body(&send(control.address(), "POST", "/orders", body.as_bytes()));
        (head.contains(" 200 "), String::from_utf8(body).unwrap())
    };
    assert!(order(r#"{"fault": {"fault": {"plain-error": {"code": 4}}, "on": "any"}}"#).0);
    assert_eq!(api(&simulator, &ECHO).1, [0x7f, 0, 1, Refusal::AuthenticationFailed.byte()]);
    assert!(order(r#""fill-log""#).0);
    assert!(order(r#"{"swap": {"serial": 77, "with_objects": true}}"#).0);
    assert!(order(r#""break-log-chain""#).0);
    let refused = order(r#"{"rogue-sign": {"key": 1, "signing_key": 5, "digest": "00"}}"#);
    assert_eq!(refused, (false, r#"{"error":"device error 0x0b, ObjectNotFound"}"#.to_owned()));
    assert!(!order("{}").0);
    let (_, state) = head_and_body(&send(control.address(), "GET", "/state", b""));
    let state: serde_json::Value = serde_json::from_slice(&state).unwrap();
    assert_eq!((state["serial"].as_u64(), state["log"].as_array().unwrap().len()), (Some(77), 62));
    let log = simulator.log();
    let broken = log.windows(2).filter(|pair| pair[1].digest != pair[1].chained(&pair[0].digest)).count();
    assert!(broken >= 1, "the chain is broken where the order said");
    assert!(simulator.direct(FACTORY_KEY, Command::GET_LOG_ENTRIES, &[]).is_ok());
}
