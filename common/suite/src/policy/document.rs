//! One policy file, read and indexed.

use crate::digest::{DigestAlgorithm, digest};
use crate::key::KeyAlgorithm;
use crate::policy::file::{Bound, File, Listed, Row, Status, StrengthRow};
use crate::policy::{Remark, Subject, Unsuitable, Use};
use crate::signature::SignatureAlgorithm;

/// A policy file.
#[derive(Clone, Debug)]
pub struct Document {
    name: String,
    source: String,
    issued: i64,
    sha256: Vec<u8>,
    exponent: Option<(u32, u32)>,
    rows: Vec<(Selector, Ends)>,
}

/// What a row is about.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Selector {
    Digest(DigestAlgorithm),
    Scheme(&'static str),
    Key { family: &'static str, min_bits: u32, max_bits: u32 },
}

/// A row's dates as UNIX seconds: the first at which the use is no longer suitable.
#[derive(Clone, Debug)]
pub(super) struct Ends {
    listed: Listed,
    pub(super) sign: Option<i64>,
    pub(super) certify: Option<i64>,
    pub(super) rely: Option<i64>,
    pub(super) process: Option<i64>,
    note: String,
    unverified: Vec<String>,
}

/// Why a policy file cannot be used.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PolicyError {
    /// No file at all: nothing would be checked.
    #[error("a policy without documents checks nothing")]
    Empty,
    /// Not TOML of this format; names line and field.
    #[error("the policy cannot be read: {0}")]
    Syntax(String),
    /// A value that is not a plain date.
    #[error("{0} is not a date")]
    Date(String),
    /// A name no algorithm of ours has.
    #[error("the policy has a row for {0:?}, which is no algorithm")]
    UnknownName(String),
    /// A row names a strength class without a row of its own.
    #[error("the policy has no strength class of {0} bits")]
    UnknownStrength(u32),
    /// A range of key sizes that is empty, or not about RSA or elliptic curves.
    #[error("the policy's row for {0:?} has a range of bits that does not belong there")]
    Bits(String),
    /// Two rows for the same thing.
    #[error("the policy has two rows for {0}")]
    Twice(String),
}

impl Document {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text).map_err(|error| PolicyError::Syntax(error.to_string()))?;
        let mut document = Self {
            name: format!("{} {}", file.id, file.version),
            source: file.source,
            issued: Bound::new(&file.issued)?.0,
            sha256: digest(DigestAlgorithm::Sha256, text.as_bytes()),
            exponent: file.rsa_exponent.map(|range| (range.above_power_of_two, range.below_power_of_two)),
            rows: Vec::new(),
        };
        for row in &file.digest {
            let algorithm = row.name.parse().map_err(|_| PolicyError::UnknownName(row.name.clone()))?;
            document.add(row.without_bits(Selector::Digest(algorithm))?, row, &file.strength)?;
        }
        for row in &file.scheme {
            let scheme = SignatureAlgorithm::ALL.into_iter().map(scheme_name).find(|name| *name == row.name);
            let scheme = scheme.ok_or_else(|| PolicyError::UnknownName(row.name.clone()))?;
            document.add(row.without_bits(Selector::Scheme(scheme))?, row, &file.strength)?;
        }
        for row in &file.key {
            document.add(Selector::key(row)?, row, &file.strength)?;
        }
        Ok(document)
    }

    fn add(&mut self, selector: Selector, row: &Row, classes: &[StrengthRow]) -> Result<(), PolicyError> {
        if self.rows.iter().any(|(other, _)| other.overlaps(&selector)) {
            return Err(PolicyError::Twice(row.name.clone()));
        }
        self.rows.push((selector, Ends::new(row, classes)?));
        Ok(())
    }

    /// Id and version, as errors and reports quote it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The texts its values come from.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// When it was issued, UNIX seconds.
    #[must_use]
    pub const fn issued(&self) -> i64 {
        self.issued
    }

    /// SHA-256 of the file as read.
    #[must_use]
    pub fn sha256(&self) -> &[u8] {
        &self.sha256
    }

    pub(super) fn ends(&self, subject: Subject) -> Result<&Ends, Unsuitable> {
        self.rows
            .iter()
            .find(|(selector, _)| selector.matches(subject))
            .map(|(_, ends)| ends)
            .ok_or_else(|| Unsuitable::NotListed { subject, policy: self.name.clone() })
    }

    pub(super) fn check_rsa_exponent(&self, exponent: &[u8]) -> Result<(), Unsuitable> {
        let Some((above, below)) = self.exponent else { return Ok(()) };
        let bits = crate::key::bit_len(exponent);
        // An odd number is above 2^n if it has more than n bits, and below 2^n if it has at most n.
        if bits > above && bits <= below {
            return Ok(());
        }
        Err(Unsuitable::RsaExponent { bits, above, below, policy: self.name.clone() })
    }
}

impl Selector {
    fn key(row: &Row) -> Result<Self, PolicyError> {
        let families = ["rsa", "ec", "ed25519", "ml-dsa-44", "ml-dsa-65", "ml-dsa-87"];
        let family = families.into_iter().find(|family| *family == row.name);
        let family = family.ok_or_else(|| PolicyError::UnknownName(row.name.clone()))?;
        if !matches!(family, "rsa" | "ec") {
            return row.without_bits(Self::Key { family, min_bits: 0, max_bits: u32::MAX });
        }
        let (min_bits, max_bits) = (row.min_bits.unwrap_or(0), row.max_bits.unwrap_or(u32::MAX));
        if min_bits > max_bits {
            return Err(PolicyError::Bits(row.name.clone()));
        }
        Ok(Self::Key { family, min_bits, max_bits })
    }

    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Key { family, min_bits, max_bits },
                Self::Key { family: other, min_bits: other_min, max_bits: other_max },
            ) => family == other && min_bits <= other_max && other_min <= max_bits,
            (Self::Digest(_) | Self::Scheme(_) | Self::Key { .. }, _) => self == other,
        }
    }

    fn matches(&self, subject: Subject) -> bool {
        match (self, subject) {
            (Self::Digest(listed), Subject::Digest(digest)) => *listed == digest,
            (Self::Scheme(listed), Subject::Scheme(algorithm)) => *listed == scheme_name(algorithm),
            (Self::Key { family, min_bits, max_bits }, Subject::Key(key)) => {
                let (name, bits) = family_and_bits(key);
                *family == name && (*min_bits..=*max_bits).contains(&bits)
            }
            (Self::Digest(_) | Self::Scheme(_) | Self::Key { .. }, _) => false,
        }
    }
}

const fn scheme_name(algorithm: SignatureAlgorithm) -> &'static str {
    match algorithm {
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 | SignatureAlgorithm::EcdsaSha512 => "ecdsa",
        SignatureAlgorithm::RsaPkcs1Sha1
        | SignatureAlgorithm::RsaPkcs1Sha256
        | SignatureAlgorithm::RsaPkcs1Sha384
        | SignatureAlgorithm::RsaPkcs1Sha512 => "rsa-pkcs1",
        SignatureAlgorithm::RsaPssSha256 | SignatureAlgorithm::RsaPssSha384 | SignatureAlgorithm::RsaPssSha512 => {
            "rsa-pss"
        }
        SignatureAlgorithm::Ed25519 => "eddsa",
        SignatureAlgorithm::MlDsa44 | SignatureAlgorithm::MlDsa65 | SignatureAlgorithm::MlDsa87 => "ml-dsa",
    }
}

const fn family_and_bits(key: KeyAlgorithm) -> (&'static str, u32) {
    match key {
        KeyAlgorithm::P256 => ("ec", 256),
        KeyAlgorithm::P384 => ("ec", 384),
        KeyAlgorithm::P521 => ("ec", 521),
        KeyAlgorithm::Rsa { bits } => ("rsa", bits),
        KeyAlgorithm::Ed25519 => ("ed25519", 0),
        KeyAlgorithm::MlDsa44 => ("ml-dsa-44", 0),
        KeyAlgorithm::MlDsa65 => ("ml-dsa-65", 0),
        KeyAlgorithm::MlDsa87 => ("ml-dsa-87", 0),
    }
}

impl Ends {
    fn new(row: &Row, classes: &[StrengthRow]) -> Result<Self, PolicyError> {
        let class = match row.strength {
            Some(bits) => {
                Some(classes.iter().find(|class| class.bits == bits).ok_or(PolicyError::UnknownStrength(bits))?)
            }
            None => None,
        };
        let earliest = |own: &Option<_>, of_class: Option<&Option<_>>| -> Result<Option<i64>, PolicyError> {
            let bounds = [own.as_ref(), of_class.and_then(Option::as_ref)];
            let bounds = bounds.into_iter().flatten().map(Bound::new).collect::<Result<Vec<_>, _>>()?;
            Ok(bounds.into_iter().map(|bound| bound.0).min())
        };
        let mut unverified = Vec::new();
        if row.status == Status::Unverified {
            unverified.push(row.note.clone());
        }
        if let Some(class) = class.filter(|class| class.status == Status::Unverified) {
            unverified.push(class.note.clone());
        }
        Ok(Self {
            listed: row.listed,
            sign: earliest(&row.sign_end, class.map(|class| &class.sign_end))?,
            certify: earliest(&row.certify_end, class.map(|class| &class.certify_end))?,
            rely: earliest(&row.rely_end, class.map(|class| &class.rely_end))?,
            process: earliest(&row.process_end, class.map(|class| &class.process_end))?,
            note: row.note.clone(),
            unverified,
        })
    }

    pub(super) fn check_listed_for_signing(&self, document: &Document, subject: Subject) -> Result<(), Unsuitable> {
        match self.listed {
            Listed::Recommended | Listed::Legacy | Listed::Withdrawn => Ok(()),
            Listed::Monitored | Listed::None => Err(Unsuitable::OnlyForOld { subject, policy: document.name.clone() }),
        }
    }

    pub(super) fn check(
        end: Option<i64>,
        document: &Document,
        subject: Subject,
        wanted: Use,
        at: i64,
    ) -> Result<(), Unsuitable> {
        match end {
            Some(end) if at >= end => {
                Err(Unsuitable::Since { subject, wanted, end, at, policy: document.name.clone() })
            }
            Some(_) | None => Ok(()),
        }
    }

    pub(super) fn check_relying(
        &self,
        document: &Document,
        subject: Subject,
        proof_time: i64,
        now: i64,
    ) -> Result<(), Unsuitable> {
        Self::check(self.process, document, subject, Use::Process, now)?;
        Self::check(self.rely, document, subject, Use::Rely, proof_time)
    }

    pub(super) fn remarks(&self, document: &Document, subject: Subject, now: i64) -> Vec<Remark> {
        let policy = || document.name.clone();
        let mut remarks = Vec::new();
        match self.listed {
            Listed::Recommended => {}
            Listed::Legacy | Listed::Withdrawn | Listed::Monitored | Listed::None => {
                remarks.push(Remark::Legacy { subject, policy: policy(), note: self.note.clone() });
            }
        }
        if let Some(end) = self.rely.filter(|end| now >= *end) {
            remarks.push(Remark::CountsByProof { subject, end, policy: policy() });
        }
        remarks.extend(self.unverified.iter().map(|note| Remark::Unverified {
            subject,
            policy: policy(),
            note: note.clone(),
        }));
        remarks
    }
}
