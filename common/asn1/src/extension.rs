//! `Extension` (RFC 5280 4.1, used by RFC 3161 too).

use crate::{Asn1Error, Oid, Reader, enc, tag};

/// One extension, as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Extension<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// Which extension.
    pub oid: Oid,
    /// Whether who does not know it must refuse.
    pub critical: bool,
    /// Content of `extnValue`.
    pub value: &'a [u8],
}

/// How `critical DEFAULT FALSE` is read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DefaultRule {
    /// An explicit FALSE is refused, and so is a list without an extension.
    Strict,
    /// An explicit FALSE is FALSE: certificates and tokens in use have it, and a profile can say so from [`Extension::is_der`].
    Tolerant,
}

impl<'a> Extension<'a> {
    /// Reads one extension strictly.
    ///
    /// # Errors
    /// What is not DER, or not that syntax.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Asn1Error> {
        Self::read_with(reader, DefaultRule::Strict)
    }

    /// Whether `critical` is left out when it is FALSE.
    #[must_use]
    pub fn is_der(&self) -> bool {
        Self::encode(&self.oid, self.critical, self.value) == self.raw
    }

    pub(crate) fn read_with(reader: &mut Reader<'a>, rule: DefaultRule) -> Result<Self, Asn1Error> {
        let tlv = reader.expect(tag::SEQUENCE, "extension")?;
        let mut inner = reader.inside(tlv, "extension");
        let oid = inner.oid("extnID")?;
        let critical = match rule {
            DefaultRule::Strict => inner.boolean_default_false("critical")?,
            DefaultRule::Tolerant if inner.peek_tag() == Some(tag::BOOLEAN) => inner.boolean("critical")?,
            DefaultRule::Tolerant => false,
        };
        let value = inner.octet_string("extnValue")?;
        inner.finish()?;
        Ok(Self { raw: tlv.raw, oid, critical, value })
    }

    /// Reads all extensions left in `reader`, at most `limit`; strictly, at least one.
    pub(crate) fn read_all(mut reader: Reader<'a>, rule: DefaultRule, limit: usize) -> Result<Vec<Self>, Asn1Error> {
        if reader.is_empty() && rule == DefaultRule::Strict {
            return Err(Asn1Error::Empty { at: reader.here() });
        }
        let mut extensions = Vec::new();
        while !reader.is_empty() {
            if extensions.len() == limit {
                return Err(Asn1Error::TooMany { at: reader.here(), limit });
            }
            extensions.push(Self::read_with(&mut reader, rule)?);
        }
        Ok(extensions)
    }

    /// Encodes one extension around `value`, the DER that goes into `extnValue`.
    #[must_use]
    pub fn encode(oid: &Oid, critical: bool, value: &[u8]) -> Vec<u8> {
        let oid = enc::oid(oid);
        let value = enc::octet_string(value);
        let critical = if critical { enc::boolean(true) } else { Vec::new() };
        enc::sequence(&[&oid, &critical, &value])
    }
}
