//! Where raw time comes from: the operating system, or a test.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, Timespec, clock_gettime};

/// Time since the machine was started, sleep included. Never set by anybody, so it shows steps and frozen processes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Monotonic(Duration);

impl Monotonic {
    /// Time since the start of the machine.
    #[must_use]
    pub const fn from_start(since: Duration) -> Self {
        Self(since)
    }

    /// How much later this is than `earlier`; zero if it is not.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// This much later.
    pub(crate) const fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(by))
    }

    /// Microseconds since the start of the machine, rounded down.
    pub(crate) fn micros(self) -> i64 {
        i64::try_from(self.0.as_micros()).unwrap_or(i64::MAX)
    }
}

/// The two raw clocks a reading is made from.
pub trait TimeSource: Send + Sync + std::fmt::Debug {
    /// The clock that people set: microseconds since 1970, UTC, rounded down.
    fn wall_micros(&self) -> i64;
    /// The clock that nobody sets.
    fn monotonic(&self) -> Monotonic;
}

/// The clocks of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct OsTime;

impl TimeSource for OsTime {
    fn wall_micros(&self) -> i64 {
        // By the standard library and libc, as everybody else in this process reads it.
        let now = SystemTime::now();
        let micros = |since: Duration| i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
        now.duration_since(UNIX_EPOCH).map_or_else(|before| -micros(before.duration()) - 1, micros)
    }

    fn monotonic(&self) -> Monotonic {
        // Boot time, because the plain monotonic clock stands still while a machine sleeps.
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Boottime);
        Monotonic(Duration::new(tv_sec.unsigned_abs(), u32::try_from(tv_nsec).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_standard_library() {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let wall = Duration::from_micros(OsTime.wall_micros().unsigned_abs());
        assert!(wall.abs_diff(now) < Duration::from_secs(5), "{wall:?} {now:?}");
        assert!(OsTime.monotonic() <= OsTime.monotonic());
    }
}
