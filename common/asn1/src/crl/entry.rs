//! One revoked certificate (RFC 5280 5.1.2.6, 5.3).

use super::{Crl, parsed};
use crate::{Asn1Error, Extension, Oid, Reader, calendar::parse_time, extension::DefaultRule, oids, tag};

/// Extensions that an entry may have.
const MAX_EXTENSIONS: usize = 32;
/// Different unknown critical extensions that are remembered.
const MAX_UNKNOWN: usize = 64;

/// A certificate's entry.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Revoked {
    /// `revocationDate`, UNIX seconds.
    pub date: i64,
    /// `CRLReason`: 0 to 10 without 7; absent means unspecified.
    pub reason: Option<u8>,
    /// `invalidityDate`, UNIX seconds.
    pub invalidity_date: Option<i64>,
}

/// An entry that has been delimited.
pub(super) struct Entry<'a> {
    serial: &'a [u8],
    date: i64,
    extensions: Option<Reader<'a>>,
}

pub(super) fn read<'a>(entries: &mut Reader<'a>) -> Result<Entry<'a>, Asn1Error> {
    let mut inner = entries.enter(tag::SEQUENCE, "revokedCertificate")?;
    let serial = inner.integer("userCertificate")?;
    let at = inner.place("revocationDate");
    let date = parse_time(inner.next()?, at)?;
    let extensions = inner.enter_optional(tag::SEQUENCE, "crlEntryExtensions")?;
    inner.finish()?;
    Ok(Entry { serial, date, extensions })
}

impl<'a> Entry<'a> {
    fn extensions(&self) -> Result<Vec<Extension<'a>>, Asn1Error> {
        self.extensions
            .clone()
            .map_or(Ok(Vec::new()), |reader| Extension::read_all(reader, DefaultRule::Tolerant, MAX_EXTENSIONS))
    }

    /// Reads all of it, and remembers what it does not understand.
    pub(super) fn check(&self, unknown_critical: &mut Vec<Oid>) -> Result<(), Asn1Error> {
        if self.extensions.is_none() {
            return Ok(());
        }
        for extension in self.extensions()? {
            if extension.critical && ![oids::CRL_REASON, oids::INVALIDITY_DATE].contains(&extension.oid) {
                note(unknown_critical, &extension.oid);
            }
        }
        self.revoked().map(|_| ())
    }

    fn revoked(&self) -> Result<Revoked, Asn1Error> {
        let mut revoked = Revoked { date: self.date, reason: None, invalidity_date: None };
        for extension in self.extensions()? {
            if extension.oid == oids::CRL_REASON {
                revoked.reason = Some(reason(extension.value)?);
            } else if extension.oid == oids::INVALIDITY_DATE {
                let mut reader = Reader::new(extension.value, "invalidityDate");
                let at = reader.here();
                revoked.invalidity_date =
                    Some(parse_time(reader.expect(tag::GENERALIZED_TIME, "invalidityDate")?, at)?);
                reader.finish()?;
            }
        }
        Ok(revoked)
    }
}

/// Remembers `oid`, once.
pub(super) fn note(unknown_critical: &mut Vec<Oid>, oid: &Oid) {
    if unknown_critical.len() < MAX_UNKNOWN && !unknown_critical.contains(oid) {
        unknown_critical.push(oid.clone());
    }
}

fn reason(value: &[u8]) -> Result<u8, Asn1Error> {
    let mut reader = Reader::new(value, "reasonCode");
    let at = reader.here();
    let tlv = reader.expect(tag::ENUMERATED, "reasonCode")?;
    reader.finish()?;
    match tlv.value {
        [reason @ (0..=6 | 8..=10)] => Ok(*reason),
        _ => Err(Asn1Error::IntegerOutOfRange { at }),
    }
}

impl Crl {
    /// The entry of the certificate with this serial number (content octets); the last one, should there be several.
    ///
    /// On an indirect CRL, entries of other issuers look the same: such a CRL has `certificateIssuer` among
    /// [`Crl::unknown_critical_extensions`].
    #[must_use]
    pub fn find(&self, serial: &[u8]) -> Option<Revoked> {
        let found = self.entries().filter(|entry| entry.serial == serial).last()?;
        Some(parsed(found.revoked()))
    }

    /// How many certificates are on it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries().count()
    }

    /// Whether no certificate is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries().next().is_none()
    }

    /// Whether the list of revoked certificates is there and empty, which RFC 5280 5.1.2.6 forbids.
    #[must_use]
    pub fn has_empty_list(&self) -> bool {
        self.0.entries.as_ref().is_some_and(std::ops::Range::is_empty)
    }

    /// Serial numbers (content octets) and entries, in the order received.
    pub fn revoked(&self) -> impl Iterator<Item = (&[u8], Revoked)> + '_ {
        self.entries().map(|entry| (entry.serial, parsed(entry.revoked())))
    }

    fn entries(&self) -> impl Iterator<Item = Entry<'_>> + '_ {
        let entries = self.0.entries.as_ref().map(|range| self.part(range)).unwrap_or_default();
        let mut reader = Reader::new(entries, "revokedCertificates");
        std::iter::from_fn(move || (!reader.is_empty()).then(|| parsed(read(&mut reader))))
    }
}
