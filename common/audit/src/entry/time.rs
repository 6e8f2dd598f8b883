//! Times in entries: UTC, always with six decimals.

use std::{fmt, time::SystemTime};

use serde::{Deserialize, Serialize};
use time::{Date, Month, OffsetDateTime, Time};

use super::FieldError;

/// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: what four digits of year can say.
const RANGE: (i64, i64) = (-62_167_219_200_000_000, 253_402_300_799_999_999);

/// Microseconds since 1970-01-01T00:00:00Z, without leap seconds; years 0 to 9999.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogTime(i64);

impl LogTime {
    /// From Unix microseconds; beyond the years 0 to 9999 it stops at their ends.
    #[must_use]
    pub const fn from_unix_micros(micros: i64) -> Self {
        if micros < RANGE.0 {
            Self(RANGE.0)
        } else if micros > RANGE.1 {
            Self(RANGE.1)
        } else {
            Self(micros)
        }
    }

    /// From Unix seconds; beyond the years 0 to 9999 it stops at their ends.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self::from_unix_micros(seconds.saturating_mul(1_000_000))
    }

    /// What the system clock says, for entries whose time nobody vouches for.
    #[must_use]
    pub fn system_now() -> Self {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_micros());
        Self::from_unix_micros(i64::try_from(since).unwrap_or(i64::MAX))
    }

    /// Unix microseconds.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    /// Reads `2026-11-23T12:00:00.000000Z`, this form only.
    ///
    /// # Errors
    /// [`FieldError::Time`] for any other.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        Self::read(text)
            .filter(|time| time.to_string() == text)
            .ok_or_else(|| FieldError::Time(text.chars().take(40).collect()))
    }

    fn read(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
        let small = |from, to| u8::try_from(number(from, to)?).ok();
        let date = Date::from_calendar_date(
            i32::try_from(number(0, 4)?).ok()?,
            Month::try_from(small(5, 7)?).ok()?,
            small(8, 10)?,
        );
        let time = Time::from_hms_micro(small(11, 13)?, small(14, 16)?, small(17, 19)?, number(20, 26)?).ok()?;
        let micros = OffsetDateTime::new_utc(date.ok()?, time).unix_timestamp_nanos() / 1000;
        Some(Self(i64::try_from(micros).ok()?))
    }

    pub(super) fn write(self, out: &mut String) {
        let nanos = i128::from(self.0) * 1000;
        let at = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        let mut digits = |value: u32, places: u32, after: char| {
            for place in (0..places).rev() {
                out.push(char::from_digit(value / 10_u32.pow(place) % 10, 10).unwrap_or('0'));
            }
            out.push(after);
        };
        digits(u32::try_from(at.year()).unwrap_or(0), 4, '-');
        digits(u32::from(u8::from(at.month())), 2, '-');
        digits(u32::from(at.day()), 2, 'T');
        digits(u32::from(at.hour()), 2, ':');
        digits(u32::from(at.minute()), 2, ':');
        digits(u32::from(at.second()), 2, '.');
        digits(at.microsecond(), 6, 'Z');
    }
}

impl fmt::Display for LogTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(27);
        self.write(&mut text);
        f.write_str(&text)
    }
}

impl TryFrom<String> for LogTime {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::parse(&text)
    }
}

impl From<LogTime> for String {
    fn from(time: LogTime) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (1_795_435_200_123_456, "2026-11-23T12:00:00.123456Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
            (RANGE.0, "0000-01-01T00:00:00.000000Z"),
            (RANGE.1, "9999-12-31T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
        ] {
            assert_eq!(LogTime(micros).to_string(), text);
            assert_eq!(LogTime::parse(text), Ok(LogTime(micros)));
        }
    }

    #[test]
    fn refuses_other_spellings() {
        for bad in [
            "2026-11-23T12:00:00Z",
            "2026-11-23T12:00:00.123Z",
            "2026-11-23 12:00:00.000000Z",
            "2026-11-23T12:00:00.000000+00:00",
            "2026-02-30T12:00:00.000000Z",
            "2026-11-23T23:59:60.000000Z",
            "+026-11-23T12:00:00.000000Z",
            "",
        ] {
            assert_eq!(LogTime::parse(bad), Err(FieldError::Time(bad.to_owned())), "{bad}");
        }
    }

    #[test]
    fn stops_at_the_ends_of_four_digit_years() {
        assert_eq!(LogTime::from_unix_micros(i64::MAX).to_string(), "9999-12-31T23:59:59.999999Z");
        assert_eq!(LogTime::from_unix_seconds(i64::MIN).to_string(), "0000-01-01T00:00:00.000000Z");
    }
}
