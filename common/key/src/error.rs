//! Why a key did not sign.

use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm};

use crate::purpose::Purpose;

/// What kept a key from signing. Texts name no secret and no address.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyError {
    /// The key is for something else (THR-57).
    #[error("the key is for {key}, the signature for {asked}")]
    WrongPurpose {
        /// What the key is for.
        key: Purpose,
        /// What the signature was asked for.
        asked: Purpose,
    },
    /// Such a key does not make such signatures, or this back end does not.
    #[error("a key {key} does not sign with {asked}")]
    WrongAlgorithm {
        /// Kind of the key.
        key: KeyAlgorithm,
        /// What the signature was asked for.
        asked: SignatureAlgorithm,
    },
    /// The key was told to stop (THR-65).
    #[error("the key is suspended")]
    Suspended,
    /// The back end cannot be reached.
    #[error("the key's back end cannot be reached")]
    Unavailable,
    /// The back end does not have the key any more, or has another one by its name.
    #[error("the back end does not have the key any more")]
    Lost,
    /// The session with the device is gone; a new one may be opened.
    #[error("the session with the device is gone")]
    SessionLost,
    /// The device's own log is full (THR-64): it signs again once that is read.
    #[error("the device's log is full")]
    LogFull,
    /// No answer in time. Whether the device signed is not known (THR-60).
    #[error("the device did not answer in time")]
    TimedOut,
    /// The connection broke after the command was sent. Whether the device signed is not known (THR-60).
    #[error("the device's answer was lost")]
    AnswerLost,
    /// What came back is not this key's signature over these bytes (THR-66). It was not released.
    #[error("what came back is not this key's signature over these bytes")]
    WrongAnswer,
    /// The device refused: its own error number.
    #[error("the device refused with error {0}")]
    Refused(u32),
    /// The cryptographic library failed without saying why.
    #[error("the cryptographic library failed at {0}")]
    Library(&'static str),
}

impl KeyError {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::WrongPurpose { .. } => "key.wrong-purpose",
            Self::WrongAlgorithm { .. } => "key.wrong-algorithm",
            Self::Suspended => "key.suspended",
            Self::Unavailable => "key.unavailable",
            Self::Lost => "key.lost",
            Self::SessionLost => "key.session-lost",
            Self::LogFull => "key.log-full",
            Self::TimedOut => "key.timed-out",
            Self::AnswerLost => "key.answer-lost",
            Self::WrongAnswer => "key.wrong-answer",
            Self::Refused(_) => "key.refused",
            Self::Library(_) => "key.library",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::WrongPurpose { .. } => "EN 319 421 7.6.2, Kokuin THR-57",
            Self::WrongAlgorithm { .. } => "EN 319 422 5.2, ETSI TS 119 312",
            Self::Suspended => "EN 319 421 7.6.7, Kokuin THR-65",
            Self::Unavailable | Self::Lost | Self::SessionLost | Self::Refused(_) | Self::Library(_) => {
                "EN 319 421 7.6.3"
            }
            Self::LogFull => "Kokuin THR-64",
            Self::TimedOut | Self::AnswerLost => "Kokuin THR-60",
            Self::WrongAnswer => "Kokuin THR-66",
        }
    }

    /// Whether a new signer of the same key may succeed where this one failed.
    #[must_use]
    pub const fn is_worth_reopening(&self) -> bool {
        match self {
            Self::Unavailable | Self::SessionLost | Self::TimedOut | Self::AnswerLost => true,
            Self::WrongPurpose { .. }
            | Self::WrongAlgorithm { .. }
            | Self::Suspended
            | Self::Lost
            | Self::LogFull
            | Self::WrongAnswer
            | Self::Refused(_)
            | Self::Library(_) => false,
        }
    }

    /// Whether the device may have made a signature that nobody saw: its serial is burned (THR-60).
    #[must_use]
    pub const fn may_have_signed(&self) -> bool {
        match self {
            Self::TimedOut | Self::AnswerLost | Self::WrongAnswer | Self::SessionLost => true,
            Self::WrongPurpose { .. }
            | Self::WrongAlgorithm { .. }
            | Self::Suspended
            | Self::Unavailable
            | Self::Lost
            | Self::LogFull
            | Self::Refused(_)
            | Self::Library(_) => false,
        }
    }
}
