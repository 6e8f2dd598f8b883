//! What a key is for, where it lives and whether it may sign.

use std::fmt;
use std::str::FromStr;

/// What a key may sign, fixed when it is configured and checked at each use. One key has one purpose (THR-57).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// Time-stamp tokens.
    Tst,
    /// Seals.
    Seal,
    /// Checkpoints of the log.
    Log,
    /// Certificates and CRLs of the development CA.
    Ca,
}

/// No purpose has this name.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no key purpose is called {0:?}")]
pub struct UnknownPurpose(pub String);

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 4] = [Self::Tst, Self::Seal, Self::Log, Self::Ca];

    /// Its name in configuration and log entries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tst => "tst",
            Self::Seal => "seal",
            Self::Log => "log",
            Self::Ca => "ca",
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Purpose {
    type Err = UnknownPurpose;

    fn from_str(name: &str) -> Result<Self, UnknownPurpose> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name).ok_or_else(|| UnknownPurpose(name.to_owned()))
    }
}

/// Where the private key is when it signs.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Protection {
    /// In this process's memory.
    Software,
    /// In a device that it does not leave.
    Device,
}

/// Whether a key may sign now.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum KeyState {
    /// It signs.
    Active,
    /// It was told to stop, and can be told to go on.
    Suspended,
    /// Its back end does not have it any more, or cannot be reached.
    Lost,
}

impl KeyState {
    /// Its name in log entries and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Lost => "lost",
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
