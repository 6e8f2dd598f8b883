//! Why a ceremony does not go on.

use kokuin_key::{KeyError, KeyId, KeyState};

#[cfg(feature = "pkcs11")]
use crate::pkcs11::Pkcs11Error;
#[cfg(feature = "soft")]
use crate::soft::SoftError;
#[cfg(feature = "yubihsm")]
use crate::yubihsm::YubiHsmError;

/// A rule of the ceremonies that was broken, or what the back end says.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// The soft back end refused.
    #[cfg(feature = "soft")]
    #[error(transparent)]
    Soft(#[from] SoftError),
    /// The PKCS#11 back end refused.
    #[cfg(feature = "pkcs11")]
    #[error(transparent)]
    Pkcs11(#[from] Pkcs11Error),
    /// The YubiHSM back end refused.
    #[cfg(feature = "yubihsm")]
    #[error(transparent)]
    YubiHsm(#[from] YubiHsmError),
    /// The request is about another key than the one that should sign it.
    #[error("the request is not about key {0}")]
    OtherKey(KeyId),
    /// A key that was stopped signs nothing.
    #[error("key {id} is {state}")]
    NotActive {
        /// Its name.
        id: KeyId,
        /// Its state.
        state: KeyState,
    },
}

impl CeremonyError {
    /// What the key said when it was asked for a signature; `None` if the ceremony ended before.
    #[must_use]
    pub const fn of_signing(&self) -> Option<&KeyError> {
        match self {
            #[cfg(feature = "pkcs11")]
            Self::Pkcs11(Pkcs11Error::Key(error)) => Some(error),
            #[cfg(feature = "yubihsm")]
            Self::YubiHsm(YubiHsmError::Key(error)) => Some(error),
            _ => None,
        }
    }

    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            #[cfg(feature = "soft")]
            Self::Soft(error) => error.code(),
            #[cfg(feature = "pkcs11")]
            Self::Pkcs11(error) => error.code(),
            #[cfg(feature = "yubihsm")]
            Self::YubiHsm(error) => error.code(),
            Self::OtherKey(_) => "ceremony.other-key",
            Self::NotActive { .. } => "ceremony.not-active",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            #[cfg(feature = "soft")]
            Self::Soft(error) => error.clause(),
            #[cfg(feature = "pkcs11")]
            Self::Pkcs11(error) => error.clause(),
            #[cfg(feature = "yubihsm")]
            Self::YubiHsm(error) => error.clause(),
            Self::OtherKey(_) => "RFC 2986 3",
            Self::NotActive { .. } => "EN 319 421 7.6.7, Kokuin THR-65",
        }
    }
}
