//! Where a request ends: a second opinion, strict (RFC 9112 6, THR-88).
//!
//! A front end and a service that see different ends of one request let a second one in between. So whatever leaves room
//! for two readings is refused, and never mended: line ends other than CR LF, white space before a colon, folded lines, two
//! lengths, a length beside a transfer coding, any coding but `chunked`, chunk extensions and trailers.

mod line;

use line::{Fields, check_field};

/// Octets of request line and headers together.
const HEAD_LIMIT: usize = 16 * 1024;

/// Digits of a chunk's size.
const SIZE_DIGITS: u8 = 8;

/// Follows the octets of a connection. A broken request is made unreadable for whoever reads on, and so answered 400.
#[derive(Debug, Default)]
pub(super) struct Framing {
    state: State,
    fields: Fields,
    /// A line that has come in part.
    line: Vec<u8>,
    /// Octets of this head so far.
    head: usize,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    #[default]
    RequestLine,
    Field,
    Body(u64),
    ChunkSize {
        digits: u8,
        size: u64,
    },
    ChunkSizeLf(u64),
    Chunk(u64),
    ChunkCr {
        last: bool,
    },
    ChunkLf {
        last: bool,
    },
    Broken,
}

/// What a peer is in the middle of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Progress {
    /// Nothing.
    Between,
    /// Request line and headers.
    Head,
    /// The body.
    Body,
}

impl Framing {
    /// Looks at octets that came. At the first one that breaks a rule, it and all behind it become NUL, which no HTTP
    /// parser takes.
    pub(super) fn look(&mut self, octets: &mut [u8]) {
        let mut at = 0;
        while at < octets.len() {
            match self.step(&octets[at..]) {
                Some(taken) => at += taken,
                None => {
                    self.state = State::Broken;
                    octets[at..].fill(0);
                    return;
                }
            }
        }
    }

    /// True after a rule was broken: nothing is read any more.
    pub(super) fn is_broken(&self) -> bool {
        self.state == State::Broken
    }

    pub(super) const fn progress(&self) -> Progress {
        match self.state {
            State::RequestLine if self.head == 0 => Progress::Between,
            State::RequestLine | State::Field => Progress::Head,
            State::Body(_)
            | State::ChunkSize { .. }
            | State::ChunkSizeLf(_)
            | State::Chunk(_)
            | State::ChunkCr { .. }
            | State::ChunkLf { .. } => Progress::Body,
            State::Broken => Progress::Between,
        }
    }

    /// Takes some octets of a non-empty slice, and says how many; `None` if they break a rule.
    fn step(&mut self, octets: &[u8]) -> Option<usize> {
        let (first, length) = (*octets.first()?, u64::try_from(octets.len()).ok()?);
        let (state, taken) = match self.state {
            State::RequestLine | State::Field => return self.take_line(octets),
            State::Body(left) => {
                let taken = left.min(length);
                (if taken == left { State::RequestLine } else { State::Body(left - taken) }, taken)
            }
            State::ChunkSize { digits, size } => match (char::from(first).to_digit(16), first) {
                (Some(digit), _) if digits < SIZE_DIGITS => {
                    (State::ChunkSize { digits: digits + 1, size: size << 4 | u64::from(digit) }, 1)
                }
                (None, b'\r') if digits > 0 => (State::ChunkSizeLf(size), 1),
                (Some(_) | None, _) => return None,
            },
            State::ChunkSizeLf(size) if first == b'\n' => {
                (if size == 0 { State::ChunkCr { last: true } } else { State::Chunk(size) }, 1)
            }
            State::Chunk(left) => {
                let taken = left.min(length);
                (if taken == left { State::ChunkCr { last: false } } else { State::Chunk(left - taken) }, taken)
            }
            State::ChunkCr { last } if first == b'\r' => (State::ChunkLf { last }, 1),
            State::ChunkLf { last } if first == b'\n' => {
                (if last { State::RequestLine } else { State::ChunkSize { digits: 0, size: 0 } }, 1)
            }
            State::ChunkSizeLf(_) | State::ChunkCr { .. } | State::ChunkLf { .. } | State::Broken => return None,
        };
        self.state = state;
        usize::try_from(taken).ok()
    }

    /// Takes octets up to the end of a line, or all if it has none yet.
    fn take_line(&mut self, octets: &[u8]) -> Option<usize> {
        let end = octets.iter().position(|&octet| octet == b'\n');
        let taken = end.map_or(octets.len(), |end| end + 1);
        self.head += taken;
        if self.head > HEAD_LIMIT {
            return None;
        }
        match (end, self.line.is_empty()) {
            (None, _) => self.line.extend_from_slice(octets),
            (Some(_), true) => self.state = self.end_line(&octets[..taken])?,
            (Some(_), false) => {
                let mut line = std::mem::take(&mut self.line);
                line.extend_from_slice(&octets[..taken]);
                self.state = self.end_line(&line)?;
                line.clear();
                self.line = line;
            }
        }
        Some(taken)
    }

    /// What follows a whole line, its end included.
    fn end_line(&mut self, line: &[u8]) -> Option<State> {
        let line = line.strip_suffix(b"\r\n")?;
        if line.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0)) {
            return None;
        }
        match (self.state, line.is_empty()) {
            // An empty line before a request is skipped (RFC 9112 2.2).
            (State::RequestLine, true) => Some(State::RequestLine),
            (State::RequestLine, false) => {
                self.fields = Fields::of(line);
                Some(State::Field)
            }
            (_, false) => {
                check_field(&mut self.fields, line)?;
                Some(State::Field)
            }
            (_, true) => {
                self.head = 0;
                match (self.fields.length, self.fields.chunked) {
                    (Some(_), true) => None,
                    (None, true) => Some(State::ChunkSize { digits: 0, size: 0 }),
                    (Some(0) | None, false) => Some(State::RequestLine),
                    (Some(length), false) => Some(State::Body(length)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
