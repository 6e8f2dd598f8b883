//! `Attribute` and sets of them (RFC 5652 5.3).

use crate::{Asn1Error, Oid, Reader, Tlv, enc, tag};

/// Attributes that one set may have.
const MAX_ATTRIBUTES: usize = 256;
/// Values that one attribute may have.
const MAX_VALUES: usize = 256;

/// One attribute, as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attribute<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// Attribute type.
    pub oid: Oid,
    /// Attribute values, each a whole element. A signed attribute has at least one; old unsigned ones may have none.
    pub values: Vec<&'a [u8]>,
}

impl<'a> Attribute<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Asn1Error> {
        let tlv = reader.expect(tag::SEQUENCE, "attribute")?;
        let mut inner = reader.inside(tlv, "attribute");
        let oid = inner.oid("attrType")?;
        let mut set = inner.enter(tag::SET, "attrValues")?;
        inner.finish()?;
        let mut values = Vec::new();
        while !set.is_empty() {
            if values.len() == MAX_VALUES {
                return Err(Asn1Error::TooMany { at: set.here(), limit: MAX_VALUES });
            }
            values.push(set.next()?.raw);
        }
        Ok(Self { raw: tlv.raw, oid, values })
    }

    /// The only value.
    ///
    /// # Errors
    /// [`Asn1Error::AttributeValueCount`].
    pub fn only_value(&self) -> Result<&'a [u8], Asn1Error> {
        match self.values.as_slice() {
            [value] => Ok(value),
            values => Err(Asn1Error::AttributeValueCount { oid: self.oid.clone(), found: values.len() }),
        }
    }
}

/// A set of attributes, in the order received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attributes<'a> {
    /// The whole element, with the `[0]` or `[1]` it was received with.
    pub raw: &'a [u8],
    content: &'a [u8],
    attributes: Vec<Attribute<'a>>,
}

impl<'a> Attributes<'a> {
    /// Reads what is in `tlv`, the element that `reader` took last; at least one attribute.
    pub(crate) fn read_some(reader: &Reader<'a>, tlv: Tlv<'a>, field: &'static str) -> Result<Self, Asn1Error> {
        let attributes = Self::read(reader, tlv, field)?;
        if attributes.is_empty() {
            Err(Asn1Error::Empty { at: reader.inside(tlv, field).here() })
        } else {
            Ok(attributes)
        }
    }

    /// Reads what is in `tlv`, the element that `reader` took last.
    pub(crate) fn read(reader: &Reader<'a>, tlv: Tlv<'a>, field: &'static str) -> Result<Self, Asn1Error> {
        let mut inner = reader.inside(tlv, field);
        let mut attributes = Vec::new();
        while !inner.is_empty() {
            if attributes.len() == MAX_ATTRIBUTES {
                return Err(Asn1Error::TooMany { at: inner.here(), limit: MAX_ATTRIBUTES });
            }
            attributes.push(Attribute::read(&mut inner)?);
        }
        Ok(Self { raw: tlv.raw, content: tlv.value, attributes })
    }

    /// Reads octets that are one `SET OF Attribute`, such as [`Attributes::as_set_of`] or [`super::SignedAttributes::der_set`] makes.
    ///
    /// # Errors
    /// What is not DER or not that syntax; an empty set.
    pub fn parse_set(bytes: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::new(bytes, "attributes");
        let tlv = reader.expect(tag::SET, "attributes")?;
        let attributes = Self::read_some(&reader, tlv, "attributes")?;
        reader.finish()?;
        Ok(attributes)
    }

    /// The attributes, in the order received.
    pub fn iter(&self) -> std::slice::Iter<'_, Attribute<'a>> {
        self.attributes.iter()
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.attributes.len()
    }

    /// Whether there is none: refused for signed attributes; unsigned ones in use are so.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// Every instance of one type.
    #[must_use]
    pub fn all(&self, oid: &Oid) -> Vec<&Attribute<'a>> {
        self.attributes.iter().filter(|attribute| attribute.oid == *oid).collect()
    }

    /// The only value of the only instance of one type; `None` if there is no instance.
    ///
    /// # Errors
    /// [`Asn1Error::AttributeRepeated`] or [`Asn1Error::AttributeValueCount`].
    pub fn single(&self, oid: &Oid) -> Result<Option<&'a [u8]>, Asn1Error> {
        match self.all(oid).as_slice() {
            [] => Ok(None),
            [attribute] => attribute.only_value().map(Some),
            several => Err(Asn1Error::AttributeRepeated { oid: oid.clone(), found: several.len() }),
        }
    }

    /// The octets that were signed: tag SET OF, the rest as received (CAD-01).
    #[must_use]
    pub fn as_set_of(&self) -> Vec<u8> {
        enc::tlv(tag::SET, self.content)
    }

    /// Whether the attributes are in DER's order, without one that is there twice octet by octet.
    #[must_use]
    pub fn is_der_sorted(&self) -> bool {
        self.attributes.is_sorted_by(|one, next| one.raw < next.raw)
    }
}

impl<'a, 's> IntoIterator for &'s Attributes<'a> {
    type Item = &'s Attribute<'a>;
    type IntoIter = std::slice::Iter<'s, Attribute<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
