//! Audit options: which commands the device logs, and whether a full log stops it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// `[audit]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Audit {
    /// Whether the device stops when its log is full, instead of forgetting the oldest lines.
    #[serde(default)]
    pub force: Option<AuditSetting>,
    /// Per command. What is not named is left as it is, and not judged.
    #[serde(default)]
    pub commands: BTreeMap<Command, AuditSetting>,
}

/// One option.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditSetting {
    /// Not logged.
    Off,
    /// Logged.
    On,
    /// Logged, and nothing but a factory reset changes that.
    Fixed,
}

impl AuditSetting {
    /// The device's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Off => 0,
            Self::On => 1,
            Self::Fixed => 2,
        }
    }
}

impl fmt::Display for AuditSetting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Fixed => "fixed",
        })
    }
}

/// A command of the device, by its number.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Command(u8);

/// Commands that a manifest can name, as libyubihsm calls them.
const COMMANDS: [(u8, &str); 43] = [
    (0x01, "echo"),
    (0x03, "create-session"),
    (0x04, "authenticate-session"),
    (0x05, "session-message"),
    (0x06, "get-device-info"),
    (0x08, "reset-device"),
    (0x40, "close-session"),
    (0x41, "get-storage-info"),
    (0x42, "put-opaque"),
    (0x43, "get-opaque"),
    (0x44, "put-authentication-key"),
    (0x45, "put-asymmetric-key"),
    (0x46, "generate-asymmetric-key"),
    (0x47, "sign-pkcs1"),
    (0x48, "list-objects"),
    (0x49, "decrypt-pkcs1"),
    (0x4a, "export-wrapped"),
    (0x4b, "import-wrapped"),
    (0x4c, "put-wrap-key"),
    (0x4d, "get-log-entries"),
    (0x4e, "get-object-info"),
    (0x4f, "set-option"),
    (0x50, "get-option"),
    (0x51, "get-pseudo-random"),
    (0x52, "put-hmac-key"),
    (0x53, "sign-hmac"),
    (0x54, "get-public-key"),
    (0x55, "sign-pss"),
    (0x56, "sign-ecdsa"),
    (0x57, "derive-ecdh"),
    (0x58, "delete-object"),
    (0x59, "decrypt-oaep"),
    (0x5a, "generate-hmac-key"),
    (0x5b, "generate-wrap-key"),
    (0x5c, "verify-hmac"),
    (0x5d, "sign-ssh-certificate"),
    (0x64, "sign-attestation-certificate"),
    (0x67, "set-log-index"),
    (0x68, "wrap-data"),
    (0x69, "unwrap-data"),
    (0x6a, "sign-eddsa"),
    (0x6b, "blink-device"),
    (0x6c, "change-authentication-key"),
];

impl Command {
    /// `EstablishSession`'s wrapping of every other command.
    pub const SESSION_MESSAGE: Self = Self(0x05);
    /// RSA PKCS#1 v1.5.
    pub const SIGN_PKCS1: Self = Self(0x47);
    /// RSA-PSS.
    pub const SIGN_PSS: Self = Self(0x55);
    /// ECDSA.
    pub const SIGN_ECDSA: Self = Self(0x56);
    /// Ed25519.
    pub const SIGN_EDDSA: Self = Self(0x6a);
    /// The log itself.
    pub const GET_LOG_ENTRIES: Self = Self(0x4d);

    /// From the device's number.
    #[must_use]
    pub const fn from_code(code: u8) -> Self {
        Self(code)
    }

    /// The device's number.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }

    /// The command called `name`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        COMMANDS.iter().find(|(_, known)| *known == name).map(|(code, _)| Self(*code))
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match COMMANDS.iter().find(|(code, _)| *code == self.0) {
            Some((_, name)) => f.write_str(name),
            None => write!(f, "command {:#04x}", self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| D::Error::custom(format!("no command is called {name:?}")))
    }
}
