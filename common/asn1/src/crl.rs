//! `CertificateList` (RFC 5280 5.1): owned octets and where its parts are.

mod entry;

use std::{fmt, ops::Range, sync::Arc};

pub use entry::Revoked;
use sha2::{Digest, Sha256};

use crate::{
    AlgorithmId, Asn1Error, Extension, Oid, Place, Reader,
    calendar::parse_time,
    certificate::{aki, full_name_uris, part_range},
    extension::DefaultRule,
    integer, name, oids,
    reader::boolean_content,
    tag,
};

/// Octets that a CRL may have.
const MAX_LEN: usize = 64 << 20;
/// Extensions that a CRL may have.
const MAX_EXTENSIONS: usize = 64;

/// `IssuingDistributionPoint` (RFC 5280 5.2.5).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct IssuingDistributionPoint {
    /// URIs of `fullName`.
    pub uris: Vec<String>,
    /// Covers end-entity certificates only.
    pub only_user_certs: bool,
    /// Covers CA certificates only.
    pub only_ca_certs: bool,
    /// Covers some reasons only.
    pub only_some_reasons: bool,
    /// Has entries of other issuers.
    pub indirect: bool,
    /// Covers attribute certificates only.
    pub only_attribute_certs: bool,
}

/// A CRL, as received; clones share it.
#[derive(Clone)]
pub struct Crl(Arc<Parts>);

struct Parts {
    der: Box<[u8]>,
    version: i64,
    tbs: Range<usize>,
    tbs_signature_algorithm: Range<usize>,
    issuer: Range<usize>,
    this_update: i64,
    next_update: Option<i64>,
    entries: Option<Range<usize>>,
    extensions: Range<usize>,
    signature_algorithm: Range<usize>,
    signature: Range<usize>,
    crl_number: Option<Vec<u8>>,
    delta_base: Option<Vec<u8>>,
    idp: Option<IssuingDistributionPoint>,
    aki: Option<Vec<u8>>,
    unknown_critical: Vec<Oid>,
}

impl Crl {
    /// Reads one CRL and nothing after it, and keeps a copy.
    ///
    /// # Errors
    /// What is not DER or not that syntax, in an entry or a known extension too; more than 64 MiB.
    pub fn parse(der: &[u8]) -> Result<Self, Asn1Error> {
        let mut outer = Reader::enter_only(der, tag::SEQUENCE, "CertificateList")?;
        if der.len() > MAX_LEN {
            return Err(Asn1Error::TooLarge { at: outer.here(), limit: MAX_LEN, found: der.len() });
        }
        let range = |part: &[u8]| part_range(der, part);
        let tbs = outer.expect(tag::SEQUENCE, "tbsCertList")?;
        let mut reader = outer.inside(tbs, "tbsCertList");
        let signature_algorithm = AlgorithmId::read(&mut outer, "signatureAlgorithm")?.raw;
        let at = outer.place("signature");
        let signature = outer.bit_string("signature")?;
        outer.finish()?;
        if signature.unused != 0 {
            return Err(Asn1Error::BitStringMalformed { at });
        }

        let at = reader.place("version");
        let version = if reader.peek_tag() == Some(tag::INTEGER) { reader.i64("version")? } else { 0 };
        if !(0..=1).contains(&version) {
            return Err(Asn1Error::UnsupportedVersion { at, found: version });
        }
        let tbs_signature_algorithm = AlgorithmId::read(&mut reader, "tbsCertList.signature")?.raw;
        let issuer = reader.expect(tag::SEQUENCE, "issuer")?.raw;
        name::parse(issuer)?;
        let this_update = read_time(&mut reader, "thisUpdate")?;
        let next_update = match reader.peek_tag() {
            Some(tag::UTC_TIME | tag::GENERALIZED_TIME) => Some(read_time(&mut reader, "nextUpdate")?),
            _ => None,
        };
        let mut unknown_critical = Vec::new();
        let entries = match reader.optional(tag::SEQUENCE, "revokedCertificates")? {
            Some(list) => {
                let mut entries = reader.inside(list, "revokedCertificates");
                while !entries.is_empty() {
                    entry::read(&mut entries)?.check(&mut unknown_critical)?;
                }
                Some(range(list.value))
            }
            None => None,
        };
        let (extensions_range, extensions) =
            match reader.enter_optional(tag::context_constructed(0), "crlExtensions")? {
                Some(mut wrapper) => {
                    let list = wrapper.expect(tag::SEQUENCE, "crlExtensions")?;
                    let inner = wrapper.inside(list, "crlExtensions");
                    wrapper.finish()?;
                    (range(list.value), Extension::read_all(inner, DefaultRule::Tolerant, MAX_EXTENSIONS)?)
                }
                None => (0..0, Vec::new()),
            };
        reader.finish()?;
        let value =
            |oid: &Oid| extensions.iter().find(|extension| extension.oid == *oid).map(|extension| extension.value);
        let known = [oids::CRL_NUMBER, oids::DELTA_CRL_INDICATOR, oids::ISSUING_DISTRIBUTION_POINT, oids::AKI];
        for extension in extensions.iter().filter(|extension| extension.critical && !known.contains(&extension.oid)) {
            entry::note(&mut unknown_critical, &extension.oid);
        }
        Ok(Self(Arc::new(Parts {
            version: version + 1,
            tbs: range(tbs.raw),
            tbs_signature_algorithm: range(tbs_signature_algorithm),
            issuer: range(issuer),
            this_update,
            next_update,
            entries,
            extensions: extensions_range,
            signature_algorithm: range(signature_algorithm),
            signature: range(signature.bytes),
            crl_number: value(&oids::CRL_NUMBER).map(number).transpose()?,
            delta_base: value(&oids::DELTA_CRL_INDICATOR).map(number).transpose()?,
            idp: value(&oids::ISSUING_DISTRIBUTION_POINT).map(distribution_point).transpose()?,
            aki: value(&oids::AKI).map(aki).transpose()?.and_then(|aki| aki.key_id),
            unknown_critical,
            der: der.into(),
        })))
    }

    fn part(&self, range: &Range<usize>) -> &[u8] {
        &self.0.der[range.clone()]
    }

    /// All octets.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// What was signed: the `tbsCertList` element.
    #[must_use]
    pub fn tbs(&self) -> &[u8] {
        self.part(&self.0.tbs)
    }

    /// 1 or 2.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.0.version
    }

    /// The `Name` element.
    #[must_use]
    pub fn issuer(&self) -> &[u8] {
        self.part(&self.0.issuer)
    }

    /// The issuer's name for people, escaped (RFC 4514).
    #[must_use]
    pub fn issuer_text(&self) -> String {
        name::to_text(&parsed(name::parse(self.issuer())))
    }

    /// When it was issued, UNIX seconds.
    #[must_use]
    pub fn this_update(&self) -> i64 {
        self.0.this_update
    }

    /// When the next one is due, UNIX seconds.
    #[must_use]
    pub fn next_update(&self) -> Option<i64> {
        self.0.next_update
    }

    /// Content octets of `cRLNumber`.
    #[must_use]
    pub fn crl_number(&self) -> Option<&[u8]> {
        self.0.crl_number.as_deref()
    }

    /// Content octets of `deltaCRLIndicator`: the CRL only adds to the one with this number.
    #[must_use]
    pub fn delta_base(&self) -> Option<&[u8]> {
        self.0.delta_base.as_deref()
    }

    /// Whether it only adds to another CRL.
    #[must_use]
    pub fn is_delta(&self) -> bool {
        self.0.delta_base.is_some()
    }

    /// `issuingDistributionPoint`.
    #[must_use]
    pub fn idp(&self) -> Option<&IssuingDistributionPoint> {
        self.0.idp.as_ref()
    }

    /// `keyIdentifier` of `authorityKeyIdentifier`.
    #[must_use]
    pub fn aki(&self) -> Option<&[u8]> {
        self.0.aki.as_deref()
    }

    /// Critical extensions, of the CRL or of an entry, that nothing here understands, each once: with one of them, the CRL must not be used
    /// to find that a certificate is not revoked (RFC 5280 5.2, 5.3).
    #[must_use]
    pub fn unknown_critical_extensions(&self) -> &[Oid] {
        &self.0.unknown_critical
    }

    /// The algorithm outside what was signed.
    #[must_use]
    pub fn signature_algorithm(&self) -> AlgorithmId<'_> {
        parsed(AlgorithmId::parse(self.part(&self.0.signature_algorithm)))
    }

    /// The algorithm inside what was signed; the same octets in a sound CRL.
    #[must_use]
    pub fn tbs_signature_algorithm(&self) -> AlgorithmId<'_> {
        parsed(AlgorithmId::parse(self.part(&self.0.tbs_signature_algorithm)))
    }

    /// The signature value.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        self.part(&self.0.signature)
    }

    /// All extensions, in the order received, duplicates too.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'_>> + '_ {
        let mut reader = Reader::new(self.part(&self.0.extensions), "crlExtensions");
        std::iter::from_fn(move || {
            (!reader.is_empty()).then(|| parsed(Extension::read_with(&mut reader, DefaultRule::Tolerant)))
        })
    }

    /// SHA-256 of all octets.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.der()).into()
    }
}

impl Eq for Crl {}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.der() == other.der()
    }
}

impl fmt::Debug for Crl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crl")
            .field("issuer", &self.issuer_text())
            .field("this_update", &self.this_update())
            .finish_non_exhaustive()
    }
}

/// What [`Crl::parse`] has read once.
fn parsed<T>(result: Result<T, Asn1Error>) -> T {
    result.expect("read when the CRL was parsed")
}

fn read_time(reader: &mut Reader<'_>, field: &'static str) -> Result<i64, Asn1Error> {
    let at = reader.place(field);
    parse_time(reader.next()?, at)
}

/// A non-negative INTEGER of at most 20 octets, or 21 with the sign's (RFC 5280 5.2.3).
fn number(value: &[u8]) -> Result<Vec<u8>, Asn1Error> {
    let mut reader = Reader::new(value, "CRLNumber");
    let content = reader.integer("CRLNumber")?;
    reader.finish()?;
    if integer::is_negative(content) || content.len() > 21 {
        return Err(Asn1Error::IntegerOutOfRange { at: Place { field: "CRLNumber", offset: 0 } });
    }
    Ok(content.to_vec())
}

fn distribution_point(value: &[u8]) -> Result<IssuingDistributionPoint, Asn1Error> {
    let mut reader = Reader::enter_only(value, tag::SEQUENCE, "issuingDistributionPoint")?;
    let uris = match reader.enter_optional(tag::context_constructed(0), "distributionPoint")? {
        Some(name) => full_name_uris(name)?,
        None => Vec::new(),
    };
    let only_user_certs = flag(&mut reader, 1, "onlyContainsUserCerts")?;
    let only_ca_certs = flag(&mut reader, 2, "onlyContainsCACerts")?;
    let only_some_reasons = reader.optional(tag::context(3), "onlySomeReasons")?.is_some();
    let indirect = flag(&mut reader, 4, "indirectCRL")?;
    let only_attribute_certs = flag(&mut reader, 5, "onlyContainsAttributeCerts")?;
    reader.finish()?;
    Ok(IssuingDistributionPoint {
        uris,
        only_user_certs,
        only_ca_certs,
        only_some_reasons,
        indirect,
        only_attribute_certs,
    })
}

/// `[number] IMPLICIT BOOLEAN DEFAULT FALSE`.
fn flag(reader: &mut Reader<'_>, number: u8, field: &'static str) -> Result<bool, Asn1Error> {
    let at = reader.place(field);
    let tlv = reader.optional(tag::context(number), field)?;
    tlv.map_or(Ok(false), |tlv| boolean_content(tlv.value, at))
}
