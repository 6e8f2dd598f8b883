//! `AlgorithmIdentifier` (RFC 5280 4.1.1.2).

use crate::{Asn1Error, Oid, Reader, Tlv, check_der, tag};

/// Levels that parameters may nest: RSASSA-PSS with MGF1 has four.
const MAX_PARAMETER_DEPTH: usize = 12;

/// An algorithm and its parameters, as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AlgorithmId<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// Which algorithm.
    pub oid: Oid,
    /// The parameters' element, if there is one; NULL is one.
    pub parameters: Option<&'a [u8]>,
}

impl<'a> AlgorithmId<'a> {
    /// Reads the next element as an `AlgorithmIdentifier`.
    ///
    /// # Errors
    /// What is not DER or not that syntax.
    pub fn read(reader: &mut Reader<'a>, field: &'static str) -> Result<Self, Asn1Error> {
        let tlv = reader.expect(tag::SEQUENCE, field)?;
        Self::from_tlv(tlv, reader.inside(tlv, field), field)
    }

    /// Reads the next element as an `[n] IMPLICIT AlgorithmIdentifier` with identifier octet `tag`.
    ///
    /// # Errors
    /// What is not DER or not that syntax.
    pub fn read_implicit(reader: &mut Reader<'a>, tag: u8, field: &'static str) -> Result<Self, Asn1Error> {
        let tlv = reader.expect(tag, field)?;
        Self::from_tlv(tlv, reader.inside(tlv, field), field)
    }

    /// Reads octets that are one `AlgorithmIdentifier` and nothing else.
    ///
    /// # Errors
    /// What is not DER or not that syntax.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::new(bytes, "AlgorithmIdentifier");
        let algorithm = Self::read(&mut reader, "AlgorithmIdentifier")?;
        reader.finish()?;
        Ok(algorithm)
    }

    fn from_tlv(tlv: Tlv<'a>, mut inner: Reader<'a>, field: &'static str) -> Result<Self, Asn1Error> {
        let oid = inner.oid(field)?;
        let parameters = if inner.is_empty() { None } else { Some(inner.next()?.raw) };
        inner.finish()?;
        if let Some(parameters) = parameters {
            check_der(parameters, MAX_PARAMETER_DEPTH, field)?;
        }
        Ok(Self { raw: tlv.raw, oid, parameters })
    }

    /// Whether there are no parameters, or NULL, which many algorithms allow to mean the same.
    #[must_use]
    pub fn has_no_parameters(&self) -> bool {
        matches!(self.parameters, None | Some([tag::NULL, 0]))
    }
}
