//! Records of an outside authority's audit of the clock (JP-TS-07, JP-TS-20).
//!
//! No format is standardised. What is read is a signed statement of a few members, JSON or TOML:
//!
//! ```text
//! source = "taa.example"
//! from = "2026-11-01T00:00:00Z"
//! to = "2026-12-01T00:00:00Z"
//! min_offset_us = -420
//! max_offset_us = 1300
//! threshold_us = 500000
//! anomalies = 0
//! ```
//!
//! signed as CMS or CAdES around or beside it, or time-stamped beside it by whoever answers for it.

use std::path::Path;

use kokuin_asn1::cms::SignedData;
use kokuin_audit::entry::{Digest, FieldError, Label, LogTime, TimeAudit};
use kokuin_settings::SettingsError;
use kokuin_suite::{CryptoPolicy, Verify};
use kokuin_validate::{
    ArtifactKind, ControlTime, DetachedData, Request, RevocationRule, SubIndication, TrustStore, inspect,
    validate_cades, validate_tst,
};
use serde::Deserialize;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Most octets of a record or its content.
pub const MAX_RECORD: usize = 1 << 20;

/// Why a record is not imported.
#[derive(Debug, thiserror::Error)]
pub enum AuditRecordError {
    /// More than anybody needs.
    #[error("a record of {found} octets, at most {MAX_RECORD} are read")]
    TooLong {
        /// Octets.
        found: usize,
    },
    /// It is neither a CMS signature nor a time-stamp.
    #[error("the record is neither a CMS signature nor a time-stamp: {found}")]
    Kind {
        /// What it is.
        found: String,
    },
    /// The signature is beside its content, and no content was given.
    #[error("the record is signed beside its content: give the content")]
    NoContent,
    /// Its signature does not hold under the anchors given.
    #[error("{status}: {reason}")]
    Invalid {
        /// Status and sub-indication, as the report spells them.
        status: String,
        /// One sentence.
        reason: String,
    },
    /// What was signed is not the statement described.
    #[error("the content is no statement of an audit: {0}")]
    Statement(StatementError),
    /// A member cannot stand in an entry.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// A period ends after it begins, and the smaller offset is the smaller.
    #[error("{what}: {first} to {last}")]
    Order {
        /// Period or offsets.
        what: &'static str,
        /// The first given.
        first: String,
        /// The last given.
        last: String,
    },
}

/// How a statement cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// As text.
    #[error("not UTF-8")]
    NotUtf8,
    /// As JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// As TOML.
    #[error(transparent)]
    Toml(#[from] SettingsError),
    /// One of its times.
    #[error("{0:?} is no RFC 3339 time")]
    Time(String),
}

impl AuditRecordError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "attest.record-too-long",
            Self::Kind { .. } => "attest.record-kind",
            Self::NoContent => "attest.record-no-content",
            Self::Invalid { .. } => "attest.record-invalid",
            Self::Statement(_) => "attest.record-statement",
            Self::Field(error) => error.code(),
            Self::Order { .. } => "attest.record-order",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Invalid { .. } => "EN 319 102-1 5.3",
            Self::Kind { .. } | Self::NoContent => "RFC 5652; RFC 3161",
            Self::TooLong { .. } | Self::Statement(_) | Self::Field(_) | Self::Order { .. } => {
                "docs/log.md, Time audits"
            }
        }
    }
}

/// The statement that is signed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Statement {
    source: String,
    from: String,
    to: String,
    min_offset_us: i64,
    max_offset_us: i64,
    #[serde(default)]
    threshold_us: Option<u64>,
    #[serde(default)]
    anomalies: Option<u64>,
}

/// A record to be read.
#[derive(Clone, Copy, Debug)]
pub struct AuditRecord<'a> {
    /// The signature or time-stamp, as received.
    pub record: &'a [u8],
    /// The statement, where it is not inside.
    pub content: Option<&'a [u8]>,
    /// Who may sign it.
    pub trust: &'a TrustStore,
    /// Makes the checks.
    pub engine: &'a dyn Verify,
    /// Which algorithms are good enough.
    pub crypto_policy: &'a CryptoPolicy,
    /// Now, Unix seconds.
    pub now: i64,
}

impl AuditRecord<'_> {
    /// The entry that the record becomes.
    ///
    /// # Errors
    /// [`AuditRecordError`] for the first rule that it breaks.
    pub fn entry(&self, time: LogTime) -> Result<TimeAudit, AuditRecordError> {
        for part in [Some(self.record), self.content].into_iter().flatten() {
            if part.len() > MAX_RECORD {
                return Err(AuditRecordError::TooLong { found: part.len() });
            }
        }
        let detected = inspect(self.record).map_err(|error| AuditRecordError::Kind { found: error.reason })?;
        let (format, content) = match detected.kind() {
            ArtifactKind::Cades => ("cms", self.cms_content(detected.bytes())?),
            ArtifactKind::Tst | ArtifactKind::Tsr => {
                ("timestamp", self.content.ok_or(AuditRecordError::NoContent)?.to_vec())
            }
            other @ (ArtifactKind::Pades | ArtifactKind::EvidenceRecord) => {
                return Err(AuditRecordError::Kind { found: other.name().to_owned() });
            }
        };
        let signer = self.signer(format, &content)?;
        let statement = parse_statement(&content).map_err(AuditRecordError::Statement)?;
        let (from, to) = (time_of(&statement.from)?, time_of(&statement.to)?);
        if from >= to {
            return Err(order("period", &from, &to));
        }
        if statement.min_offset_us > statement.max_offset_us {
            return Err(order("offsets", &statement.min_offset_us, &statement.max_offset_us));
        }
        Ok(TimeAudit {
            time,
            source: Label::new(&statement.source)?,
            from,
            to,
            min_offset_us: statement.min_offset_us,
            max_offset_us: statement.max_offset_us,
            threshold_us: statement.threshold_us,
            anomalies: statement.anomalies,
            format: Label::new(format)?,
            digest: Digest::of(self.record),
            signer,
        })
    }

    /// What is inside, else what was given; where both are there, the validation compares them.
    fn cms_content(&self, bytes: &[u8]) -> Result<Vec<u8>, AuditRecordError> {
        let signed = SignedData::parse(bytes).map_err(|error| AuditRecordError::Kind { found: error.to_string() })?;
        let content = signed.content.or(self.content).ok_or(AuditRecordError::NoContent)?;
        Ok(content.to_vec())
    }

    fn signer(&self, format: &str, content: &[u8]) -> Result<Digest, AuditRecordError> {
        let now = ControlTime::now(self.now);
        let mut request = Request::new(self.record, self.trust, self.engine, self.crypto_policy, now);
        request.data = Some(DetachedData::Bytes(self.content.unwrap_or(content)));
        request.revocation = RevocationRule::WhereGiven;
        let report = if format == "cms" { validate_cades(&request) } else { validate_tst(&request) };
        let invalid = || {
            let sub = report.overall.sub_indication.map_or("", SubIndication::name);
            let status = format!("{} {sub}", report.status()).trim_end().to_owned();
            AuditRecordError::Invalid { status, reason: report.overall.reason.clone() }
        };
        if !report.is_total_passed() {
            return Err(invalid());
        }
        let signer = report.overall.signer.as_ref().map(|signer| hex::decode(&signer.certificate_sha256));
        let digest = signer.and_then(Result::ok).and_then(|octets| octets.try_into().ok());
        digest.map(Digest::from_bytes).ok_or_else(invalid)
    }
}

fn parse_statement(content: &[u8]) -> Result<Statement, StatementError> {
    let text = std::str::from_utf8(content).map_err(|_| StatementError::NotUtf8)?;
    if text.trim_start().starts_with('{') {
        Ok(serde_json::from_str(text)?)
    } else {
        Ok(kokuin_settings::parse(Path::new("audit record"), text)?)
    }
}

fn time_of(text: &str) -> Result<LogTime, AuditRecordError> {
    let wrong = || AuditRecordError::Statement(StatementError::Time(text.chars().take(40).collect()));
    let at = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| wrong())?;
    let micros = i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000)).map_err(|_| wrong())?;
    Ok(LogTime::from_unix_micros(micros))
}

fn order(what: &'static str, first: &dyn std::fmt::Display, last: &dyn std::fmt::Display) -> AuditRecordError {
    AuditRecordError::Order { what, first: first.to_string(), last: last.to_string() }
}
