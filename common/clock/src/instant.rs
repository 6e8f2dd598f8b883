//! Instants in UTC, and how far they may be from it.

use std::{fmt, time::Duration};

use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};

/// A point in time: microseconds since 1970-01-01T00:00:00 UTC, leap seconds not counted.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Instant(i64);

const RFC3339: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

impl Instant {
    /// From microseconds since 1970.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since 1970; saturates 292,000 years away.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// How much later this is than `earlier`; `None` if it is earlier.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Option<Duration> {
        match self.0.checked_sub(earlier.0) {
            Some(micros) if micros >= 0 => Some(Duration::from_micros(micros.unsigned_abs())),
            Some(_) | None => None,
        }
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 in UTC with microseconds, as the log writes it; outside the years 0 to 9999 the bare number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1000)
            .ok()
            .and_then(|time| time.format(RFC3339).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} us", self.0),
        }
    }
}

/// UTC is within this many microseconds of an instant, on either side.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Uncertainty(u64);

impl Uncertainty {
    /// From microseconds.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Rounded up to microseconds: a bound is never made to look better than it is.
    #[must_use]
    pub fn from_duration(bound: Duration) -> Self {
        Self(u64::try_from(bound.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX))
    }

    /// Microseconds.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// This bound, wider by `by`.
    #[must_use]
    pub fn widened(self, by: Duration) -> Self {
        Self(self.0.saturating_add(Self::from_duration(by).0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_utc_with_microseconds() {
        assert_eq!(Instant::from_unix_micros(1_795_435_065_123_456).to_string(), "2026-11-23T11:57:45.123456Z");
        assert_eq!(Instant::from_unix_seconds(0).to_string(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Instant::from_unix_micros(-1).to_string(), "1969-12-31T23:59:59.999999Z");
        assert_eq!(Instant::from_unix_micros(i64::MAX).to_string(), "9223372036854775807 us");
    }

    #[test]
    fn counts_seconds_downwards() {
        assert_eq!(Instant::from_unix_micros(-1).unix_seconds(), -1);
        assert_eq!(Instant::from_unix_micros(1_999_999).unix_seconds(), 1);
    }

    #[test]
    fn has_no_negative_durations_thr_34() {
        let (early, late) = (Instant::from_unix_micros(10), Instant::from_unix_micros(15));
        assert_eq!(late.since(early), Some(Duration::from_micros(5)));
        assert_eq!(early.since(late), None);
        assert_eq!(Instant::from_unix_micros(i64::MAX).since(Instant::from_unix_micros(-1)), None);
    }

    #[test]
    fn rounds_bounds_against_us() {
        assert_eq!(Uncertainty::from_duration(Duration::from_nanos(1_001)).as_micros(), 2);
        assert_eq!(Uncertainty::from_micros(5).widened(Duration::from_nanos(1)).as_micros(), 6);
        assert_eq!(Uncertainty::from_micros(5).widened(Duration::MAX).as_micros(), u64::MAX);
    }
}
