//! Why there is no seal: one variant per broken rule.

use kokuin_audit::LogError;
use kokuin_clock::ClockRefusal;
use kokuin_fetch::tsp::TspError;
use kokuin_key::{KeyError, KeyState};
use kokuin_pdf::PdfError;
use kokuin_store::StoreError;
use kokuin_suite::Unsuitable;

use crate::{
    format::{SealFormat, SealLevel},
    id::SealId,
};

/// A rule that a request broke, or something without which no seal is made.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The body is no multipart body.
    #[error("the multipart body is broken: {0}")]
    Multipart(&'static str),
    /// A part that nobody asks for.
    #[error("the multipart body has a part that is neither `document` nor `request`")]
    PartUnknown,
    /// A part is there twice.
    #[error("the part `{0}` is there twice")]
    PartTwice(&'static str),
    /// A part is missing.
    #[error("the part `{0}` is missing")]
    PartMissing(&'static str),
    /// The JSON is none, or not what it must be.
    #[error("the request is not as it must be, line {line} column {column}: {what}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        what: String,
    },
    /// A format that is not made here.
    #[error("format {0} is not offered, pades and cades are")]
    FormatNotOffered(SealFormat),
    /// As many seals as may wait for the TSA do.
    #[error("too many seals wait for the time-stamping authority")]
    TsaBusy,
    /// Something in this service is wrong, and the work on this seal was given up.
    #[error("the service has a defect that this request met")]
    Defect,
    /// A level that is not reached here.
    #[error("level {0} is not offered")]
    LevelNotOffered(SealLevel),
    /// A packaging that does not go with the format.
    #[error("{0} is not offered in this packaging")]
    PackagingNotOffered(SealFormat),
    /// Visible seals.
    #[error("visible seals are not offered")]
    AppearanceNotOffered,
    /// CAdES has no place for them.
    #[error("reason and location are for seals in PDFs")]
    ReasonWithoutPdf,
    /// A PDF's digest cannot be taken before its signature dictionary is there.
    #[error("a digest can be sealed as detached CAdES only")]
    DigestNotForFormat,
    /// Document and digest, or neither.
    #[error("either a document or a digest is sealed")]
    DocumentOrDigest,
    /// Nothing to seal.
    #[error("the document is empty")]
    DocumentEmpty,
    /// A document larger than allowed.
    #[error("the document has {found} octets, at most {limit} are sealed")]
    DocumentTooLarge {
        /// Octets.
        found: usize,
        /// Octets allowed.
        limit: usize,
    },
    /// The digest's algorithm has no name here.
    #[error("the digest algorithm is not known")]
    DigestAlgorithmUnknown,
    /// The credential signs with another one.
    #[error("this credential signs {expected} digests, not {found}")]
    DigestAlgorithm {
        /// The credential's.
        expected: &'static str,
        /// The request's.
        found: &'static str,
    },
    /// Not base64.
    #[error("the digest is not base64 with padding")]
    DigestValue,
    /// Not as long as its algorithm makes it.
    #[error("the digest has {found} octets, its algorithm makes {expected}")]
    DigestLength {
        /// Octets that the algorithm makes.
        expected: usize,
        /// Octets in the request.
        found: usize,
    },
    /// The document cannot be sealed as PDF.
    #[error(transparent)]
    Pdf(#[from] PdfError),
    /// No credential of this name is the tenant's.
    #[error("there is no credential of this name")]
    CredentialUnknown,
    /// The header is there twice, too long or has other characters.
    #[error("Idempotency-Key is not 1 to 128 visible ASCII characters")]
    IdempotencyKey,
    /// The key was used for another request.
    #[error("Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    /// This very request was done before; sealed objects are not kept.
    #[error("this request was done before, as seal {0}")]
    AlreadySealed(SealId),
    /// The same key is being worked on.
    #[error("a request with this Idempotency-Key is being worked on")]
    InProgress,
    /// The tenant has no such seal.
    #[error("there is no seal of this id")]
    SealUnknown,
    /// No checkpoint covers the entry yet.
    #[error("no checkpoint covers the seal's entry yet")]
    ReceiptNotYet {
        /// When to ask again.
        retry_after_s: u64,
    },
    /// The clock does not vouch for the time.
    #[error(transparent)]
    Clock(#[from] ClockRefusal),
    /// The clock vouches for the time, and not closely enough.
    #[error("time is known to {known_us} us, {limit_us} us are the most for a seal")]
    ClockTooUncertain {
        /// What the reading vouches for.
        known_us: u64,
        /// What a seal needs.
        limit_us: u64,
    },
    /// The key is suspended or lost (THR-65).
    #[error("the credential's key is {}", .0.name())]
    KeyNotActive(KeyState),
    /// The certificate does not cover the time.
    #[error("the credential's certificate is valid from {from} to {until}, now is {at} (Unix seconds)")]
    OutsideCertificate {
        /// Unix seconds.
        from: i64,
        /// Unix seconds.
        until: i64,
        /// Unix seconds.
        at: i64,
    },
    /// The algorithm may not sign any more.
    #[error(transparent)]
    Algorithm(#[from] Unsuitable),
    /// The key did not sign.
    #[error("key: {0}")]
    Key(#[from] KeyError),
    /// The TSA gave no token for this seal.
    #[error("TSA: {0}")]
    Tsa(#[from] TspError),
    /// The TSA's token does not hold.
    #[error("the TSA's token does not hold: {0}")]
    TsaToken(String),
    /// What was made cannot be built or read back.
    #[error("the seal was not released, since it does not hold when read back: {0}")]
    ReadBack(String),
    /// The log does not take the entry.
    #[error("log: {0}")]
    Log(#[from] LogError),
    /// The database does not answer.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// The service stops.
    #[error("the service is being stopped")]
    Stopping,
}

/// Classes of refusals, for counting: nothing that a stranger can choose.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RefusalClass {
    /// The request as such.
    Request,
    /// The document.
    Document,
    /// The credential.
    Credential,
    /// The clock.
    Clock,
    /// The key.
    Key,
    /// The TSA.
    Tsa,
    /// What was made did not hold.
    ReadBack,
    /// Log or database.
    Record,
}

impl RefusalClass {
    /// Every class.
    pub const ALL: [Self; 8] = [
        Self::Request,
        Self::Document,
        Self::Credential,
        Self::Clock,
        Self::Key,
        Self::Tsa,
        Self::ReadBack,
        Self::Record,
    ];

    /// As metrics and the log spell it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Document => "document",
            Self::Credential => "credential",
            Self::Clock => "clock",
            Self::Key => "key",
            Self::Tsa => "tsa",
            Self::ReadBack => "read-back",
            Self::Record => "record",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl SealError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Multipart(_) => "eseal.multipart",
            Self::PartUnknown => "eseal.part-unknown",
            Self::PartTwice(_) => "eseal.part-twice",
            Self::PartMissing(_) => "eseal.part-missing",
            Self::Json { .. } => "eseal.json",
            Self::FormatNotOffered(_) => "eseal.format-not-offered",
            Self::LevelNotOffered(_) => "eseal.level-not-offered",
            Self::PackagingNotOffered(_) => "eseal.packaging-not-offered",
            Self::AppearanceNotOffered => "eseal.appearance-not-offered",
            Self::ReasonWithoutPdf => "eseal.reason-without-pdf",
            Self::DigestNotForFormat => "eseal.digest-not-for-format",
            Self::DocumentOrDigest => "eseal.document-or-digest",
            Self::DocumentEmpty => "eseal.document-empty",
            Self::DocumentTooLarge { .. } => "eseal.document-too-large",
            Self::DigestAlgorithmUnknown => "eseal.digest-algorithm-unknown",
            Self::DigestAlgorithm { .. } => "eseal.digest-algorithm",
            Self::DigestValue => "eseal.digest-value",
            Self::DigestLength { .. } => "eseal.digest-length",
            Self::Pdf(error) => error.code(),
            Self::CredentialUnknown => "eseal.credential-unknown",
            Self::IdempotencyKey => "eseal.idempotency-key",
            Self::IdempotencyKeyReused => "eseal.idempotency-key-reused",
            Self::AlreadySealed(_) => "eseal.already-sealed",
            Self::InProgress => "eseal.in-progress",
            Self::SealUnknown => "eseal.seal-unknown",
            Self::ReceiptNotYet { .. } => "eseal.receipt-not-yet",
            Self::Clock(_) => "eseal.clock",
            Self::ClockTooUncertain { .. } => "eseal.clock-too-uncertain",
            Self::KeyNotActive(_) => "eseal.key-not-active",
            Self::OutsideCertificate { .. } => "eseal.outside-certificate",
            Self::Algorithm(_) => "eseal.algorithm",
            Self::Key(_) => "eseal.key",
            Self::Tsa(_) => "eseal.tsa",
            Self::TsaBusy => "eseal.tsa-busy",
            Self::Defect => "eseal.defect",
            Self::TsaToken(_) => "eseal.tsa-token",
            Self::ReadBack(_) => "eseal.read-back",
            Self::Log(_) => "eseal.log",
            Self::Store(_) => "eseal.store",
            Self::Stopping => "eseal.stopping",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Multipart(_) | Self::PartUnknown | Self::PartTwice(_) | Self::PartMissing(_) => "RFC 7578",
            Self::Json { .. } => "RFC 8259 4",
            Self::FormatNotOffered(_)
            | Self::LevelNotOffered(_)
            | Self::PackagingNotOffered(_)
            | Self::AppearanceNotOffered
            | Self::ReasonWithoutPdf
            | Self::DocumentOrDigest
            | Self::DocumentEmpty
            | Self::DocumentTooLarge { .. }
            | Self::CredentialUnknown
            | Self::AlreadySealed(_)
            | Self::InProgress
            | Self::SealUnknown
            | Self::ReceiptNotYet { .. }
            | Self::TsaBusy
            | Self::Defect
            | Self::Stopping => "docs/eseal.md",
            Self::DigestNotForFormat => "ISO 32000-2 12.8.1",
            Self::DigestAlgorithmUnknown | Self::DigestAlgorithm { .. } => "RFC 8933",
            Self::DigestValue => "RFC 4648 4",
            Self::DigestLength { .. } => "FIPS 180-4",
            Self::Pdf(error) => error.clause(),
            Self::IdempotencyKey | Self::IdempotencyKeyReused => "draft-ietf-httpapi-idempotency-key-header",
            Self::Clock(refusal) => refusal.clause(),
            Self::ClockTooUncertain { .. } => "EN 319 122-1 5.2.1",
            Self::KeyNotActive(_) => "EN 319 411-1 6.3.9",
            Self::OutsideCertificate { .. } => "RFC 5280 4.1.2.5",
            Self::Algorithm(error) => error.clause(),
            Self::Key(error) => error.clause(),
            Self::Tsa(_) | Self::TsaToken(_) => "EN 319 122-1 5.3",
            Self::ReadBack(_) => "EN 319 102-1",
            Self::Log(_) | Self::Store(_) => "EN 319 401 7.10",
        }
    }

    /// The class that it is counted in.
    #[must_use]
    pub const fn class(&self) -> RefusalClass {
        match self {
            Self::Multipart(_)
            | Self::PartUnknown
            | Self::PartTwice(_)
            | Self::PartMissing(_)
            | Self::Json { .. }
            | Self::FormatNotOffered(_)
            | Self::LevelNotOffered(_)
            | Self::PackagingNotOffered(_)
            | Self::AppearanceNotOffered
            | Self::ReasonWithoutPdf
            | Self::DigestNotForFormat
            | Self::DocumentOrDigest
            | Self::DigestAlgorithmUnknown
            | Self::DigestAlgorithm { .. }
            | Self::DigestValue
            | Self::DigestLength { .. }
            | Self::IdempotencyKey
            | Self::IdempotencyKeyReused
            | Self::AlreadySealed(_)
            | Self::InProgress
            | Self::SealUnknown
            | Self::ReceiptNotYet { .. }
            | Self::Defect
            | Self::Stopping => RefusalClass::Request,
            Self::DocumentEmpty | Self::DocumentTooLarge { .. } | Self::Pdf(_) => RefusalClass::Document,
            Self::CredentialUnknown | Self::OutsideCertificate { .. } | Self::Algorithm(_) => RefusalClass::Credential,
            Self::Clock(_) | Self::ClockTooUncertain { .. } => RefusalClass::Clock,
            Self::KeyNotActive(_) | Self::Key(_) => RefusalClass::Key,
            Self::Tsa(_) | Self::TsaToken(_) | Self::TsaBusy => RefusalClass::Tsa,
            Self::ReadBack(_) => RefusalClass::ReadBack,
            Self::Log(_) | Self::Store(_) => RefusalClass::Record,
        }
    }
}
