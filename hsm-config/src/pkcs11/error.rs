//! Why the PKCS#11 back end does not make, open or use a key.

use std::fmt;
use std::path::PathBuf;

use cryptoki::context::Function;
use cryptoki::error::{Error, Rv, RvError};
use kokuin_key::{KeyError, KeyId};
use kokuin_settings::SecretError;
use kokuin_suite::{KeyAlgorithm, KeyRefusal};

use crate::folder::FolderError;
use crate::pkcs11::uri::UriError;
use crate::pkcs11::weakness::Weakness;
use crate::record::RecordError;

/// A rule of the PKCS#11 back end that was broken, or what the token says.
#[derive(Debug, thiserror::Error)]
pub enum Pkcs11Error {
    /// The URI names no key.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// The PIN file is absent, open to others, empty or too large.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A file or folder cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// The folder lets others in.
    #[error("{}: mode {mode:04o} lets others in, a key folder is 0700", path.display())]
    FolderExposed {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The module is not named by an absolute path, so that a search path could decide which code runs.
    #[error("module {} is no absolute path", .0.display())]
    ModuleRelative(PathBuf),
    /// Others may change the code that is given the PIN.
    #[error("{}: mode {mode:04o} lets others change the module", path.display())]
    ModuleExposed {
        /// The module.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is no PKCS#11 module, or it does not start.
    #[error("module {}: {reason}", path.display())]
    Module {
        /// Its file.
        path: PathBuf,
        /// What the loader or the module says.
        reason: String,
    },
    /// No token of the configuration is the one that the URI names.
    #[error("no [[keys.pkcs11]] is the token that {0} names")]
    NotConfigured(String),
    /// Several tokens of the configuration could be the one that the URI names.
    #[error("several [[keys.pkcs11]] could be the token that {0} names")]
    SeveralConfigured(String),
    /// The module shows no such token now.
    #[error("token {0} is not there")]
    NoToken(String),
    /// The module shows several.
    #[error("several tokens are called {0}: keys.pkcs11.serial tells them apart")]
    SeveralTokens(String),
    /// Nobody has set the user's PIN.
    #[error("token {0} is not initialised: it has no user PIN")]
    NotInitialised(String),
    /// The token refused the PIN. It is not tried again.
    #[error("token {token} refused the PIN; it is not tried again until {} or [[keys.pkcs11]] is changed", pin_file.display())]
    PinRefused {
        /// The token.
        token: String,
        /// Where the PIN came from.
        pin_file: PathBuf,
    },
    /// This PIN was refused before, or nobody knows what became of trying it.
    #[error(
        "token {token}: this PIN was tried before and did not open it; correct {}, or remove {} if the token was at fault",
        pin_file.display(), marker.display()
    )]
    PinNotTried {
        /// The token.
        token: String,
        /// Where the PIN came from.
        pin_file: PathBuf,
        /// The file that remembers the attempt.
        marker: PathBuf,
    },
    /// One more wrong PIN locks the token.
    #[error("token {0}: one more wrong PIN locks it; try_last_pin = true accepts that")]
    PinFinalTry(String),
    /// Too many wrong PINs were tried.
    #[error("token {0} is locked: its security officer must set a new PIN")]
    PinLocked(String),
    /// A PIN of an example, or too short.
    #[error("token {token}: the PIN is one of an example or has less than {least} characters")]
    PinWeak {
        /// The token.
        token: String,
        /// Least characters.
        least: usize,
    },
    /// The token has no such private key.
    #[error("token {token} has no key {key}")]
    UnknownKey {
        /// The token.
        token: String,
        /// What was looked for.
        key: String,
    },
    /// The token has several.
    #[error("token {token} has several keys {key}")]
    SeveralKeys {
        /// The token.
        token: String,
        /// What was looked for.
        key: String,
    },
    /// A key's label must be a name of ours.
    #[error("the label of key {0} is no key name: 1 to 64 of a-z, 0-9 and '-'")]
    Label(String),
    /// A key is strong only if all of its attributes are (THR-63).
    #[error("key {key}: {weakness}")]
    Weak {
        /// The key.
        key: KeyId,
        /// Its first weakness.
        weakness: Weakness,
    },
    /// No public key and no certificate goes with it.
    #[error("key {0}: the token has neither its public key nor a certificate")]
    NoPublicKey(KeyId),
    /// Several public keys could go with it.
    #[error("key {0}: the token has several public keys for it")]
    SeveralPublicKeys(KeyId),
    /// The public key cannot be read.
    #[error("key {key}: {reason}")]
    PublicKey {
        /// The key.
        key: KeyId,
        /// What is wrong with it.
        reason: PublicKeyError,
    },
    /// It was not made in a ceremony of ours, so that nobody said what it is for.
    #[error("key {0} has no record: it was not made by `kokuin keys create`")]
    NoRecord(KeyId),
    /// The record cannot be read.
    #[error("{}: {reason}", path.display())]
    Record {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line.
        reason: String,
    },
    /// Another key is there by the name of the one that was made.
    #[error("key {0} is not the one that was made: its public key is another")]
    OtherKey(KeyId),
    /// There is a key of this name already; keys are never overwritten.
    #[error("there is a key {0} already")]
    Exists(KeyId),
    /// Neither this back end nor the token makes such keys.
    #[error("token {token} makes no keys {algorithm}")]
    Algorithm {
        /// The token.
        token: String,
        /// What was asked for.
        algorithm: KeyAlgorithm,
    },
    /// As many sessions are open as may be.
    #[error("token {token}: {limit} sessions are open, which is keys.pkcs11.max_sessions")]
    Sessions {
        /// The token.
        token: String,
        /// Most sessions.
        limit: u32,
    },
    /// The key did not sign, or what it signed is not right.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// No answer in time.
    #[error("the token did not answer in time")]
    TimedOut,
    /// The operating system gives no thread.
    #[error("no thread for the token: {0}")]
    Thread(std::io::Error),
    /// The token answered with an error.
    #[error(transparent)]
    Device(#[from] DeviceError),
}

/// Why a token's public key is none of ours.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PublicKeyError {
    /// Attributes are missing, or are not what the key's type says.
    #[error("the attributes of its public key are not those of a key")]
    Attributes,
    /// It is a key that we do not use.
    #[error(transparent)]
    Refused(#[from] KeyRefusal),
}

/// What a module answered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeviceError(Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    /// The token said so.
    Token(RvError, Function),
    /// The module does not keep to its interface.
    Interface(&'static str),
}

impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Token(one, _), Self::Token(another, _)) => one == another,
            (Self::Interface(one), Self::Interface(another)) => one == another,
            (Self::Token(..) | Self::Interface(_), _) => false,
        }
    }
}

impl Eq for Kind {}

impl From<Error> for DeviceError {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::Pkcs11(error, function) => Kind::Token(error, function),
            Error::NullFunctionPointer | Error::NotSupported | Error::MissingSymbol(_) => {
                Kind::Interface("the module lacks a function")
            }
            Error::LibraryLoading(_)
            | Error::TryFromInt(_)
            | Error::TryFromSlice(_)
            | Error::ParseInt(_)
            | Error::Utf8(_)
            | Error::NulError(_)
            | Error::InvalidValue
            | Error::PinNotSet => Kind::Interface("the module's answer cannot be read"),
        })
    }
}

impl From<Error> for Pkcs11Error {
    fn from(error: Error) -> Self {
        Self::Device(error.into())
    }
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::Token(error, function) => {
                write!(f, "the token answered C_{function:?} with {error:?} ({:#x})", self.number())
            }
            Kind::Interface(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for DeviceError {}

impl DeviceError {
    /// The return value as PKCS#11 numbers it; 0 where the module gave none.
    #[must_use]
    pub fn number(&self) -> u32 {
        let Kind::Token(error, _) = self.0 else { return 0 };
        match error {
            RvError::VendorDefined(number) | RvError::UnknownErrorCode(number) => {
                u32::try_from(number).unwrap_or(u32::MAX)
            }
            // The numbers of PKCS#11 3.2 end below; the library names them and keeps no table.
            named => (1..0x400).find(|number| Rv::from(u64::from(*number)) == Rv::Error(named)).unwrap_or(0),
        }
    }

    /// What a service is told. `sent`: the signature was asked for, so that the token may have made it (THR-60).
    pub(super) fn as_key_error(&self, sent: bool) -> KeyError {
        let Kind::Token(error, _) = self.0 else { return KeyError::Library("PKCS#11 module") };
        match error {
            RvError::DeviceRemoved
            | RvError::TokenNotPresent
            | RvError::TokenNotRecognized
            | RvError::SlotIdInvalid
            | RvError::SessionCount => {
                if sent {
                    KeyError::SessionLost
                } else {
                    KeyError::Unavailable
                }
            }
            RvError::SessionHandleInvalid
            | RvError::SessionClosed
            | RvError::UserNotLoggedIn
            | RvError::CryptokiNotInitialized
            | RvError::OperationNotInitialized
            | RvError::KeyHandleInvalid
            | RvError::ObjectHandleInvalid => KeyError::SessionLost,
            RvError::DeviceError | RvError::GeneralError if sent => KeyError::AnswerLost,
            _ => KeyError::Refused(self.number()),
        }
    }
}

impl From<FolderError> for Pkcs11Error {
    fn from(error: FolderError) -> Self {
        match error {
            FolderError::Io { path, reason } => Self::Io { path, reason },
            FolderError::Exposed { path, mode } => Self::FolderExposed { path, mode },
        }
    }
}

impl From<RecordError> for Pkcs11Error {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Missing(id) => Self::NoRecord(id),
            RecordError::Damaged { path, reason } => Self::Record { path, reason },
            RecordError::Folder(error) => error.into(),
        }
    }
}

impl Pkcs11Error {
    /// What a service is told when no signer opens.
    pub(super) fn as_key_error(&self) -> KeyError {
        match self {
            Self::Key(error) => error.clone(),
            Self::Device(error) => error.as_key_error(false),
            Self::NoToken(_) | Self::Sessions { .. } | Self::Thread(_) => KeyError::Unavailable,
            Self::TimedOut => KeyError::TimedOut,
            Self::UnknownKey { .. }
            | Self::SeveralKeys { .. }
            | Self::SeveralTokens(_)
            | Self::OtherKey(_)
            | Self::NoRecord(_)
            | Self::Label(_)
            | Self::Weak { .. }
            | Self::NoPublicKey(_)
            | Self::SeveralPublicKeys(_)
            | Self::PublicKey { .. } => KeyError::Lost,
            // CKR_PIN_INCORRECT and CKR_PIN_LOCKED.
            Self::PinRefused { .. } | Self::PinNotTried { .. } | Self::PinFinalTry(_) | Self::PinWeak { .. } => {
                KeyError::Refused(0xa0)
            }
            Self::PinLocked(_) => KeyError::Refused(0xa4),
            Self::NotInitialised(_) => KeyError::Refused(0x102),
            Self::Uri(_)
            | Self::Secret(_)
            | Self::Io { .. }
            | Self::FolderExposed { .. }
            | Self::ModuleRelative(_)
            | Self::ModuleExposed { .. }
            | Self::Module { .. }
            | Self::NotConfigured(_)
            | Self::SeveralConfigured(_)
            | Self::Record { .. }
            | Self::Exists(_)
            | Self::Algorithm { .. } => KeyError::Library("PKCS#11 configuration"),
        }
    }

    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Uri(error) => error.code(),
            Self::Secret(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Weak { weakness, .. } => weakness.code(),
            Self::Io { .. } => "pkcs11.io",
            Self::FolderExposed { .. } => "pkcs11.folder-exposed",
            Self::ModuleRelative(_) => "pkcs11.module-relative",
            Self::ModuleExposed { .. } => "pkcs11.module-exposed",
            Self::Module { .. } => "pkcs11.module",
            Self::NotConfigured(_) => "pkcs11.token-not-configured",
            Self::SeveralConfigured(_) => "pkcs11.several-configured",
            Self::NoToken(_) => "pkcs11.no-token",
            Self::SeveralTokens(_) => "pkcs11.several-tokens",
            Self::NotInitialised(_) => "pkcs11.not-initialised",
            Self::PinRefused { .. } => "pkcs11.pin-refused",
            Self::PinNotTried { .. } => "pkcs11.pin-not-tried",
            Self::PinFinalTry(_) => "pkcs11.pin-final-try",
            Self::PinLocked(_) => "pkcs11.pin-locked",
            Self::PinWeak { .. } => "pkcs11.pin-weak",
            Self::UnknownKey { .. } => "pkcs11.unknown-key",
            Self::SeveralKeys { .. } => "pkcs11.several-keys",
            Self::Label(_) => "pkcs11.label",
            Self::NoPublicKey(_) => "pkcs11.no-public-key",
            Self::SeveralPublicKeys(_) => "pkcs11.several-public-keys",
            Self::PublicKey { .. } => "pkcs11.public-key",
            Self::NoRecord(_) => "pkcs11.no-record",
            Self::Record { .. } => "pkcs11.record",
            Self::OtherKey(_) => "pkcs11.other-key",
            Self::Exists(_) => "pkcs11.exists",
            Self::Algorithm { .. } => "pkcs11.algorithm",
            Self::Sessions { .. } => "pkcs11.sessions",
            Self::TimedOut => "pkcs11.timed-out",
            Self::Thread(_) => "pkcs11.thread",
            Self::Device(_) => "pkcs11.device",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Uri(error) => error.clause(),
            Self::Secret(error) => error.clause(),
            Self::Key(error) => error.clause(),
            Self::Weak { weakness, .. } => weakness.clause(),
            Self::FolderExposed { .. } | Self::ModuleRelative(_) | Self::ModuleExposed { .. } => "Kokuin THR-103",
            Self::PinRefused { .. } | Self::PinNotTried { .. } | Self::PinFinalTry(_) | Self::PinLocked(_) => {
                "Kokuin THR-67"
            }
            Self::PinWeak { .. } | Self::NotInitialised(_) => "Kokuin THR-61",
            Self::Label(_) | Self::NoRecord(_) | Self::Record { .. } => "Kokuin THR-57",
            Self::SeveralTokens(_) | Self::SeveralConfigured(_) | Self::SeveralKeys { .. } | Self::OtherKey(_) => {
                "Kokuin THR-60"
            }
            Self::Exists(_) | Self::Algorithm { .. } => "EN 319 421 7.6.2",
            Self::Io { .. }
            | Self::Module { .. }
            | Self::NotConfigured(_)
            | Self::NoToken(_)
            | Self::UnknownKey { .. }
            | Self::NoPublicKey(_)
            | Self::SeveralPublicKeys(_)
            | Self::PublicKey { .. }
            | Self::Sessions { .. }
            | Self::TimedOut
            | Self::Thread(_)
            | Self::Device(_) => "EN 319 421 7.6.3",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(error: RvError, sent: bool) -> KeyError {
        DeviceError::from(Error::Pkcs11(error, Function::Sign)).as_key_error(sent)
    }

    #[test]
    fn an_error_after_the_question_may_hide_a_signature_thr_60() {
        for error in
            [RvError::DeviceRemoved, RvError::SessionHandleInvalid, RvError::DeviceError, RvError::GeneralError]
        {
            assert!(told(error, true).may_have_signed(), "{error:?}");
        }
        assert_eq!(told(RvError::DeviceRemoved, false), KeyError::Unavailable);
        assert_eq!(told(RvError::DeviceError, false), KeyError::Refused(0x30));
        assert_eq!(told(RvError::FunctionFailed, true), KeyError::Refused(0x06));
        assert_eq!(told(RvError::PinIncorrect, false), KeyError::Refused(0xa0));
        assert_eq!(told(RvError::FunctionRejected, false), KeyError::Refused(0x200));
        assert_eq!(told(RvError::VendorDefined(0x8000_0001), true), KeyError::Refused(0x8000_0001));
    }

    #[test]
    fn errors_name_the_call_and_the_number() {
        let error = DeviceError::from(Error::Pkcs11(RvError::KeyHandleInvalid, Function::SignInit));
        assert_eq!(error.to_string(), "the token answered C_SignInit with KeyHandleInvalid (0x60)");
    }
}
