//! OBJECT IDENTIFIER.

use std::{borrow::Cow, fmt, str::FromStr};

use crate::{Asn1Error, Place};

/// Content octets an identifier may have: three times what a UUID below 2.25 needs.
const MAX_CONTENT: usize = 64;

/// An object identifier: well-formed content octets, each arc below 2^128 (the second one, below 2^128 - 80).
#[derive(Clone, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Oid(Cow<'static, [u8]>);

impl Oid {
    /// Takes content octets known when compiling.
    ///
    /// # Panics
    /// If they are malformed; in a constant, that is an error of the compiler.
    #[must_use]
    pub const fn from_static(content: &'static [u8]) -> Self {
        assert!(is_well_formed(content), "content octets of an OBJECT IDENTIFIER");
        Self(Cow::Borrowed(content))
    }

    /// Takes content octets.
    ///
    /// # Errors
    /// [`Asn1Error::OidMalformed`] or [`Asn1Error::TooLarge`] (64 octets).
    pub fn from_content(content: &[u8]) -> Result<Self, Asn1Error> {
        Self::at(content, Place { field: "OBJECT IDENTIFIER", offset: 0 })
    }

    pub(crate) fn at(content: &[u8], at: Place) -> Result<Self, Asn1Error> {
        if content.len() > MAX_CONTENT {
            return Err(Asn1Error::TooLarge { at, limit: MAX_CONTENT, found: content.len() });
        }
        if !is_well_formed(content) {
            return Err(Asn1Error::OidMalformed { at });
        }
        Ok(Self(Cow::Owned(content.to_vec())))
    }

    /// Content octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The arcs, from the root.
    pub fn arcs(&self) -> impl Iterator<Item = u128> + '_ {
        let mut subidentifiers = self
            .0
            .split_inclusive(|octet| octet & 0x80 == 0)
            .map(|octets| octets.iter().fold(0_u128, |value, octet| value << 7 | u128::from(octet & 0x7f)));
        let first = subidentifiers.next().unwrap_or_default();
        let root = (first / 40).min(2);
        [root, first - root * 40].into_iter().chain(subidentifiers)
    }
}

/// X.690 8.19: every arc ends, none starts with a padding octet, none is wider than 128 bits.
const fn is_well_formed(content: &[u8]) -> bool {
    let mut i = 0;
    let mut start = 0;
    while i < content.len() {
        if i == start && content[i] == 0x80 {
            return false;
        }
        // 18 octets hold 126 bits, so of 19 the first may hold two more.
        if i - start > 18 || (i - start == 18 && content[start] & 0x7f > 3) {
            return false;
        }
        if content[i] & 0x80 == 0 {
            start = i + 1;
        }
        i += 1;
    }
    start == content.len() && !content.is_empty()
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, arc) in self.arcs().enumerate() {
            if i > 0 {
                f.write_str(".")?;
            }
            write!(f, "{arc}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

impl FromStr for Oid {
    type Err = Asn1Error;

    /// Reads the dotted form: decimal arcs without leading zeros, root 0 to 2, second arc below 40 under roots 0 and 1.
    fn from_str(text: &str) -> Result<Self, Asn1Error> {
        let malformed = || Asn1Error::OidMalformed { at: Place { field: "dotted OBJECT IDENTIFIER", offset: 0 } };
        let mut arcs = text.split('.').map(|arc| {
            let canonical = arc == "0" || !arc.starts_with(['0', '+']);
            if canonical { arc.parse::<u128>().ok() } else { None }
        });
        let root = arcs.next().flatten().filter(|&root| root <= 2).ok_or_else(malformed)?;
        let second = arcs.next().flatten().filter(|&second| root == 2 || second < 40).ok_or_else(malformed)?;
        let first = second.checked_add(root * 40).ok_or_else(malformed)?;
        let mut content = Vec::with_capacity(16);
        push_arc(&mut content, first);
        for arc in arcs {
            push_arc(&mut content, arc.ok_or_else(malformed)?);
            if content.len() > MAX_CONTENT {
                return Err(malformed());
            }
        }
        Self::from_content(&content)
    }
}

/// Base 128, most significant first, all but the last octet marked.
fn push_arc(content: &mut Vec<u8>, arc: u128) {
    let mut octets = [0_u8; 19];
    let mut start = octets.len();
    let mut value = arc;
    loop {
        start -= 1;
        let more = if start == octets.len() - 1 { 0 } else { 0x80 };
        octets[start] = (value % 128) as u8 | more;
        value /= 128;
        if value == 0 {
            break;
        }
    }
    content.extend_from_slice(&octets[start..]);
}
