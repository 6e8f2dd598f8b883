//! Reads strict DER from a slice: definite, minimal lengths; canonical values; nothing left over.

use crate::{Asn1Error, Oid, Place, integer, tag};

/// One element: identifier, length and content.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Tlv<'a> {
    /// Identifier octet.
    pub tag: u8,
    /// All octets of the element.
    pub raw: &'a [u8],
    /// Content octets.
    pub value: &'a [u8],
}

/// Content of a BIT STRING.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BitString<'a> {
    /// Unused bits at the end of the last octet, all zero.
    pub unused: u8,
    /// The octets that hold the bits, most significant first.
    pub bytes: &'a [u8],
}

/// A cursor over the elements of one level. It never looks into an element: [`Reader::enter`] makes a reader for the level below.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
    field: &'static str,
}

impl<'a> Reader<'a> {
    /// Starts at the first octet of `bytes`; `field` names the whole in errors.
    #[must_use]
    pub const fn new(bytes: &'a [u8], field: &'static str) -> Self {
        Self { rest: bytes, offset: 0, field }
    }

    /// Reads `bytes` as exactly one element with `tag`, and enters it.
    ///
    /// # Errors
    /// What [`Reader::expect`] refuses, and octets after the element.
    pub fn enter_only(bytes: &'a [u8], tag: u8, field: &'static str) -> Result<Self, Asn1Error> {
        let mut outer = Self::new(bytes, field);
        let inner = outer.enter(tag, field)?;
        outer.finish()?;
        Ok(inner)
    }

    /// Where the cursor is, for an error about `field`.
    #[must_use]
    pub const fn place(&self, field: &'static str) -> Place {
        Place { field, offset: self.offset }
    }

    /// Where the cursor is, for an error about what is read.
    #[must_use]
    pub const fn here(&self) -> Place {
        self.place(self.field)
    }

    /// Octets not read yet.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether every octet has been read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Identifier octet of the next element, if there is one.
    #[must_use]
    pub fn peek_tag(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element, whatever it is.
    ///
    /// # Errors
    /// An identifier or length that DER (or this reader: tag numbers above 30) does not have, or too few octets.
    #[expect(clippy::should_implement_trait, reason = "an Iterator would have to go on after an error")]
    pub fn next(&mut self) -> Result<Tlv<'a>, Asn1Error> {
        let at = self.here();
        let (tag, header, length) = header(self.rest, at)?;
        let end = header.saturating_add(length);
        let Some((raw, rest)) = self.rest.split_at_checked(end) else {
            return Err(Asn1Error::Truncated { at, needed: length, left: self.rest.len() - header });
        };
        self.rest = rest;
        self.offset += end;
        Ok(Tlv { tag, raw, value: &raw[header..] })
    }

    /// The next element, which has `tag`.
    ///
    /// # Errors
    /// [`Asn1Error::Missing`] at the end, [`Asn1Error::UnexpectedTag`] for another element, and what [`Reader::next`] refuses.
    pub fn expect(&mut self, tag: u8, field: &'static str) -> Result<Tlv<'a>, Asn1Error> {
        let at = self.place(field);
        match self.peek_tag() {
            None => Err(Asn1Error::Missing { at, expected: tag }),
            Some(found) if found != tag => Err(Asn1Error::UnexpectedTag { at, expected: tag, found }),
            Some(_) => self.named(field, Self::next),
        }
    }

    /// The next element if it has `tag`; otherwise nothing is read.
    ///
    /// # Errors
    /// What [`Reader::next`] refuses.
    pub fn optional(&mut self, tag: u8, field: &'static str) -> Result<Option<Tlv<'a>>, Asn1Error> {
        if self.peek_tag() == Some(tag) { self.expect(tag, field).map(Some) } else { Ok(None) }
    }

    /// Takes the next element, which has `tag`, and reads what is in it.
    ///
    /// # Errors
    /// What [`Reader::expect`] refuses.
    pub fn enter(&mut self, tag: u8, field: &'static str) -> Result<Self, Asn1Error> {
        let tlv = self.expect(tag, field)?;
        Ok(self.inside(tlv, field))
    }

    /// Takes the next element if it has `tag`, and reads what is in it.
    ///
    /// # Errors
    /// What [`Reader::next`] refuses.
    pub fn enter_optional(&mut self, tag: u8, field: &'static str) -> Result<Option<Self>, Asn1Error> {
        Ok(self.optional(tag, field)?.map(|tlv| self.inside(tlv, field)))
    }

    /// Reads what is in `tlv`, the element taken last.
    #[must_use]
    pub const fn inside(&self, tlv: Tlv<'a>, field: &'static str) -> Self {
        Self { rest: tlv.value, offset: self.offset.saturating_sub(tlv.value.len()), field }
    }

    /// Ends reading.
    ///
    /// # Errors
    /// [`Asn1Error::TrailingBytes`] if anything is left.
    pub const fn finish(self) -> Result<(), Asn1Error> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Asn1Error::TrailingBytes { at: self.here(), count: self.rest.len() })
        }
    }

    /// An INTEGER's content octets, minimal, sign included.
    ///
    /// # Errors
    /// [`Asn1Error::IntegerNotMinimal`], and what [`Reader::expect`] refuses.
    pub fn integer(&mut self, field: &'static str) -> Result<&'a [u8], Asn1Error> {
        let tlv = self.expect(tag::INTEGER, field)?;
        let at = self.inside(tlv, field).here();
        integer::check_minimal(tlv.value, at)?;
        Ok(tlv.value)
    }

    /// An INTEGER that fits 64 bits with sign.
    ///
    /// # Errors
    /// [`Asn1Error::IntegerOutOfRange`], and what [`Reader::integer`] refuses.
    pub fn i64(&mut self, field: &'static str) -> Result<i64, Asn1Error> {
        let at = self.place(field);
        let value = self.integer(field)?;
        integer::to_i64(value).ok_or(Asn1Error::IntegerOutOfRange { at })
    }

    /// A BOOLEAN, 00 or FF.
    ///
    /// # Errors
    /// [`Asn1Error::BooleanNotCanonical`], and what [`Reader::expect`] refuses.
    pub fn boolean(&mut self, field: &'static str) -> Result<bool, Asn1Error> {
        let tlv = self.expect(tag::BOOLEAN, field)?;
        let at = self.inside(tlv, field).here();
        boolean_content(tlv.value, at)
    }

    /// A `BOOLEAN DEFAULT FALSE`, which DER writes only when it is TRUE.
    ///
    /// # Errors
    /// [`Asn1Error::DefaultEncoded`] for an explicit FALSE, and what [`Reader::boolean`] refuses.
    pub fn boolean_default_false(&mut self, field: &'static str) -> Result<bool, Asn1Error> {
        if self.peek_tag() != Some(tag::BOOLEAN) {
            return Ok(false);
        }
        let at = self.place(field);
        if self.boolean(field)? { Ok(true) } else { Err(Asn1Error::DefaultEncoded { at }) }
    }

    /// An OCTET STRING's content.
    ///
    /// # Errors
    /// What [`Reader::expect`] refuses.
    pub fn octet_string(&mut self, field: &'static str) -> Result<&'a [u8], Asn1Error> {
        Ok(self.expect(tag::OCTET_STRING, field)?.value)
    }

    /// A BIT STRING.
    ///
    /// # Errors
    /// [`Asn1Error::BitStringMalformed`], and what [`Reader::expect`] refuses.
    pub fn bit_string(&mut self, field: &'static str) -> Result<BitString<'a>, Asn1Error> {
        let tlv = self.expect(tag::BIT_STRING, field)?;
        let at = self.inside(tlv, field).here();
        BitString::from_content(tlv.value, at)
    }

    /// An OBJECT IDENTIFIER.
    ///
    /// # Errors
    /// [`Asn1Error::OidMalformed`] or [`Asn1Error::TooLarge`], and what [`Reader::expect`] refuses.
    pub fn oid(&mut self, field: &'static str) -> Result<Oid, Asn1Error> {
        let tlv = self.expect(tag::OID, field)?;
        let at = self.inside(tlv, field).here();
        Oid::at(tlv.value, at)
    }

    /// All elements left, each with `tag`, at most `limit`.
    ///
    /// # Errors
    /// [`Asn1Error::TooMany`], and what [`Reader::expect`] refuses.
    pub fn all(mut self, tag: u8, limit: usize) -> Result<Vec<Tlv<'a>>, Asn1Error> {
        let mut elements = Vec::new();
        while !self.is_empty() {
            if elements.len() == limit {
                return Err(Asn1Error::TooMany { at: self.here(), limit });
            }
            elements.push(self.expect(tag, self.field)?);
        }
        Ok(elements)
    }

    /// Runs `read` with errors about `field`.
    fn named<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, Asn1Error>,
    ) -> Result<T, Asn1Error> {
        let outer = std::mem::replace(&mut self.field, field);
        let result = read(self);
        self.field = outer;
        result
    }
}

impl<'a> BitString<'a> {
    /// Splits the content octets of a BIT STRING.
    ///
    /// # Errors
    /// [`Asn1Error::BitStringMalformed`] if the count of unused bits is wrong or one of them is set.
    pub fn from_content(content: &'a [u8], at: Place) -> Result<Self, Asn1Error> {
        let malformed = Asn1Error::BitStringMalformed { at };
        let Some((&unused, bytes)) = content.split_first() else { return Err(malformed) };
        let last = bytes.last().copied();
        match (unused, last) {
            (0, _) => Ok(Self { unused, bytes }),
            (1..=7, Some(last)) if last & ((1 << unused) - 1) == 0 => Ok(Self { unused, bytes }),
            _ => Err(malformed),
        }
    }

    /// The bits as a number whose most significant bit is bit 0, if there are at most 32.
    ///
    /// # Errors
    /// [`Asn1Error::BitStringMalformed`] for more than 32 bits, or, since named bits are meant, for a trailing zero bit (X.690 11.2.2).
    pub fn named_bits(&self, at: Place) -> Result<u32, Asn1Error> {
        let malformed = Asn1Error::BitStringMalformed { at };
        let trimmed = self.bytes.last().is_none_or(|last| last >> self.unused & 1 == 1);
        if self.bytes.len() > 4 || !trimmed {
            return Err(malformed);
        }
        let mut octets = [0; 4];
        octets[..self.bytes.len()].copy_from_slice(self.bytes);
        Ok(u32::from_be_bytes(octets))
    }
}

/// Content of a BOOLEAN.
pub(crate) fn boolean_content(content: &[u8], at: Place) -> Result<bool, Asn1Error> {
    match content {
        [0x00] => Ok(false),
        [0xff] => Ok(true),
        [found] => Err(Asn1Error::BooleanNotCanonical { at, found: *found }),
        _ => Err(Asn1Error::ContentLength { at, expected: 1, found: content.len() }),
    }
}

/// Identifier octet, octets of identifier and length, and length.
fn header(bytes: &[u8], at: Place) -> Result<(u8, usize, usize), Asn1Error> {
    let short = |needed| Asn1Error::Truncated { at, needed, left: bytes.len() };
    let &[tag, first, ..] = bytes else { return Err(short(2)) };
    if tag == 0 || tag & 0x1f == 0x1f {
        return Err(Asn1Error::TagNotSupported { at, found: tag });
    }
    match first {
        0..=0x7f => Ok((tag, 2, usize::from(first))),
        0x80 => Err(Asn1Error::IndefiniteLength { at }),
        0x81..=0x84 => {
            let count = usize::from(first & 0x7f);
            let octets = bytes.get(2..2 + count).ok_or_else(|| short(2 + count))?;
            let length = octets.iter().fold(0_u64, |length, &octet| length << 8 | u64::from(octet));
            if octets[0] == 0 || length < 0x80 {
                return Err(Asn1Error::LengthNotMinimal { at });
            }
            let length = usize::try_from(length).map_err(|_| Asn1Error::LengthTooLarge { at })?;
            Ok((tag, 2 + count, length))
        }
        0x85..=0xff => Err(Asn1Error::LengthTooLarge { at }),
    }
}

/// Checks that `bytes` are one element, and that everything in it down to the primitives has DER's framing, at most `depth` levels deep.
///
/// # Errors
/// What [`Reader::next`] refuses, at any level; [`Asn1Error::TooDeep`]; octets left over.
pub fn check_der(bytes: &[u8], depth: usize, field: &'static str) -> Result<(), Asn1Error> {
    let mut outer = Reader::new(bytes, field);
    let mut levels = vec![];
    let mut current = outer.clone();
    let first = outer.next()?;
    outer.finish()?;
    if depth == 0 {
        return Err(Asn1Error::TooDeep { at: current.here(), limit: depth });
    }
    if !tag::is_constructed(first.tag) {
        return Ok(());
    }
    loop {
        if current.is_empty() {
            match levels.pop() {
                Some(above) => current = above,
                None => return Ok(()),
            }
            continue;
        }
        let tlv = current.next()?;
        if tag::is_constructed(tlv.tag) {
            let below = current.inside(tlv, field);
            levels.push(current);
            if levels.len() >= depth && !below.is_empty() {
                return Err(Asn1Error::TooDeep { at: below.here(), limit: depth });
            }
            current = below;
        }
    }
}
