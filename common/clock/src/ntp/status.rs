//! What the last poll found, and what may be told from it until the next one.

use std::{sync::Arc, time::Duration};

use crate::{
    ClockRefusal, Instant, Monotonic, SourceName, Uncertainty,
    ntp::{
        ClockReport,
        leap::{LeapPlan, Phase},
        sample::drift_us,
    },
};

/// What the poller publishes and readers read.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    /// What was agreed on, or why nothing was.
    pub(crate) verdict: Result<Estimate, ClockRefusal>,
    /// What each source said.
    pub(crate) report: Arc<ClockReport>,
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
    pub(crate) leap: Option<LeapPlan>,
    pub(crate) source: SourceName,
    /// A source that the others outvote, on the time or on a leap second.
    pub(crate) doubted: Option<SourceName>,
}

impl Estimate {
    /// UTC at `now`, and how far it may be off.
    ///
    /// # Errors
    /// [`ClockRefusal::LeapPause`], [`ClockRefusal::LeapUnconfirmed`] and [`ClockRefusal::Stale`].
    pub(crate) fn tell(
        &self,
        now: Monotonic,
        drift_ppm: u32,
        max_age: Duration,
    ) -> Result<(Instant, Uncertainty), ClockRefusal> {
        if now >= self.expires {
            return Err(ClockRefusal::Stale { limit_ms: u64::try_from(max_age.as_millis()).unwrap_or(u64::MAX) });
        }
        let bound = self.bound_at(now, drift_ppm);
        let leapt_us = self.leapt_us(now, bound)?;
        let utc = Instant::from_unix_micros(now.micros().saturating_add(self.offset_us).saturating_add(leapt_us));
        Ok((utc, Uncertainty::from_micros(bound)))
    }

    /// How far UTC may be from the estimate at `now`. One is for the microseconds that the monotonic clock rounds away.
    pub(crate) fn bound_at(&self, now: Monotonic, drift_ppm: u32) -> u64 {
        self.bound_us.saturating_add(drift_us(now.since(self.at), drift_ppm)).saturating_add(1)
    }

    /// What a leap second has done to UTC until `now`.
    fn leapt_us(&self, now: Monotonic, bound_us: u64) -> Result<i64, ClockRefusal> {
        match &self.leap {
            None => Ok(0),
            Some(LeapPlan::Pause(pause)) if now >= pause.start => Err(ClockRefusal::LeapPause),
            Some(LeapPlan::Pause(_)) => Ok(0),
            Some(LeapPlan::Follow(step)) => match step.phase(now, bound_us) {
                Phase::Before => Ok(0),
                Phase::Within => Err(ClockRefusal::LeapPause),
                Phase::After(us) if now >= step.confirmed_by() => {
                    Err(ClockRefusal::LeapUnconfirmed { since_ms: us / 1_000 })
                }
                Phase::After(_) => Ok(step.shift_us()),
            },
        }
    }
}
