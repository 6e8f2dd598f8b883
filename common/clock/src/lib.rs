//! The clock: an instant, how uncertain it is and where it comes from, or a refusal.
//!
//! Lives here: `trait Clock`, readings, the monotonic guard, the measurement of time by NTP. Must not know: signing, policy, HTTP.

mod guard;
mod instant;
pub mod ntp;
mod reading;
mod refusal;
mod refusing;
mod source;
mod system;

use std::sync::Arc;

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

    /// What each source said last, how the time was made of it, and what was counted; `None` from a clock without sources.
    fn report(&self) -> Option<Arc<ntp::ClockReport>> {
        None
    }

    /// The source of time that the others outvote, while the clock goes on without it.
    fn doubted(&self) -> Option<SourceName> {
        None
    }
}

/// What a clock is doing. A change of it is an entry in the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ClockState {
    /// Reads the machine's clock, which nobody measures: development only.
    Undisciplined,
    /// The machine's clock was moved; nothing is issued.
    Stepped,
    /// No source of time is configured, or none that can be believed; nothing is issued.
    Refusing,
    /// Sources of time agree.
    Synchronised,
    /// A majority of the sources agrees; the rest is left out, and somebody should look.
    Outvoted,
    /// Sources agree, with a bound that somebody should look at.
    Uncertain,
    /// No source has been asked yet; nothing is issued.
    Unmeasured,
    /// Fewer than two sources answer; nothing is issued.
    Alone,
    /// The sources disagree; nothing is issued.
    Disputed,
    /// The sources moved together in a way that no oscillator does; nothing is issued.
    Drifted,
    /// The last answers are too old; nothing is issued.
    Stale,
    /// Around a leap second; nothing is issued.
    LeapPause,
}

impl ClockState {
    /// Stable name, for the log, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Undisciplined => "undisciplined",
            Self::Stepped => "stepped",
            Self::Refusing => "refusing",
            Self::Synchronised => "synchronised",
            Self::Outvoted => "outvoted",
            Self::Uncertain => "uncertain",
            Self::Unmeasured => "unmeasured",
            Self::Alone => "too-few-sources",
            Self::Disputed => "disputed",
            Self::Drifted => "drifted",
            Self::Stale => "stale",
            Self::LeapPause => "leap-pause",
        }
    }

    /// Whether [`Clock::read`] can give a reading in this state.
    #[must_use]
    pub const fn can_issue(self) -> bool {
        match self {
            Self::Undisciplined | Self::Synchronised | Self::Outvoted | Self::Uncertain => true,
            Self::Stepped
            | Self::Refusing
            | Self::Unmeasured
            | Self::Alone
            | Self::Disputed
            | Self::Drifted
            | Self::Stale
            | Self::LeapPause => false,
        }
    }
}
