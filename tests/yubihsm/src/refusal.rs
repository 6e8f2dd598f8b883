//! Why the device refuses a command: its error codes (yubihsm.md section 3).

use openssl::error::ErrorStack;

/// A device error code. The numbers are the device's, and the names libyubihsm's.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("device error {:#04x}, {self:?}", self.byte())]
pub enum Refusal {
    /// The command is unknown, or may not come this way.
    InvalidCommand,
    /// A field has a value that it cannot have.
    InvalidData,
    /// The session has expired or never was.
    InvalidSession,
    /// The cryptogram or the MAC is wrong.
    AuthenticationFailed,
    /// All sixteen sessions are taken.
    SessionsFull,
    /// The session could not be set up.
    SessionFailed,
    /// The store is full.
    StorageFailed,
    /// The payload is too short or too long.
    WrongLength,
    /// A capability is missing.
    InsufficientPermissions,
    /// Force-audit is on and the command log is full.
    LogFull,
    /// There is no such object, or none in a shared domain.
    ObjectNotFound,
    /// The id is reserved, or not the one that may be named here.
    InvalidId,
    /// An object of that type and id is there already.
    ObjectExists,
    /// The algorithm is switched off.
    AlgorithmDisabled,
    /// The command was not carried out.
    CommandUnexecuted,
    /// Any other byte: for faults.
    Other(u8),
}

impl Refusal {
    /// The code on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::InvalidCommand => 0x01,
            Self::InvalidData => 0x02,
            Self::InvalidSession => 0x03,
            Self::AuthenticationFailed => 0x04,
            Self::SessionsFull => 0x05,
            Self::SessionFailed => 0x06,
            Self::StorageFailed => 0x07,
            Self::WrongLength => 0x08,
            Self::InsufficientPermissions => 0x09,
            Self::LogFull => 0x0a,
            Self::ObjectNotFound => 0x0b,
            Self::InvalidId => 0x0c,
            Self::ObjectExists => 0x11,
            Self::AlgorithmDisabled => 0x12,
            Self::CommandUnexecuted => 0xff,
            Self::Other(byte) => byte,
        }
    }
}

/// What OpenSSL cannot do with the data, the device could not either.
impl From<ErrorStack> for Refusal {
    fn from(_: ErrorStack) -> Self {
        Self::InvalidData
    }
}
