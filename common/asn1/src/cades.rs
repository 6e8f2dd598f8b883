//! Signed attributes of CMS and CAdES, made and read.

use crate::{
    AlgorithmId, Asn1Error, Certificate, Oid, Reader, calendar::parse_time, cms::Attributes, enc,
    ess::SigningCertificateV2, oids, tag, tsp::GenTime,
};

/// An `Attribute` with one value, an element.
#[must_use]
pub fn attribute(oid: &Oid, value: &[u8]) -> Vec<u8> {
    enc::sequence(&[&enc::oid(oid), &enc::tlv(tag::SET, value)])
}

/// `content-type` (RFC 5652 11.1).
#[must_use]
pub fn content_type(oid: &Oid) -> Vec<u8> {
    attribute(&oids::CONTENT_TYPE, &enc::oid(oid))
}

/// `message-digest` (RFC 5652 11.2).
#[must_use]
pub fn message_digest(digest: &[u8]) -> Vec<u8> {
    attribute(&oids::MESSAGE_DIGEST, &enc::octet_string(digest))
}

/// `signing-time` (RFC 5652 11.3): `UTCTime` through 2049.
///
/// # Errors
/// [`Asn1Error::TimeOutOfRange`] outside the years 0000 to 9999.
pub fn signing_time(unix_seconds: i64) -> Result<Vec<u8>, Asn1Error> {
    Ok(attribute(&oids::SIGNING_TIME, &enc::time(unix_seconds)?))
}

/// `signing-certificate-v2` (RFC 5035 3), as [`SigningCertificateV2::encode`] says.
#[must_use]
pub fn signing_certificate_v2(certificate: &Certificate, algorithm: &[u8], hash: &[u8]) -> Vec<u8> {
    attribute(&oids::SIGNING_CERTIFICATE_V2, &SigningCertificateV2::encode(certificate, algorithm, hash))
}

/// `CMSAlgorithmProtection` (RFC 6211 2), of the two `AlgorithmIdentifier` elements of the signature.
#[must_use]
pub fn cms_algorithm_protection(digest_algorithm: &[u8], signature_algorithm: &[u8]) -> Vec<u8> {
    const SIGNATURE_ALGORITHM: [u8; 1] = [tag::context_constructed(1)];
    let rest = signature_algorithm.get(1..).unwrap_or_default();
    attribute(&oids::CMS_ALGORITHM_PROTECTION, &enc::sequence(&[digest_algorithm, &SIGNATURE_ALGORITHM, rest]))
}

/// What `CMSAlgorithmProtection` protects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AlgorithmProtection<'a> {
    /// To be compared with the signature's, modulo encoding (CAD-04).
    pub digest_algorithm: AlgorithmId<'a>,
    /// To be compared with the signature's, modulo encoding; its `raw` starts with `[1]`.
    pub signature_algorithm: AlgorithmId<'a>,
}

/// The value of `content-type`; `None` if the attribute is not there.
///
/// # Errors
/// Not exactly one value (CAD-02), or another syntax.
pub fn parse_content_type(attributes: &Attributes<'_>) -> Result<Option<Oid>, Asn1Error> {
    read_single(attributes, &oids::CONTENT_TYPE, |reader| reader.oid("content-type"))
}

/// The value of `message-digest`; `None` if the attribute is not there.
///
/// # Errors
/// Not exactly one value (CAD-02), or another syntax.
pub fn parse_message_digest<'a>(attributes: &Attributes<'a>) -> Result<Option<&'a [u8]>, Asn1Error> {
    read_single(attributes, &oids::MESSAGE_DIGEST, |reader| reader.octet_string("message-digest"))
}

/// The value of `signing-time`, in UNIX seconds, a fraction cut off; `None` if the attribute is not there.
///
/// # Errors
/// Not exactly one value, or another syntax.
pub fn parse_signing_time(attributes: &Attributes<'_>) -> Result<Option<i64>, Asn1Error> {
    read_single(attributes, &oids::SIGNING_TIME, |reader| {
        let at = reader.place("signing-time");
        let tlv = reader.next()?;
        // RFC 5652 11.3 has no fraction, but signers in use write one, and the time is only claimed.
        match GenTime::parse(tlv.value) {
            Ok(time) if tlv.tag == tag::GENERALIZED_TIME => Ok(time.unix_seconds()),
            Ok(_) | Err(_) => parse_time(tlv, at),
        }
    })
}

/// The value of `CMSAlgorithmProtection`; `None` if the attribute is not there.
///
/// # Errors
/// Not exactly one value, another syntax, or a MAC's algorithm.
pub fn parse_cms_algorithm_protection<'a>(
    attributes: &Attributes<'a>,
) -> Result<Option<AlgorithmProtection<'a>>, Asn1Error> {
    read_single(attributes, &oids::CMS_ALGORITHM_PROTECTION, |reader| {
        let mut inner = reader.enter(tag::SEQUENCE, "CMSAlgorithmProtection")?;
        let digest_algorithm = AlgorithmId::read(&mut inner, "CMSAlgorithmProtection.digestAlgorithm")?;
        let signature_algorithm = AlgorithmId::read_implicit(
            &mut inner,
            tag::context_constructed(1),
            "CMSAlgorithmProtection.signatureAlgorithm",
        )?;
        inner.finish()?;
        Ok(AlgorithmProtection { digest_algorithm, signature_algorithm })
    })
}

fn read_single<'a, T>(
    attributes: &Attributes<'a>,
    oid: &Oid,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Asn1Error>,
) -> Result<Option<T>, Asn1Error> {
    let Some(value) = attributes.single(oid)? else { return Ok(None) };
    let mut reader = Reader::new(value, "attribute value");
    let read = read(&mut reader)?;
    reader.finish()?;
    Ok(Some(read))
}
