//! Why a clock does not tell the time.

use crate::Instant;

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
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Undisciplined | Self::Stepped { .. } | Self::Implausible { .. } => "EN 319 421 7.7.2",
            Self::BeforeLast { .. } => "Kokuin THR-36",
        }
    }
}
