//! Why a device was not drained.

use kokuin_audit::{LogError, entry::FieldError};
use kokuin_key::KeyError;

/// A device's lines are not in our log, or the device still holds them. They are read again.
#[derive(Debug, thiserror::Error)]
pub enum DrainError {
    /// The device.
    #[error(transparent)]
    Device(#[from] KeyError),
    /// Our log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The device says something that fits no entry.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl DrainError {
    /// Stable name, for messages and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Device(error) => error.code(),
            Self::Log(error) => error.code(),
            Self::Field(error) => error.code(),
        }
    }
}
