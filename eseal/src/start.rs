//! Why the service does not start.

use kokuin_audit::LogError;
use kokuin_key::{KeyError, Purpose};
use kokuin_profile::ProfileViolation;
use kokuin_validate::ChainFault;

use crate::{config::ConfigError, error::SealError};

/// A rule that must hold before the first seal.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration breaks a rule.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The certificate file is empty.
    #[error("there is no certificate for the credential")]
    NoCertificate,
    /// The key is for something else.
    #[error("key {key} is for {found}, a credential's must be for seals")]
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
    /// The certificate is no seal's.
    #[error(transparent)]
    Profile(#[from] ProfileViolation),
    /// The certificates after the first are not its issuers'.
    #[error("the credential's chain: {0}")]
    Chain(#[from] ChainFault),
    /// No seal could be made now.
    #[error("no seal can be made: {0}")]
    Seal(#[from] SealError),
    /// The key does not sign, or its signatures do not verify.
    #[error("self-test: {0}")]
    Key(#[from] KeyError),
    /// The log does not take the entries of the start.
    #[error(transparent)]
    Log(#[from] LogError),
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
            Self::NoCertificate => "eseal.start.no-certificate",
            Self::Purpose { .. } => "eseal.start.purpose",
            Self::KeyMismatch { .. } => "eseal.start.key-mismatch",
            Self::Profile(_) => "eseal.start.profile",
            Self::Chain(fault) => fault.code(),
            Self::Seal(error) => error.code(),
            Self::Key(_) => "eseal.start.key",
            Self::Log(_) => "eseal.start.log",
            Self::Thread(_) => "eseal.start.thread",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Config(error) => error.clause(),
            Self::NoCertificate | Self::KeyMismatch { .. } | Self::Purpose { .. } => "EN 319 411-1 6.5.1",
            Self::Profile(violation) => violation.clause(),
            Self::Chain(fault) => fault.clause(),
            Self::Seal(error) => error.clause(),
            Self::Key(error) => error.clause(),
            Self::Log(_) => "EN 319 401 7.10",
            Self::Thread(_) => "docs/eseal.md",
        }
    }
}
