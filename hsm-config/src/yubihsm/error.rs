//! Why a device's keys are not used.

use std::path::PathBuf;

use kokuin_key::{KeyError, KeyId};
use kokuin_settings::SecretError;
use kokuin_suite::KeyAlgorithm;

use crate::folder::FolderError;
use crate::record::RecordError;
use crate::yubihsm::login::LEAST_PASSWORD;
use crate::yubihsm::{CallError, YubiHsmUriError};

/// A rule that a device, its key or its configuration breaks.
#[derive(Debug, thiserror::Error)]
pub enum YubiHsmError {
    /// The URI names no key.
    #[error(transparent)]
    Uri(#[from] YubiHsmUriError),
    /// A secret file cannot be used.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A file or folder cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// The folder of the keys' records lets others in.
    #[error("{}: mode {mode:04o} lets others in, a key folder is 0700", path.display())]
    FolderExposed {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The configuration of a device breaks a rule.
    #[error("device {device}: {rule}")]
    Config {
        /// The device.
        device: KeyId,
        /// Which one.
        rule: ConfigRule,
    },
    /// The device has another serial number.
    #[error("device {device}: its serial number is {found}, not {expected}")]
    OtherSerial {
        /// The device.
        device: KeyId,
        /// As configured.
        expected: u32,
        /// What it says.
        found: String,
    },
    /// The device has another identity key, or cannot sign with it.
    #[error("device {0}: its identity key is not the configured one")]
    OtherDevice(KeyId),
    /// The device does not take this secret; it is not tried again.
    #[error("device {device} does not take authentication key {key:#06x} with the secret in {}; it is not tried again until the file or the settings change", file.display())]
    PasswordRefused {
        /// The device.
        device: KeyId,
        /// The authentication key.
        key: u16,
        /// Where the secret came from.
        file: PathBuf,
    },
    /// This secret was refused before, or nobody knows what became of trying it.
    #[error("device {device}: this secret was tried before and did not open it; correct {}, or remove {} if the device was at fault", file.display(), marker.display())]
    PasswordNotTried {
        /// The device.
        device: KeyId,
        /// Where the secret came from.
        file: PathBuf,
        /// The file that remembers the attempt.
        marker: PathBuf,
    },
    /// The factory's password, or a short one.
    #[error("device {device}: the secret in {} is the factory's or has less than {LEAST_PASSWORD} characters", file.display())]
    PasswordWeak {
        /// The device.
        device: KeyId,
        /// Where it came from.
        file: PathBuf,
    },
    /// The last attempts failed; the next one waits.
    #[error("device {0} could not be reached a moment ago; the next attempt waits")]
    Waiting(KeyId),
    /// The device made signatures that nobody asked for.
    #[error("device {0} is stopped: it made a signature that this service did not ask for (on_unexplained)")]
    Stopped(KeyId),
    /// The device has no such key.
    #[error("device {device} has no key {object:#06x} that authentication key {login:#06x} sees")]
    UnknownKey {
        /// The device.
        device: KeyId,
        /// Its number.
        object: u16,
        /// Who asked.
        login: u16,
    },
    /// The key may do, or come from, what it must not.
    #[error("key {key}: {weakness}")]
    Weak {
        /// The key.
        key: KeyId,
        /// Its weakness.
        weakness: KeyWeakness,
    },
    /// It was not made in a ceremony of ours, so that nobody said what it is for.
    #[error("key {0} has no record: it was not made by `kokuin keys create` or `kokuin hsm apply`")]
    NoRecord(String),
    /// The record cannot be read.
    #[error("{}: {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Another key is there by the number of the one that was made.
    #[error("key {0} is not the one that was made: its public key is another")]
    OtherKey(KeyId),
    /// There is a key of this name already; keys are never overwritten.
    #[error("there is a key {0} already")]
    Exists(KeyId),
    /// A name that cannot be used in a device.
    #[error("a key in a device cannot be called {0}: at most 40 characters, not beginning with 0x")]
    Name(KeyId),
    /// Nobody here makes such keys in devices.
    #[error(
        "keys {0} in a YubiHSM 2 are not supported by this client: use a PKCS#11 token, or Yubico's PKCS#11 module"
    )]
    Algorithm(KeyAlgorithm),
    /// The authentication key may not make keys.
    #[error(
        "device {device}: authentication key {login:#06x} may not make this key; name one that may as operator_key"
    )]
    NotAllowed {
        /// The device.
        device: KeyId,
        /// Who asked.
        login: u16,
    },
    /// The key did not sign, or what it signed is not right.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The device did not answer, or refused.
    #[error("device {device}: {error}")]
    Call {
        /// The device.
        device: KeyId,
        /// How it failed.
        error: CallError,
    },
}

/// What is wrong with `[[keys.yubihsm]]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConfigRule {
    /// Two devices with one name.
    #[error("another [[keys.yubihsm]] has the same name")]
    SameName,
    /// Two devices with one serial number.
    #[error("another [[keys.yubihsm]] has the same serial number")]
    SameSerial,
    /// A connector beyond this machine.
    #[error(
        "the connector is on another machine, and the way there is not encrypted: remote_connector = true accepts that"
    )]
    Remote,
    /// A way that is not built in.
    #[error("connector = \"usb\" needs a program that was built with the feature usb; this one was not")]
    Usb,
    /// An object number that no object has.
    #[error("0x0000 and 0xffff are no object numbers")]
    Object,
    /// No fingerprint.
    #[error("identity_sha256 is not 64 hexadecimal digits")]
    Fingerprint,
    /// A domain that is none.
    #[error("domains are numbers of 1 to 16, at least one")]
    Domains,
    /// Half of the audit key.
    #[error("audit_key and audit_password_file go together")]
    Audit,
    /// The log is to be read and nobody may.
    #[error("reading the device's log needs audit_key and audit_password_file; drain = false does without")]
    Drain,
    /// One key for two roles.
    #[error("auth_key, audit_key, operator_key and their secrets must differ")]
    SameKey,
    /// Half of the operator's key.
    #[error("operator_key and operator_password_file go together")]
    Operator,
    /// A replica that is none.
    #[error("replicas names no other [[keys.yubihsm]], or this one")]
    Replica,
}

/// What a signing key in a device must not be.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyWeakness {
    /// It came from outside.
    #[error("it was not made in a device but brought in from outside")]
    Imported,
    /// It may do more than sign.
    #[error("it may do more than sign: a signing key has its sign capability and at most exportable-under-wrap")]
    Capable,
    /// It cannot sign.
    #[error("it lacks the capability to sign")]
    CannotSign,
    /// It is called otherwise.
    #[error("its label is not its name")]
    Label,
    /// It is of a kind that is not used.
    #[error("its public key is of a kind that this client does not use")]
    Kind,
}

impl From<FolderError> for YubiHsmError {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { path, reason } => Self::Io { path, reason },
            FolderError::Exposed { path, mode } => Self::FolderExposed { path, mode },
        }
    }
}

impl From<RecordError> for YubiHsmError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Missing(id) => Self::NoRecord(id.to_string()),
            RecordError::Damaged { path, reason } => Self::Record { path, reason },
            RecordError::Folder(error) => error.into(),
        }
    }
}

impl ConfigRule {
    const fn code(self) -> &'static str {
        match self {
            Self::SameName => "yubihsm.config-name",
            Self::SameSerial => "yubihsm.config-serial",
            Self::Remote => "yubihsm.config-remote",
            Self::Usb => "yubihsm.config-usb",
            Self::Object => "yubihsm.config-object",
            Self::Fingerprint => "yubihsm.config-identity",
            Self::Domains => "yubihsm.config-domains",
            Self::Audit => "yubihsm.config-audit",
            Self::Drain => "yubihsm.config-drain",
            Self::SameKey => "yubihsm.config-same-key",
            Self::Operator => "yubihsm.config-operator",
            Self::Replica => "yubihsm.config-replica",
        }
    }
}

impl KeyWeakness {
    const fn code(self) -> &'static str {
        match self {
            Self::Imported => "yubihsm.weak-imported",
            Self::Capable => "yubihsm.weak-capable",
            Self::CannotSign => "yubihsm.weak-cannot-sign",
            Self::Label => "yubihsm.weak-label",
            Self::Kind => "yubihsm.weak-kind",
        }
    }
}

impl YubiHsmError {
    /// What a service is told.
    pub(super) fn as_key_error(&self) -> KeyError {
        match self {
            Self::Key(error) => error.clone(),
            Self::Call { error, .. } => error.as_key_error(),
            Self::Waiting(_) => KeyError::Unavailable,
            Self::Stopped(_) => KeyError::Suspended,
            Self::OtherSerial { .. }
            | Self::OtherDevice(_)
            | Self::UnknownKey { .. }
            | Self::Weak { .. }
            | Self::NoRecord(_)
            | Self::OtherKey(_) => KeyError::Lost,
            // AUTHENTICATION_FAILED.
            Self::PasswordRefused { .. } | Self::PasswordNotTried { .. } | Self::PasswordWeak { .. } => {
                KeyError::Refused(0x04)
            }
            // INSUFFICIENT_PERMISSIONS.
            Self::NotAllowed { .. } => KeyError::Refused(0x09),
            Self::Uri(_)
            | Self::Secret(_)
            | Self::Io { .. }
            | Self::FolderExposed { .. }
            | Self::Config { .. }
            | Self::Record { .. }
            | Self::Exists(_)
            | Self::Name(_)
            | Self::Algorithm(_) => KeyError::Library("YubiHSM configuration"),
        }
    }

    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Uri(error) => error.code(),
            Self::Secret(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Config { rule, .. } => rule.code(),
            Self::Weak { weakness, .. } => weakness.code(),
            Self::Call { error, .. } => error.code(),
            Self::Io { .. } => "yubihsm.io",
            Self::FolderExposed { .. } => "yubihsm.folder-exposed",
            Self::OtherSerial { .. } => "yubihsm.other-serial",
            Self::OtherDevice(_) => "yubihsm.other-device",
            Self::PasswordRefused { .. } => "yubihsm.password-refused",
            Self::PasswordNotTried { .. } => "yubihsm.password-not-tried",
            Self::PasswordWeak { .. } => "yubihsm.password-weak",
            Self::Waiting(_) => "yubihsm.waiting",
            Self::Stopped(_) => "yubihsm.stopped",
            Self::UnknownKey { .. } => "yubihsm.unknown-key",
            Self::NoRecord(_) => "yubihsm.no-record",
            Self::Record { .. } => "yubihsm.record",
            Self::OtherKey(_) => "yubihsm.other-key",
            Self::Exists(_) => "yubihsm.exists",
            Self::Name(_) => "yubihsm.name",
            Self::Algorithm(_) => "yubihsm.algorithm",
            Self::NotAllowed { .. } => "yubihsm.not-allowed",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Uri(error) => error.clause(),
            Self::Secret(error) => error.clause(),
            Self::Key(error) => error.clause(),
            Self::Config { .. } | Self::FolderExposed { .. } => "Kokuin THR-103",
            Self::Weak { .. } => "EN 319 421 7.6.2, Kokuin THR-59, THR-63",
            Self::OtherSerial { .. } | Self::OtherDevice(_) | Self::OtherKey(_) => "Kokuin THR-60",
            Self::PasswordRefused { .. } | Self::PasswordNotTried { .. } => "Kokuin THR-67",
            Self::PasswordWeak { .. } => "Kokuin THR-61",
            Self::Stopped(_) => "Kokuin THR-56",
            Self::NoRecord(_) | Self::Record { .. } => "Kokuin THR-57",
            Self::Exists(_) | Self::Algorithm(_) | Self::Name(_) => "EN 319 421 7.6.2",
            Self::NotAllowed { .. } => "Kokuin THR-59",
            Self::Io { .. } | Self::Waiting(_) | Self::UnknownKey { .. } | Self::Call { .. } => "EN 319 421 7.6.3",
        }
    }
}
