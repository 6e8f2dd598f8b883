//! `MessageImprint` (RFC 3161 2.4.1).

use crate::{AlgorithmId, Asn1Error, Oid, Reader, enc, tag};

/// A digest and the algorithm said to have made it. That its length is the algorithm's is not checked here (TSP-02).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MessageImprint<'a> {
    /// The whole SEQUENCE, which a token repeats octet by octet (TSP-04).
    pub raw: &'a [u8],
    /// Named in the request.
    pub algorithm: AlgorithmId<'a>,
    /// `hashedMessage`.
    pub digest: &'a [u8],
}

impl<'a> MessageImprint<'a> {
    /// Reads the next element as a `MessageImprint`.
    ///
    /// # Errors
    /// What is not DER or not that syntax.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Asn1Error> {
        let tlv = reader.expect(tag::SEQUENCE, "messageImprint")?;
        let mut inner = reader.inside(tlv, "messageImprint");
        let algorithm = AlgorithmId::read(&mut inner, "hashAlgorithm")?;
        let digest = inner.octet_string("hashedMessage")?;
        inner.finish()?;
        Ok(Self { raw: tlv.raw, algorithm, digest })
    }

    /// Reads octets that are one `MessageImprint` and nothing else.
    ///
    /// # Errors
    /// What is not DER or not that syntax.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::new(bytes, "messageImprint");
        let imprint = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(imprint)
    }

    /// Encodes an imprint whose algorithm has no parameters (RFC 5754 2).
    #[must_use]
    pub fn encode(algorithm: &Oid, digest: &[u8]) -> Vec<u8> {
        let algorithm = enc::sequence(&[&enc::oid(algorithm)]);
        enc::sequence(&[&algorithm, &enc::octet_string(digest)])
    }
}
