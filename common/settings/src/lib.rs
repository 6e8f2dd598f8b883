//! Configuration loading: TOML, unknown fields refused, secrets from files, durations and sizes with units.
//!
//! Lives here: how a setting is read. Must not know: what a setting means.

mod duration;
mod error;
mod load;
mod secret;
mod size;

pub use duration::{DurationError, HumanDuration};
pub use error::SettingsError;
pub use load::{load, parse};
pub use secret::{Secret, SecretError, SecretFile};
pub use size::{ByteSize, SizeError};

/// A count that is never zero: connections, workers, requests a second.
///
/// Serde refuses `0` and negative numbers for it, so that no limit can be switched off by writing nothing into it (THR-103).
pub type Limit = std::num::NonZeroU32;
