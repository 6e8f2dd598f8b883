//! `Certificate` (RFC 5280 4.1): owned octets and where its parts are.

mod key_usage;
mod known;
mod text;

use std::{fmt, ops::Range, sync::Arc};

use sha2::{Digest, Sha256};

use crate::{AlgorithmId, Asn1Error, Extension, Oid, Reader, calendar::parse_time, extension::DefaultRule, name, tag};
pub use key_usage::KeyUsage;
use known::Known;
pub use known::{Access, AuthorityKeyId, BasicConstraints, PrivateKeyUsagePeriod};
pub(crate) use known::{aki, full_name_uris};

/// Octets that a certificate may have: those with ML-DSA or SLH-DSA keys and signatures take 60 KiB.
const MAX_LEN: usize = 1 << 20;
/// Extensions that a certificate may have.
const MAX_EXTENSIONS: usize = 128;

/// A certificate, as received; clones share it.
///
/// Read tolerantly where a profile can complain (serial number, extension order, explicit defaults, duplicates); an extension known here that does
/// not have its syntax makes the certificate unreadable, so that "absent" never means "malformed".
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    der: Box<[u8]>,
    version: i64,
    tbs: Range<usize>,
    serial: Range<usize>,
    tbs_signature_algorithm: Range<usize>,
    issuer: Range<usize>,
    not_before: (Range<usize>, i64),
    not_after: (Range<usize>, i64),
    subject: Range<usize>,
    spki: Range<usize>,
    extensions: Range<usize>,
    signature_algorithm: Range<usize>,
    signature: Range<usize>,
    known: Known,
}

impl Certificate {
    /// Reads one certificate and nothing after it, and keeps a copy.
    ///
    /// # Errors
    /// What is not DER or not that syntax, in a known extension too; [`Asn1Error::UnsupportedVersion`] outside 1 to 3; more than 1 MiB.
    pub fn parse(der: &[u8]) -> Result<Self, Asn1Error> {
        let mut outer = Reader::enter_only(der, tag::SEQUENCE, "Certificate")?;
        if der.len() > MAX_LEN {
            return Err(Asn1Error::TooLarge { at: outer.here(), limit: MAX_LEN, found: der.len() });
        }
        let range = |part: &[u8]| part_range(der, part);
        let tbs = outer.expect(tag::SEQUENCE, "tbsCertificate")?;
        let mut reader = outer.inside(tbs, "tbsCertificate");
        let signature_algorithm = AlgorithmId::read(&mut outer, "signatureAlgorithm")?.raw;
        let at = outer.place("signature");
        let signature = outer.bit_string("signature")?;
        outer.finish()?;
        if signature.unused != 0 {
            return Err(Asn1Error::BitStringMalformed { at });
        }

        let version = read_version(&mut reader)?;
        let serial = reader.integer("serialNumber")?;
        let tbs_signature_algorithm = AlgorithmId::read(&mut reader, "tbsCertificate.signature")?.raw;
        let issuer = reader.expect(tag::SEQUENCE, "issuer")?.raw;
        name::parse(issuer)?;
        let mut validity = reader.enter(tag::SEQUENCE, "validity")?;
        let not_before = read_time(&mut validity, "notBefore", der)?;
        let not_after = read_time(&mut validity, "notAfter", der)?;
        validity.finish()?;
        let subject = reader.expect(tag::SEQUENCE, "subject")?.raw;
        name::parse(subject)?;
        let spki = read_spki(&mut reader)?;
        reader.optional(tag::context(1), "issuerUniqueID")?;
        reader.optional(tag::context(2), "subjectUniqueID")?;
        let (extensions, known) = match reader.enter_optional(tag::context_constructed(3), "extensions")? {
            Some(mut wrapper) => {
                let list = wrapper.expect(tag::SEQUENCE, "extensions")?;
                let inner = wrapper.inside(list, "extensions");
                wrapper.finish()?;
                let parsed = Extension::read_all(inner, DefaultRule::Tolerant, MAX_EXTENSIONS)?;
                (range(list.value), Known::read(&parsed)?)
            }
            None => (0..0, Known::default()),
        };
        reader.finish()?;
        Ok(Self(Arc::new(Parts {
            version,
            tbs: range(tbs.raw),
            serial: range(serial),
            tbs_signature_algorithm: range(tbs_signature_algorithm),
            issuer: range(issuer),
            not_before,
            not_after,
            subject: range(subject),
            spki: range(spki),
            extensions,
            signature_algorithm: range(signature_algorithm),
            signature: range(signature.bytes),
            known,
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

    /// What was signed: the `tbsCertificate` element.
    #[must_use]
    pub fn tbs(&self) -> &[u8] {
        self.part(&self.0.tbs)
    }

    /// 1, 2 or 3.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.0.version
    }

    /// Content octets of the serial number, of any length and sign.
    #[must_use]
    pub fn serial(&self) -> &[u8] {
        self.part(&self.0.serial)
    }

    /// The `Name` element.
    #[must_use]
    pub fn issuer(&self) -> &[u8] {
        self.part(&self.0.issuer)
    }

    /// The `Name` element.
    #[must_use]
    pub fn subject(&self) -> &[u8] {
        self.part(&self.0.subject)
    }

    /// The `SubjectPublicKeyInfo` element.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        self.part(&self.0.spki)
    }

    /// Start of validity, UNIX seconds.
    #[must_use]
    pub fn not_before(&self) -> i64 {
        self.0.not_before.1
    }

    /// Last second of validity, UNIX seconds.
    #[must_use]
    pub fn not_after(&self) -> i64 {
        self.0.not_after.1
    }

    /// The element of `notBefore`, whose type a profile looks at (CERT-02).
    #[must_use]
    pub fn not_before_raw(&self) -> &[u8] {
        self.part(&self.0.not_before.0)
    }

    /// The element of `notAfter`, whose type a profile looks at (CERT-02).
    #[must_use]
    pub fn not_after_raw(&self) -> &[u8] {
        self.part(&self.0.not_after.0)
    }

    /// The algorithm outside what was signed.
    #[must_use]
    pub fn signature_algorithm(&self) -> AlgorithmId<'_> {
        parsed(AlgorithmId::parse(self.part(&self.0.signature_algorithm)))
    }

    /// The algorithm inside what was signed; the same octets in a sound certificate (CERT-01).
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
        let mut reader = Reader::new(self.part(&self.0.extensions), "extensions");
        std::iter::from_fn(move || {
            (!reader.is_empty()).then(|| parsed(Extension::read_with(&mut reader, DefaultRule::Tolerant)))
        })
    }

    /// The first extension of one kind.
    #[must_use]
    pub fn extension(&self, oid: &Oid) -> Option<Extension<'_>> {
        self.extensions().find(|extension| extension.oid == *oid)
    }

    /// An extension that is there more than once, which RFC 5280 4.2 forbids; [`Certificate::extension`] shows its first instance only.
    #[must_use]
    pub fn duplicate_extension(&self) -> Option<Oid> {
        let mut seen = std::collections::BTreeSet::new();
        self.extensions().map(|extension| extension.oid).find(|oid| !seen.insert(oid.clone()))
    }

    /// Whether issuer and subject are the same octets.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.issuer() == self.subject()
    }

    /// SHA-256 of all octets.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.der()).into()
    }

    fn known(&self) -> &Known {
        &self.0.known
    }
}

impl Eq for Certificate {}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.der() == other.der()
    }
}

impl std::hash::Hash for Certificate {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.der().hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("subject", &self.subject_text())
            .field("issuer", &self.issuer_text())
            .finish_non_exhaustive()
    }
}

/// What [`Certificate::parse`] has read once.
fn parsed<T>(result: Result<T, Asn1Error>) -> T {
    result.expect("read when the certificate was parsed")
}

/// Where `part`, borrowed from `whole`, is in it.
pub(crate) fn part_range(whole: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr() - whole.as_ptr().addr();
    start..start + part.len()
}

/// Absent is 1.
fn read_version(reader: &mut Reader<'_>) -> Result<i64, Asn1Error> {
    let Some(mut wrapper) = reader.enter_optional(tag::context_constructed(0), "version")? else { return Ok(1) };
    let at = wrapper.here();
    let found = wrapper.i64("version")?;
    wrapper.finish()?;
    if (0..=2).contains(&found) { Ok(found + 1) } else { Err(Asn1Error::UnsupportedVersion { at, found }) }
}

fn read_time(reader: &mut Reader<'_>, field: &'static str, der: &[u8]) -> Result<(Range<usize>, i64), Asn1Error> {
    let at = reader.place(field);
    let tlv = reader.next()?;
    Ok((part_range(der, tlv.raw), parse_time(tlv, at)?))
}

fn read_spki<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Asn1Error> {
    let spki = reader.expect(tag::SEQUENCE, "subjectPublicKeyInfo")?;
    let mut inner = reader.inside(spki, "subjectPublicKeyInfo");
    AlgorithmId::read(&mut inner, "subjectPublicKeyInfo.algorithm")?;
    inner.bit_string("subjectPublicKey")?;
    inner.finish()?;
    Ok(spki.raw)
}
