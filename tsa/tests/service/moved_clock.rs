//! A clock that a test moves.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use kokuin_clock::{Clock, ClockRefusal, ClockState, Instant, Monotonic, SourceName, TimeReading, Uncertainty};

/// 2026-11-23T12:00:00Z.
pub(crate) const NOON: i64 = 1_795_435_200_000_000;

#[derive(Clone, Copy, Debug)]
struct Face {
    wall: i64,
    uncertainty: u64,
    refusing: bool,
    /// A source that the others outvote.
    doubted: Option<&'static str>,
    monotonic: Duration,
    /// What each reading lets pass before it is looked at again: a process frozen right after reading.
    frozen: Duration,
    /// Readings that this happens to.
    freezes: u32,
}

/// It stands still unless told otherwise.
#[derive(Debug)]
pub(crate) struct MovedClock(Mutex<Face>);

impl MovedClock {
    pub(crate) const fn at_noon() -> Self {
        Self(Mutex::new(Face {
            wall: NOON,
            uncertainty: 1_000_000,
            refusing: false,
            doubted: None,
            monotonic: Duration::from_secs(86_400),
            frozen: Duration::ZERO,
            freezes: 0,
        }))
    }

    fn with<T>(&self, change: impl FnOnce(&mut Face) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Time passes.
    pub(crate) fn pass(&self, by: Duration) {
        self.with(|face| {
            face.wall += i64::try_from(by.as_micros()).unwrap();
            face.monotonic += by;
        });
    }

    /// Somebody sets it.
    pub(crate) fn step(&self, micros: i64) {
        self.with(|face| face.wall += micros);
    }

    pub(crate) fn refuse(&self, refusing: bool) {
        self.with(|face| face.refusing = refusing);
    }

    pub(crate) fn doubt(&self, source: Option<&'static str>) {
        self.with(|face| face.doubted = source);
    }

    pub(crate) fn set_uncertainty(&self, micros: u64) {
        self.with(|face| face.uncertainty = micros);
    }

    /// The next `times` readings are `by` old when somebody looks at their age.
    pub(crate) fn freeze(&self, by: Duration, times: u32) {
        self.with(|face| (face.frozen, face.freezes) = (by, times));
    }
}

impl Clock for MovedClock {
    fn read(&self) -> Result<TimeReading, ClockRefusal> {
        self.with(|face| {
            if face.refusing {
                return Err(ClockRefusal::Undisciplined);
            }
            let reading = TimeReading::new(
                Instant::from_unix_micros(face.wall),
                Uncertainty::from_micros(face.uncertainty),
                true,
                SourceName::from_static("a test"),
                Monotonic::from_start(face.monotonic),
            );
            if face.freezes > 0 {
                face.freezes -= 1;
                face.monotonic += face.frozen;
                face.wall += i64::try_from(face.frozen.as_micros()).unwrap();
            }
            Ok(reading)
        })
    }

    fn state(&self) -> ClockState {
        self.with(|face| match (face.refusing, face.doubted) {
            (true, _) => ClockState::Refusing,
            (false, Some(_)) => ClockState::Outvoted,
            (false, None) => ClockState::Undisciplined,
        })
    }

    fn doubted(&self) -> Option<SourceName> {
        self.with(|face| face.doubted.map(SourceName::from_static))
    }

    fn monotonic(&self) -> Monotonic {
        self.with(|face| Monotonic::from_start(face.monotonic))
    }
}
