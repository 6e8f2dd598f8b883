//! Why the service does not start.

use kokuin_audit::{LogError, entry::FieldError};
use kokuin_key::{KeyError, Purpose};
use kokuin_profile::ProfileViolation;
use kokuin_suite::Unsuitable;
use kokuin_validate::ChainFault;

use crate::config::ConfigError;

/// A rule that must hold before the first token.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration breaks a rule.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The certificate file is empty.
    #[error("there is no certificate for the TSU")]
    NoCertificate,
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
            Self::NoCertificate => "tsa.start.no-certificate",
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
            Self::NoCertificate | Self::KeyMismatch { .. } => "EN 319 421 TIS-7.6.4-04",
            Self::Profile(violation) => violation.clause(),
            Self::NoProfile => "EN 319 422 6",
            Self::Chain(fault) => fault.clause(),
            Self::ChainTooLong { .. } | Self::Field(_) | Self::Thread(_) => "docs/tsa.md",
            Self::Algorithm(_) => "TS 119 312",
            Self::Key(_) => "EN 319 421 TIS-7.6.2-03",
            Self::Log(_) => "EN 319 421 OVR-7.12-01",
            Self::Random(_) => "RFC 3161 2.4.2",
        }
    }
}
