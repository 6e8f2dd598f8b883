//! The device's own log: lines of 32 octets, each with a digest over itself and the digest before (Yubico, Get Log Entries).
//!
//! The log is chained but not signed: whoever holds an extract can compute another. It proves something only as long as each line is read from the
//! device itself and kept where it cannot be changed. No type of the device's library is needed to read it.

use kokuin_suite::{DigestAlgorithm, digest};

/// Octets of a line.
pub const LINE: usize = 32;
/// Octets of a line's digest; as many come before it.
const DIGEST: usize = 16;
/// Where no object applies.
pub const NO_OBJECT: u16 = 0xffff;
/// Set in a result: the command succeeded.
const SUCCESS: u8 = 0x80;

/// Commands that make a signature with an asymmetric key: PKCS#1, PSS, ECDSA, `EdDSA`, SSH certificates.
const SIGN: [u8; 5] = [0x47, 0x55, 0x56, 0x6a, 0x5d];
/// Makes a certificate; with a second object, that one signs.
const ATTEST: u8 = 0x64;

/// One line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LogLine {
    /// Counts up, and wraps.
    pub number: u16,
    /// The command; 0 for a start of the device, ff for a factory reset.
    pub command: u8,
    /// Octets of its payload.
    pub length: u16,
    /// The authentication key in whose session it was.
    pub session_key: u16,
    /// The object it was about.
    pub target: u16,
    /// The second object.
    pub second: u16,
    /// The command with its high bit set, or the device's error.
    pub result: u8,
    /// The device's own time.
    pub tick: u32,
    /// Half of SHA-256 over the fields above and the digest of the line before.
    pub digest: [u8; DIGEST],
}

impl LogLine {
    /// Reads a line.
    #[must_use]
    pub fn new(line: &[u8; LINE]) -> Self {
        let [n0, n1, command, l0, l1, s0, s1, t0, t1, o0, o1, result, c0, c1, c2, c3, digest @ ..] = *line;
        Self {
            number: u16::from_be_bytes([n0, n1]),
            command,
            length: u16::from_be_bytes([l0, l1]),
            session_key: u16::from_be_bytes([s0, s1]),
            target: u16::from_be_bytes([t0, t1]),
            second: u16::from_be_bytes([o0, o1]),
            result,
            tick: u32::from_be_bytes([c0, c1, c2, c3]),
            digest,
        }
    }

    /// The line as the device has it.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; LINE] {
        let mut line = [0; LINE];
        line[..DIGEST].copy_from_slice(&self.head());
        line[DIGEST..].copy_from_slice(&self.digest);
        line
    }

    fn head(&self) -> [u8; DIGEST] {
        let mut head = [0; DIGEST];
        head[..2].copy_from_slice(&self.number.to_be_bytes());
        head[2] = self.command;
        head[3..5].copy_from_slice(&self.length.to_be_bytes());
        head[5..7].copy_from_slice(&self.session_key.to_be_bytes());
        head[7..9].copy_from_slice(&self.target.to_be_bytes());
        head[9..11].copy_from_slice(&self.second.to_be_bytes());
        head[11] = self.result;
        head[12..].copy_from_slice(&self.tick.to_be_bytes());
        head
    }

    /// Whether it follows a line with this digest.
    #[must_use]
    pub fn follows(&self, before: &[u8; DIGEST]) -> bool {
        digest(DigestAlgorithm::Sha256, &[self.head(), *before].concat()).starts_with(&self.digest)
    }

    /// Whether it tells of a signature, made or attempted, by an asymmetric key of the device.
    #[must_use]
    pub fn is_signing(&self) -> bool {
        SIGN.contains(&self.command) || (self.command == ATTEST && !matches!(self.second, 0 | NO_OBJECT))
    }

    /// Whether the command succeeded.
    #[must_use]
    pub const fn succeeded(&self) -> bool {
        self.result == self.command | SUCCESS
    }
}

/// The lines in `bytes`; `None` if they are no whole lines.
#[must_use]
pub fn parse(bytes: &[u8]) -> Option<Vec<LogLine>> {
    let (lines, rest) = bytes.as_chunks::<LINE>();
    rest.is_empty().then(|| lines.iter().map(LogLine::new).collect())
}

/// Number and digest of the last line that was seen before.
pub type Anchor = (u16, [u8; DIGEST]);

/// What is wrong with the chain of `lines`, which follow `anchor` if there is one: a text for each place where it breaks.
#[must_use]
pub fn breaks(anchor: Option<Anchor>, lines: &[LogLine]) -> Vec<String> {
    let mut found = Vec::new();
    let mut before = anchor;
    for line in lines {
        if let Some((number, digest)) = before {
            let expected = number.wrapping_add(1);
            if line.number != expected {
                found.push(format!("line {} follows line {number}: lines are missing", line.number));
            } else if !line.follows(&digest) {
                found.push(format!("line {} does not follow the line before it: its digest is another", line.number));
            }
        }
        before = Some((line.number, line.digest));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line of the example on Yubico's page of `Get_Log_Entries`: what a real device said.
    fn line(number: u16, command: u8, length: u16, ids: [u16; 3], result: u8, tick: u32, digest: &str) -> LogLine {
        let [session_key, target, second] = ids;
        let digest = hex::decode(digest).unwrap().try_into().unwrap();
        LogLine { number, command, length, session_key, target, second, result, tick, digest }
    }

    fn sample() -> [LogLine; 6] {
        [
            line(46, 0x4b, 234, [1, 0xcf94, 0x997e], 0xcb, 335_725, "415f51f1f035a1b713e730e4464e4033"),
            line(47, 0x4c, 77, [1, 0xaff7, 0xffff], 0xcc, 351_714, "5496a60d478c2b9c801d8d32ca66b554"),
            line(48, 0x00, 0, [0xffff, 0, 0], 0, 0, "14ac7747ba9bbb243cfc70befeb5349b"),
            line(49, 0x03, 10, [0xffff, 1, 0xffff], 0x83, 139, "b20a8f25c025e693a8e869b433294a20"),
            line(50, 0x04, 17, [0xffff, 1, 0xffff], 0x84, 139, "ebfae425c319ac7a0afbb8b92597de7c"),
            line(51, 0x67, 2, [1, 0xffff, 0xffff], 0xe7, 697, "2e395d1b706668737e1d2215813db47e"),
        ]
    }

    #[test]
    fn the_published_chain_holds() {
        let lines = sample();
        assert_eq!(breaks(None, &lines), Vec::<String>::new());
        assert_eq!(parse(&lines.iter().flat_map(LogLine::to_bytes).collect::<Vec<_>>()), Some(lines.to_vec()));
    }

    #[test]
    fn a_changed_lost_or_added_line_breaks_it() {
        let lines = sample();
        let mut changed = lines;
        changed[2].target ^= 1;
        assert_eq!(breaks(None, &changed).len(), 1, "its own digest is wrong, the next one was made with it");
        let mut lost = lines.to_vec();
        lost.remove(2);
        assert_eq!(breaks(None, &lost), ["line 49 follows line 47: lines are missing"]);
        let mut added = lines.to_vec();
        added.insert(2, lines[2]);
        assert_eq!(breaks(None, &added).len(), 1);
        let anchor = Some((lines[0].number, lines[0].digest));
        assert_eq!(breaks(anchor, &lines[1..]), Vec::<String>::new());
        assert_eq!(breaks(anchor, &lines[2..]).len(), 1);
        assert_eq!(parse(&[0; 33]), None);
    }
}
