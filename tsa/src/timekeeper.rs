//! Where tokens get their time from: the clock, the policy's promise, the monotonic guard, and the age of a reading.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use kokuin_audit::LeafIndex;
use kokuin_clock::{Clock, Instant, MonotonicGuard, TimeReading};

use crate::{refusal::Refusal, stage::TokenTime};

/// No entry: an index that no log reaches.
const NO_ENTRY: u64 = u64::MAX;

/// Readings taken before one is moved to the time that another worker got.
const READINGS: usize = 8;

/// What all TSUs of a service have in common: one clock, one order of times, one newest reading in the log.
#[derive(Debug)]
pub struct TimeBase {
    clock: Arc<dyn Clock>,
    guard: MonotonicGuard,
    /// Index of the newest clock reading in the log.
    clock_entry: AtomicU64,
    /// Readings given since the last one was recorded.
    given: AtomicU64,
}

impl TimeBase {
    /// A base that never goes behind `last`, the time of the newest log entry.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, last: Option<Instant>) -> Self {
        let guard = MonotonicGuard::new(last);
        Self { clock, guard, clock_entry: AtomicU64::new(NO_ENTRY), given: AtomicU64::new(0) }
    }

    /// The clock itself, for the journal.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Nothing is issued until a reading is recorded again: the clock has stopped, and that it goes on is for the log first (JP-TS-09).
    pub(crate) fn unrecord(&self) {
        self.clock_entry.store(NO_ENTRY, Ordering::Release);
    }

    /// The clock, for whoever records what it does.
    pub(crate) fn shared_clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// From now on tokens name `entry` as the origin of their time.
    pub fn recorded(&self, entry: LeafIndex) {
        self.clock_entry.store(entry.0, Ordering::Release);
        self.given.store(0, Ordering::Relaxed);
    }

    /// Whether the log holds a reading of this start.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.clock_entry.load(Ordering::Acquire) != NO_ENTRY
    }

    /// Whether tokens got their time since the last reading was recorded.
    #[must_use]
    pub fn was_asked(&self) -> bool {
        self.given.load(Ordering::Relaxed) > 0
    }
}

/// How old a token's reading may be when its entry goes to the log, microseconds. The log is checked by the same measure: a token is out of
/// order only if its time lies further than this behind an earlier entry's.
const RELEASE_AGE_US: u64 = 1_000_000;

/// Gives the tokens of one TSU their time, as well as its policies promise it. Shared by all workers; no locks.
#[derive(Debug)]
pub struct Timekeeper {
    base: Arc<TimeBase>,
    promised_us: u64,
    max_age_us: u64,
}

impl Timekeeper {
    /// A keeper of the promise `accuracy_ms`, whose readings are used within `max_age`.
    #[must_use]
    pub fn new(base: &Arc<TimeBase>, accuracy_ms: u32, max_age: Duration) -> Self {
        Self { base: Arc::clone(base), promised_us: u64::from(accuracy_ms) * 1000, max_age_us: micros(max_age) }
    }

    /// Microseconds that its tokens' times may be off at most.
    #[must_use]
    pub const fn promised_us(&self) -> u64 {
        self.promised_us
    }

    /// What it has in common with the others.
    #[must_use]
    pub const fn base(&self) -> &Arc<TimeBase> {
        &self.base
    }

    /// The time of a token that is about to be made.
    ///
    /// # Errors
    /// [`Refusal::Clock`] if the clock or the guard refuses, [`Refusal::ClockTooUncertain`] if the reading is worse than
    /// promised (TSP-13, TSP-61), [`Refusal::ClockNotRecorded`] if the log does not yet say what clock this is.
    pub fn now(&self) -> Result<TokenTime, Refusal> {
        let clock_entry = self.base.clock_entry.load(Ordering::Acquire);
        if clock_entry == NO_ENTRY {
            return Err(Refusal::ClockNotRecorded);
        }
        let reading = self.reading()?;
        // Again: a reading that had to be moved has grown.
        let bound_us = self.check_bound(&reading)?;
        self.base.given.fetch_add(1, Ordering::Relaxed);
        Ok(TokenTime { reading, bound_us, clock_entry: LeafIndex(clock_entry) })
    }

    /// A reading good enough for the policy that the guard lets through. One that is not must not move the guard: a clock
    /// that is far ahead and knows it would stop the service until that time has come. Where another worker was faster, a later reading costs nothing, while
    /// moving this one would widen its bound.
    ///
    /// # Errors
    /// [`Refusal::Clock`], [`Refusal::ClockTooUncertain`].
    pub fn reading(&self) -> Result<TimeReading, Refusal> {
        for _ in 0..READINGS {
            let reading = self.read_clock()?;
            if self.base.guard.admit(reading.instant()).map_err(Refusal::Clock)? == reading.instant() {
                return Ok(reading);
            }
        }
        let reading = self.read_clock()?;
        let admitted = self.base.guard.admit(reading.instant()).map_err(Refusal::Clock)?;
        Ok(reading.moved_to(admitted))
    }

    /// Whether a reading is young enough to be signed.
    ///
    /// # Errors
    /// [`Refusal::ReadingTooOld`].
    pub fn check_age(&self, reading: &TimeReading) -> Result<(), Refusal> {
        let age_us = micros(reading.age_at(self.base.clock.monotonic()));
        if age_us > self.max_age_us {
            return Err(Refusal::ReadingTooOld { age_us, limit_us: self.max_age_us });
        }
        Ok(())
    }

    /// Whether a token that has been signed may still leave: a device that took long, or a process that was stopped meanwhile, has made
    /// something that nobody may get (THR-35, JP-TS-10).
    ///
    /// # Errors
    /// [`Refusal::ReadingTooOld`].
    pub fn check_release(&self, reading: &TimeReading) -> Result<(), Refusal> {
        let age_us = micros(reading.age_at(self.base.clock.monotonic()));
        if age_us > RELEASE_AGE_US {
            return Err(Refusal::ReadingTooOld { age_us, limit_us: RELEASE_AGE_US });
        }
        Ok(())
    }

    /// Whether a token could have a time now, and which: microseconds since 1970. Nothing remembers that it was asked.
    ///
    /// # Errors
    /// As [`Self::now`], the monotonic guard left out.
    pub fn check(&self) -> Result<i64, Refusal> {
        if !self.base.is_recorded() {
            return Err(Refusal::ClockNotRecorded);
        }
        Ok(self.read_clock()?.instant().unix_micros())
    }

    fn read_clock(&self) -> Result<TimeReading, Refusal> {
        let reading = self.base.clock.read().map_err(Refusal::Clock)?;
        self.check_bound(&reading)?;
        Ok(reading)
    }

    /// The bound that a token states, if the policy allows it.
    fn check_bound(&self, reading: &TimeReading) -> Result<u64, Refusal> {
        let bound_us = stated_bound(reading.uncertainty().as_micros());
        if bound_us > self.promised_us {
            return Err(Refusal::ClockTooUncertain { known_us: bound_us, promised_us: self.promised_us });
        }
        Ok(bound_us)
    }
}

/// Rounded up to a whole millisecond, and never zero: a bound is never made to look better than it is (TSP-35).
fn stated_bound(us: u64) -> u64 {
    us.max(1).div_ceil(1000).saturating_mul(1000)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_the_bound_up_tsp_35() {
        assert_eq!([0, 1, 999, 1000, 1001, 1_000_000].map(stated_bound), [1000, 1000, 1000, 1000, 2000, 1_000_000]);
        assert!(stated_bound(u64::MAX) > 1_000_000_000);
    }
}
