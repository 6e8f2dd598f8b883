//! notBefore and notAfter: how they are written, and how far apart they are.

use ::time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time};
use kokuin_asn1::{Tlv, tag};

use super::Findings;
use crate::{rule::Rule, view::View};

/// Unix seconds, where they could be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) not_before: Option<i64>,
    pub(super) not_after: Option<i64>,
}

/// A time as generously read as linting needs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Written {
    year: i32,
    unix: i64,
    strict: bool,
}

pub(super) fn check(view: &View<'_>, findings: &mut Findings<'_>) -> Times {
    let not_before = check_one("notBefore", view.not_before, findings);
    let not_after = check_one("notAfter", view.not_after, findings);
    if let (Some(start), Some(end)) = (not_before, not_after) {
        findings.add_if(end < start, Rule::ValidityPositive, || {
            format!("notAfter {} is before notBefore {}", show(end), show(start))
        });
        let rule = &findings.profile.validity;
        let (max, usual) = (rule.max_months, rule.usual_months.unwrap_or(rule.max_months));
        if end > add_months(start, max) {
            let limit = show(add_months(start, max));
            findings.add(Rule::ValidityLimit, format!("valid to {}, {max} months end at {limit}", show(end)));
        } else if end > add_months(start, usual) {
            let limit = show(add_months(start, usual));
            findings.add(Rule::ValidityPractice, format!("valid to {}, {usual} months end at {limit}", show(end)));
        }
    }
    Times { not_before, not_after }
}

fn check_one(what: &str, tlv: Tlv<'_>, findings: &mut Findings<'_>) -> Option<i64> {
    let text = String::from_utf8_lossy(tlv.value);
    let Some(written) = read(tlv) else {
        findings.add(Rule::TimeForm, format!("{what} is {text:?}, no UTCTime or GeneralizedTime"));
        return None;
    };
    findings.add_if(!written.strict, Rule::TimeForm, || {
        format!("{what} is {text:?}, seconds and Z without a fraction are required")
    });
    findings.add_if((tlv.tag == tag::UTC_TIME) != (written.year < 2050), Rule::TimeType, || {
        let found = if tlv.tag == tag::UTC_TIME { "UTCTime" } else { "GeneralizedTime" };
        format!("{what} in {} is {found}, GeneralizedTime begins with 2050", written.year)
    });
    Some(written.unix)
}

/// Reads either type, with or without seconds, fraction and offset.
fn read(tlv: Tlv<'_>) -> Option<Written> {
    let text = std::str::from_utf8(tlv.value).ok()?;
    let (year, rest, max_year_digits) = match tlv.tag {
        tag::UTC_TIME => {
            let short: i32 = number(text.get(..2)?)?;
            (if short < 50 { 2000 + short } else { 1900 + short }, text.get(2..)?, 2)
        }
        tag::GENERALIZED_TIME => (number(text.get(..4)?)?, text.get(4..)?, 4),
        _ => return None,
    };
    let month: u8 = number(rest.get(..2)?)?;
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, number(rest.get(2..4)?)?).ok()?;
    let (hour, minute) = (number(rest.get(4..6)?)?, number(rest.get(6..8)?)?);
    let (second, tail) = match rest.get(8..10).and_then(number) {
        Some(second) => (second, rest.get(10..)?),
        None => (0, rest.get(8..)?),
    };
    let clock = Time::from_hms(hour, minute, second).ok()?;
    let strict = tail == "Z" && text.len() == max_year_digits + 11;
    let unix = PrimitiveDateTime::new(date, clock).assume_utc().unix_timestamp();
    Some(Written { year, unix, strict })
}

fn number<T: std::str::FromStr>(digits: &str) -> Option<T> {
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// `months` calendar months later; the last day of a month stays one. Saturates at the year 9999.
#[must_use]
pub fn add_months(unix: i64, months: u32) -> i64 {
    let Ok(start) = OffsetDateTime::from_unix_timestamp(unix) else { return unix };
    let count = i64::from(start.year()) * 12 + i64::from(u8::from(start.month())) - 1 + i64::from(months);
    let shifted = i32::try_from(count.div_euclid(12)).ok().zip(u8::try_from(count.rem_euclid(12) + 1).ok()).and_then(
        |(year, month)| {
            let month = Month::try_from(month).ok()?;
            Date::from_calendar_date(year, month, start.day().min(month.length(year))).ok()
        },
    );
    shifted.unwrap_or(Date::MAX).with_time(start.time()).assume_utc().unix_timestamp()
}

/// `2037-11-23T00:00:00Z`.
pub(super) fn show(unix: i64) -> String {
    OffsetDateTime::from_unix_timestamp(unix).map_or_else(
        |_| unix.to_string(),
        |at| {
            let (date, time) = (at.date(), at.time());
            format!("{date}T{:02}:{:02}:{:02}Z", time.hour(), time.minute(), time.second())
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_calendar_months_and_keeps_to_the_end_of_a_month() {
        // 2024-01-31T12:00:00Z and one month: 2024-02-29.
        assert_eq!(show(add_months(1_706_702_400, 1)), "2024-02-29T12:00:00Z");
        // 2026-11-23T00:00:00Z and 135 months: 2038-02-23.
        assert_eq!(show(add_months(1_795_392_000, 135)), "2038-02-23T00:00:00Z");
    }

    #[test]
    fn reads_loose_times_and_says_that_they_are_loose_cert_02() {
        let read = |tag, value: &'static [u8]| read(Tlv { tag, raw: value, value });
        assert_eq!(read(0x17, b"261123000000Z"), Some(Written { year: 2026, unix: 1_795_392_000, strict: true }));
        assert_eq!(read(0x17, b"500101000000Z").unwrap().year, 1950);
        assert!(!read(0x17, b"2611230000Z").unwrap().strict);
        assert!(!read(0x17, b"261123000000+0900").unwrap().strict);
        assert!(!read(0x18, b"20261123000000.5Z").unwrap().strict);
        assert_eq!(read(0x17, b"261323000000Z"), None);
        assert_eq!(read(0x0c, b"261123000000Z"), None);
    }
}
