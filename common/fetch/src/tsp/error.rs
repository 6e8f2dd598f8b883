//! Why an answer of a TSA is refused.

use kokuin_asn1::{Asn1Error, Oid, tsp::FailureInfo, tsp::GenTime, tsp::PkiStatus};

use super::Window;
use crate::{Answer, FetchError};

/// A rule that a TSA's answer broke.
#[derive(Debug, thiserror::Error)]
pub enum TspError {
    /// The system gave no random octets for a nonce.
    #[error("no randomness for a nonce")]
    NoRandomness,
    /// There is no answer.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Turned away with another status than 200, before the question was read. Who can read what the server says of it has all of it.
    #[error("answered with status {}", .0.status)]
    TurnedAway(Box<Answer>),
    /// The answer is not what RFC 3161 says an answer is.
    #[error("the answer is malformed: {0}")]
    Malformed(#[from] Asn1Error),
    /// The TSA refuses, or asks to wait.
    #[error("the TSA refuses: {}", refusal(*status, *failure, text))]
    Refused {
        /// Its status.
        status: PkiStatus,
        /// Its reason.
        failure: Option<FailureInfo>,
        /// What it says to people; text from outside.
        text: Vec<String>,
    },
    /// The token is no time-stamp token.
    #[error("the token holds {found}, not a TSTInfo")]
    NotATimeStamp {
        /// The content's type; absent content shows as the right type.
        found: Oid,
    },
    /// The token is for another digest, or for the same octets under another algorithm.
    #[error("the token is for another message imprint: {found_algorithm} {found_digest}")]
    Imprint {
        /// The algorithm in the token.
        found_algorithm: Oid,
        /// The digest in the token, in hexadecimal.
        found_digest: String,
    },
    /// A nonce was sent and none came back.
    #[error("the token has no nonce, one was sent")]
    NonceMissing,
    /// Another nonce came back, or one that was not sent: an answer to somebody else's question.
    #[error("the token has another nonce than was sent")]
    NonceWrong,
    /// Another policy.
    #[error("the token is under policy {found}, asked for was {expected}")]
    Policy {
        /// Asked for.
        expected: Oid,
        /// In the token.
        found: Oid,
    },
    /// Certificates were asked for and there are none.
    #[error("the token has no certificate, one was asked for")]
    CertificateMissing,
    /// A time that cannot be.
    #[error("the token's time {found} lies outside what is plausible ({window:?})")]
    GenTime {
        /// In the token.
        found: GenTime,
        /// What is plausible.
        window: Window,
    },
}

impl TspError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoRandomness => "tsp.no-randomness",
            Self::Fetch(error) => error.code(),
            Self::TurnedAway(_) => "fetch.status",
            Self::Malformed(_) => "tsp.malformed",
            Self::Refused { .. } => "tsp.refused",
            Self::NotATimeStamp { .. } => "tsp.not-a-time-stamp",
            Self::Imprint { .. } => "tsp.imprint",
            Self::NonceMissing => "tsp.nonce-missing",
            Self::NonceWrong => "tsp.nonce-wrong",
            Self::Policy { .. } => "tsp.policy",
            Self::CertificateMissing => "tsp.certificate-missing",
            Self::GenTime { .. } => "tsp.gen-time",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.clause(),
            Self::TurnedAway(_) => "RFC 9110",
            Self::Malformed(error) => error.clause(),
            Self::NoRandomness | Self::NonceMissing | Self::NonceWrong | Self::CertificateMissing => "RFC 3161 2.4.1",
            Self::Refused { .. } | Self::NotATimeStamp { .. } | Self::Imprint { .. } | Self::Policy { .. } => {
                "RFC 3161 2.4.2"
            }
            Self::GenTime { .. } => "RFC 3161 2.2",
        }
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::Fetch(error) => error.may_pass(),
            Self::TurnedAway(answer) => FetchError::Status { status: answer.status }.may_pass(),
            Self::Refused { failure, .. } => {
                matches!(failure, Some(FailureInfo::TimeNotAvailable | FailureInfo::SystemFailure))
            }
            Self::NoRandomness
            | Self::Malformed(_)
            | Self::NotATimeStamp { .. }
            | Self::Imprint { .. }
            | Self::NonceMissing
            | Self::NonceWrong
            | Self::Policy { .. }
            | Self::CertificateMissing
            | Self::GenTime { .. } => false,
        }
    }
}

/// In the names of RFC 3161, with the TSA's own words escaped: they go to a terminal.
fn refusal(status: PkiStatus, failure: Option<FailureInfo>, text: &[String]) -> String {
    let failure = failure.map_or_else(|| "no reason given".to_owned(), |failure| failure.name().to_owned());
    let text: String = text.iter().map(|line| format!(", {line:?}")).collect();
    format!("{}, {failure}{text}", status.name())
}
