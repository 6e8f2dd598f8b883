//! The connector: HTTP on one side, one serial device on the other, and the faults between (yubihsm.md section 2).

use std::{
    collections::BTreeMap,
    io,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    device::{Device, Tamper, Transaction},
    fault::{Fault, Faults},
    http::{Pace, Reply, Request},
    refusal::Refusal,
    server::Service,
    wire,
};

const BINARY: &str = "application/octet-stream";
const TEXT: &str = "text/plain; charset=utf-8";
/// Shortest and longest frame that the connector passes on.
const FRAME: std::ops::RangeInclusive<usize> = 3..=3139;

/// What connections, the control address and the library share.
#[derive(Debug)]
pub(crate) struct Connector {
    device: Mutex<Device>,
    /// Held as long as the device works: it does one thing at a time.
    turn: Mutex<()>,
    faults: Mutex<Faults>,
    /// The last answer of each session, and the last outside of any.
    answers: Mutex<BTreeMap<Option<u8>, Vec<u8>>>,
    unplugged: AtomicBool,
}

/// A panic elsewhere leaves a device that can still be looked at.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connector {
    pub(crate) fn new(device: Device) -> Self {
        Self {
            device: Mutex::new(device),
            turn: Mutex::default(),
            faults: Mutex::default(),
            answers: Mutex::default(),
            unplugged: AtomicBool::new(false),
        }
    }

    pub(crate) fn device(&self) -> MutexGuard<'_, Device> {
        lock(&self.device)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn plug(&self, in_: bool) {
        self.unplugged.store(!in_, Ordering::SeqCst);
    }

    fn status(&self) -> Reply {
        let (status, serial) = if self.unplugged.load(Ordering::SeqCst) {
            ("NO_DEVICE", "*".to_owned())
        } else {
            ("OK", format!("{:010}", self.device().serial))
        };
        let pid = std::process::id();
        let body =
            format!("status={status}\nserial={serial}\nversion=3.0.7\npid={pid}\naddress=localhost\nport=12345\n");
        Reply::new("200 OK", TEXT, &[], body.as_bytes())
    }

    fn exchange(&self, frame: &[u8]) -> Reply {
        if !FRAME.contains(&frame.len()) {
            return failure("400 Bad Request");
        }
        let turn = lock(&self.turn);
        if self.unplugged.load(Ordering::SeqCst) {
            return failure("500 Internal Server Error");
        }
        let begun = Instant::now();
        let command = self.device().peek(frame);
        let fault = self.faults().take(command);
        let mut tamper = Tamper::default();
        let mut extra = Duration::ZERO;
        match fault {
            Some(Fault::GoneBefore) => return Reply::gone(),
            Some(Fault::GoneDuring) => {
                self.device().power_cycle();
                return Reply::gone();
            }
            Some(Fault::PlainError { code }) => return binary(&wire::error(Refusal::Other(code))),
            Some(Fault::ServerError) => return failure("500 Internal Server Error"),
            Some(Fault::WrongSignature) => tamper.wrong_signature = true,
            Some(Fault::InnerError { code }) => tamper.refuse = Some(Refusal::Other(code)),
            Some(Fault::Slow { ms }) => extra = Duration::from_millis(ms),
            _ => {}
        }
        let mut device = self.device();
        let Transaction { answer, latency } = device.transact(frame, tamper);
        // A device that cannot keep what it did must not say that it did.
        if keep(&device).is_err() {
            return failure("500 Internal Server Error");
        }
        drop(device);
        thread::sleep((latency + extra).saturating_sub(begun.elapsed()));
        let reply = self.spoil(&answer, fault);
        drop(turn);
        reply
    }

    /// The answer as the fault lets it through.
    fn spoil(&self, answer: &[u8], fault: Option<Fault>) -> Reply {
        let session = answer.get(3).copied().filter(|_| answer.first() == Some(&0x85));
        let mut answers = lock(&self.answers);
        let before = answers.get(&session).or_else(|| answers.get(&None)).cloned();
        let other = answers.iter().find(|(of, _)| of.is_some() && **of != session).map(|(_, answer)| answer.clone());
        answers.insert(session, answer.to_vec());
        drop(answers);
        let mut frame = answer.to_vec();
        match fault {
            Some(Fault::AnswerLost) => return Reply::gone(),
            Some(Fault::FlipBit { bit }) => {
                let bit = bit % (frame.len() * 8);
                frame[bit / 8] ^= 0x80 >> (bit % 8);
            }
            Some(Fault::Truncated { bytes }) => frame.truncate(bytes),
            Some(Fault::Oversized { bytes }) => frame.resize(frame.len() + bytes, 0xa5),
            Some(Fault::WrongLength) => frame[1] = frame[1].wrapping_add(1),
            Some(Fault::Replayed) => frame = before.unwrap_or(frame),
            Some(Fault::OtherSession) => {
                frame = other.unwrap_or_else(|| {
                    let mut frame = answer.to_vec();
                    if let Some(session) = frame.get_mut(3) {
                        *session = (*session + 1) % 16;
                    }
                    frame
                });
            }
            Some(Fault::Html) => {
                let page = b"<!DOCTYPE html><html><title>Sign in</title><body>Welcome</body></html>\n";
                return Reply::new("200 OK", "text/html", &[], page);
            }
            Some(Fault::Redirect) => {
                return Reply::new("302 Found", TEXT, &[("Location", "http://192.0.2.1/connector/api")], b"");
            }
            Some(Fault::Chunked) => return chunked(&frame),
            Some(Fault::BodyCut { bytes }) => {
                let mut reply = binary(&frame);
                reply.bytes.truncate((reply.bytes.len() - frame.len()) + bytes.min(frame.len()));
                reply.close = true;
                return reply;
            }
            Some(Fault::Drip { ms }) => {
                return Reply { pace: Pace::Drip(Duration::from_millis(ms)), ..binary(&frame) };
            }
            Some(Fault::Segmented) => return Reply { pace: Pace::Segments, ..binary(&frame) },
            // They have had their effect.
            Some(
                Fault::GoneBefore
                | Fault::GoneDuring
                | Fault::PlainError { .. }
                | Fault::InnerError { .. }
                | Fault::ServerError
                | Fault::WrongSignature
                | Fault::Slow { .. },
            )
            | None => {}
        }
        binary(&frame)
    }
}

impl Service for Connector {
    fn answer(&self, request: &Request) -> Reply {
        match (request.method.as_str(), request.path.split('?').next().unwrap_or_default()) {
            ("GET", "/connector/status") => self.status(),
            ("POST", "/connector/api") => self.exchange(&request.body),
            (_, "/connector/status") => not_allowed("GET"),
            (_, "/connector/api") => not_allowed("POST"),
            _ => failure("404 Not Found"),
        }
    }
}

/// Saves the device, if there is a file for it.
pub(crate) fn keep(device: &Device) -> io::Result<()> {
    let Some(path) = &device.settings.state else { return Ok(()) };
    device.save().map_err(io::Error::other)?.store_in(path)
}

fn binary(frame: &[u8]) -> Reply {
    Reply::new("200 OK", BINARY, &[], frame)
}

fn failure(status: &str) -> Reply {
    Reply::new(status, TEXT, &[], format!("{status}\n").as_bytes())
}

fn not_allowed(method: &str) -> Reply {
    Reply::new("405 Method Not Allowed", TEXT, &[("Allow", method)], b"")
}

fn chunked(frame: &[u8]) -> Reply {
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {BINARY}\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n", frame.len());
    let bytes = [head.as_bytes(), frame, b"\r\n0\r\n\r\n"].concat();
    Reply { bytes, pace: Pace::Once, close: false }
}
