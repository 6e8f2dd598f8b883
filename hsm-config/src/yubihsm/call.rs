//! What becomes of a command.

use kokuin_key::KeyError;
use yubihsm::{client, connector};

/// Why a device gave no answer to a command.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The command was not sent: there is no connector, no device behind it, or no session any more.
    #[error("the device cannot be reached: {0}")]
    NotSent(String),
    /// The device does not have the authentication key, or its secret is another one.
    #[error("the device does not take authentication key {0:#06x} with this secret")]
    Login(u16),
    /// The device refused the command, in its session: nothing was done.
    #[error("the device refused: {name} ({0:#04x})", name = name(*.0))]
    Refused(u8),
    /// The session is gone, by the word of the connector: what was asked may have been done.
    #[error("the session with the device is gone: {0}")]
    SessionLost(String),
    /// The command was sent and no answer came that can be read: what was asked may have been done.
    #[error("the device's answer was lost: {0}")]
    AnswerLost(String),
    /// No answer in time: what was asked may have been done, or be done yet.
    #[error("the device did not answer in time")]
    TimedOut,
    /// The operating system gives no thread.
    #[error("no thread for the device: {0}")]
    Thread(std::io::Error),
}

/// The device's codes (Yubico, Errors). The crate's names for those from 0x0d on are wrong.
const NAMES: [(u8, &str); 18] = [
    (0x01, "invalid command"),
    (0x02, "invalid data"),
    (0x03, "invalid session"),
    (0x04, "authentication failed"),
    (0x05, "sessions full"),
    (0x06, "session failed"),
    (0x07, "storage failed"),
    (0x08, "wrong length"),
    (0x09, "insufficient permissions"),
    (LOG_FULL, "log full"),
    (0x0b, "object not found"),
    (0x0c, "invalid id"),
    (0x0e, "SSH CA constraint violation"),
    (0x0f, "invalid OTP"),
    (0x10, "demo mode"),
    (0x11, "object exists"),
    (0x12, "algorithm disabled"),
    (0xff, "command unexecuted"),
];

const LOG_FULL: u8 = 0x0a;
/// A device that is used by too many.
const SESSIONS_FULL: u8 = 0x05;

fn name(code: u8) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == code).map_or("an unknown error", |(_, name)| name)
}

impl CallError {
    /// Of logging in: nothing was asked for yet.
    pub(super) fn of_login(key: u16, error: &client::Error) -> Self {
        match (error.kind(), error.device_error()) {
            (client::ErrorKind::AuthenticationError, _) => Self::Login(key),
            (_, Some(device)) => Self::Refused(device.to_u8()),
            _ => Self::NotSent(text(error)),
        }
    }

    /// Of a command that was given to the crate.
    pub(super) fn of_command(error: &client::Error) -> Self {
        match error.kind() {
            client::ErrorKind::DeviceError => match error.device_error() {
                Some(device) => Self::Refused(device.to_u8()),
                None => Self::AnswerLost(text(error)),
            },
            // The crate says so when its session is over and it may open no other, before it sends anything.
            client::ErrorKind::AuthenticationError | client::ErrorKind::ClosedSessionError => {
                Self::NotSent(text(error))
            }
            client::ErrorKind::ResponseError => Self::SessionLost(text(error)),
            client::ErrorKind::ProtocolError if refused_by_connector(error) => Self::SessionLost(text(error)),
            client::ErrorKind::ConnectorError | client::ErrorKind::CreateFailed | client::ErrorKind::ProtocolError => {
                Self::AnswerLost(text(error))
            }
        }
    }

    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSent(_) => "yubihsm.unreachable",
            Self::Login(_) => "yubihsm.login",
            Self::Refused(LOG_FULL) => "yubihsm.log-full",
            Self::Refused(_) => "yubihsm.refused",
            Self::SessionLost(_) => "yubihsm.session-lost",
            Self::AnswerLost(_) => "yubihsm.answer-lost",
            Self::TimedOut => "yubihsm.timed-out",
            Self::Thread(_) => "yubihsm.thread",
        }
    }

    /// Whether the session goes on: the device itself answered, in it.
    pub(super) const fn keeps_session(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// What a service is told.
    pub(super) const fn as_key_error(&self) -> KeyError {
        match self {
            Self::NotSent(_) | Self::Thread(_) | Self::Refused(SESSIONS_FULL) => KeyError::Unavailable,
            Self::Login(_) => KeyError::Refused(0x04),
            Self::Refused(LOG_FULL) => KeyError::LogFull,
            Self::Refused(code) => KeyError::Refused(*code as u32),
            Self::SessionLost(_) => KeyError::SessionLost,
            Self::AnswerLost(_) => KeyError::AnswerLost,
            Self::TimedOut => KeyError::TimedOut,
        }
    }
}

/// The chain of errors holds neither secrets nor what was asked for.
fn text(error: &client::Error) -> String {
    error.to_string()
}

/// The connector answered, and not with 200. The crate reports the end of a connection as such an answer too, and only its description tells them apart.
fn refused_by_connector(error: &client::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(found) = source {
        if let Some(found) = found.downcast_ref::<connector::Error>() {
            let answered =
                matches!(found.kind(), connector::ErrorKind::ResponseError | connector::ErrorKind::RequestError);
            return answered && !format!("{found:?}").contains("connection was likely shutdown");
        }
        source = found.source();
    }
    false
}
