//! One reading of a clock.

use std::{fmt, sync::Arc, time::Duration};

use crate::{Instant, Monotonic, OsTime, TimeSource, Uncertainty};

/// The name of a source of time, as the log shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceName(Name);

/// Cheap to clone: each reading has one.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Name {
    Static(&'static str),
    Shared(Arc<str>),
}

impl SourceName {
    /// A name known when the program is built.
    #[must_use]
    pub const fn from_static(name: &'static str) -> Self {
        Self(Name::Static(name))
    }

    /// A name from a configuration.
    #[must_use]
    pub fn new(name: String) -> Self {
        Self(Name::Shared(name.into()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Name::Static(name) => name,
            Name::Shared(name) => name,
        }
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An instant, how far it may be from UTC, where it comes from, and when it was read.
#[derive(Clone, Debug)]
pub struct TimeReading {
    instant: Instant,
    uncertainty: Uncertainty,
    measured: bool,
    source: SourceName,
    stamp: Monotonic,
}

impl TimeReading {
    /// A reading taken at `stamp`; `measured` says whether `uncertainty` is a measurement or an assumption.
    #[must_use]
    pub const fn new(
        instant: Instant,
        uncertainty: Uncertainty,
        measured: bool,
        source: SourceName,
        stamp: Monotonic,
    ) -> Self {
        Self { instant, uncertainty, measured, source, stamp }
    }

    /// The time read.
    #[must_use]
    pub const fn instant(&self) -> Instant {
        self.instant
    }

    /// UTC is within this of [`TimeReading::instant`].
    #[must_use]
    pub const fn uncertainty(&self) -> Uncertainty {
        self.uncertainty
    }

    /// Whether the uncertainty was measured, and not just assumed.
    #[must_use]
    pub const fn measured(&self) -> bool {
        self.measured
    }

    /// Where the time comes from.
    #[must_use]
    pub const fn source(&self) -> &SourceName {
        &self.source
    }

    /// When the reading was taken, on the clock that nobody sets.
    #[must_use]
    pub const fn stamp(&self) -> Monotonic {
        self.stamp
    }

    /// How old the reading is now, on this machine's clock. A frozen process or a queue at a device shows here: whoever
    /// signs asks again right before using the key, and reads anew if it is too old (THR-35).
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age_at(OsTime.monotonic())
    }

    /// How old the reading is at `now`, which is [`crate::Clock::monotonic`] of the clock that it came from.
    #[must_use]
    pub const fn age_at(&self, now: Monotonic) -> Duration {
        now.since(self.stamp)
    }

    /// The same reading for the instant that a [`crate::MonotonicGuard`] admitted: what it was moved by is added to the bound.
    #[must_use]
    pub fn moved_to(mut self, admitted: Instant) -> Self {
        let by = self.instant.unix_micros().abs_diff(admitted.unix_micros());
        self.uncertainty = self.uncertainty.widened(Duration::from_micros(by));
        self.instant = admitted;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(stamp: Duration) -> TimeReading {
        TimeReading::new(
            Instant::from_unix_micros(1_000),
            Uncertainty::from_micros(50),
            false,
            SourceName::from_static("test"),
            Monotonic::from_start(stamp),
        )
    }

    #[test]
    fn shows_the_age_of_a_reading_kept_by_a_frozen_process_thr_35() {
        let reading = reading(Duration::from_secs(100));
        assert_eq!(reading.age_at(Monotonic::from_start(Duration::from_secs(130))), Duration::from_secs(30));
        assert_eq!(reading.age_at(Monotonic::from_start(Duration::from_secs(99))), Duration::ZERO);
    }

    #[test]
    fn ages_by_the_machines_own_clock_thr_35() {
        let past = OsTime.monotonic().since(Monotonic::from_start(Duration::from_secs(1)));
        assert!(reading(past).age() >= Duration::from_secs(1));
    }

    #[test]
    fn widens_the_bound_by_what_it_is_moved() {
        let moved = reading(Duration::ZERO).moved_to(Instant::from_unix_micros(1_007));
        assert_eq!((moved.instant().unix_micros(), moved.uncertainty().as_micros()), (1_007, 57));
    }
}
