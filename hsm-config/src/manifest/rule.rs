//! What a manifest must keep to, one variant per rule.

use std::path::PathBuf;

use kokuin_settings::SettingsError;

use crate::manifest::{AuditSetting, Capabilities, Command, Domains, FirmwareRange, KeyKind, Label, ObjectId};

/// Why a manifest is not used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// It cannot be read, or a value is none.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// An entry breaks a rule.
    #[error("{}: {entry}: {rule}", path.display())]
    Rule {
        /// The file.
        path: PathBuf,
        /// The table, and which one of its kind.
        entry: String,
        /// The rule.
        rule: Rule,
    },
}

/// A rule that entries of a manifest keep together.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Rule {
    /// More entries than a device holds.
    #[error("{found} of them, a manifest has at most {limit}")]
    TooMany {
        /// In the file.
        found: usize,
        /// At most.
        limit: usize,
    },
    /// No version fits.
    #[error("no firmware is {0}")]
    NoFirmware(FirmwareRange),
    /// A number twice among objects of one type.
    #[error("{0} is the number of another one too")]
    SameId(ObjectId),
    /// A label twice among objects of one type.
    #[error("{0:?} is the label of another one too")]
    SameLabel(Label),
    /// The key that every manual prints.
    #[error("{0} is the factory key, which the ceremony deletes")]
    FactoryKey(ObjectId),
    /// Two keys, one secret (THR-61).
    #[error("its key_file is another one's too")]
    SameKeyFile,
    /// Nobody can change the device.
    #[error("there is no authentication key with role \"admin\"")]
    NoAdmin,
    /// Nobody reads its log.
    #[error("there is no authentication key with role \"audit\"")]
    NoAudit,
    /// One person cannot be two.
    #[error("dual_control needs two authentication keys with role \"admin\"")]
    OneAdmin,
    /// A service that could do more than sign (THR-59).
    #[error("role \"service\" signs and nothing else, not: {0}")]
    ServiceMayMore(Capabilities),
    /// A service that cannot sign.
    #[error("role \"service\" needs a capability to sign")]
    ServiceCannotSign,
    /// A reader that could do more (THR-59).
    #[error("role \"audit\" reads the log, options and attestation, and nothing else, not: {0}")]
    AuditMayMore(Capabilities),
    /// A reader that cannot read.
    #[error("role \"audit\" needs get-log-entries")]
    AuditCannotRead,
    /// An administrator who signs past the service (THR-59).
    #[error("role \"admin\" makes keys and does not sign with them: {0}")]
    AdminSigns(Capabilities),
    /// Rights to hand on, where nothing is made.
    #[error("role {0:?} makes no keys and delegates nothing")]
    Delegates(&'static str),
    /// A service in a domain without a key of its own.
    #[error("domains {0} hold no signing key of the manifest")]
    EmptyDomains(Domains),
    /// One login for two purposes (THR-57, JP-TS-14).
    #[error("it reaches keys for \"{0}\" and for \"{1}\"; a service has one purpose")]
    TwoPurposes(&'static str, &'static str),
    /// A signing key that no service reaches.
    #[error("no authentication key with role \"service\" has {0} in its domains")]
    Unreached(Capabilities),
    /// A signing key that cannot sign.
    #[error("a key of kind {kind} signs with {needed}")]
    KeyCannotSign {
        /// The key's.
        kind: KeyKind,
        /// What is missing.
        needed: Capabilities,
    },
    /// A signing key that could do more.
    #[error("a key of kind {kind} signs and may be exportable-under-wrap, nothing else, not: {excess}")]
    KeyMayMore {
        /// The key's.
        kind: KeyKind,
        /// What is too much.
        excess: Capabilities,
    },
    /// A log's key that is none.
    #[error("a log's key is ed25519 (C2SP signed-note), not {0}")]
    LogKey(KeyKind),
    /// A fingerprint that is none.
    #[error("public_key_sha256 is 64 hexadecimal digits")]
    PublicKey,
    /// A key that may leave, and no key under which it could.
    #[error("it is exportable-under-wrap, but no wrap key of its domains has sign capabilities like its own delegated")]
    NoWrapKey,
    /// A wrap key that neither wraps nor unwraps, or does more.
    #[error("a wrap key has export-wrapped, import-wrapped or both, and nothing else")]
    WrapCapabilities,
    /// Custodians who could not, or need not, come together.
    #[error("of {shares} custodians {threshold} cannot be asked for: 2 or more, at most all, at most 16")]
    Custodians {
        /// People.
        shares: u8,
        /// How many it takes.
        threshold: u8,
    },
    /// Signatures that leave no trace (THR-56).
    #[error("{command} is {setting}: a signature would leave no line in the device's log")]
    SignaturesUnlogged {
        /// A command that a key of the manifest signs with.
        command: Command,
        /// What it is set to.
        setting: AuditSetting,
    },
    /// A log that fills itself while it is read, until nothing can be read any more.
    #[error("{0} is logged: together with a forced audit the device would lock itself")]
    LogOfLogging(Command),
}

impl Rule {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooMany { .. } => "manifest.too-many",
            Self::NoFirmware(_) => "manifest.no-firmware",
            Self::SameId(_) => "manifest.same-id",
            Self::SameLabel(_) => "manifest.same-label",
            Self::FactoryKey(_) => "manifest.factory-key",
            Self::SameKeyFile => "manifest.same-key-file",
            Self::NoAdmin => "manifest.no-admin",
            Self::NoAudit => "manifest.no-audit",
            Self::OneAdmin => "manifest.one-admin",
            Self::ServiceMayMore(_) => "manifest.service-may-more",
            Self::ServiceCannotSign => "manifest.service-cannot-sign",
            Self::AuditMayMore(_) => "manifest.audit-may-more",
            Self::AuditCannotRead => "manifest.audit-cannot-read",
            Self::AdminSigns(_) => "manifest.admin-signs",
            Self::Delegates(_) => "manifest.delegates",
            Self::EmptyDomains(_) => "manifest.empty-domains",
            Self::TwoPurposes(..) => "manifest.two-purposes",
            Self::Unreached(_) => "manifest.unreached",
            Self::KeyCannotSign { .. } => "manifest.key-cannot-sign",
            Self::KeyMayMore { .. } => "manifest.key-may-more",
            Self::LogKey(_) => "manifest.log-key",
            Self::PublicKey => "manifest.public-key",
            Self::NoWrapKey => "manifest.no-wrap-key",
            Self::WrapCapabilities => "manifest.wrap-capabilities",
            Self::Custodians { .. } => "manifest.custodians",
            Self::SignaturesUnlogged { .. } => "manifest.signatures-unlogged",
            Self::LogOfLogging(_) => "manifest.log-of-logging",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::TooMany { .. } | Self::NoFirmware(_) | Self::SameId(_) | Self::PublicKey => "YubiHSM 2 user guide",
            Self::SameLabel(_) => "Kokuin THR-60",
            Self::FactoryKey(_) | Self::SameKeyFile => "Kokuin THR-61",
            Self::NoAdmin | Self::NoAudit | Self::OneAdmin | Self::Custodians { .. } => "EN 319 421 7.6.2",
            Self::ServiceMayMore(_)
            | Self::ServiceCannotSign
            | Self::AuditMayMore(_)
            | Self::AuditCannotRead
            | Self::AdminSigns(_)
            | Self::Delegates(_)
            | Self::EmptyDomains(_)
            | Self::Unreached(_)
            | Self::KeyCannotSign { .. }
            | Self::KeyMayMore { .. }
            | Self::WrapCapabilities
            | Self::NoWrapKey => "Kokuin THR-59",
            Self::TwoPurposes(..) => "JP-TS-14, Kokuin THR-57",
            Self::LogKey(_) => "C2SP signed-note",
            Self::SignaturesUnlogged { .. } => "Kokuin THR-56",
            Self::LogOfLogging(_) => "Yubico/yubihsm-shell#509",
        }
    }
}

impl ManifestError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Settings(_) => "manifest.settings",
            Self::Rule { rule, .. } => rule.code(),
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Settings(_) => "Kokuin THR-103",
            Self::Rule { rule, .. } => rule.clause(),
        }
    }
}
