//! The clock: an instant, how uncertain it is and where it comes from, or a refusal.
//!
//! Lives here: `trait Clock`, readings, the monotonic guard. Must not know: signing, policy, HTTP.

mod guard;
mod instant;
mod reading;
mod refusal;
mod refusing;
mod source;
mod system;

pub use guard::MonotonicGuard;
pub use instant::{Instant, Uncertainty};
pub use reading::{SourceName, TimeReading};
pub use refusal::ClockRefusal;
pub use refusing::RefusingClock;
pub use source::{Monotonic, OsTime, TimeSource};
pub use system::SystemClock;

/// Something that tells the time, or says why it cannot.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Reads the time. Takes well under a microsecond, and no lock.
    ///
    /// # Errors
    /// Whatever keeps the clock from vouching for the time; the TSA answers `timeNotAvailable` (TSP-13).
    fn read(&self) -> Result<TimeReading, ClockRefusal>;

    /// The state the clock is in, for the log's clock-state entries.
    fn state(&self) -> ClockState;

    /// The time base of this clock's readings, to ask [`TimeReading::age_at`]. Differs from the machine's only in tests.
    fn monotonic(&self) -> Monotonic {
        OsTime.monotonic()
    }
}

/// What a clock is doing. A change of it is an entry in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClockState {
    /// Reads the machine's clock, which nobody measures: development only.
    Undisciplined,
    /// The machine's clock was moved; nothing is issued.
    Stepped,
    /// No source of time is configured; nothing is issued.
    Refusing,
}

impl ClockState {
    /// Stable name, for the log, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Undisciplined => "undisciplined",
            Self::Stepped => "stepped",
            Self::Refusing => "refusing",
        }
    }

    /// Whether [`Clock::read`] can give a reading in this state.
    #[must_use]
    pub const fn can_issue(self) -> bool {
        match self {
            Self::Undisciplined => true,
            Self::Stepped | Self::Refusing => false,
        }
    }
}
