//! Names of seals.

use std::fmt;

use kokuin_audit::entry::Serial;
use uuid::Uuid;

/// The id of a seal: a UUID of version 7, so that ids grow with time and the log's index stays quick.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SealId(Uuid);

impl SealId {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// Reads the form that [`fmt::Display`] writes, and no other.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let id = Self(Uuid::try_parse(text).ok()?);
        (id.to_string() == text).then_some(id)
    }

    /// Reads stored octets.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        Uuid::from_slice(octets).ok().map(Self)
    }

    /// Its 16 octets.
    #[must_use]
    pub const fn octets(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// As the log names it.
    ///
    /// # Panics
    /// Never: 16 octets make a serial.
    #[must_use]
    pub fn serial(&self) -> Serial {
        Serial::new(self.0.as_bytes()).expect("invariant: 16 octets make a serial")
    }
}

impl Default for SealId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for SealId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.hyphenated(), f)
    }
}
