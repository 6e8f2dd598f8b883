//! What is asked: the artefact, what it is over, whom the caller trusts, which evidence, and when.

use std::fmt;

use kokuin_asn1::{Certificate, Crl};
use kokuin_suite::{CryptoPolicy, DigestAlgorithm, Verify, digest};
use serde::Serialize;

use crate::{log::LogEvidence, trust::TrustStore};

/// The data that a detached artefact is over.
#[derive(Clone, Debug)]
pub enum DetachedData<'a> {
    /// The bytes themselves.
    Bytes(&'a [u8]),
    /// A digest somebody else took; only a signature that uses this very algorithm can be checked with it.
    Digest {
        /// What made the digest.
        algorithm: DigestAlgorithm,
        /// As long as `algorithm` makes it.
        value: Vec<u8>,
    },
}

impl DetachedData<'_> {
    /// The digest by `algorithm`; `None` where a digest of another algorithm was supplied.
    #[must_use]
    pub fn digest(&self, algorithm: DigestAlgorithm) -> Option<Vec<u8>> {
        match self {
            Self::Bytes(bytes) => Some(digest(algorithm, bytes)),
            Self::Digest { algorithm: supplied, value } => (*supplied == algorithm).then(|| value.clone()),
        }
    }

    /// Whether this is `content`, as far as can be told.
    #[must_use]
    pub fn is_of(&self, content: &[u8]) -> bool {
        match self {
            Self::Bytes(bytes) => *bytes == content,
            Self::Digest { algorithm, value } => digest(*algorithm, content) == *value,
        }
    }
}

/// Who chose the time at which everything is judged (THR-11).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ControlTimeSource {
    /// The clock of the machine that validates.
    SystemClock,
    /// The caller (`--at`): a pass holds for that time only.
    Caller,
}

/// The time at which everything is judged, Unix seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ControlTime {
    /// Unix seconds, UTC.
    pub unix_seconds: i64,
    /// Who chose it.
    pub source: ControlTimeSource,
}

impl ControlTime {
    /// Now, as the caller's clock says.
    #[must_use]
    pub const fn now(unix_seconds: i64) -> Self {
        Self { unix_seconds, source: ControlTimeSource::SystemClock }
    }

    /// A time the caller chose.
    #[must_use]
    pub const fn chosen(unix_seconds: i64) -> Self {
        Self { unix_seconds, source: ControlTimeSource::Caller }
    }
}

/// Whether certificates need revocation data.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RevocationRule {
    /// Every certificate below an anchor needs fresh data; without it the answer is `TRY_LATER`.
    Required,
    /// Data is used where it is given and said to be missing where it is not. For reading back what was just made.
    WhereGiven,
}

/// One validation to be made. Everything it may use is in here.
#[derive(Clone)]
pub struct Request<'a> {
    /// Shown as `file` in the report.
    pub file: &'a str,
    /// The bytes to be judged.
    pub artifact: &'a [u8],
    /// What a detached artefact is over.
    pub data: Option<DetachedData<'a>>,
    /// Whom the caller trusts.
    pub trust: &'a TrustStore,
    /// Certificates that may help to build a path and are trusted for nothing.
    pub intermediates: &'a [Certificate],
    /// Revocation lists, besides those inside the artefact.
    pub crls: &'a [Crl],
    /// The time at which everything is judged.
    pub control_time: ControlTime,
    /// Makes every cryptographic check.
    pub engine: &'a dyn Verify,
    /// Which algorithms are strong enough, and until when.
    pub crypto_policy: &'a CryptoPolicy,
    /// Whether revocation data is needed.
    pub revocation: RevocationRule,
    /// What is shown about the transparency log.
    pub log: LogEvidence,
    /// Without a receipt that matches, nothing passes.
    pub require_receipt: bool,
}

impl<'a> Request<'a> {
    /// A request with no data, evidence or receipts, revocation data required.
    #[must_use]
    pub const fn new(
        artifact: &'a [u8],
        trust: &'a TrustStore,
        engine: &'a dyn Verify,
        crypto_policy: &'a CryptoPolicy,
        control_time: ControlTime,
    ) -> Self {
        Self {
            file: "-",
            artifact,
            data: None,
            trust,
            intermediates: &[],
            crls: &[],
            control_time,
            engine,
            crypto_policy,
            revocation: RevocationRule::Required,
            log: LogEvidence::NotGiven,
            require_receipt: false,
        }
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("file", &self.file)
            .field("artifact_octets", &self.artifact.len())
            .field("control_time", &self.control_time)
            .field("revocation", &self.revocation)
            .finish_non_exhaustive()
    }
}
