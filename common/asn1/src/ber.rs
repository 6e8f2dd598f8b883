//! BER as CMS uses it, made definite: indefinite lengths, long lengths and constructed OCTET STRINGs become DER's framing.
//!
//! Only the framing changes: SETs stay unsorted, spelled-out defaults and content octets stay as they are. What was signed must be DER
//! anyway (RFC 5652 5.4), so that it passes unchanged or its signature fails.

use std::borrow::Cow;

use crate::{Asn1Error, Place, enc, tag};

const AT: &str = "BER";
const END_OF_CONTENTS: [u8; 2] = [0, 0];

/// How much is converted.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Octets of input.
    pub max_len: usize,
    /// Levels of nesting.
    pub max_depth: usize,
    /// Elements, all levels together.
    pub max_elements: usize,
}

impl Default for Limits {
    /// 64 MiB, 64 levels, a million elements.
    fn default() -> Self {
        Self { max_len: 64 << 20, max_depth: 64, max_elements: 1 << 20 }
    }
}

/// One element, in the order of its first octet.
struct Node<'a> {
    identifier: &'a [u8],
    /// Content of a primitive element.
    content: &'a [u8],
    constructed: bool,
    /// Part of a constructed OCTET STRING: only its content is written.
    inlined: bool,
    /// Written as a primitive OCTET STRING.
    joined: bool,
    /// Index after its last descendant.
    end: usize,
    /// Octets of the content as written.
    length: usize,
}

/// The same element in DER's framing; borrowed if it had it.
///
/// # Errors
/// What is not BER; octets after the element; more than `limits` allow.
pub fn to_der(bytes: &[u8], limits: Limits) -> Result<Cow<'_, [u8]>, Asn1Error> {
    let (der, used) = to_der_prefix(bytes, limits)?;
    if used == bytes.len() {
        Ok(der)
    } else {
        Err(Asn1Error::TrailingBytes { at: place(used), count: bytes.len() - used })
    }
}

/// The first element of `bytes` in DER's framing, and how many octets it took: what follows, such as a PDF's padding, is the caller's.
///
/// # Errors
/// What is not BER; more than `limits` allow.
pub fn to_der_prefix(bytes: &[u8], limits: Limits) -> Result<(Cow<'_, [u8]>, usize), Asn1Error> {
    if bytes.len() > limits.max_len {
        return Err(Asn1Error::TooLarge { at: place(0), limit: limits.max_len, found: bytes.len() });
    }
    let (mut nodes, used) = read(bytes, limits)?;
    measure(&mut nodes)?;
    let der = write(&nodes);
    if der == bytes[..used] { Ok((Cow::Borrowed(&bytes[..used]), used)) } else { Ok((Cow::Owned(der), used)) }
}

const fn place(offset: usize) -> Place {
    Place { field: AT, offset }
}

/// A level that is open: its element, and where it ends, unless end-of-contents says so.
struct Open {
    node: usize,
    end: Option<usize>,
    octet_string: bool,
}

fn read(bytes: &[u8], limits: Limits) -> Result<(Vec<Node<'_>>, usize), Asn1Error> {
    let mut nodes: Vec<Node<'_>> = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut at = 0;
    loop {
        while let Some(level) = open.last() {
            let limit = open.iter().rev().find_map(|level| level.end).unwrap_or(bytes.len());
            let ended = match level.end {
                Some(end) => at == end,
                None if bytes[at..limit].starts_with(&END_OF_CONTENTS) => {
                    at += END_OF_CONTENTS.len();
                    true
                }
                None => false,
            };
            if !ended {
                break;
            }
            let count = nodes.len();
            nodes[level.node].end = count;
            open.pop();
        }
        if !nodes.is_empty() && open.is_empty() {
            return Ok((nodes, at));
        }
        let limit = open.iter().rev().find_map(|level| level.end).unwrap_or(bytes.len());
        let header = Header::read(bytes, at, limit)?;
        if nodes.len() == limits.max_elements {
            return Err(Asn1Error::TooMany { at: place(at), limit: limits.max_elements });
        }
        let in_octet_string = open.last().is_some_and(|level| level.octet_string);
        let octet_string = header.identifier[0] & !0x20 == tag::OCTET_STRING;
        if in_octet_string && !octet_string {
            let found = header.identifier[0];
            return Err(Asn1Error::UnexpectedTag { at: place(at), expected: tag::OCTET_STRING, found });
        }
        let start = at + header.len;
        let node = nodes.len();
        nodes.push(Node {
            identifier: header.identifier,
            content: if header.constructed { &[] } else { &bytes[start..start + header.content.unwrap_or(0)] },
            constructed: header.constructed,
            inlined: in_octet_string,
            joined: octet_string && header.constructed,
            end: node + 1,
            length: 0,
        });
        if header.constructed {
            if open.len() == limits.max_depth {
                return Err(Asn1Error::TooDeep { at: place(at), limit: limits.max_depth });
            }
            open.push(Open { node, end: header.content.map(|length| start + length), octet_string });
            at = start;
        } else {
            at = start + header.content.unwrap_or(0);
        }
    }
}

struct Header<'a> {
    identifier: &'a [u8],
    constructed: bool,
    /// Octets of identifier and length.
    len: usize,
    /// `None` for an indefinite length.
    content: Option<usize>,
}

impl<'a> Header<'a> {
    fn read(bytes: &'a [u8], start: usize, limit: usize) -> Result<Self, Asn1Error> {
        let at = place(start);
        let rest = &bytes[start..limit];
        let truncated = |needed| Asn1Error::Truncated { at, needed, left: rest.len() };
        let &first = rest.first().ok_or_else(|| truncated(2))?;
        if first == 0 {
            return Err(Asn1Error::TagNotSupported { at, found: first });
        }
        let constructed = tag::is_constructed(first);
        let number_len = if first & 0x1f == 0x1f {
            let number = &rest[1..rest.len().min(6)];
            1 + number
                .iter()
                .position(|octet| octet & 0x80 == 0)
                .ok_or(Asn1Error::TagNotSupported { at, found: first })?
        } else {
            0
        };
        let identifier = &rest[..=number_len];
        let &length = rest.get(identifier.len()).ok_or_else(|| truncated(identifier.len() + 1))?;
        let before = identifier.len() + 1;
        let (len, content) = match length {
            0..=0x7f => (before, Some(usize::from(length))),
            0x80 if constructed => (before, None),
            0x80 => return Err(Asn1Error::IndefiniteLength { at }),
            0xff => return Err(Asn1Error::LengthTooLarge { at }),
            0x81..=0xfe => {
                let count = usize::from(length & 0x7f);
                let octets = rest.get(before..before + count).ok_or_else(|| truncated(before + count))?;
                let significant = octets.iter().skip_while(|&&octet| octet == 0);
                if significant.clone().count() > 4 {
                    return Err(Asn1Error::LengthTooLarge { at });
                }
                let value = significant.fold(0_u64, |value, &octet| value << 8 | u64::from(octet));
                (before + count, Some(usize::try_from(value).map_err(|_| Asn1Error::LengthTooLarge { at })?))
            }
        };
        let left = rest.len() - len;
        match content {
            Some(needed) if needed > left => Err(Asn1Error::Truncated { at, needed, left }),
            _ => Ok(Self { identifier, constructed, len, content }),
        }
    }
}

/// Octets of every element's content, children before parents: they come later in the list.
fn measure(nodes: &mut [Node<'_>]) -> Result<(), Asn1Error> {
    for i in (0..nodes.len()).rev() {
        let mut length = nodes[i].content.len();
        let mut child = i + 1;
        while child < nodes[i].end {
            length = length.saturating_add(written_len(&nodes[child]));
            child = nodes[child].end;
        }
        if u32::try_from(length).is_err() {
            return Err(Asn1Error::LengthTooLarge { at: place(0) });
        }
        nodes[i].length = length;
    }
    Ok(())
}

/// Octets of an element as written.
fn written_len(node: &Node<'_>) -> usize {
    if node.inlined { node.length } else { node.identifier.len() - 1 + enc::tlv_len(node.length) }
}

fn write(nodes: &[Node<'_>]) -> Vec<u8> {
    let mut out = Vec::with_capacity(nodes.first().map_or(0, written_len));
    for node in nodes {
        if !node.inlined
            && let Some((last, rest)) = node.identifier.split_last()
        {
            out.extend_from_slice(rest);
            let last = if node.joined { tag::OCTET_STRING } else { *last };
            enc::header_into(&mut out, last, node.length);
        }
        if !node.constructed {
            out.extend_from_slice(node.content);
        }
    }
    out
}
