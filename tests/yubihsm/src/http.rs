//! Just enough HTTP/1.1 for a connector: `httparse` reads, and an answer is bytes made here.
//!
//! No server library: the `yubihsm` crate needs status line, headers and body in one write with exactly these header names
//! (yubihsm.md section 8), and half of the faults are answers that no library would send.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

/// Longest head and longest body that are read.
const HEAD: usize = 8 * 1024;
const BODY: usize = 64 * 1024;

/// A request that has come in whole.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    pub(crate) keep_alive: bool,
}

/// What goes out, and how.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) pace: Pace,
    pub(crate) close: bool,
}

/// How the bytes go out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pace {
    /// One write.
    Once,
    /// Two segments, some milliseconds apart.
    Segments,
    /// A byte at a time.
    Drip(Duration),
}

impl Reply {
    /// A whole answer in one write.
    pub(crate) fn new(status: &str, kind: &str, headers: &[(&str, &str)], body: &[u8]) -> Self {
        let mut head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        Self { bytes: [head.as_bytes(), b"\r\n", body].concat(), pace: Pace::Once, close: false }
    }

    /// Nothing: the connection ends.
    pub(crate) const fn gone() -> Self {
        Self { bytes: Vec::new(), pace: Pace::Once, close: true }
    }

    pub(crate) fn send(&self, stream: &mut TcpStream) -> io::Result<()> {
        match self.pace {
            Pace::Once => stream.write_all(&self.bytes)?,
            Pace::Segments => {
                let (first, second) = self.bytes.split_at(self.bytes.len() / 2);
                stream.write_all(first)?;
                thread::sleep(Duration::from_millis(20));
                stream.write_all(second)?;
            }
            Pace::Drip(pause) => {
                for byte in &self.bytes {
                    stream.write_all(&[*byte])?;
                    thread::sleep(pause);
                }
            }
        }
        stream.flush()
    }
}

/// Reads the next request of a connection; `None` if the client has gone or does not speak HTTP.
pub(crate) fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Request>> {
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Request::new(&mut headers);
        match parsed.parse(buffer) {
            Ok(httparse::Status::Complete(head)) => {
                let find = |name: &str| {
                    let found = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
                    found.and_then(|header| std::str::from_utf8(header.value).ok()).map(str::to_owned)
                };
                let length = find("Content-Length").map_or(Ok(0), |text| text.parse::<usize>());
                let Some(length) = length.ok().filter(|length| *length <= BODY) else { return Ok(None) };
                let closes = find("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
                let request = Request {
                    method: parsed.method.unwrap_or_default().to_owned(),
                    path: parsed.path.unwrap_or_default().to_owned(),
                    body: Vec::new(),
                    keep_alive: parsed.version == Some(1) && !closes,
                };
                buffer.drain(..head);
                return with_body(stream, buffer, request, length);
            }
            Ok(httparse::Status::Partial) if buffer.len() < HEAD => {}
            Ok(httparse::Status::Partial) | Err(_) => return Ok(None),
        }
        if !more(stream, buffer)? {
            return Ok(None);
        }
    }
}

fn with_body(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    mut request: Request,
    length: usize,
) -> io::Result<Option<Request>> {
    while buffer.len() < length {
        if !more(stream, buffer)? {
            return Ok(None);
        }
    }
    request.body = buffer.drain(..length).collect();
    Ok(Some(request))
}

fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = [0; 4096];
    let count = stream.read(&mut chunk)?;
    buffer.extend_from_slice(&chunk[..count]);
    Ok(count > 0)
}
