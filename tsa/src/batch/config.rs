//! What an operator may set about batches.

use std::num::NonZeroU32;

use kokuin_evidence::batch::MAX_DIGESTS;
use kokuin_settings::{ByteSize, HumanDuration};
use serde::Deserialize;

/// Table `[tsa.batch]`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// Whether there is a lane at all.
    pub enabled: bool,
    /// How long the lane waits for more digests after the first of a batch.
    pub window: HumanDuration,
    /// Digests of one batch, and of one request.
    pub limit: u32,
    /// How long a request waits for its token before it gets an address to ask at.
    pub wait: HumanDuration,
    /// Digests a second that one client may send, after as many at once as a batch holds.
    pub client_rate: NonZeroU32,
    /// How long answers are kept.
    pub keep: HumanDuration,
    /// Digests kept, in octets; above it the oldest answers go first.
    pub keep_size: ByteSize,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            enabled: true,
            window: HumanDuration::from_millis(200),
            limit: u32::try_from(MAX_DIGESTS).unwrap_or(u32::MAX),
            wait: HumanDuration::from_millis(10_000),
            client_rate: NonZeroU32::new(10_000).expect("invariant: not zero"),
            keep: HumanDuration::from_millis(7 * 86_400_000),
            keep_size: ByteSize::from_bytes(1 << 30),
        }
    }
}

/// A rule that `[tsa.batch]` breaks.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BatchConfigError {
    /// No batch, or a larger one than a record is made for.
    #[error("tsa.batch.limit is {0}, 1 to {MAX_DIGESTS} is allowed")]
    Limit(u32),
    /// Nobody waits that long.
    #[error("tsa.batch.{name} is {found_ms} ms, {most_ms} ms is the most")]
    TooLong {
        /// Which setting.
        name: &'static str,
        /// As configured.
        found_ms: u128,
        /// What is allowed.
        most_ms: u128,
    },
}

impl BatchConfigError {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Limit(_) => "tsa.batch.config.limit",
            Self::TooLong { .. } => "tsa.batch.config.too-long",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Limit(_) | Self::TooLong { .. } => "docs/tsa.md",
        }
    }
}

impl BatchConfig {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self) -> Result<(), BatchConfigError> {
        if self.limit == 0 || self.limit as usize > MAX_DIGESTS {
            return Err(BatchConfigError::Limit(self.limit));
        }
        for (name, found, most_ms) in [("window", self.window, 60_000), ("wait", self.wait, 60_000)] {
            let found_ms = found.as_std().as_millis();
            if found_ms > most_ms {
                return Err(BatchConfigError::TooLong { name, found_ms, most_ms });
            }
        }
        Ok(())
    }
}
