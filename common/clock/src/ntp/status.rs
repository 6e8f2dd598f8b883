//! What the last poll found, and what may be told from it until the next one.

use std::time::Duration;

use crate::{
    ClockRefusal, Instant, Monotonic, SourceName, Uncertainty,
    ntp::{leap::LeapPause, sample::drift_us},
};

/// What the poller publishes and readers read.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// What was agreed on, or why nothing was.
    pub(crate) verdict: Result<Estimate, ClockRefusal>,
    /// The machine's wall clock minus the monotonic one, in microseconds, when the poll began.
    pub(crate) wall_us: i64,
}

/// Where UTC is against the monotonic clock.
#[derive(Clone, Debug)]
pub(crate) struct Estimate {
    /// UTC minus the monotonic clock, in microseconds.
    pub(crate) offset_us: i64,
    /// UTC is within this of it at `at`.
    pub(crate) bound_us: u64,
    pub(crate) at: Monotonic,
    /// From here on fewer than two sources are young enough.
    pub(crate) expires: Monotonic,
    pub(crate) leap: Option<LeapPause>,
    pub(crate) source: SourceName,
    /// A source that the others outvote, on the time or on a leap second.
    pub(crate) doubted: Option<SourceName>,
}

impl Estimate {
    /// UTC at `now`, and how far it may be off.
    ///
    /// # Errors
    /// [`ClockRefusal::LeapPause`] and [`ClockRefusal::Stale`].
    pub(crate) fn tell(
        &self,
        now: Monotonic,
        drift_ppm: u32,
        max_age: Duration,
    ) -> Result<(Instant, Uncertainty), ClockRefusal> {
        if self.leap.is_some_and(|leap| now >= leap.start) {
            return Err(ClockRefusal::LeapPause);
        }
        if now >= self.expires {
            return Err(ClockRefusal::Stale { limit_ms: u64::try_from(max_age.as_millis()).unwrap_or(u64::MAX) });
        }
        let utc = Instant::from_unix_micros(now.micros().saturating_add(self.offset_us));
        // One for the microseconds that the monotonic clock rounds away.
        let bound = self.bound_us.saturating_add(drift_us(now.since(self.at), drift_ppm)).saturating_add(1);
        Ok((utc, Uncertainty::from_micros(bound)))
    }
}
