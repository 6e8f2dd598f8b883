//! Durations as people write them: a whole number and a unit.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A positive duration: `250ms`, `1s`, `5min`, `24h`, `7d`; units us, ms, s, min, h, d.
///
/// Never zero and never negative, so that no timeout can be switched off by mistake (THR-103).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct HumanDuration(Duration);

/// A rule of [`HumanDuration`] that a text broke.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DurationError {
    /// Below zero.
    #[error("a duration is never negative: {0:?}")]
    Negative(String),
    /// Nothing at all.
    #[error("a duration is never zero: {0:?}")]
    Zero(String),
    /// No number, no unit, or an unknown one.
    #[error("a duration is a whole number and one of us, ms, s, min, h, d: {0:?}")]
    Malformed(String),
    /// More than a hundred years.
    #[error("a duration is at most 36500d: {0:?}")]
    TooLong(String),
}

/// A hundred years, in microseconds.
const LONGEST_US: u64 = 36_500 * 86_400 * 1_000_000;

impl HumanDuration {
    /// As a duration of the standard library, positive.
    #[must_use]
    pub const fn as_std(self) -> Duration {
        self.0
    }

    /// A positive number of milliseconds; zero becomes one.
    #[must_use]
    pub const fn from_millis(millis: u32) -> Self {
        Self(Duration::from_millis(if millis == 0 { 1 } else { millis as u64 }))
    }
}

impl FromStr for HumanDuration {
    type Err = DurationError;

    fn from_str(text: &str) -> Result<Self, DurationError> {
        if text.starts_with('-') {
            return Err(DurationError::Negative(text.to_owned()));
        }
        let malformed = || DurationError::Malformed(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit_us: u64 = match unit.trim_start_matches(' ') {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "min" => 60_000_000,
            "h" => 3_600_000_000,
            "d" => 86_400_000_000,
            _ => return Err(malformed()),
        };
        if number.is_empty() {
            return Err(malformed());
        }
        let micros = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_us));
        match micros {
            Some(0) => Err(DurationError::Zero(text.to_owned())),
            Some(micros) if micros <= LONGEST_US => Ok(Self(Duration::from_micros(micros))),
            Some(_) | None => Err(DurationError::TooLong(text.to_owned())),
        }
    }
}

impl fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.as_micros();
        let units = [(86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"), (1_000, "ms")];
        match units.iter().find(|(unit, _)| micros.is_multiple_of(*unit)) {
            Some((unit, name)) => write!(f, "{}{name}", micros / unit),
            None => write!(f, "{micros}us"),
        }
    }
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit_and_writes_it_back() {
        for (text, micros) in
            [("7us", 7), ("250ms", 250_000), ("1s", 1_000_000), ("5min", 300_000_000), ("24h", 86_400_000_000)]
        {
            assert_eq!(text.parse::<HumanDuration>().unwrap().as_std(), Duration::from_micros(micros));
        }
        assert_eq!("24h".parse::<HumanDuration>().unwrap().to_string(), "1d");
        assert_eq!("1500ms".parse::<HumanDuration>().unwrap().to_string(), "1500ms");
    }

    #[test]
    fn refuses_what_is_no_positive_duration_thr_103() {
        for (text, error) in [
            ("-1s", DurationError::Negative("-1s".into())),
            ("0ms", DurationError::Zero("0ms".into())),
            ("5", DurationError::Malformed("5".into())),
            ("s", DurationError::Malformed("s".into())),
            ("1.5s", DurationError::Malformed("1.5s".into())),
            ("1 week", DurationError::Malformed("1 week".into())),
            ("36501d", DurationError::TooLong("36501d".into())),
            ("99999999999999999999s", DurationError::TooLong("99999999999999999999s".into())),
        ] {
            assert_eq!(text.parse::<HumanDuration>(), Err(error));
        }
    }
}
