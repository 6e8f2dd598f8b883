//! `SignerInfo` (RFC 5652 5.3).

use super::Attributes;
use crate::{AlgorithmId, Asn1Error, Reader, tag};

/// Who signed, as the signature names it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SignerId<'a> {
    /// By the certificate's issuer and serial number.
    IssuerSerial {
        /// The `Name` element.
        issuer: &'a [u8],
        /// Content octets.
        serial: &'a [u8],
    },
    /// By the certificate's subject key identifier.
    KeyId(&'a [u8]),
}

impl<'a> SignerId<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Asn1Error> {
        let at = reader.place("sid");
        match reader.peek_tag() {
            Some(tag::SEQUENCE) => {
                let mut inner = reader.enter(tag::SEQUENCE, "issuerAndSerialNumber")?;
                let issuer = inner.expect(tag::SEQUENCE, "issuer")?.raw;
                let serial = inner.integer("serialNumber")?;
                inner.finish()?;
                Ok(Self::IssuerSerial { issuer, serial })
            }
            Some(0x80) => Ok(Self::KeyId(reader.expect(tag::context(0), "subjectKeyIdentifier")?.value)),
            Some(found) => Err(Asn1Error::ChoiceUnknown { at, found }),
            None => Err(Asn1Error::Missing { at, expected: tag::SEQUENCE }),
        }
    }
}

/// One signature, as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerInfo<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// 1 or 3; which one fits `sid` is not checked.
    pub version: i64,
    /// Who signed.
    pub sid: SignerId<'a>,
    /// The whole element of `sid`, as `ATSv3` hashes it.
    pub sid_raw: &'a [u8],
    /// Digest of the content and of the signed attributes (RFC 8933).
    pub digest_algorithm: AlgorithmId<'a>,
    /// What is signed, unless the content is signed directly.
    pub signed_attrs: Option<Attributes<'a>>,
    /// Signature algorithm; may be the key's algorithm only.
    pub signature_algorithm: AlgorithmId<'a>,
    /// The signature value.
    pub signature: &'a [u8],
    /// What was added after signing.
    pub unsigned_attrs: Option<Attributes<'a>>,
    /// Elements from `version` to `signature`, one after the other: what unsigned attributes do not change.
    pub fixed: &'a [u8],
}

impl<'a> SignerInfo<'a> {
    pub(crate) fn read(reader: &mut Reader<'a>) -> Result<Self, Asn1Error> {
        let tlv = reader.expect(tag::SEQUENCE, "signerInfo")?;
        let mut inner = reader.inside(tlv, "signerInfo");
        let version = inner.i64("signerInfo.version")?;
        let before_sid = inner.rest();
        let sid = SignerId::read(&mut inner)?;
        let sid_raw = &before_sid[..before_sid.len() - inner.rest().len()];
        let digest_algorithm = AlgorithmId::read(&mut inner, "signerInfo.digestAlgorithm")?;
        let signed_attrs = match inner.optional(tag::context_constructed(0), "signedAttrs")? {
            Some(set) => Some(Attributes::read_some(&inner, set, "signedAttrs")?),
            None => None,
        };
        let signature_algorithm = AlgorithmId::read(&mut inner, "signatureAlgorithm")?;
        let signature = inner.octet_string("signature")?;
        let fixed = &tlv.value[..tlv.value.len() - inner.rest().len()];
        let unsigned_attrs = match inner.optional(tag::context_constructed(1), "unsignedAttrs")? {
            Some(set) => Some(Attributes::read(&inner, set, "unsignedAttrs")?),
            None => None,
        };
        inner.finish()?;
        Ok(Self {
            raw: tlv.raw,
            version,
            sid,
            sid_raw,
            digest_algorithm,
            signed_attrs,
            signature_algorithm,
            signature,
            unsigned_attrs,
            fixed,
        })
    }
}
