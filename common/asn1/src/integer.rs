//! Content octets of INTEGER: two's complement, big-endian, minimal.

use crate::{Asn1Error, Place};

/// Checks that `content` is there and minimal.
///
/// # Errors
/// [`Asn1Error::IntegerNotMinimal`].
pub const fn check_minimal(content: &[u8], at: Place) -> Result<(), Asn1Error> {
    match content {
        [] | [0x00, 0x00..=0x7f, ..] | [0xff, 0x80..=0xff, ..] => Err(Asn1Error::IntegerNotMinimal { at }),
        _ => Ok(()),
    }
}

/// Whether the number is below zero.
#[must_use]
pub fn is_negative(content: &[u8]) -> bool {
    content.first().is_some_and(|first| first & 0x80 != 0)
}

/// Whether the number is zero.
#[must_use]
pub fn is_zero(content: &[u8]) -> bool {
    content.iter().all(|&octet| octet == 0)
}

/// The number, if it fits.
#[must_use]
pub fn to_i64(content: &[u8]) -> Option<i64> {
    if content.is_empty() || content.len() > 8 {
        return None;
    }
    let mut octets = [if is_negative(content) { 0xff } else { 0 }; 8];
    octets[8 - content.len()..].copy_from_slice(content);
    Some(i64::from_be_bytes(octets))
}

/// The number, if it fits and is not below zero.
#[must_use]
pub fn to_u64(content: &[u8]) -> Option<u64> {
    let magnitude = magnitude(content)?;
    if magnitude.len() > 8 {
        return None;
    }
    Some(magnitude.iter().fold(0, |value, &octet| value << 8 | u64::from(octet)))
}

/// The octets of a number that is not below zero, without the sign octet; empty for zero.
#[must_use]
pub fn magnitude(content: &[u8]) -> Option<&[u8]> {
    match content {
        [] => None,
        [0x00, rest @ ..] => Some(rest),
        [0x01..=0x7f, ..] => Some(content),
        [0x80..=0xff, ..] => None,
    }
}
