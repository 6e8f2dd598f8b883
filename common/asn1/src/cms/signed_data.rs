//! `ContentInfo` around `SignedData` (RFC 5652 3, 5.1), split into borrowed parts.

use super::SignerInfo;
use crate::{AlgorithmId, Asn1Error, Oid, Reader, oids, tag};

/// Digest algorithms that one message may name.
const MAX_DIGEST_ALGORITHMS: usize = 32;
/// Certificates that one message may carry.
const MAX_CERTIFICATES: usize = 1_024;
/// CRLs and other revocation information that one message may carry.
const MAX_CRLS: usize = 1_024;
/// Signatures that one message may carry.
const MAX_SIGNERS: usize = 64;

/// One of the certificates carried, not parsed; each a whole element.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CertificateChoice<'a> {
    /// An X.509 certificate.
    Certificate(&'a [u8]),
    /// `[0]`, PKCS #6, obsolete.
    Extended(&'a [u8]),
    /// `[1]`, attribute certificate version 1, obsolete.
    AttributeV1(&'a [u8]),
    /// `[2]`, attribute certificate version 2.
    AttributeV2(&'a [u8]),
    /// `[3]`, anything else.
    Other(&'a [u8]),
}

impl<'a> CertificateChoice<'a> {
    /// The whole element.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        match self {
            Self::Certificate(raw)
            | Self::Extended(raw)
            | Self::AttributeV1(raw)
            | Self::AttributeV2(raw)
            | Self::Other(raw) => raw,
        }
    }

    /// The X.509 certificate, if it is one.
    #[must_use]
    pub const fn certificate(&self) -> Option<&'a [u8]> {
        match self {
            Self::Certificate(raw) => Some(raw),
            Self::Extended(_) | Self::AttributeV1(_) | Self::AttributeV2(_) | Self::Other(_) => None,
        }
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Asn1Error> {
        let at = reader.place("certificates");
        let tlv = reader.next()?;
        match tlv.tag {
            tag::SEQUENCE => Ok(Self::Certificate(tlv.raw)),
            0xa0 => Ok(Self::Extended(tlv.raw)),
            0xa1 => Ok(Self::AttributeV1(tlv.raw)),
            0xa2 => Ok(Self::AttributeV2(tlv.raw)),
            0xa3 => Ok(Self::Other(tlv.raw)),
            found => Err(Asn1Error::ChoiceUnknown { at, found }),
        }
    }
}

/// One of the pieces of revocation information carried, not parsed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RevocationChoice<'a> {
    /// A CRL: the whole element.
    Crl(&'a [u8]),
    /// `[1]`, anything else, such as an OCSP response.
    Other {
        /// The whole element.
        raw: &'a [u8],
        /// What it is.
        format: Oid,
        /// The element inside.
        info: &'a [u8],
    },
}

impl<'a> RevocationChoice<'a> {
    /// The whole element.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        match self {
            Self::Crl(raw) | Self::Other { raw, .. } => raw,
        }
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Asn1Error> {
        let at = reader.place("crls");
        let tlv = reader.next()?;
        match tlv.tag {
            tag::SEQUENCE => Ok(Self::Crl(tlv.raw)),
            0xa1 => {
                let mut inner = reader.inside(tlv, "otherRevInfo");
                let format = inner.oid("otherRevInfoFormat")?;
                let info = inner.next()?.raw;
                inner.finish()?;
                Ok(Self::Other { raw: tlv.raw, format, info })
            }
            found => Err(Asn1Error::ChoiceUnknown { at, found }),
        }
    }
}

/// A signed message, as received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedData<'a> {
    /// The whole `ContentInfo`.
    pub raw: &'a [u8],
    /// 1 to 5; which one fits the content is not checked.
    pub version: i64,
    /// Digest algorithms announced.
    pub digest_algorithms: Vec<AlgorithmId<'a>>,
    /// `eContentType`.
    pub content_type: Oid,
    /// Content octets of `eContent`; `None` if the content is detached.
    pub content: Option<&'a [u8]>,
    /// The whole `encapContentInfo`.
    pub encapsulated: &'a [u8],
    /// In the order received.
    pub certificates: Vec<CertificateChoice<'a>>,
    /// The whole `[0]` element with the certificates, if it is there: TSP-07 tells absent from empty.
    pub certificates_raw: Option<&'a [u8]>,
    /// In the order received.
    pub crls: Vec<RevocationChoice<'a>>,
    /// The whole `[1]` element with the revocation information, if it is there.
    pub crls_raw: Option<&'a [u8]>,
    /// In the order received.
    pub signer_infos: Vec<SignerInfo<'a>>,
}

impl<'a> SignedData<'a> {
    /// Reads one `ContentInfo` with `SignedData` and nothing after it. BER goes through [`crate::ber::to_der`] first.
    ///
    /// # Errors
    /// What is not DER's framing or not that syntax; [`Asn1Error::ContentType`]; [`Asn1Error::UnsupportedVersion`] outside 1 to 5.
    pub fn parse(content_info: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut outer = Reader::enter_only(content_info, tag::SEQUENCE, "ContentInfo")?;
        let content_type = outer.oid("contentType")?;
        if content_type != oids::ID_SIGNED_DATA {
            return Err(Asn1Error::ContentType { expected: oids::ID_SIGNED_DATA, found: content_type });
        }
        let mut wrapper = outer.enter(tag::context_constructed(0), "content")?;
        outer.finish()?;
        let mut reader = wrapper.enter(tag::SEQUENCE, "SignedData")?;
        wrapper.finish()?;

        let at = reader.place("SignedData.version");
        let version = reader.i64("SignedData.version")?;
        if !(1..=5).contains(&version) {
            return Err(Asn1Error::UnsupportedVersion { at, found: version });
        }
        let digest_algorithms = read_digest_algorithms(&mut reader)?;
        let encapsulated = reader.expect(tag::SEQUENCE, "encapContentInfo")?;
        let (content_type, content) = read_encapsulated(reader.inside(encapsulated, "encapContentInfo"))?;
        let (certificates_raw, certificates) =
            read_choices(&mut reader, 0, "certificates", MAX_CERTIFICATES, CertificateChoice::read)?;
        let (crls_raw, crls) = read_choices(&mut reader, 1, "crls", MAX_CRLS, RevocationChoice::read)?;
        let mut set = reader.enter(tag::SET, "signerInfos")?;
        reader.finish()?;
        let mut signer_infos = Vec::new();
        while !set.is_empty() {
            if signer_infos.len() == MAX_SIGNERS {
                return Err(Asn1Error::TooMany { at: set.here(), limit: MAX_SIGNERS });
            }
            signer_infos.push(SignerInfo::read(&mut set)?);
        }
        Ok(Self {
            raw: content_info,
            version,
            digest_algorithms,
            content_type,
            content,
            encapsulated: encapsulated.raw,
            certificates,
            certificates_raw,
            crls,
            crls_raw,
            signer_infos,
        })
    }

    /// The only signature.
    ///
    /// # Errors
    /// [`Asn1Error::SignerCount`] if there is none, or several (TSP-31).
    pub fn only_signer(&self) -> Result<&SignerInfo<'a>, Asn1Error> {
        match self.signer_infos.as_slice() {
            [signer] => Ok(signer),
            signers => Err(Asn1Error::SignerCount { found: signers.len() }),
        }
    }
}

fn read_digest_algorithms<'a>(reader: &mut Reader<'a>) -> Result<Vec<AlgorithmId<'a>>, Asn1Error> {
    let mut set = reader.enter(tag::SET, "digestAlgorithms")?;
    let mut algorithms = Vec::new();
    while !set.is_empty() {
        if algorithms.len() == MAX_DIGEST_ALGORITHMS {
            return Err(Asn1Error::TooMany { at: set.here(), limit: MAX_DIGEST_ALGORITHMS });
        }
        algorithms.push(AlgorithmId::read(&mut set, "digestAlgorithms")?);
    }
    Ok(algorithms)
}

fn read_encapsulated<'a>(mut reader: Reader<'a>) -> Result<(Oid, Option<&'a [u8]>), Asn1Error> {
    let content_type = reader.oid("eContentType")?;
    let content = match reader.enter_optional(tag::context_constructed(0), "eContent")? {
        Some(mut wrapper) => {
            let content = wrapper.octet_string("eContent")?;
            wrapper.finish()?;
            Some(content)
        }
        None => None,
    };
    reader.finish()?;
    Ok((content_type, content))
}

type Choices<'a, T> = (Option<&'a [u8]>, Vec<T>);

fn read_choices<'a, T>(
    reader: &mut Reader<'a>,
    number: u8,
    field: &'static str,
    limit: usize,
    read: fn(&mut Reader<'a>) -> Result<T, Asn1Error>,
) -> Result<Choices<'a, T>, Asn1Error> {
    let Some(tlv) = reader.optional(tag::context_constructed(number), field)? else { return Ok((None, Vec::new())) };
    let mut set = reader.inside(tlv, field);
    let mut choices = Vec::new();
    while !set.is_empty() {
        if choices.len() == limit {
            return Err(Asn1Error::TooMany { at: set.here(), limit });
        }
        choices.push(read(&mut set)?);
    }
    Ok((Some(tlv.raw), choices))
}
