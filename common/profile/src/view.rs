//! A certificate's bytes as they stand, before anybody decides that they are wrong.
//!
//! [`kokuin_asn1::Certificate`] refuses much of what the rules are about; this reading keeps it, so that each rule can
//! name what it found.

use kokuin_asn1::{Asn1Error, Oid, Reader, Tlv, tag};

/// Extensions, attributes and list elements that are read at most.
const MAX_ELEMENTS: usize = 1000;

/// The fields of a certificate, unjudged.
#[derive(Debug)]
pub(crate) struct View<'a> {
    /// Content octets of the version INTEGER; `None` where it is left out, which means v1.
    pub(crate) version: Option<&'a [u8]>,
    /// Content octets of the serial INTEGER.
    pub(crate) serial: &'a [u8],
    pub(crate) inner_algorithm: &'a [u8],
    pub(crate) outer_algorithm: &'a [u8],
    pub(crate) issuer: Name<'a>,
    pub(crate) not_before: Tlv<'a>,
    pub(crate) not_after: Tlv<'a>,
    pub(crate) subject: Name<'a>,
    pub(crate) spki: &'a [u8],
    pub(crate) has_unique_id: bool,
    pub(crate) extensions: Vec<RawExtension<'a>>,
}

/// An extension, unjudged.
#[derive(Clone, Debug)]
pub(crate) struct RawExtension<'a> {
    pub(crate) oid: Oid,
    pub(crate) critical: bool,
    /// Content octets of extnValue.
    pub(crate) value: &'a [u8],
}

/// A distinguished name, unjudged.
#[derive(Debug)]
pub(crate) struct Name<'a> {
    pub(crate) raw: &'a [u8],
    pub(crate) attributes: Vec<NameAttribute<'a>>,
}

/// One attribute of a name.
#[derive(Debug)]
pub(crate) struct NameAttribute<'a> {
    /// Which relative distinguished name it is in.
    pub(crate) rdn: usize,
    pub(crate) oid: Oid,
    pub(crate) value: Tlv<'a>,
}

impl NameAttribute<'_> {
    /// The value as text; octets that are no characters become U+FFFD.
    pub(crate) fn text(&self) -> String {
        match self.value.tag {
            tag::BMP_STRING => {
                let units = self.value.value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
                char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            tag::TELETEX_STRING => self.value.value.iter().copied().map(char::from).collect(),
            _ => String::from_utf8_lossy(self.value.value).into_owned(),
        }
    }
}

impl<'a> Name<'a> {
    fn parse(name: Tlv<'a>) -> Result<Self, Asn1Error> {
        let mut attributes = Vec::new();
        for (rdn, set) in Reader::new(name.value, "Name").all(tag::SET, MAX_ELEMENTS)?.into_iter().enumerate() {
            for pair in Reader::new(set.value, "RelativeDistinguishedName").all(tag::SEQUENCE, MAX_ELEMENTS)? {
                let mut reader = Reader::new(pair.value, "AttributeTypeAndValue");
                let oid = reader.oid("type")?;
                let value = reader.next()?;
                reader.finish()?;
                attributes.push(NameAttribute { rdn, oid, value });
            }
        }
        Ok(Self { raw: name.raw, attributes })
    }

    /// A `Name` that stands alone.
    pub(crate) fn parse_alone(der: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::new(der, "Name");
        let name = reader.expect(tag::SEQUENCE, "Name")?;
        reader.finish()?;
        Self::parse(name)
    }

    pub(crate) fn all<'s>(&'s self, oid: &'s Oid) -> impl Iterator<Item = &'s NameAttribute<'a>> {
        self.attributes.iter().filter(move |attribute| attribute.oid == *oid)
    }
}

impl<'a> View<'a> {
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut outer = Reader::enter_only(der, tag::SEQUENCE, "Certificate")?;
        let mut tbs = outer.enter(tag::SEQUENCE, "tbsCertificate")?;
        let outer_algorithm = outer.expect(tag::SEQUENCE, "signatureAlgorithm")?.raw;
        outer.bit_string("signatureValue")?;
        outer.finish()?;

        let version = match tbs.enter_optional(tag::context_constructed(0), "version")? {
            Some(mut inner) => {
                let version = inner.expect(tag::INTEGER, "version")?.value;
                inner.finish()?;
                Some(version)
            }
            None => None,
        };
        let serial = tbs.expect(tag::INTEGER, "serialNumber")?.value;
        let inner_algorithm = tbs.expect(tag::SEQUENCE, "signature")?.raw;
        let issuer = Name::parse(tbs.expect(tag::SEQUENCE, "issuer")?)?;
        let mut validity = tbs.enter(tag::SEQUENCE, "validity")?;
        let (not_before, not_after) = (validity.next()?, validity.next()?);
        validity.finish()?;
        let subject = Name::parse(tbs.expect(tag::SEQUENCE, "subject")?)?;
        let spki = tbs.expect(tag::SEQUENCE, "subjectPublicKeyInfo")?.raw;
        let issuer_id = tbs.optional(tag::context(1), "issuerUniqueID")?;
        let subject_id = tbs.optional(tag::context(2), "subjectUniqueID")?;
        let extensions = match tbs.enter_optional(tag::context_constructed(3), "extensions")? {
            Some(reader) => parse_extensions(reader)?,
            None => Vec::new(),
        };
        tbs.finish()?;
        Ok(Self {
            version,
            serial,
            inner_algorithm,
            outer_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            spki,
            has_unique_id: issuer_id.is_some() || subject_id.is_some(),
            extensions,
        })
    }

    pub(crate) fn extension(&self, oid: &Oid) -> Option<&RawExtension<'a>> {
        self.extensions.iter().find(|extension| extension.oid == *oid)
    }

    /// Issuer and subject are the same name.
    pub(crate) fn is_self_issued(&self) -> bool {
        self.issuer.raw == self.subject.raw
    }
}

/// Reads the content of the explicit tag around `Extensions`.
pub(crate) fn parse_extensions(mut explicit: Reader<'_>) -> Result<Vec<RawExtension<'_>>, Asn1Error> {
    let list = explicit.enter(tag::SEQUENCE, "Extensions")?;
    explicit.finish()?;
    extensions_of(list)
}

/// Reads the content of `Extensions`.
pub(crate) fn extensions_of(list: Reader<'_>) -> Result<Vec<RawExtension<'_>>, Asn1Error> {
    list.all(tag::SEQUENCE, MAX_ELEMENTS)?
        .into_iter()
        .map(|element| {
            let mut reader = Reader::new(element.value, "Extension");
            let oid = reader.oid("extnID")?;
            let critical = reader.optional(tag::BOOLEAN, "critical")?.is_some_and(|flag| flag.value != [0]);
            let value = reader.octet_string("extnValue")?;
            reader.finish()?;
            Ok(RawExtension { oid, critical, value })
        })
        .collect()
}
