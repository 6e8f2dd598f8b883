//! How much one fetch may take.

use std::time::Duration;

use crate::Reach;

/// Limits of a client (THR-89).
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of an answer's body.
    pub body: u64,
    /// The whole fetch, from name resolution to the last byte.
    pub total: Duration,
    /// Name resolution and connecting.
    pub connect: Duration,
    /// Which addresses may be reached.
    pub reach: Reach,
}

impl Limits {
    /// For time-stamps: 64 KiB, 15 s, public addresses.
    pub const TSP: Self =
        Self { body: 64 * 1024, total: Duration::from_secs(15), connect: Duration::from_secs(5), reach: Reach::PUBLIC };

    /// For CRLs: 16 MiB, 60 s, public addresses.
    pub const CRL: Self =
        Self { body: 16 << 20, total: Duration::from_secs(60), connect: Duration::from_secs(5), reach: Reach::PUBLIC };

    /// The same with other addresses.
    #[must_use]
    pub const fn with_reach(self, reach: Reach) -> Self {
        Self { reach, ..self }
    }
}
