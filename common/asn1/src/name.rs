//! `Name` (RFC 5280 4.1.2.4) and its text (RFC 4514).

use std::fmt::Write;

use crate::{Asn1Error, Oid, Reader, Tlv, oids, tag};

/// Attributes that one name may have.
const MAX_ATTRIBUTES: usize = 128;

/// One attribute of a name, as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NameAttribute<'a> {
    /// Which relative distinguished name it is in, from 0, the root's side.
    pub rdn: usize,
    /// Attribute type.
    pub oid: Oid,
    /// Attribute value.
    pub value: Tlv<'a>,
}

impl NameAttribute<'_> {
    /// The value as text; `#` and the element in hexadecimal for what is no text (RFC 4514 2.4).
    #[must_use]
    pub fn text(&self) -> String {
        directory_string(self.value).unwrap_or_else(|| hexadecimal(self.value.raw))
    }
}

/// Reads octets that are one `Name` and nothing else. A `RelativeDistinguishedName` without attributes is skipped: certificates in use have it.
///
/// # Errors
/// What is not DER or not that syntax; [`Asn1Error::TooMany`] above 128 attributes.
pub fn parse(name: &[u8]) -> Result<Vec<NameAttribute<'_>>, Asn1Error> {
    let mut reader = Reader::enter_only(name, tag::SEQUENCE, "Name")?;
    let mut attributes = Vec::new();
    let mut rdn = 0;
    while !reader.is_empty() {
        let mut set = reader.enter(tag::SET, "RelativeDistinguishedName")?;
        while !set.is_empty() {
            if attributes.len() == MAX_ATTRIBUTES {
                return Err(Asn1Error::TooMany { at: set.here(), limit: MAX_ATTRIBUTES });
            }
            let mut pair = set.enter(tag::SEQUENCE, "AttributeTypeAndValue")?;
            let oid = pair.oid("type")?;
            let value = pair.next()?;
            pair.finish()?;
            attributes.push(NameAttribute { rdn, oid, value });
        }
        rdn += 1;
    }
    Ok(attributes)
}

/// The name as text, most specific part first, with RFC 4514's escapes, and control and bidirectional characters escaped too.
/// Two names with the same text may differ in octets.
#[must_use]
pub fn to_text(attributes: &[NameAttribute<'_>]) -> String {
    let mut text = String::new();
    for (i, attribute) in attributes.iter().rev().enumerate() {
        if i > 0 {
            let previous = &attributes[attributes.len() - i];
            text.push(if previous.rdn == attribute.rdn { '+' } else { ',' });
        }
        match keyword(&attribute.oid) {
            Some(keyword) => text.push_str(keyword),
            None => push(&mut text, format_args!("{}", attribute.oid)),
        }
        text.push('=');
        match directory_string(attribute.value) {
            Some(value) => push_escaped(&mut text, &value),
            None => text.push_str(&hexadecimal(attribute.value.raw)),
        }
    }
    text
}

/// The text of a string type; `None` for what is no string type, or is malformed.
#[must_use]
pub fn directory_string(value: Tlv<'_>) -> Option<String> {
    let octets = value.value;
    let units = |size: usize| octets.len().is_multiple_of(size).then(|| octets.chunks_exact(size));
    match value.tag {
        tag::UTF8_STRING => std::str::from_utf8(octets).ok().map(str::to_owned),
        tag::PRINTABLE_STRING | tag::IA5_STRING | tag::NUMERIC_STRING | tag::VISIBLE_STRING => {
            octets.is_ascii().then(|| octets.iter().copied().map(char::from).collect())
        }
        // Its use for Latin-1 is what there is in certificates.
        tag::TELETEX_STRING => Some(octets.iter().copied().map(char::from).collect()),
        tag::BMP_STRING => {
            let units: Vec<_> = units(2)?.map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
            String::from_utf16(&units).ok()
        }
        tag::UNIVERSAL_STRING => {
            units(4)?.map(|unit| char::from_u32(u32::from_be_bytes([unit[0], unit[1], unit[2], unit[3]]))).collect()
        }
        _ => None,
    }
}

fn keyword(oid: &Oid) -> Option<&'static str> {
    const KEYWORDS: [(Oid, &str); 18] = [
        (oids::CN, "CN"),
        (oids::C, "C"),
        (oids::O, "O"),
        (oids::OU, "OU"),
        (oids::L, "L"),
        (oids::ST, "ST"),
        (oids::STREET, "STREET"),
        (oids::DC, "DC"),
        (oids::UID, "UID"),
        (oids::ORG_ID, "organizationIdentifier"),
        (oids::SERIAL_NUMBER, "serialNumber"),
        (oids::SURNAME, "SN"),
        (oids::GIVEN_NAME, "GN"),
        (oids::TITLE, "title"),
        (oids::BUSINESS_CATEGORY, "businessCategory"),
        (oids::POSTAL_CODE, "postalCode"),
        (oids::PSEUDONYM, "pseudonym"),
        (oids::EMAIL_ADDRESS, "emailAddress"),
    ];
    KEYWORDS.iter().find(|(known, _)| known == oid).map(|(_, keyword)| *keyword)
}

fn push_escaped(text: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (i, character) in value.chars().enumerate() {
        let at_end = character == ' ' && (i == 0 || i == last);
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', character]),
            '#' if i == 0 => text.push_str("\\#"),
            ' ' if at_end => text.push_str("\\ "),
            _ if is_hidden(character) => {
                for octet in character.encode_utf8(&mut [0; 4]).bytes() {
                    push(text, format_args!("\\{octet:02X}"));
                }
            }
            _ => text.push(character),
        }
    }
}

/// Characters that change what is seen without being seen: controls, bidirectional and zero-width marks, and their like.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

fn hexadecimal(octets: &[u8]) -> String {
    let mut text = String::with_capacity(1 + 2 * octets.len());
    text.push('#');
    for octet in octets {
        push(&mut text, format_args!("{octet:02x}"));
    }
    text
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String does not fail");
}
