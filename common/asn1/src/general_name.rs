//! `GeneralName` (RFC 5280 4.2.1.6).

use crate::{Asn1Error, Reader, tag};

const DIRECTORY_NAME: u8 = tag::context_constructed(4);
const URI: u8 = tag::context(6);

/// Names that one list may have.
pub(crate) const MAX_NAMES: usize = 256;

/// One name, as received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct GeneralName<'a> {
    /// The whole element.
    pub raw: &'a [u8],
    /// Identifier octet: which choice.
    pub tag: u8,
    /// Content octets.
    pub value: &'a [u8],
}

impl<'a> GeneralName<'a> {
    /// The `Name` element of a `directoryName`.
    #[must_use]
    pub fn directory(&self) -> Option<&'a [u8]> {
        (self.tag == DIRECTORY_NAME).then_some(self.value)
    }

    /// The text of a `uniformResourceIdentifier`, ASCII.
    #[must_use]
    pub fn uri(&self) -> Option<&'a str> {
        if self.tag == URI && self.value.is_ascii() { std::str::from_utf8(self.value).ok() } else { None }
    }
}

/// Reads the next element as a `GeneralName`.
///
/// # Errors
/// [`Asn1Error::ChoiceUnknown`], and what is not DER.
pub fn read<'a>(reader: &mut Reader<'a>) -> Result<GeneralName<'a>, Asn1Error> {
    let at = reader.place("GeneralName");
    let tlv = reader.next()?;
    match tlv.tag {
        // otherName, x400Address, directoryName, ediPartyName; rfc822Name, dNSName, URI, iPAddress, registeredID.
        0xa0 | 0xa3 | DIRECTORY_NAME | 0xa5 | 0x81 | 0x82 | URI | 0x87 | 0x88 => {}
        found => return Err(Asn1Error::ChoiceUnknown { at, found }),
    }
    if tlv.tag == DIRECTORY_NAME {
        let mut inner = reader.inside(tlv, "directoryName");
        inner.expect(tag::SEQUENCE, "directoryName")?;
        inner.finish()?;
    }
    Ok(GeneralName { raw: tlv.raw, tag: tlv.tag, value: tlv.value })
}

/// Reads everything left in `reader` as `GeneralNames`: at least one, at most 256.
///
/// # Errors
/// What [`read`] refuses; [`Asn1Error::Empty`]; [`Asn1Error::TooMany`].
pub fn read_all(mut reader: Reader<'_>) -> Result<Vec<GeneralName<'_>>, Asn1Error> {
    if reader.is_empty() {
        return Err(Asn1Error::Empty { at: reader.here() });
    }
    let mut names = Vec::new();
    while !reader.is_empty() {
        if names.len() == MAX_NAMES {
            return Err(Asn1Error::TooMany { at: reader.here(), limit: MAX_NAMES });
        }
        names.push(read(&mut reader)?);
    }
    Ok(names)
}
