//! What a device says of itself, as far as a login was shown it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::manifest::{AuditSetting, Capabilities, Command, Domains, Firmware, ObjectId};

/// A device as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Inventory {
    /// Serial number, which the connector tells: no proof of anything by itself (THR-60).
    pub serial: u32,
    /// Firmware.
    pub firmware: Firmware,
    /// Numbers of the algorithms that are switched on, as far as the list could be read: newer ones (48 and above) may be missing.
    pub algorithms: Vec<u8>,
    /// The objects that the login was shown, by type and number.
    pub objects: Vec<Object>,
    /// Objects in the device's store, shown or not.
    pub stored: u16,
    /// Force-audit; `None`: the login may not read options.
    pub force_audit: Option<AuditSetting>,
    /// Command-audit. What is missing is unknown, not off: the list is cut where the library knows a command no more.
    pub command_audit: BTreeMap<Command, AuditSetting>,
    /// The key that the device left the factory with.
    pub factory: Factory,
}

/// State of authentication key 1.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Factory {
    /// There is no such key.
    Gone,
    /// There is one, and it does not open with the factory password.
    Changed,
    /// It opens with the factory password (THR-61).
    Open,
}

/// An object, without what is secret of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    /// Type and number.
    pub name: ObjectName,
    /// Label, as text as far as it is text.
    pub label: String,
    /// Where it works.
    pub domains: Domains,
    /// What may be done with it.
    pub capabilities: Capabilities,
    /// What its sessions hand on, or what it wraps.
    pub delegated: Capabilities,
    /// The device's number of its algorithm.
    pub algorithm: u8,
    /// How often this type and number was written before.
    pub sequence: u8,
    /// 1 made in the device, 2 brought in; 0x10 more if it came under wrap.
    pub origin: u8,
    /// SHA-256 of the `SubjectPublicKeyInfo`, hexadecimal; signing keys only.
    pub public_key_sha256: Option<String>,
}

/// A type and a number, which together name an object.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct ObjectName {
    /// Its type.
    pub kind: ObjectKind,
    /// Its number.
    pub id: ObjectId,
}

/// Types of object.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    /// Data.
    Opaque,
    /// A key to log in with.
    AuthenticationKey,
    /// A key pair.
    SigningKey,
    /// A key to export under.
    WrapKey,
    /// An HMAC key.
    HmacKey,
    /// A template of SSH certificates.
    Template,
    /// A key for one-time passwords.
    OtpKey,
}

impl ObjectKind {
    /// Every type that the library knows.
    pub const ALL: [Self; 7] = [
        Self::Opaque,
        Self::AuthenticationKey,
        Self::SigningKey,
        Self::WrapKey,
        Self::HmacKey,
        Self::Template,
        Self::OtpKey,
    ];

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opaque => "opaque",
            Self::AuthenticationKey => "authentication-key",
            Self::SigningKey => "signing-key",
            Self::WrapKey => "wrap-key",
            Self::HmacKey => "hmac-key",
            Self::Template => "template",
            Self::OtpKey => "otp-key",
        }
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.id)
    }
}

/// No object has this name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an object is named TYPE:ID, like signing-key:0x0101: {0:?}")]
pub struct NoObjectName(pub String);

impl FromStr for ObjectName {
    type Err = NoObjectName;

    fn from_str(text: &str) -> Result<Self, NoObjectName> {
        let refused = || NoObjectName(text.to_owned());
        let (kind, id) = text.split_once(':').ok_or_else(refused)?;
        let kind = ObjectKind::ALL.into_iter().find(|known| known.name() == kind).ok_or_else(refused)?;
        Ok(Self { kind, id: id.parse().map_err(|_| refused())? })
    }
}

impl Inventory {
    /// The object of this name, if the login was shown it.
    #[must_use]
    pub fn object(&self, kind: ObjectKind, id: ObjectId) -> Option<&Object> {
        self.objects.iter().find(|object| object.name == ObjectName { kind, id })
    }
}
