//! Time that never goes back.

use std::sync::atomic::{AtomicI64, Ordering};

use crate::{ClockRefusal, Instant};

/// How far a reading may lie behind the last one used and still be taken for a thread that was overtaken, in microseconds.
const OVERTAKEN_US: i64 = 100_000;

/// Admits times, each not earlier than the one before, across all threads and, with the log's last time, across restarts.
#[derive(Debug)]
pub struct MonotonicGuard(AtomicI64);

impl MonotonicGuard {
    /// A guard that admits nothing before `last`: the latest time of any entry in the log.
    #[must_use]
    pub const fn new(last: Option<Instant>) -> Self {
        Self(AtomicI64::new(match last {
            Some(last) => last.unix_micros(),
            None => i64::MIN,
        }))
    }

    /// The time to use for a reading of `instant`: itself, or, where another thread that read a little later was faster,
    /// the time that thread got. What it is moved by belongs into the bound: [`crate::TimeReading::moved_to`].
    ///
    /// # Errors
    /// [`ClockRefusal::BeforeLast`] if `instant` is further behind than any thread is overtaken by: 100 ms (THR-36, THR-37).
    pub fn admit(&self, instant: Instant) -> Result<Instant, ClockRefusal> {
        let found = instant.unix_micros();
        // A refused time is not later than the last one, so it leaves no trace.
        let last = self.0.fetch_max(found, Ordering::AcqRel);
        if found >= last {
            Ok(instant)
        } else if last.saturating_sub(found) <= OVERTAKEN_US {
            Ok(Instant::from_unix_micros(last))
        } else {
            Err(ClockRefusal::BeforeLast { last: Instant::from_unix_micros(last), found: instant })
        }
    }

    /// The latest time admitted so far.
    #[must_use]
    pub fn last(&self) -> Option<Instant> {
        match self.0.load(Ordering::Acquire) {
            i64::MIN => None,
            last => Some(Instant::from_unix_micros(last)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(micros: i64) -> Instant {
        Instant::from_unix_micros(micros)
    }

    #[test]
    fn refuses_time_before_the_last_log_entry_thr_36() {
        let guard = MonotonicGuard::new(Some(at(10_000_000)));
        let refusal = ClockRefusal::BeforeLast { last: at(10_000_000), found: at(9_000_000) };
        assert_eq!(guard.admit(at(9_000_000)), Err(refusal));
        assert_eq!(guard.last(), Some(at(10_000_000)));
        assert_eq!(guard.admit(at(10_000_000)), Ok(at(10_000_000)));
        assert_eq!(guard.admit(at(10_000_001)), Ok(at(10_000_001)));
    }

    #[test]
    fn gives_an_overtaken_thread_the_time_of_the_faster_one() {
        let guard = MonotonicGuard::new(None);
        assert_eq!(guard.last(), None);
        assert_eq!(guard.admit(at(500_000)), Ok(at(500_000)));
        assert_eq!(guard.admit(at(400_000)), Ok(at(500_000)));
        assert_eq!(guard.admit(at(399_999)).unwrap_err().code(), "clock.before-last");
    }

    #[test]
    fn never_goes_back_between_threads() {
        let guard = MonotonicGuard::new(None);
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let guard = &guard;
                scope.spawn(move || {
                    let mut last = at(i64::MIN);
                    for step in 0..20_000 {
                        let admitted = guard.admit(at(step * 4 + thread)).unwrap_or(last);
                        assert!(admitted >= last);
                        last = admitted;
                    }
                });
            }
        });
        assert_eq!(guard.last(), Some(at(19_999 * 4 + 3)));
    }

    proptest! {
        #[test]
        fn admits_in_order_only(times in prop::collection::vec(0_i64..1_000_000, 1..200)) {
            let guard = MonotonicGuard::new(None);
            let mut last = at(0);
            for time in times {
                if let Ok(admitted) = guard.admit(at(time)) {
                    prop_assert!(admitted >= last);
                    last = admitted;
                }
            }
        }
    }
}
