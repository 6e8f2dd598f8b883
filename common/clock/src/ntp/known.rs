//! What everything measured so far says.

use crate::{
    ClockRefusal, Monotonic,
    ntp::{
        combine::Agreement,
        sample::{Interval, drift_us},
    },
};

/// What is known of the offset, and what contradicted it last.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Where UTC must be by everything measured so far: each poll can only narrow it, drift widens it. Sources that walk
    /// away, in steps however small, leave it (THR-31).
    interval: Option<(Interval, Monotonic)>,
    /// What every source that answers said, without exception, against it.
    contradiction: Option<(Interval, Monotonic)>,
}

impl Known {
    /// Narrows what is known by what was found. A contradiction is followed only when all that answer uphold it at the next
    /// poll: the machine may have slept, or the oscillator may be worse than allowed. A majority alone cannot do that.
    pub(crate) fn take(&mut self, agreement: &Agreement, now: Monotonic, drift_ppm: u32) -> Result<(), ClockRefusal> {
        let found = Interval::around(agreement.offset_us, agreement.bound_us);
        let aged = |(interval, since): (Interval, Monotonic)| interval.widened(drift_us(now.since(since), drift_ppm));
        let expected = self.interval.map_or(found, aged);
        if let Some(shared) = expected.intersection(found) {
            *self = Self { interval: Some((shared, now)), contradiction: None };
            return Ok(());
        }
        let unanimous = agreement.falsetickers.is_empty();
        let upheld = self.contradiction.map(aged).and_then(|before| before.intersection(found));
        if let Some(upheld) = upheld.filter(|_| unanimous) {
            *self = Self { interval: Some((upheld, now)), contradiction: None };
            return Ok(());
        }
        self.contradiction = unanimous.then_some((found, now));
        let by_micros = if found.low > expected.high {
            found.low.saturating_sub(expected.high)
        } else {
            found.high.saturating_sub(expected.low)
        };
        Err(ClockRefusal::Drifted { by_micros })
    }

    /// A leap second has passed: UTC went `by_us` against the monotonic clock.
    pub(crate) fn shift(&mut self, by_us: i64) {
        let shifted = |known: Option<(Interval, Monotonic)>| known.map(|(interval, at)| (interval.shifted(by_us), at));
        *self = Self { interval: shifted(self.interval), contradiction: None };
    }
}
