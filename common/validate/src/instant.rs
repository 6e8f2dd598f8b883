//! Times as people and JSON read them.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// RFC 3339, UTC; whole seconds.
#[must_use]
pub fn rfc3339(unix_seconds: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix_seconds)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{unix_seconds} s since 1970"))
}

/// RFC 3339, UTC; the fraction as far as it is not zero.
#[must_use]
pub fn rfc3339_micros(unix_micros: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_micros) * 1_000)
        .ok()
        .and_then(|time| time.format(&Rfc3339).ok())
        .unwrap_or_else(|| format!("{unix_micros} us since 1970"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_utc_with_and_without_fraction() {
        assert_eq!(rfc3339(1_795_435_200), "2026-11-23T12:00:00Z");
        assert_eq!(rfc3339_micros(1_795_435_200_250_000), "2026-11-23T12:00:00.25Z");
    }

    #[test]
    fn shows_what_no_calendar_holds() {
        assert_eq!(rfc3339(i64::MAX), "9223372036854775807 s since 1970");
    }
}
