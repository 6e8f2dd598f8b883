//! Why the service does not start.

use kokuin_audit::{LogError, entry::FieldError};
use kokuin_key::{KeyError, Purpose};
use kokuin_profile::ProfileViolation;
use kokuin_suite::Unsuitable;
use kokuin_validate::ChainFault;

use crate::config::{ConfigError, Moment};

/// A rule that must hold before the first token.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration breaks a rule.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The certificate file is empty.
    #[error("there is no certificate for TSU {tsu}")]
    NoCertificate {
        /// Whose.
        tsu: String,
    },
    /// A TSU that signs or will has no key.
    #[error("there is no key for TSU {tsu}")]
    NoKey {
        /// Whose.
        tsu: String,
    },
    /// A key serves two TSUs (TSP-65).
    #[error("the key of TSU {other} is TSU {one}'s already")]
    KeyTwice {
        /// Who has it.
        one: String,
        /// Who would have it too.
        other: String,
    },
    /// A qualified TSU shares its name with another (TSP-72).
    #[error("TSU {qualified} is qualified and has the subject of TSU {other}, which is not: {subject}")]
    SubjectShared {
        /// The qualified one.
        qualified: String,
        /// The other.
        other: String,
        /// Their subject.
        subject: String,
    },
    /// A key would begin to sign when it may not.
    #[error(
        "{subject} may sign from {} to {}, and would begin at {}",
        Moment::from_unix_seconds(*from), Moment::from_unix_seconds(*until), Moment::from_unix_seconds(*begin)
    )]
    Begin {
        /// Of the certificate.
        subject: String,
        /// As configured.
        begin: i64,
        /// Unix seconds.
        from: i64,
        /// Unix seconds.
        until: i64,
    },
    /// Between two keys of a TSU there would be none (TSP-68).
    #[error(
        "the key of TSU {tsu} ends at {}, the next begins at {}",
        Moment::from_unix_seconds(*ends), Moment::from_unix_seconds(*begins)
    )]
    Gap {
        /// Whose.
        tsu: String,
        /// Unix seconds.
        ends: i64,
        /// Unix seconds.
        begins: i64,
    },
    /// The certificate names no end of the key's use, and is too short to leave the last token its life (TSP-68, JP-TS-16).
    #[error(
        "{subject} is valid from {from} to {until} (unix seconds) and has no end in privateKeyUsagePeriod: the last token's {rest} months leave the key none"
    )]
    KeyPeriod {
        /// Of the certificate.
        subject: String,
        /// Unix seconds.
        from: i64,
        /// Unix seconds.
        until: i64,
        /// Months between the last token and the certificate's end.
        rest: u32,
    },
    /// The key is for something else (TSP-40).
    #[error("key {key} is for {found}, a TSU's must be for time-stamps")]
    Purpose {
        /// Its name.
        key: String,
        /// What it is for.
        found: Purpose,
    },
    /// The certificate certifies another key.
    #[error("the certificate of {subject} does not belong to key {key}")]
    KeyMismatch {
        /// Name of the key.
        key: String,
        /// Subject of the certificate.
        subject: String,
    },
    /// The certificate is no TSU's.
    #[error(transparent)]
    Profile(#[from] ProfileViolation),
    /// The build holds no profile for TSUs.
    #[error("there is no certificate profile `tsu`")]
    NoProfile,
    /// The certificates after the first are not its issuers' (TSP-67).
    #[error("the TSU's chain: {0}")]
    Chain(#[from] ChainFault),
    /// Tokens would become too large.
    #[error("the certificates have {found} octets, {limit} are the most")]
    ChainTooLong {
        /// Most octets.
        limit: usize,
        /// Octets found.
        found: usize,
    },
    /// The algorithm may not be used for new signatures.
    #[error(transparent)]
    Algorithm(#[from] Unsuitable),
    /// A name that the log cannot spell.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The key does not sign, or its signatures do not verify.
    #[error("self-test: {0}")]
    Key(#[from] KeyError),
    /// The log does not take the entries of the start.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The clock is behind what the log says was issued (THR-36, THR-37).
    #[error(
        "the clock says {found_us} us within {bound_us} us, the newest entry of the log is of {last_us} us (since 1970)"
    )]
    ClockBehind {
        /// Time of the newest entry that a clock vouched for.
        last_us: i64,
        /// What the clock says.
        found_us: i64,
        /// How far that may be off.
        bound_us: u64,
    },
    /// No random octets for serial numbers.
    #[error("no random octets: {0}")]
    Random(getrandom::Error),
    /// No thread.
    #[error("no thread: {0}")]
    Thread(std::io::Error),
}

impl StartError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::NoCertificate { .. } => "tsa.start.no-certificate",
            Self::NoKey { .. } => "tsa.start.no-key",
            Self::KeyTwice { .. } => "tsa.start.key-twice",
            Self::SubjectShared { .. } => "tsa.start.subject-shared",
            Self::Begin { .. } => "tsa.start.begin",
            Self::Gap { .. } => "tsa.start.gap",
            Self::KeyPeriod { .. } => "tsa.start.key-period",
            Self::Purpose { .. } => "tsa.start.purpose",
            Self::KeyMismatch { .. } => "tsa.start.key-mismatch",
            Self::Profile(_) => "tsa.start.profile",
            Self::NoProfile => "tsa.start.no-profile",
            Self::Chain(fault) => fault.code(),
            Self::ChainTooLong { .. } => "tsa.start.chain-too-long",
            Self::Algorithm(_) => "tsa.start.algorithm",
            Self::Field(_) => "tsa.start.field",
            Self::Key(_) => "tsa.start.key",
            Self::Log(_) => "tsa.start.log",
            Self::ClockBehind { .. } => "tsa.start.clock-behind",
            Self::Random(_) => "tsa.start.random",
            Self::Thread(_) => "tsa.start.thread",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Config(error) => error.clause(),
            Self::Purpose { .. } => "RFC 3161 2.3",
            Self::NoCertificate { .. } | Self::KeyMismatch { .. } => "EN 319 421 TIS-7.6.4-04",
            Self::NoKey { .. } | Self::KeyTwice { .. } => "EN 319 421 7.6.2",
            Self::SubjectShared { .. } => "EN 319 421 TIS-8.2-02",
            Self::Begin { .. } | Self::Gap { .. } | Self::KeyPeriod { .. } => "EN 319 421 TIS-7.6.7-01",
            Self::Profile(violation) => violation.clause(),
            Self::NoProfile => "EN 319 422 6",
            Self::Chain(fault) => fault.clause(),
            Self::ChainTooLong { .. } | Self::Field(_) | Self::Thread(_) => "docs/tsa.md",
            Self::Algorithm(_) => "TS 119 312",
            Self::Key(_) => "EN 319 421 TIS-7.6.2-03",
            Self::Log(_) => "EN 319 421 OVR-7.12-01",
            Self::ClockBehind { .. } => "EN 319 421 TIS-7.7.1-07",
            Self::Random(_) => "RFC 3161 2.4.2",
        }
    }
}
