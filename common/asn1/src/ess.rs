//! Which certificate signed: `SigningCertificate` (RFC 2634) and `SigningCertificateV2` (RFC 5035).

use crate::{AlgorithmId, Asn1Error, Certificate, Reader, enc, general_name, oids, tag};

/// Certificates that one attribute may name.
const MAX_CERTIFICATES: usize = 64;

/// Issuer and serial number of a certificate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct IssuerSerial<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// The `GeneralNames` element; in use, one `directoryName`.
    pub issuer: &'a [u8],
    /// The `Name` element of the only `directoryName`, if the issuer is just that.
    pub issuer_name: Option<&'a [u8]>,
    /// Content octets.
    pub serial: &'a [u8],
}

/// One certificate, by its hash.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EssCertId<'a> {
    /// The whole SEQUENCE.
    pub raw: &'a [u8],
    /// Absent: SHA-1 in [`SigningCertificate`], SHA-256 in [`SigningCertificateV2`].
    pub hash_algorithm: Option<AlgorithmId<'a>>,
    /// Hash of the whole certificate.
    pub hash: &'a [u8],
    /// Optional, and not to be relied on instead of the hash.
    pub issuer_serial: Option<IssuerSerial<'a>>,
}

/// Version 1: SHA-1 hashes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigningCertificate<'a> {
    /// The first one is the signer's; at least one.
    pub certs: Vec<EssCertId<'a>>,
    /// The `policies` element.
    pub policies: Option<&'a [u8]>,
}

/// Version 2: any hash.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SigningCertificateV2<'a> {
    /// The first one is the signer's; at least one.
    pub certs: Vec<EssCertId<'a>>,
    /// The `policies` element.
    pub policies: Option<&'a [u8]>,
}

impl<'a> SigningCertificate<'a> {
    /// Reads the attribute's value.
    ///
    /// # Errors
    /// What is not DER or not that syntax.
    pub fn parse(value: &'a [u8]) -> Result<Self, Asn1Error> {
        let (certs, policies) = read(value, false)?;
        Ok(Self { certs, policies })
    }
}

impl<'a> SigningCertificateV2<'a> {
    /// Reads the attribute's value. An explicit SHA-256, the default, is read too: time-stamps in use have it.
    ///
    /// # Errors
    /// What is not DER or not that syntax.
    pub fn parse(value: &'a [u8]) -> Result<Self, Asn1Error> {
        let (certs, policies) = read(value, true)?;
        Ok(Self { certs, policies })
    }
}

impl SigningCertificateV2<'_> {
    /// The attribute's value for one certificate, with issuer and serial number.
    ///
    /// `algorithm` is the hash's `AlgorithmIdentifier` element, left out if it is SHA-256's (TSP-32).
    #[must_use]
    pub fn encode(certificate: &Certificate, algorithm: &[u8], hash: &[u8]) -> Vec<u8> {
        let is_default = AlgorithmId::parse(algorithm)
            .is_ok_and(|algorithm| algorithm.oid == oids::SHA256 && algorithm.has_no_parameters());
        let algorithm = if is_default { &[][..] } else { algorithm };
        let issuer = enc::sequence(&[&enc::explicit(4, certificate.issuer())]);
        let issuer_serial = enc::sequence(&[&issuer, &enc::integer(certificate.serial())]);
        let cert_id = enc::sequence(&[algorithm, &enc::octet_string(hash), &issuer_serial]);
        enc::sequence(&[&enc::sequence(&[&cert_id])])
    }
}

type Parts<'a> = (Vec<EssCertId<'a>>, Option<&'a [u8]>);

fn read(value: &[u8], with_algorithm: bool) -> Result<Parts<'_>, Asn1Error> {
    let mut reader = Reader::enter_only(value, tag::SEQUENCE, "SigningCertificate")?;
    let mut list = reader.enter(tag::SEQUENCE, "certs")?;
    if list.is_empty() {
        return Err(Asn1Error::Empty { at: list.here() });
    }
    let mut certs = Vec::new();
    while !list.is_empty() {
        if certs.len() == MAX_CERTIFICATES {
            return Err(Asn1Error::TooMany { at: list.here(), limit: MAX_CERTIFICATES });
        }
        certs.push(read_cert_id(&mut list, with_algorithm)?);
    }
    let policies = reader.optional(tag::SEQUENCE, "policies")?.map(|tlv| tlv.raw);
    reader.finish()?;
    Ok((certs, policies))
}

fn read_cert_id<'a>(reader: &mut Reader<'a>, with_algorithm: bool) -> Result<EssCertId<'a>, Asn1Error> {
    let tlv = reader.expect(tag::SEQUENCE, "ESSCertID")?;
    let mut inner = reader.inside(tlv, "ESSCertID");
    let hash_algorithm = if with_algorithm && inner.peek_tag() == Some(tag::SEQUENCE) {
        Some(AlgorithmId::read(&mut inner, "ESSCertID.hashAlgorithm")?)
    } else {
        None
    };
    let hash = inner.octet_string("certHash")?;
    let issuer_serial = match inner.optional(tag::SEQUENCE, "issuerSerial")? {
        Some(tlv) => Some(read_issuer_serial(tlv.raw, inner.inside(tlv, "issuerSerial"))?),
        None => None,
    };
    inner.finish()?;
    Ok(EssCertId { raw: tlv.raw, hash_algorithm, hash, issuer_serial })
}

fn read_issuer_serial<'a>(raw: &'a [u8], mut reader: Reader<'a>) -> Result<IssuerSerial<'a>, Asn1Error> {
    let issuer = reader.expect(tag::SEQUENCE, "issuer")?;
    let names = general_name::read_all(reader.inside(issuer, "issuer"))?;
    let serial = reader.integer("serialNumber")?;
    reader.finish()?;
    let issuer_name = match names.as_slice() {
        [name] => name.directory(),
        _ => None,
    };
    Ok(IssuerSerial { raw, issuer: issuer.raw, issuer_name, serial })
}
