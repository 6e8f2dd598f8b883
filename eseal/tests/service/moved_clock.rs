//! A clock that a test moves: the system's, so far ahead and so uncertain as it is told to be.

use std::{
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
    time::Duration,
};

use kokuin_clock::{
    Clock, ClockRefusal, ClockState, Instant, Monotonic, SourceName, SystemClock, TimeReading, Uncertainty,
};

#[derive(Debug)]
pub(crate) struct MovedClock {
    system: SystemClock,
    ahead_us: AtomicI64,
    uncertainty_us: AtomicU64,
    /// What has passed beside the machine's own time, seconds.
    passed_s: AtomicU64,
}

impl Default for MovedClock {
    fn default() -> Self {
        let system = SystemClock::undisciplined_for_development();
        Self {
            system,
            ahead_us: AtomicI64::new(0),
            uncertainty_us: AtomicU64::new(1_000_000),
            passed_s: AtomicU64::new(0),
        }
    }
}

impl MovedClock {
    pub(crate) fn set(&self, ahead_us: i64, uncertainty_us: u64) {
        self.ahead_us.store(ahead_us, Ordering::Relaxed);
        self.uncertainty_us.store(uncertainty_us, Ordering::Relaxed);
    }

    /// Lets time pass on the monotonic clock; the wall clock hears nothing of it.
    pub(crate) fn pass(&self, seconds: u64) {
        self.passed_s.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for MovedClock {
    fn read(&self) -> Result<TimeReading, ClockRefusal> {
        let system = self.system.read()?;
        let ahead_us = self.ahead_us.load(Ordering::Relaxed);
        Ok(TimeReading::new(
            Instant::from_unix_micros(system.instant().unix_micros() + ahead_us),
            Uncertainty::from_micros(self.uncertainty_us.load(Ordering::Relaxed)),
            system.measured(),
            SourceName::from_static("a test"),
            self.monotonic(),
        ))
    }

    fn state(&self) -> ClockState {
        self.system.state()
    }

    fn monotonic(&self) -> Monotonic {
        let since_start = self.system.monotonic().since(Monotonic::from_start(Duration::ZERO));
        Monotonic::from_start(since_start + Duration::from_secs(self.passed_s.load(Ordering::Relaxed)))
    }
}
