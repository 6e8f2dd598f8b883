//! The machine's own clock, watched for steps.

use crate::{
    Clock, ClockRefusal, ClockState, Instant, Monotonic, OsTime, SourceName, TimeReading, TimeSource, Uncertainty,
};

/// A step is tolerated up to this, in microseconds: what slewing and a busy machine make, and no more.
const STEP_LIMIT_US: i64 = 100_000;

/// What is said of a clock that nobody measures.
const ASSUMED: Uncertainty = Uncertainty::from_micros(1_000_000);

/// 2026-01-01: this program did not exist before.
const EARLIEST: Instant = Instant::from_unix_seconds(1_767_225_600);

/// 2100-01-01: an era error of NTP or GPS, or a machine whose clock was never set.
const LATEST: Instant = Instant::from_unix_seconds(4_102_444_800);

/// The clock of the operating system. It states an uncertainty of one second that nobody measured, and refuses once the
/// wall clock has moved against the monotonic one since it was made (THR-31, THR-36).
///
/// A step that is undone is forgiven; otherwise the process has to be started again, so that the log shows the start.
#[derive(Debug)]
pub struct SystemClock<S: TimeSource = OsTime> {
    source: S,
    /// Wall clock minus monotonic clock when this was made, in microseconds.
    offset: i64,
}

impl SystemClock {
    /// The machine's clock, undisciplined. For development, and named so wherever it is used.
    #[must_use]
    pub fn undisciplined_for_development() -> Self {
        Self::with_source(OsTime)
    }
}

impl<S: TimeSource> SystemClock<S> {
    /// The same over other raw clocks, so that tests can move them.
    #[must_use]
    pub fn with_source(source: S) -> Self {
        let offset = wall_offset(&source);
        Self { source, offset }
    }
}

impl<S: TimeSource> Clock for SystemClock<S> {
    fn read(&self) -> Result<TimeReading, ClockRefusal> {
        let sample = Sample::take(&self.source);
        WallStep::of(&sample, self.offset)?;
        let found = plausible(Instant::from_unix_micros(sample.wall))?;
        let source = SourceName::from_static("system clock, undisciplined");
        // The earlier stamp makes a reading look older, never younger.
        Ok(TimeReading::new(found, ASSUMED, false, source, sample.before))
    }

    fn state(&self) -> ClockState {
        match WallStep::check(&self.source, self.offset) {
            Ok(()) => ClockState::Undisciplined,
            Err(_) => ClockState::Stepped,
        }
    }

    fn monotonic(&self) -> Monotonic {
        self.source.monotonic()
    }
}

/// The wall clock minus the monotonic one, in microseconds.
pub(crate) fn wall_offset(source: &impl TimeSource) -> i64 {
    let sample = Sample::take(source);
    sample.wall.saturating_sub(sample.before.micros())
}

/// `found`, if this program can have run then.
pub(crate) fn plausible(found: Instant) -> Result<Instant, ClockRefusal> {
    if found < EARLIEST || found > LATEST {
        return Err(ClockRefusal::Implausible { found, earliest: EARLIEST, latest: LATEST });
    }
    Ok(found)
}

/// A step of the wall clock against the monotonic one.
pub(crate) struct WallStep;

impl WallStep {
    /// Refuses if the wall clock is no longer `offset` microseconds ahead of the monotonic one.
    pub(crate) fn check(source: &impl TimeSource, offset: i64) -> Result<(), ClockRefusal> {
        Self::of(&Sample::take(source), offset)
    }

    /// The same; what a leap second moves the wall clock by is no step.
    pub(crate) fn check_unless_leapt(
        source: &impl TimeSource,
        offset: i64,
        leapt_us: Option<i64>,
    ) -> Result<(), ClockRefusal> {
        let sample = Sample::take(source);
        let leapt = leapt_us.is_some_and(|by| Self::of(&sample, offset.saturating_add(by)).is_ok());
        if leapt { Ok(()) } else { Self::of(&sample, offset) }
    }

    fn of(sample: &Sample, offset: i64) -> Result<(), ClockRefusal> {
        // The wall clock was read between two readings of the other, so the offset lies between these two.
        let highest = sample.wall.saturating_sub(sample.before.micros()).saturating_sub(offset);
        let lowest = sample.wall.saturating_sub(sample.after.micros()).saturating_sub(offset);
        let by_micros = if lowest > STEP_LIMIT_US {
            lowest
        } else if highest < -STEP_LIMIT_US {
            highest
        } else {
            return Ok(());
        };
        Err(ClockRefusal::Stepped { by_micros, limit_micros: STEP_LIMIT_US })
    }
}

/// The wall clock, read between two readings of the monotonic clock.
#[derive(Debug)]
struct Sample {
    before: Monotonic,
    wall: i64,
    after: Monotonic,
}

impl Sample {
    fn take(source: &impl TimeSource) -> Self {
        let before = source.monotonic();
        let wall = source.wall_micros();
        Self { before, wall, after: source.monotonic() }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
        },
        time::Duration,
    };

    use super::*;

    /// Raw clocks that a test moves: 2026-11-23 12:00, machine up for a day.
    #[derive(Clone, Debug)]
    struct Moved(Arc<(AtomicI64, AtomicU64)>);

    impl Moved {
        fn new() -> Self {
            Self(Arc::new((AtomicI64::new(1_795_435_200_000_000), AtomicU64::new(86_400_000_000))))
        }

        /// Time passes on both clocks.
        fn pass(&self, micros: u64) {
            self.step(i64::try_from(micros).unwrap());
            self.0.1.fetch_add(micros, Relaxed);
        }

        /// Somebody sets the wall clock.
        fn step(&self, micros: i64) {
            self.0.0.fetch_add(micros, Relaxed);
        }
    }

    impl TimeSource for Moved {
        fn wall_micros(&self) -> i64 {
            self.0.0.load(Relaxed)
        }

        fn monotonic(&self) -> Monotonic {
            Monotonic::from_start(Duration::from_micros(self.0.1.load(Relaxed)))
        }
    }

    #[test]
    fn tells_the_time_with_one_second_that_nobody_measured() {
        let moved = Moved::new();
        let clock = SystemClock::with_source(moved.clone());
        moved.pass(3_600_000_000);
        let reading = clock.read().unwrap();
        assert_eq!(reading.instant().to_string(), "2026-11-23T13:00:00.000000Z");
        assert_eq!(reading.uncertainty().as_micros(), 1_000_000);
        assert!(!reading.measured());
        assert_eq!(reading.source().as_str(), "system clock, undisciplined");
        assert_eq!(clock.state(), ClockState::Undisciplined);
    }

    #[test]
    fn refuses_after_a_step_of_two_seconds_either_way_thr_31() {
        for by_micros in [2_000_000, -2_000_000] {
            let moved = Moved::new();
            let clock = SystemClock::with_source(moved.clone());
            moved.pass(1_000_000);
            moved.step(by_micros);
            let refusal = ClockRefusal::Stepped { by_micros, limit_micros: 100_000 };
            assert_eq!(clock.read().unwrap_err(), refusal);
            moved.pass(60_000_000);
            assert_eq!(clock.read().unwrap_err(), refusal, "time alone does not heal a step");
            assert_eq!(clock.state(), ClockState::Stepped);
            moved.step(-by_micros);
            assert!(clock.read().is_ok(), "undone");
        }
    }

    #[test]
    fn tolerates_what_slewing_makes() {
        let moved = Moved::new();
        let clock = SystemClock::with_source(moved.clone());
        moved.step(100_000);
        assert!(clock.read().is_ok());
        moved.step(1);
        assert_eq!(clock.read().unwrap_err().code(), "clock.stepped");
    }

    #[test]
    fn shows_a_process_frozen_after_its_reading_thr_35() {
        let moved = Moved::new();
        let clock = SystemClock::with_source(moved.clone());
        let reading = clock.read().unwrap();
        moved.pass(30_000_000);
        assert_eq!(reading.age_at(clock.monotonic()), Duration::from_secs(30));
        assert_eq!(clock.read().unwrap().age_at(clock.monotonic()), Duration::ZERO);
    }

    #[test]
    fn refuses_years_in_which_it_did_not_exist_thr_36() {
        for seconds in [0, 1_767_225_599, 4_102_444_801, 2_085_978_496 * 2] {
            let moved = Moved::new();
            moved.0.0.store(seconds * 1_000_000, Relaxed);
            assert_eq!(SystemClock::with_source(moved).read().unwrap_err().code(), "clock.implausible");
        }
    }

    #[test]
    fn reads_the_machine() {
        let clock = SystemClock::undisciplined_for_development();
        let (first, second) = (clock.read().unwrap(), clock.read().unwrap());
        assert!(first.stamp() <= second.stamp() && first.age() < Duration::from_secs(5));
    }
}
