//! Why a clock does not tell the time.

use crate::{ClockState, Instant};

/// A rule of time-keeping that is not met.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ClockRefusal {
    /// Nothing ties the machine's clock to UTC.
    #[error("the clock is not disciplined by any source of UTC")]
    Undisciplined,
    /// The machine's clock was set while the process ran.
    #[error("the machine's clock was moved by {by_micros} us, at most {limit_micros} us are tolerated")]
    Stepped {
        /// By how much, in microseconds; forwards is positive.
        by_micros: i64,
        /// What is tolerated, in microseconds.
        limit_micros: i64,
    },
    /// Earlier than a time already used.
    #[error("the time {found} is before {last}, the last one used")]
    BeforeLast {
        /// The latest time used so far.
        last: Instant,
        /// The time read.
        found: Instant,
    },
    /// A year in which this program did not run.
    #[error("the machine's clock says {found}, it must lie between {earliest} and {latest}")]
    Implausible {
        /// The time read.
        found: Instant,
        /// Not before this.
        earliest: Instant,
        /// Not after this.
        latest: Instant,
    },
    /// No source has been asked yet.
    #[error("no source of time has been asked yet")]
    NotMeasured,
    /// Too few sources gave an answer that can be used.
    #[error("{answering} sources of time give an answer, {needed} are needed")]
    TooFewSources {
        /// With a young answer.
        answering: usize,
        /// Needed.
        needed: usize,
    },
    /// No strict majority of the sources can be right together.
    #[error("{sources} sources of time disagree: some are {apart_us} us apart beyond their bounds")]
    Disputed {
        /// With a young answer.
        sources: usize,
        /// The widest gap between two, in microseconds.
        apart_us: u64,
    },
    /// The sources agree, but not with what they said before.
    #[error("the sources of time have moved {by_micros} us beyond what this machine's oscillator can drift")]
    Drifted {
        /// Beyond the bound, in microseconds; forwards is positive.
        by_micros: i64,
    },
    /// The answers have grown too old.
    #[error("no two sources of time have answered for {limit_ms} ms")]
    Stale {
        /// The age that is allowed, in milliseconds.
        limit_ms: u64,
    },
    /// A leap second was applied, and the sources have not confirmed it.
    #[error("a leap second was applied {since_ms} ms ago, and the sources of time have not confirmed it")]
    LeapUnconfirmed {
        /// How long ago, in milliseconds.
        since_ms: u64,
    },
    /// A leap second is announced for now.
    #[error("a leap second is announced for the end of this day; issuing pauses around it")]
    LeapPause,
}

impl ClockRefusal {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Undisciplined => "clock.undisciplined",
            Self::Stepped { .. } => "clock.stepped",
            Self::BeforeLast { .. } => "clock.before-last",
            Self::Implausible { .. } => "clock.implausible",
            Self::NotMeasured => "clock.not-measured",
            Self::TooFewSources { .. } => "clock.too-few-sources",
            Self::Disputed { .. } => "clock.disputed",
            Self::Drifted { .. } => "clock.drifted",
            Self::Stale { .. } => "clock.stale",
            Self::LeapUnconfirmed { .. } => "clock.leap-unconfirmed",
            Self::LeapPause => "clock.leap-pause",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Undisciplined
            | Self::Stepped { .. }
            | Self::Implausible { .. }
            | Self::NotMeasured
            | Self::TooFewSources { .. }
            | Self::Disputed { .. }
            | Self::Drifted { .. }
            | Self::Stale { .. }
            | Self::LeapUnconfirmed { .. }
            | Self::LeapPause => "EN 319 421 7.7.2",
            Self::BeforeLast { .. } => "Kokuin THR-36",
        }
    }

    /// The state of a measured clock that refuses so.
    pub(crate) const fn state(&self) -> ClockState {
        match self {
            Self::Undisciplined | Self::BeforeLast { .. } | Self::Implausible { .. } => ClockState::Refusing,
            Self::Stepped { .. } => ClockState::Stepped,
            Self::NotMeasured => ClockState::Unmeasured,
            Self::TooFewSources { .. } => ClockState::Alone,
            Self::Disputed { .. } => ClockState::Disputed,
            Self::Drifted { .. } => ClockState::Drifted,
            Self::Stale { .. } => ClockState::Stale,
            Self::LeapUnconfirmed { .. } | Self::LeapPause => ClockState::LeapPause,
        }
    }
}
