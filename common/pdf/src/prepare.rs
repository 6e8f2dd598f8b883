//! A signature dictionary with a hole, appended as an incremental update (PAD-10).

use std::ops::Range;

use crate::{error::PdfError, limit::Limits};

mod append;
mod policy;
mod write;

/// Most octets that may be reserved for one signature.
const MAX_HOLE: usize = 1 << 20;

/// How the value of `/Contents` is to be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SubFilter {
    /// A seal: `/ETSI.CAdES.detached` (PAD-01).
    CadesDetached,
    /// A document time-stamp: `/ETSI.RFC3161` (PAD-07).
    Rfc3161,
}

/// What the signature dictionary says, and how much room its signature gets.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignatureRequest<'a> {
    /// Name of the new field; no full stops.
    pub field_name: &'a str,
    /// `/Reason`.
    pub reason: Option<&'a str>,
    /// `/Location`.
    pub location: Option<&'a str>,
    /// `/M`, seconds since 1970 UTC: the claimed signing time (PAD-02).
    pub signing_time: i64,
    /// How `/Contents` is to be read.
    pub sub_filter: SubFilter,
    /// Octets of CMS or token that fit (PAD-11).
    pub contents_len: usize,
}

/// A document with a hole for its signature. The original is its prefix, byte for byte.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Prepared {
    bytes: Vec<u8>,
    /// From `<` to after `>`.
    hole: Range<usize>,
}

impl Prepared {
    /// The document, its hole filled with zeros.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// `/ByteRange`: start, length, start, length, in octets.
    #[must_use]
    pub fn byte_range(&self) -> [u64; 4] {
        let octets = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        [0, octets(self.hole.start), octets(self.hole.end), octets(self.bytes.len() - self.hole.end)]
    }

    /// The `/Contents` string, angle brackets included.
    #[must_use]
    pub fn hole(&self) -> Range<usize> {
        self.hole.clone()
    }

    /// The two slices that are signed.
    #[must_use]
    pub fn digest_input(&self) -> [&[u8]; 2] {
        let (first, rest) = self.bytes.split_at(self.hole.start);
        let (_, second) = rest.split_at(self.hole.len());
        [first, second]
    }

    /// Octets of CMS or token that fit.
    #[must_use]
    pub fn room(&self) -> usize {
        (self.hole.len() - 2) / 2
    }

    /// Writes `cms` into the hole.
    ///
    /// # Errors
    /// [`PdfError::SignatureTooLong`] if it does not fit; it is never cut (PAD-11).
    pub fn embed(mut self, cms: &[u8]) -> Result<Vec<u8>, PdfError> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let room = self.room();
        if cms.len() > room {
            return Err(PdfError::SignatureTooLong { found: cms.len(), room });
        }
        let digits = cms.iter().flat_map(|octet| [octet >> 4, octet & 15]);
        for (place, digit) in self.bytes.iter_mut().skip(self.hole.start + 1).zip(digits) {
            *place = DIGITS.get(usize::from(digit)).copied().unwrap_or(b'0');
        }
        Ok(self.bytes)
    }
}

/// Appends an empty signature to `original`.
///
/// # Errors
/// [`PdfError`] with the rule that the document, or the request, breaks.
pub fn prepare(original: &[u8], request: &SignatureRequest<'_>) -> Result<Prepared, PdfError> {
    prepare_within(original, request, &Limits::default())
}

/// [`prepare`] within limits of the caller's.
///
/// # Errors
/// [`PdfError`] with the rule that the document, or the request, breaks.
pub fn prepare_within(original: &[u8], request: &SignatureRequest<'_>, limits: &Limits) -> Result<Prepared, PdfError> {
    check(request)?;
    let sealable = policy::Sealable::load(original, limits)?;
    append::append(original, &sealable, request)
}

fn check(request: &SignatureRequest<'_>) -> Result<(), PdfError> {
    if !(1..=MAX_HOLE).contains(&request.contents_len) {
        return Err(PdfError::BadHole { found: request.contents_len, limit: MAX_HOLE });
    }
    let texts = [("field name", Some(request.field_name)), ("reason", request.reason), ("location", request.location)];
    for (what, text) in texts {
        let is_bad = |text: &str| text.is_empty() || text.len() > 1024 || text.chars().any(char::is_control);
        if text.is_some_and(is_bad) {
            return Err(PdfError::BadText { what });
        }
    }
    // A full stop separates the parts of a qualified name (ISO 32000-2 12.7.4.2).
    if request.field_name.contains('.') {
        return Err(PdfError::BadText { what: "field name" });
    }
    Ok(())
}
