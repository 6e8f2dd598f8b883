//! The time of a seal, and the log's entry that says where it comes from.

use std::sync::{Arc, Mutex, PoisonError};

use kokuin_audit::{
    Entry, LeafIndex, Log,
    entry::{ClockReading, LogTime},
};
use kokuin_clock::{Clock, Instant, MonotonicGuard, TimeReading};
use kokuin_clock_record::{ClockRecord, label};

use crate::error::SealError;

/// A reading is recorded anew after this long.
const RECORDED_US: i64 = 60_000_000;

/// A reading less certain than this gives no seal: its signing time is stated in seconds.
const MOST_UNCERTAIN_US: u64 = 1_000_000;

/// A reading, and the entry that it rests on.
#[derive(Clone, Debug)]
pub(crate) struct SealTime {
    reading: TimeReading,
    clock_entry: LeafIndex,
}

impl SealTime {
    /// Unix seconds, rounded down.
    pub(crate) fn unix_seconds(&self) -> i64 {
        self.unix_micros().div_euclid(1_000_000)
    }

    pub(crate) const fn unix_micros(&self) -> i64 {
        self.reading.instant().unix_micros()
    }

    /// How far it may be from UTC.
    pub(crate) const fn bound_us(&self) -> u64 {
        self.reading.uncertainty().as_micros()
    }

    pub(crate) const fn measured(&self) -> bool {
        self.reading.measured()
    }

    pub(crate) const fn clock_entry(&self) -> LeafIndex {
        self.clock_entry
    }
}

/// Gives seals their time.
#[derive(Debug)]
pub(crate) struct Timekeeper {
    clock: Arc<dyn Clock>,
    guard: MonotonicGuard,
    log: Log,
    record: Arc<Mutex<ClockRecord>>,
    /// The newest recorded reading, and when it was taken.
    recorded: Mutex<Option<(LeafIndex, i64)>>,
}

impl Timekeeper {
    /// A keeper that never goes behind the newest entry of `log`.
    pub(crate) fn new(clock: Arc<dyn Clock>, log: Log) -> Self {
        let last = log.last_time().map(|time| Instant::from_unix_micros(time.unix_micros()));
        let record = Arc::new(Mutex::new(ClockRecord::new(Arc::clone(&clock), log.clone())));
        Self { clock, guard: MonotonicGuard::new(last), log, record, recorded: Mutex::new(None) }
    }

    /// What is recorded of the clock beside readings, for the journal.
    pub(crate) fn record(&self) -> Arc<Mutex<ClockRecord>> {
        Arc::clone(&self.record)
    }

    /// The time of a seal that is about to be made. May append to the log, and wait for it. A reading that is too uncertain must not move
    /// the guard: a clock that is far ahead and knows it would stop the service until that time has come.
    ///
    /// # Errors
    /// [`SealError::Clock`], [`SealError::ClockTooUncertain`] or [`SealError::Log`].
    pub(crate) fn now(&self) -> Result<SealTime, SealError> {
        let reading = self.read_clock()?;
        let admitted = self.guard.admit(reading.instant())?;
        let reading = reading.moved_to(admitted);
        let clock_entry = self.recorded(&reading)?;
        Ok(SealTime { reading, clock_entry })
    }

    /// Whether there would be a time, Unix seconds. Nothing remembers that it was asked.
    ///
    /// # Errors
    /// [`SealError::Clock`], [`SealError::ClockTooUncertain`].
    pub(crate) fn check(&self) -> Result<i64, SealError> {
        Ok(self.read_clock()?.instant().unix_seconds())
    }

    fn read_clock(&self) -> Result<TimeReading, SealError> {
        let reading = self.clock.read()?;
        let known_us = reading.uncertainty().as_micros();
        if known_us > MOST_UNCERTAIN_US {
            return Err(SealError::ClockTooUncertain { known_us, limit_us: MOST_UNCERTAIN_US });
        }
        Ok(reading)
    }

    fn recorded(&self, reading: &TimeReading) -> Result<LeafIndex, SealError> {
        let now = reading.instant().unix_micros();
        // Held while the entry is written: one reading a minute is enough for everybody.
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        // That a clock which had stopped goes on is for the log first (JP-TS-09).
        self.record.lock().unwrap_or_else(PoisonError::into_inner).tick(LogTime::system_now())?;
        if let Some((index, at)) = *recorded
            && now.saturating_sub(at) < RECORDED_US
        {
            return Ok(index);
        }
        self.record.lock().unwrap_or_else(PoisonError::into_inner).record_sources(LogTime::system_now())?;
        let entry = Entry::ClockReading(ClockReading {
            time: LogTime::from_unix_micros(now),
            source: label(reading.source().as_str()),
            bound_us: reading.uncertainty().as_micros(),
            measured: reading.measured(),
        });
        let index = self.log.append(&entry)?.wait()?;
        *recorded = Some((index, now));
        Ok(index)
    }
}
