//! Why a request gets no token: one variant per broken rule, with what was asked and what is held against it.
//!
//! Two texts: `Display` is for the operator and may name a device's or a store's own error; [`Refusal::public_text`] is
//! what a stranger is told (TSP-21) and never says anything about the inside.

use kokuin_asn1::{Asn1Error, Oid};
use kokuin_audit::LogError;
use kokuin_clock::ClockRefusal;
use kokuin_key::{KeyError, KeyState};
use kokuin_suite::DigestAlgorithm;

use crate::{life::Phase, refusal_class::RefusalClass};

/// A rule of RFC 3161, of EN 319 422 or of the TSU's policy that kept a token from being issued.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The body is empty.
    #[error("the body is empty")]
    BodyEmpty,
    /// The body is longer than any request.
    #[error("the body has {found} octets, {limit} are the most")]
    BodyTooLong {
        /// Most octets allowed.
        limit: usize,
        /// Octets of the body.
        found: usize,
    },
    /// The body is not one strict DER `TimeStampReq`.
    #[error("the body is not a TimeStampReq in DER: {0}")]
    Malformed(#[from] Asn1Error),
    /// The request is of a version nobody has defined.
    #[error("request is version {found}, version 1 is the only one")]
    Version {
        /// In the request.
        found: i64,
    },
    /// The digest cannot come from the algorithm named beside it.
    #[error("message imprint has {found} octets, {algorithm} makes {expected}")]
    ImprintLength {
        /// Named in the request.
        algorithm: DigestName,
        /// Octets that the algorithm makes.
        expected: usize,
        /// Octets in the request.
        found: usize,
    },
    /// The digest algorithm is unknown here.
    #[error("digest algorithm {0} is not known")]
    AlgorithmUnknown(Oid),
    /// The digest algorithm carries parameters, and has none.
    #[error("digest algorithm {0} takes no parameters but NULL")]
    AlgorithmParameters(Oid),
    /// The digest algorithm is known and not among those this TSU stamps.
    #[error("digest algorithm {0} is not accepted")]
    AlgorithmNotAccepted(DigestName),
    /// No token is issued under the policy asked for.
    #[error("policy {0} is not offered")]
    PolicyNotOffered(Oid),
    /// The request has an extension; none is known here, critical or not.
    #[error("extension {0} is not supported")]
    Extension(Oid),
    /// The clock gives no reading.
    #[error("no time: {0}")]
    Clock(ClockRefusal),
    /// The clock cannot vouch for the time as far as the policy promises.
    #[error("time is known to {known_us} us, the policy promises {promised_us} us")]
    ClockTooUncertain {
        /// What the reading vouches for.
        known_us: u64,
        /// What the TSU's policy promises.
        promised_us: u64,
    },
    /// A reading was too old when the key was to be used, and so was the one taken instead.
    #[error("reading is {age_us} us old at signing, {limit_us} us are allowed")]
    ReadingTooOld {
        /// Age right before signing.
        age_us: u64,
        /// What is allowed.
        limit_us: u64,
    },
    /// The log does not yet say where the time comes from.
    #[error("the log holds no clock reading yet")]
    ClockNotRecorded,
    /// The time has no place in the calendar that `genTime` can say.
    #[error("instant {micros} us cannot be a genTime")]
    TimeOutOfRange {
        /// Since 1970.
        micros: i64,
    },
    /// The certificate is not valid at `genTime`.
    #[error("certificate is valid from {from} to {until}, the time is {at} (unix seconds)")]
    OutsideCertificate {
        /// Unix seconds.
        from: i64,
        /// Unix seconds.
        until: i64,
        /// Unix seconds.
        at: i64,
    },
    /// The private key's usage period does not cover `genTime`.
    #[error("key may be used from {from} to {until}, the time is {at} (unix seconds)")]
    OutsideKeyPeriod {
        /// Unix seconds, the earliest number there is when open.
        from: i64,
        /// Unix seconds, the latest number there is when open.
        until: i64,
        /// Unix seconds.
        at: i64,
    },
    /// The algorithm policy has ended an algorithm since the service was started.
    #[error("an algorithm of the TSU may not be used from {end} on, the time is {at} (unix seconds)")]
    AlgorithmEnded {
        /// Unix seconds.
        end: i64,
        /// Unix seconds.
        at: i64,
    },
    /// The TSU does not sign yet, or no more.
    #[error("TSU {tsu} is {phase}")]
    NotActive {
        /// Its name.
        tsu: String,
        /// Where it is in its life.
        phase: Phase,
    },
    /// The key did not sign when it was last tested.
    #[error("key {key} failed its last self-test")]
    SelfTestFailed {
        /// Its name.
        key: String,
    },
    /// The key is suspended or lost.
    #[error("key {key} may not be used: {state}")]
    KeyNotActive {
        /// Its name.
        key: String,
        /// Suspended or lost.
        state: KeyState,
    },
    /// The key's back end gave no signature.
    #[error("no signature: {0}")]
    Key(KeyError),
    /// The signature that came back does not verify.
    #[error("key {key} made a signature that does not verify")]
    SignatureWrong {
        /// Its name.
        key: String,
    },
    /// More requests wait for the key than the queue holds.
    #[error("{limit} requests wait for the key already")]
    QueueFull {
        /// Places in the queue.
        limit: usize,
    },
    /// The thread that was to sign is gone.
    #[error("the signing thread is gone")]
    SignerGone,
    /// The log takes no entries at the moment.
    #[error("the log is not writable")]
    LogNotWritable,
    /// The log did not take the token's entry.
    #[error("the token was not recorded: {0}")]
    NotRecorded(LogError),
}

/// A digest algorithm, shown by its usual name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DigestName(pub DigestAlgorithm);

impl std::fmt::Display for DigestName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name())
    }
}

impl Refusal {
    /// The rule without its values: what is counted, named and mapped to a failure code.
    #[must_use]
    pub const fn class(&self) -> RefusalClass {
        match self {
            Self::BodyEmpty => RefusalClass::BodyEmpty,
            Self::BodyTooLong { .. } => RefusalClass::BodyTooLong,
            Self::Malformed(_) => RefusalClass::Malformed,
            Self::Version { .. } => RefusalClass::Version,
            Self::ImprintLength { .. } => RefusalClass::ImprintLength,
            Self::AlgorithmUnknown(_) => RefusalClass::AlgorithmUnknown,
            Self::AlgorithmParameters(_) => RefusalClass::AlgorithmParameters,
            Self::AlgorithmNotAccepted(_) => RefusalClass::AlgorithmNotAccepted,
            Self::PolicyNotOffered(_) => RefusalClass::PolicyNotOffered,
            Self::Extension(_) => RefusalClass::Extension,
            Self::Clock(_) => RefusalClass::Clock,
            Self::ClockTooUncertain { .. } => RefusalClass::ClockTooUncertain,
            Self::ReadingTooOld { .. } => RefusalClass::ReadingTooOld,
            Self::ClockNotRecorded => RefusalClass::ClockNotRecorded,
            Self::TimeOutOfRange { .. } => RefusalClass::TimeOutOfRange,
            Self::OutsideCertificate { .. } => RefusalClass::OutsideCertificate,
            Self::OutsideKeyPeriod { .. } => RefusalClass::OutsideKeyPeriod,
            Self::AlgorithmEnded { .. } => RefusalClass::AlgorithmEnded,
            Self::NotActive { .. } => RefusalClass::NotActive,
            Self::SelfTestFailed { .. } => RefusalClass::SelfTestFailed,
            Self::KeyNotActive { .. } => RefusalClass::KeyNotActive,
            Self::Key(_) => RefusalClass::Key,
            Self::SignatureWrong { .. } => RefusalClass::SignatureWrong,
            Self::QueueFull { .. } => RefusalClass::QueueFull,
            Self::SignerGone => RefusalClass::SignerGone,
            Self::LogNotWritable => RefusalClass::LogNotWritable,
            Self::NotRecorded(_) => RefusalClass::NotRecorded,
        }
    }

    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.class().code()
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        self.class().clause()
    }

    /// What the requester is told: plain English about the request, nothing about the inside (TSP-21).
    #[must_use]
    pub fn public_text(&self) -> String {
        match self {
            Self::BodyEmpty
            | Self::BodyTooLong { .. }
            | Self::Version { .. }
            | Self::ImprintLength { .. }
            | Self::AlgorithmUnknown(_)
            | Self::AlgorithmParameters(_)
            | Self::AlgorithmNotAccepted(_)
            | Self::PolicyNotOffered(_)
            | Self::Extension(_) => self.to_string(),
            Self::Malformed(_) => "the body is not one TimeStampReq in DER".to_owned(),
            Self::Clock(_)
            | Self::ClockTooUncertain { .. }
            | Self::ReadingTooOld { .. }
            | Self::ClockNotRecorded
            | Self::TimeOutOfRange { .. } => "the time is not known well enough at the moment".to_owned(),
            Self::OutsideCertificate { .. }
            | Self::OutsideKeyPeriod { .. }
            | Self::AlgorithmEnded { .. }
            | Self::NotActive { .. }
            | Self::SelfTestFailed { .. }
            | Self::KeyNotActive { .. } => "the time-stamping unit is not in service".to_owned(),
            Self::Key(_) | Self::SignatureWrong { .. } | Self::SignerGone => {
                "the token could not be signed; try again later".to_owned()
            }
            Self::QueueFull { .. } => "too many requests are waiting; try again later".to_owned(),
            Self::LogNotWritable | Self::NotRecorded(_) => {
                "the token could not be recorded and was not issued; try again later".to_owned()
            }
        }
    }
}
