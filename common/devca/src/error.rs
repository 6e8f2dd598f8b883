//! Why the development CA does not make a certificate or CRL.

use kokuin_asn1::Asn1Error;
use kokuin_key::{KeyError, Purpose};
use kokuin_profile::ProfileViolation;

/// A rule that a certificate, CRL or key of the development CA would break.
#[derive(Debug, thiserror::Error)]
pub enum DevCaError {
    /// The key is for something else.
    #[error("the CA's key is for {found:?}, not for {:?}", Purpose::Ca)]
    Purpose {
        /// What the key is for.
        found: Purpose,
    },
    /// Certificate and key do not belong together.
    #[error("the CA's certificate has another key than the one given")]
    OtherKey,
    /// The certificate that shall issue belongs to no development CA (THR-62).
    #[error("{subject} is no certificate of a development CA")]
    NotDevelopment {
        /// Name in the certificate.
        subject: String,
    },
    /// What would be issued breaks its own profile.
    #[error(transparent)]
    Profile(#[from] ProfileViolation),
    /// A value cannot be encoded, or what was built cannot be read.
    #[error(transparent)]
    Encoding(#[from] Asn1Error),
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The operating system gave no random octets.
    #[error("no random octets: {0}")]
    Random(#[from] getrandom::Error),
    /// A CRL would be outdated when made.
    #[error("nextUpdate {next_update} is not after thisUpdate {this_update} (Unix seconds)")]
    UpdateOrder {
        /// Unix seconds.
        this_update: i64,
        /// Unix seconds.
        next_update: i64,
    },
}

impl DevCaError {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Purpose { .. } => "devca.key-purpose",
            Self::OtherKey => "devca.other-key",
            Self::NotDevelopment { .. } => "devca.not-development",
            Self::Profile(violation) => violation.code(),
            Self::Encoding(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Random(_) => "devca.random",
            Self::UpdateOrder { .. } => "devca.update-order",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Purpose { .. } => "architecture 6",
            Self::OtherKey => "RFC 5280 4.1.2.7",
            Self::NotDevelopment { .. } => "THR-62",
            Self::Profile(violation) => violation.clause(),
            Self::Encoding(error) => error.clause(),
            Self::Key(error) => error.clause(),
            Self::Random(_) => "RFC 5280 4.1.2.2",
            Self::UpdateOrder { .. } => "RFC 5280 5.1.2.5",
        }
    }
}
