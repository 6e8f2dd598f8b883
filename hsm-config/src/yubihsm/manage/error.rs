//! Why something was not done on a device.

use kokuin_key::KeyId;
use kokuin_suite::{KeyAlgorithm, KeyRefusal};

use crate::manifest::ObjectId;
use crate::plan::ObjectName;
use crate::yubihsm::CallError;
use crate::yubihsm::manage::{AttestationError, BackupError, SecretsError, SharesError};

/// Why the administration of a device stopped. What was done before stays done, and the same command goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// The device did not do what it was asked.
    #[error("{what}: {error}")]
    Call {
        /// What it was asked.
        what: &'static str,
        /// What became of it.
        error: CallError,
    },
    /// The library does not understand what the device says of an object, which may be of a newer kind.
    #[error("{name} cannot be read by the library; it may be of a newer kind: {error}")]
    Unreadable {
        /// Which.
        name: ObjectName,
        /// What became of the question.
        error: CallError,
    },
    /// A public key that is none of ours.
    #[error("the public key of signing-key:{id} cannot be read: {reason}")]
    PublicKey {
        /// Which.
        id: ObjectId,
        /// Why.
        reason: KeyRefusal,
    },
    /// A public key in a form that the device's manual does not have.
    #[error("the public key of signing-key:{0} has another form than its algorithm's")]
    PublicKeyForm(ObjectId),
    /// The device has objects with number 0 or 0xffff, or a serial number that is none.
    #[error("the device tells of {0}, which cannot be")]
    Absurd(String),
    /// The factory key opens although it was deleted.
    #[error("authentication key 0x0001 opens with the factory password after it was deleted")]
    FactoryKeyStays,
    /// Somebody would delete the key they are logged in with.
    #[error("authentication-key:{0} is logged in with: another administrator deletes it")]
    OwnLogin(ObjectId),
    /// There are no octets for a key.
    #[error("no random octets: {0}")]
    Random(String),
    /// A kind of key that the library cannot sign anything for here.
    #[error("keys of kind {0} are not measured: the library signs no digest with them")]
    NotMeasured(KeyAlgorithm),
    /// A key's record cannot be read or written, or is about another key.
    #[error("the record of {name}: {reason}")]
    Record {
        /// The key.
        name: KeyId,
        /// What is wrong.
        reason: String,
    },
    /// A key file.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// Shares of a wrap key.
    #[error(transparent)]
    Shares(#[from] SharesError),
    /// Attestation.
    #[error(transparent)]
    Attestation(#[from] AttestationError),
    /// A backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
}

impl ManageError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Call { .. } => "hsm.call",
            Self::Unreadable { .. } => "hsm.unreadable",
            Self::PublicKey { .. } => "hsm.public-key",
            Self::PublicKeyForm(_) => "hsm.public-key-form",
            Self::Absurd(_) => "hsm.absurd",
            Self::FactoryKeyStays => "hsm.factory-key-stays",
            Self::OwnLogin(_) => "hsm.own-login",
            Self::Random(_) => "hsm.random",
            Self::NotMeasured(_) => "hsm.not-measured",
            Self::Record { .. } => "hsm.record",
            Self::Secrets(error) => error.code(),
            Self::Shares(error) => error.code(),
            Self::Attestation(error) => error.code(),
            Self::Backup(error) => error.code(),
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Call { .. }
            | Self::Unreadable { .. }
            | Self::PublicKey { .. }
            | Self::PublicKeyForm(_)
            | Self::NotMeasured(_)
            | Self::Absurd(_) => "YubiHSM 2 user guide",
            Self::FactoryKeyStays | Self::Random(_) => "Kokuin THR-61",
            Self::OwnLogin(_) | Self::Record { .. } => "EN 319 421 7.6.2",
            Self::Secrets(error) => error.clause(),
            Self::Shares(error) => error.clause(),
            Self::Attestation(error) => error.clause(),
            Self::Backup(error) => error.clause(),
        }
    }

    /// Whether the device itself refused with `code`.
    pub(super) const fn is_refused_with(&self, code: u8) -> bool {
        matches!(self, Self::Call { error: CallError::Refused(found), .. } if *found == code)
    }
}
