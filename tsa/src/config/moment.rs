//! An instant as configuration spells it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A whole second of UTC: `2027-01-01T00:00:00Z` (RFC 3339).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Moment(i64);

/// Reads the text, and tells who leaves the quotes away (TOML has dates of its own) what is wanted.
struct InQuotes;

impl Visitor<'_> for InQuotes {
    type Value = Moment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in quotes such as \"2027-01-01T00:00:00Z\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
        Moment::try_from(text.to_owned()).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InQuotes)
    }
}

impl Moment {
    /// The moment so many seconds after 1970.
    #[must_use]
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.0
    }

    /// Microseconds since 1970.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.0.saturating_mul(1_000_000)
    }
}

impl TryFrom<String> for Moment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match OffsetDateTime::parse(&text, &Rfc3339) {
            Ok(time) if time.nanosecond() == 0 => Ok(Self(time.unix_timestamp())),
            Ok(_) | Err(_) => Err(format!("`{text}` is not a whole second such as `2027-01-01T00:00:00Z`")),
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match OffsetDateTime::from_unix_timestamp(self.0).ok().and_then(|time| time.format(&Rfc3339).ok()) {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} s since 1970", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_whole_seconds_of_any_zone_and_nothing_else() {
        let read = |text: &str| Moment::try_from(text.to_owned()).map(Moment::unix_seconds);
        assert_eq!(read("2026-11-23T12:00:00Z"), Ok(1_795_435_200));
        assert_eq!(read("2026-11-23T21:00:00+09:00"), Ok(1_795_435_200));
        for text in ["2026-11-23", "2026-11-23T12:00:00", "2026-11-23T12:00:00.5Z", "2026-11-23T12:00:60Z", "now", ""] {
            assert!(read(text).is_err(), "{text}");
        }
        assert_eq!(Moment::from_unix_seconds(1_795_435_200).to_string(), "2026-11-23T12:00:00Z");
    }
}
