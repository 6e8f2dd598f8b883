//! PEM (RFC 7468): base64 between labelled lines.

/// Octets that one text may decode to.
const MAX_DECODED: usize = 64 << 20;
const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// One block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PemBlock {
    /// What the block says it holds: `CERTIFICATE`, `X509 CRL`, ...
    pub label: String,
    /// The decoded octets.
    pub der: Vec<u8>,
}

/// Why text is not PEM.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PemError {
    /// Not UTF-8, so not the ASCII that it should be.
    #[error("not text")]
    NotText,
    /// There is no block.
    #[error("no PEM block")]
    NoBlock,
    /// A block without its last line.
    #[error("line {line}: the block does not end")]
    Unterminated {
        /// Of the first line of the block, from 1.
        line: usize,
    },
    /// First and last line name different things.
    #[error("line {line}: the label differs from the block's first line")]
    LabelMismatch {
        /// From 1.
        line: usize,
    },
    /// A header as of RFC 1421, which means encryption or worse.
    #[error("line {line}: headers are not allowed")]
    Header {
        /// From 1.
        line: usize,
    },
    /// A character outside the alphabet, misplaced padding, or bits set that encode nothing.
    #[error("line {line}: malformed base64")]
    Base64 {
        /// Of the first line of the block, from 1.
        line: usize,
    },
    /// More than 64 MiB.
    #[error("more than {limit} octets")]
    TooLarge {
        /// Octets allowed.
        limit: usize,
    },
}

impl PemError {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotText => "pem.not-text",
            Self::NoBlock => "pem.no-block",
            Self::Unterminated { .. } => "pem.unterminated",
            Self::LabelMismatch { .. } => "pem.label-mismatch",
            Self::Header { .. } => "pem.header",
            Self::Base64 { .. } => "pem.base64",
            Self::TooLarge { .. } => "pem.too-large",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::NotText | Self::NoBlock | Self::Unterminated { .. } | Self::LabelMismatch { .. } => "RFC 7468 3",
            Self::Header { .. } => "RFC 7468 2",
            Self::Base64 { .. } => "RFC 4648 4",
            Self::TooLarge { .. } => "Kokuin limits",
        }
    }
}

/// All blocks of `text`, in order; text around them is skipped.
///
/// # Errors
/// [`PemError`], also if there is no block.
pub fn decode_all(text: &[u8]) -> Result<Vec<PemBlock>, PemError> {
    let text = std::str::from_utf8(text).map_err(|_| PemError::NotText)?;
    let mut blocks = Vec::new();
    let mut lines = text.lines().zip(1_usize..);
    while let Some((first, started)) = lines.next() {
        let Some(label) = label(first, BEGIN) else { continue };
        let mut body = Vec::new();
        loop {
            let Some((text, line)) = lines.next() else { return Err(PemError::Unterminated { line: started }) };
            if let Some(end) = self::label(text, END) {
                if end != label {
                    return Err(PemError::LabelMismatch { line });
                }
                break;
            }
            if text.contains(':') {
                return Err(PemError::Header { line });
            }
            body.extend(text.bytes().filter(|octet| !octet.is_ascii_whitespace()));
            if body.len() / 4 * 3 > MAX_DECODED {
                return Err(PemError::TooLarge { limit: MAX_DECODED });
            }
        }
        let der = decode_base64(&body).ok_or(PemError::Base64 { line: started })?;
        blocks.push(PemBlock { label: label.to_owned(), der });
    }
    if blocks.is_empty() { Err(PemError::NoBlock) } else { Ok(blocks) }
}

/// One block: lines of 64 characters, each ended by a line feed.
#[must_use]
pub fn encode(label: &str, der: &[u8]) -> String {
    let mut text = format!("{BEGIN}{label}{DASHES}\n");
    for line in der.chunks(48) {
        for group in line.chunks(3) {
            let octet = |i: usize| u32::from(group.get(i).copied().unwrap_or(0));
            let bits = octet(0) << 16 | octet(1) << 8 | octet(2);
            for position in 0..4 {
                let index = (bits >> (18 - 6 * position) & 0x3f) as usize;
                text.push(if position > group.len() { '=' } else { char::from(ALPHABET[index]) });
            }
        }
        text.push('\n');
    }
    text.push_str(END);
    text.push_str(label);
    text.push_str(DASHES);
    text.push('\n');
    text
}

fn label<'a>(line: &'a str, kind: &str) -> Option<&'a str> {
    line.trim_end().strip_prefix(kind)?.strip_suffix(DASHES)
}

/// Strict: whole groups, padding at the end only, unused bits zero.
fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text.iter().rev().take_while(|&&character| character == b'=').count();
    let digits = &text[..text.len() - padding.min(2)];
    let mut octets = Vec::with_capacity(digits.len() / 4 * 3 + 3);
    for group in digits.chunks(4) {
        let mut bits = 0_u32;
        for &character in group {
            bits = bits << 6 | sextet(character)?;
        }
        bits <<= 6 * (4 - group.len());
        let [_, bytes @ ..] = bits.to_be_bytes();
        let used = group.len() - 1;
        if used == 0 || bytes[used..].iter().any(|&octet| octet != 0) {
            return None;
        }
        octets.extend_from_slice(&bytes[..used]);
    }
    Some(octets)
}

const fn sextet(character: u8) -> Option<u32> {
    let value = match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648 10.
    #[test]
    fn writes_the_vectors_of_rfc_4648() {
        let vectors =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")];
        for (octets, text) in vectors {
            let body = if text.is_empty() { String::new() } else { format!("{text}\n") };
            let pem = format!("-----BEGIN X-----\n{body}-----END X-----\n");
            assert_eq!(encode("X", octets.as_bytes()), pem);
            let block = PemBlock { label: "X".into(), der: octets.into() };
            assert_eq!(decode_all(pem.as_bytes()).unwrap(), [block]);
        }
    }

    #[test]
    fn reads_every_block_and_skips_text_around_them() {
        let text = b"subject=A\r\n-----BEGIN A-----\r\nZm9v\r\n-----END A-----\r\n\r\n-----BEGIN B-----\nZg==\n-----END B-----\n";
        let labels: Vec<_> = decode_all(text).unwrap().into_iter().map(|block| (block.label, block.der)).collect();
        assert_eq!(labels, [("A".to_owned(), b"foo".to_vec()), ("B".to_owned(), b"f".to_vec())]);
    }

    #[test]
    fn refuses_malformed_blocks() {
        let body = |body: &str| format!("-----BEGIN A-----\n{body}\n-----END A-----\n");
        let base64 = Err(PemError::Base64 { line: 1 });
        for text in ["Zg=", "Zh==", "Z===", "Zm9v=", "Zg==Zg==", "Zm*v", "===="] {
            assert_eq!(decode_all(body(text).as_bytes()), base64, "{text}");
        }
        assert_eq!(decode_all(b"nothing"), Err(PemError::NoBlock));
        assert_eq!(decode_all(b"\xff"), Err(PemError::NotText));
        assert_eq!(decode_all(b"\n-----BEGIN A-----\nZg==\n"), Err(PemError::Unterminated { line: 2 }));
        assert_eq!(decode_all(b"-----BEGIN A-----\n-----END B-----\n"), Err(PemError::LabelMismatch { line: 2 }));
        assert_eq!(decode_all(body("Proc-Type: 4,ENCRYPTED").as_bytes()), Err(PemError::Header { line: 2 }));
    }
}
