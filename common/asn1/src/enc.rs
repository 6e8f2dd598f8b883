//! Writes DER. The `*_into` forms append to a buffer; the others make one.

use crate::{Asn1Error, Oid, calendar::Civil, tag};

/// Octets of identifier and length before `length` content octets.
#[must_use]
pub const fn header_len(length: usize) -> usize {
    match length {
        0..=0x7f => 2,
        0x80..=0xff => 3,
        0x100..=0xffff => 4,
        0x1_0000..=0xff_ffff => 5,
        _ => 6,
    }
}

/// Octets of an element with `length` content octets.
#[must_use]
pub const fn tlv_len(length: usize) -> usize {
    header_len(length) + length
}

/// Appends identifier and length.
///
/// # Panics
/// If `length` is 4 GiB or more, which nothing built here comes near.
pub fn header_into(out: &mut Vec<u8>, tag: u8, length: usize) {
    out.push(tag);
    let octets = u32::try_from(length).expect("elements are shorter than 4 GiB").to_be_bytes();
    match header_len(length) {
        2 => out.push(octets[3]),
        3 => out.extend_from_slice(&[0x81, octets[3]]),
        4 => out.extend_from_slice(&[0x82, octets[2], octets[3]]),
        5 => out.extend_from_slice(&[0x83, octets[1], octets[2], octets[3]]),
        _ => out.extend_from_slice(&[0x84, octets[0], octets[1], octets[2], octets[3]]),
    }
}

/// Appends an element.
pub fn tlv_into(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    header_into(out, tag, content.len());
    out.extend_from_slice(content);
}

/// An element.
#[must_use]
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(tlv_len(content.len()));
    tlv_into(&mut out, tag, content);
    out
}

/// Appends an element whose content is `parts`, one after the other.
pub fn constructed_into(out: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) {
    let length = parts.iter().map(|part| part.len()).sum();
    out.reserve(tlv_len(length));
    header_into(out, tag, length);
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// An element whose content is `parts`, one after the other.
#[must_use]
pub fn constructed(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    constructed_into(&mut out, tag, parts);
    out
}

/// A SEQUENCE of `parts`, each one or more elements, or empty for an absent one.
#[must_use]
pub fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    constructed(tag::SEQUENCE, parts)
}

/// Appends a SEQUENCE of `parts`.
pub fn sequence_into(out: &mut Vec<u8>, parts: &[&[u8]]) {
    constructed_into(out, tag::SEQUENCE, parts);
}

/// A SET OF `elements`, each exactly one element, in DER's order (X.690 11.6).
#[must_use]
pub fn set_of(elements: &[&[u8]]) -> Vec<u8> {
    implicit_set_of(tag::SET, elements)
}

/// [`set_of`] with another identifier octet, for `[n] IMPLICIT SET OF`.
#[must_use]
pub fn implicit_set_of(tag: u8, elements: &[&[u8]]) -> Vec<u8> {
    let mut sorted = elements.to_vec();
    // Comparing with zero padding, as X.690 says, is comparing slices: no element is another's beginning, since its length says where it ends.
    sorted.sort_unstable();
    constructed(tag, &sorted)
}

/// `[number] EXPLICIT` around one element.
#[must_use]
pub fn explicit(number: u8, element: &[u8]) -> Vec<u8> {
    tlv(tag::context_constructed(number), element)
}

/// `[number] IMPLICIT` over a constructed type, around its content.
#[must_use]
pub fn implicit_constructed(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(tag::context_constructed(number), content)
}

/// `[number] IMPLICIT` over a primitive type, around its content.
#[must_use]
pub fn implicit_primitive(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(tag::context(number), content)
}

/// Appends an OBJECT IDENTIFIER.
pub fn oid_into(out: &mut Vec<u8>, oid: &Oid) {
    tlv_into(out, tag::OID, oid.as_bytes());
}

/// An OBJECT IDENTIFIER.
#[must_use]
pub fn oid(oid: &Oid) -> Vec<u8> {
    tlv(tag::OID, oid.as_bytes())
}

/// Appends an INTEGER of the unsigned number in `magnitude`, big-endian, leading zeros allowed.
pub fn uint_into(out: &mut Vec<u8>, magnitude: &[u8]) {
    let start = magnitude.iter().position(|&octet| octet != 0).unwrap_or(magnitude.len());
    let magnitude = &magnitude[start..];
    let sign = magnitude.first().is_none_or(|first| first & 0x80 != 0);
    header_into(out, tag::INTEGER, magnitude.len() + usize::from(sign));
    if sign {
        out.push(0);
    }
    out.extend_from_slice(magnitude);
}

/// An INTEGER of the unsigned number in `magnitude`, big-endian, leading zeros allowed.
#[must_use]
pub fn uint(magnitude: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(magnitude.len() + 4);
    uint_into(&mut out, magnitude);
    out
}

/// An INTEGER.
#[must_use]
pub fn uint_u64(value: u64) -> Vec<u8> {
    uint(&value.to_be_bytes())
}

/// An INTEGER, of either sign.
#[must_use]
pub fn int_i64(value: i64) -> Vec<u8> {
    let octets = value.to_be_bytes();
    let redundant =
        octets.windows(2).take_while(|pair| matches!(pair, [0x00, 0x00..=0x7f] | [0xff, 0x80..=0xff])).count();
    tlv(tag::INTEGER, &octets[redundant..])
}

/// An INTEGER from its content octets, which must be minimal.
#[must_use]
pub fn integer(content: &[u8]) -> Vec<u8> {
    tlv(tag::INTEGER, content)
}

/// An OCTET STRING.
#[must_use]
pub fn octet_string(content: &[u8]) -> Vec<u8> {
    tlv(tag::OCTET_STRING, content)
}

/// A BIT STRING whose last octet has `unused` (0 to 7) unused bits, zero.
#[must_use]
pub fn bit_string(bytes: &[u8], unused: u8) -> Vec<u8> {
    constructed(tag::BIT_STRING, &[&[unused], bytes])
}

/// A BIT STRING of named bits, bit 0 the most significant of `bits`, trailing zeros cut (X.690 11.2.2).
#[must_use]
pub fn named_bits(bits: u32) -> Vec<u8> {
    if bits == 0 {
        return bit_string(&[], 0);
    }
    let trailing = bits.trailing_zeros();
    let octets = bits.to_be_bytes();
    let used = octets.len() - trailing as usize / 8;
    bit_string(&octets[..used], (trailing % 8) as u8)
}

/// A BOOLEAN.
#[must_use]
pub fn boolean(value: bool) -> Vec<u8> {
    tlv(tag::BOOLEAN, &[if value { 0xff } else { 0 }])
}

/// NULL.
#[must_use]
pub fn null() -> Vec<u8> {
    vec![tag::NULL, 0]
}

/// A `UTF8String`.
#[must_use]
pub fn utf8_string(text: &str) -> Vec<u8> {
    tlv(tag::UTF8_STRING, text.as_bytes())
}

/// A `PrintableString`. That `text` has only its characters is the caller's duty.
#[must_use]
pub fn printable_string(text: &str) -> Vec<u8> {
    tlv(tag::PRINTABLE_STRING, text.as_bytes())
}

/// An `IA5String`. That `text` is ASCII is the caller's duty.
#[must_use]
pub fn ia5_string(text: &str) -> Vec<u8> {
    tlv(tag::IA5_STRING, text.as_bytes())
}

/// A `GeneralizedTime` of whole seconds.
///
/// # Errors
/// [`Asn1Error::TimeOutOfRange`] outside the years 0000 to 9999.
pub fn generalized_time(unix_seconds: i64) -> Result<Vec<u8>, Asn1Error> {
    let civil = Civil::from_unix(unix_seconds).ok_or(Asn1Error::TimeOutOfRange)?;
    let mut text = Vec::with_capacity(15);
    civil.push_generalized(&mut text);
    text.push(b'Z');
    Ok(tlv(tag::GENERALIZED_TIME, &text))
}

/// A `UTCTime`.
///
/// # Errors
/// [`Asn1Error::TimeOutOfRange`] outside the years 1950 to 2049, which are all it can say.
pub fn utc_time(unix_seconds: i64) -> Result<Vec<u8>, Asn1Error> {
    let civil = Civil::from_unix(unix_seconds)
        .filter(|civil| (1950..2050).contains(&civil.year))
        .ok_or(Asn1Error::TimeOutOfRange)?;
    let mut text = Vec::with_capacity(13);
    civil.push_utc(&mut text);
    text.push(b'Z');
    Ok(tlv(tag::UTC_TIME, &text))
}

/// A `Time`: `UTCTime` through 2049, `GeneralizedTime` before 1950 and from 2050 (RFC 5280 4.1.2.5).
///
/// # Errors
/// [`Asn1Error::TimeOutOfRange`] outside the years 0000 to 9999.
pub fn time(unix_seconds: i64) -> Result<Vec<u8>, Asn1Error> {
    utc_time(unix_seconds).or_else(|_| generalized_time(unix_seconds))
}
