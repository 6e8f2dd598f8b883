//! One keep-alive connection, with at most one request on its way.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use crate::{answer, options::Target, question::Question};

/// What became of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    /// A token.
    Token,
    /// No connection, or it broke.
    Connection,
    /// Not HTTP.
    NotHttp,
    /// Another status than 200.
    Status(u16),
    /// A response that refuses.
    Refused,
    /// A token for something else.
    Mismatch,
}

impl Outcome {
    /// How it is called in a report.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Token => "token".to_owned(),
            Self::Connection => "connection".to_owned(),
            Self::NotHttp => "not HTTP".to_owned(),
            Self::Status(status) => format!("status {status}"),
            Self::Refused => "refused".to_owned(),
            Self::Mismatch => "mismatch".to_owned(),
        }
    }
}

/// A connection and what has been read of an answer.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    /// The request on its way, and since when its answer is waited for.
    pub(crate) waiting: Option<(u64, Instant)>,
}

/// What reading brought.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Not all of it yet.
    Waiting,
    /// An answer; with `true` the server closes the connection.
    Answer(Outcome, bool),
}

impl Connection {
    pub(crate) fn open(target: &Target) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&target.address, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, buffer: vec![0; 16 * 1024], filled: 0, waiting: None })
    }

    pub(crate) const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a request, which always fits into the socket's empty buffer.
    pub(crate) fn send(&mut self, question: &Question) -> std::io::Result<()> {
        self.stream.write_all(&question.bytes)
    }

    /// Reads what is there; `question` is what was asked, `closely` whether its token is parsed.
    pub(crate) fn receive(&mut self, question: &Question, closely: bool) -> Progress {
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        match self.stream.read(&mut self.buffer[self.filled..]) {
            Ok(0) => return Progress::Answer(Outcome::Connection, true),
            Ok(length) => self.filled += length,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Progress::Waiting,
            Err(_) => return Progress::Answer(Outcome::Connection, true),
        }
        match answer::whole(&self.buffer[..self.filled]) {
            Ok(None) => Progress::Waiting,
            Ok(Some(whole)) => {
                let outcome = match whole.status {
                    // One of the products measured says 201.
                    200 | 201 if !answer::says_granted(&whole.body) => Outcome::Refused,
                    200 | 201 if closely && !answer::fits(&whole.body, question) => Outcome::Mismatch,
                    200 | 201 => Outcome::Token,
                    status => Outcome::Status(status),
                };
                // More bytes than the answer has are nobody's.
                let closes = whole.closes || whole.length != self.filled;
                self.filled = 0;
                Progress::Answer(outcome, closes)
            }
            Err(answer::NotHttp) => Progress::Answer(Outcome::NotHttp, true),
        }
    }
}
