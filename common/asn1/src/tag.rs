//! Identifier octets (X.690 8.1.2), low tag numbers only.

/// BOOLEAN.
pub const BOOLEAN: u8 = 0x01;
/// INTEGER.
pub const INTEGER: u8 = 0x02;
/// BIT STRING, primitive.
pub const BIT_STRING: u8 = 0x03;
/// OCTET STRING, primitive.
pub const OCTET_STRING: u8 = 0x04;
/// NULL.
pub const NULL: u8 = 0x05;
/// OBJECT IDENTIFIER.
pub const OID: u8 = 0x06;
/// ENUMERATED.
pub const ENUMERATED: u8 = 0x0a;
/// `UTF8String`.
pub const UTF8_STRING: u8 = 0x0c;
/// `NumericString`.
pub const NUMERIC_STRING: u8 = 0x12;
/// `PrintableString`.
pub const PRINTABLE_STRING: u8 = 0x13;
/// `TeletexString` (`T61String`).
pub const TELETEX_STRING: u8 = 0x14;
/// `IA5String`.
pub const IA5_STRING: u8 = 0x16;
/// `UTCTime`.
pub const UTC_TIME: u8 = 0x17;
/// `GeneralizedTime`.
pub const GENERALIZED_TIME: u8 = 0x18;
/// `VisibleString`.
pub const VISIBLE_STRING: u8 = 0x1a;
/// `UniversalString` (UCS-4).
pub const UNIVERSAL_STRING: u8 = 0x1c;
/// `BMPString` (UCS-2).
pub const BMP_STRING: u8 = 0x1e;
/// SEQUENCE and SEQUENCE OF.
pub const SEQUENCE: u8 = 0x30;
/// SET and SET OF.
pub const SET: u8 = 0x31;

/// Context-specific, primitive: `[n] IMPLICIT` over a primitive type; `number` up to 30.
///
/// # Panics
/// Above 30.
#[must_use]
pub const fn context(number: u8) -> u8 {
    assert!(number < 31, "only low tag numbers are encoded in one octet");
    0x80 | number
}

/// Context-specific, constructed: `[n] EXPLICIT`, or IMPLICIT over a constructed type; `number` up to 30.
///
/// # Panics
/// Above 30.
#[must_use]
pub const fn context_constructed(number: u8) -> u8 {
    assert!(number < 31, "only low tag numbers are encoded in one octet");
    0xa0 | number
}

/// Whether the content of `tag` is a sequence of further elements.
#[must_use]
pub const fn is_constructed(tag: u8) -> bool {
    tag & 0x20 != 0
}
