//! One difference between a device and its manifest.

use crate::manifest::{AuditSetting, Capabilities, Command, Domains, Firmware, FirmwareRange, KeyKind, ObjectId};
use crate::plan::ObjectName;

/// A difference, and which signing keys it touches.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What differs.
    pub difference: Difference,
    /// Whose signatures are affected.
    pub touches: Touches,
}

/// Signing keys that a difference affects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Touches {
    /// Every key of the device.
    EveryKey,
    /// These.
    Keys(Vec<ObjectId>),
    /// None.
    Nothing,
}

impl Touches {
    /// Whether `key` is affected.
    #[must_use]
    pub fn key(&self, key: ObjectId) -> bool {
        match self {
            Self::EveryKey => true,
            Self::Keys(keys) => keys.contains(&key),
            Self::Nothing => false,
        }
    }
}

/// What differs.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Difference {
    /// Another device (THR-60).
    #[error("serial number is {found}, the manifest is about {declared}")]
    Serial {
        /// In the manifest.
        declared: u32,
        /// The device's.
        found: u32,
    },
    /// A version that the manifest does not accept.
    #[error("firmware is {found}, the manifest accepts {accepted}")]
    Firmware {
        /// In the manifest.
        accepted: FirmwareRange,
        /// The device's.
        found: Firmware,
    },
    /// Objects that the login was not shown: of another domain, or of a type that the library does not know.
    #[error("the device holds {stored} objects and shows {shown} of them to this login")]
    Hidden {
        /// In its store.
        stored: u16,
        /// Shown.
        shown: usize,
    },
    /// Whoever reads the manual can log in (THR-61).
    #[error("authentication key 0x0001 opens with the factory password")]
    FactoryPassword,
    /// Declared and not there.
    #[error("{name} {label:?} is not there")]
    Missing {
        /// Which.
        name: ObjectName,
        /// In the manifest.
        label: String,
    },
    /// There and not declared.
    #[error("{name} {label:?} is not in the manifest; it may: {capabilities}")]
    Undeclared {
        /// Which.
        name: ObjectName,
        /// The device's.
        label: String,
        /// What may be done with it.
        capabilities: Capabilities,
    },
    /// Another label.
    #[error("{name} has label {found:?}, declared {declared:?}")]
    Label {
        /// Which.
        name: ObjectName,
        /// In the manifest.
        declared: String,
        /// The device's.
        found: String,
    },
    /// Other domains.
    #[error("{name} is in domains {found}, declared {declared}")]
    Domains {
        /// Which.
        name: ObjectName,
        /// In the manifest.
        declared: Domains,
        /// The device's.
        found: Domains,
    },
    /// It may do other things (THR-59).
    #[error("{name} may too much: {excess}; and too little: {missing}")]
    Capabilities {
        /// Which.
        name: ObjectName,
        /// Not in the manifest.
        excess: Capabilities,
        /// Not on the device.
        missing: Capabilities,
    },
    /// It may hand on, or wrap, other things (THR-59).
    #[error("{name} delegates too much: {excess}; and too little: {missing}")]
    Delegated {
        /// Which.
        name: ObjectName,
        /// Not in the manifest.
        excess: Capabilities,
        /// Not on the device.
        missing: Capabilities,
    },
    /// Another kind of key.
    #[error("{name} has the device's algorithm {found}, declared {declared} ({code})")]
    Algorithm {
        /// Which.
        name: ObjectName,
        /// In the manifest.
        declared: KeyKind,
        /// Its number.
        code: u8,
        /// The device's.
        found: u8,
    },
    /// A signing key that was somewhere else before (origin 2): the device cannot vouch for it.
    #[error("{name} was brought into the device, not made in it (origin {origin:#04x})")]
    Imported {
        /// Which.
        name: ObjectName,
        /// The device's number.
        origin: u8,
    },
    /// Another key under the same number.
    #[error("{name} has a public key with SHA-256 {found}, declared {declared}")]
    PublicKey {
        /// Which.
        name: ObjectName,
        /// In the manifest.
        declared: String,
        /// The device's.
        found: String,
    },
    /// Options that the login may not read.
    #[error("this login may not read audit options: it needs get-option")]
    OptionsUnread,
    /// Force-audit.
    #[error("force-audit is {found}, declared {declared}")]
    ForceAudit {
        /// In the manifest.
        declared: AuditSetting,
        /// The device's.
        found: AuditSetting,
    },
    /// Command-audit of one command.
    #[error("audit of {command} is {found}, declared {declared}")]
    CommandAudit {
        /// Which.
        command: Command,
        /// In the manifest.
        declared: AuditSetting,
        /// The device's.
        found: AuditSetting,
    },
    /// Command-audit of a command that the device's list does not name, as far as it could be read.
    #[error("audit of {command} is unknown, declared {declared}")]
    CommandAuditUnknown {
        /// Which.
        command: Command,
        /// In the manifest.
        declared: AuditSetting,
    },
}

impl Difference {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Serial { .. } => "drift.serial",
            Self::Firmware { .. } => "drift.firmware",
            Self::Hidden { .. } => "drift.hidden",
            Self::FactoryPassword => "drift.factory-password",
            Self::Missing { .. } => "drift.missing",
            Self::Undeclared { .. } => "drift.undeclared",
            Self::Label { .. } => "drift.label",
            Self::Domains { .. } => "drift.domains",
            Self::Capabilities { .. } => "drift.capabilities",
            Self::Delegated { .. } => "drift.delegated",
            Self::Algorithm { .. } => "drift.algorithm",
            Self::Imported { .. } => "drift.imported",
            Self::PublicKey { .. } => "drift.public-key",
            Self::OptionsUnread => "drift.options-unread",
            Self::ForceAudit { .. } => "drift.force-audit",
            Self::CommandAudit { .. } => "drift.command-audit",
            Self::CommandAuditUnknown { .. } => "drift.command-audit-unknown",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Serial { .. } | Self::PublicKey { .. } => "Kokuin THR-60",
            Self::FactoryPassword => "Kokuin THR-61",
            Self::Firmware { .. } => "Kokuin THR-69",
            Self::Imported { .. } => "EN 319 421 7.6.2",
            Self::OptionsUnread
            | Self::ForceAudit { .. }
            | Self::CommandAudit { .. }
            | Self::CommandAuditUnknown { .. } => "Kokuin THR-56",
            Self::Hidden { .. }
            | Self::Missing { .. }
            | Self::Undeclared { .. }
            | Self::Label { .. }
            | Self::Domains { .. }
            | Self::Capabilities { .. }
            | Self::Delegated { .. }
            | Self::Algorithm { .. } => "Kokuin THR-59",
        }
    }

    /// The object that would have to go for the difference to end, if one would.
    #[must_use]
    pub const fn obstacle(&self) -> Option<ObjectName> {
        match self {
            Self::Undeclared { name, .. }
            | Self::Label { name, .. }
            | Self::Domains { name, .. }
            | Self::Capabilities { name, .. }
            | Self::Delegated { name, .. }
            | Self::Algorithm { name, .. }
            | Self::Imported { name, .. }
            | Self::PublicKey { name, .. } => Some(*name),
            Self::Serial { .. }
            | Self::Firmware { .. }
            | Self::Hidden { .. }
            | Self::FactoryPassword
            | Self::Missing { .. }
            | Self::OptionsUnread
            | Self::ForceAudit { .. }
            | Self::CommandAudit { .. }
            | Self::CommandAuditUnknown { .. } => None,
        }
    }
}
