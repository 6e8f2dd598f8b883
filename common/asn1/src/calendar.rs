//! `UTCTime` and `GeneralizedTime`, as DER spells them (X.690 11.7, 11.8).

use crate::{Asn1Error, Place, Tlv, tag};

const SECONDS_PER_DAY: i64 = 86_400;

/// A date and a time of day, UTC, proleptic Gregorian, without leap seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Civil {
    pub(crate) year: i64,
    pub(crate) month: i64,
    pub(crate) day: i64,
    pub(crate) hour: i64,
    pub(crate) minute: i64,
    pub(crate) second: i64,
}

impl Civil {
    /// `None` outside the years 0000 to 9999.
    pub(crate) const fn from_unix(seconds: i64) -> Option<Self> {
        let days = seconds.div_euclid(SECONDS_PER_DAY);
        let of_day = seconds.rem_euclid(SECONDS_PER_DAY);
        // Howard Hinnant's civil_from_days: eras of 400 years that start on 1 March.
        let shifted = days.saturating_add(719_468);
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        if year < 0 || year > 9_999 {
            return None;
        }
        Some(Self { year, month, day, hour: of_day / 3_600, minute: of_day / 60 % 60, second: of_day % 60 })
    }

    pub(crate) const fn to_unix(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let shifted_month = (self.month + 9) % 12;
        let day_of_year = (153 * shifted_month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = era * 146_097 + day_of_era - 719_468;
        days * SECONDS_PER_DAY + self.hour * 3_600 + self.minute * 60 + self.second
    }

    const fn exists(self) -> bool {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let days = match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return false,
        };
        1 <= self.day && self.day <= days && self.hour < 24 && self.minute < 60 && self.second < 60
    }

    /// Appends `YYYYMMDDhhmmss`.
    pub(crate) fn push_generalized(self, out: &mut Vec<u8>) {
        push_digits(out, self.year, 4);
        self.push_after_year(out);
    }

    /// Appends `YYMMDDhhmmss`.
    pub(crate) fn push_utc(self, out: &mut Vec<u8>) {
        push_digits(out, self.year % 100, 2);
        self.push_after_year(out);
    }

    fn push_after_year(self, out: &mut Vec<u8>) {
        for part in [self.month, self.day, self.hour, self.minute, self.second] {
            push_digits(out, part, 2);
        }
    }
}

/// Appends `value` in exactly `width` decimal digits.
pub(crate) fn push_digits(out: &mut Vec<u8>, value: i64, width: u32) {
    for position in (0..width).rev() {
        let digit = value / 10_i64.pow(position) % 10;
        out.push(b'0' + u8::try_from(digit).unwrap_or(0));
    }
}

/// The number in `digits`, all of which must be decimal digits.
pub(crate) fn digits(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0_i64, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0')))
}

/// `MMDDhhmmss` of a year.
fn after_year(year: i64, text: &[u8]) -> Option<i64> {
    if text.len() != 10 {
        return None;
    }
    let part = |i: usize| digits(&text[2 * i..2 * i + 2]);
    let civil = Civil { year, month: part(0)?, day: part(1)?, hour: part(2)?, minute: part(3)?, second: part(4)? };
    civil.exists().then(|| civil.to_unix())
}

/// UNIX seconds of `YYYYMMDDhhmmss`.
pub(crate) fn generalized_seconds(text: &[u8]) -> Option<i64> {
    let (year, rest) = text.split_at_checked(4)?;
    after_year(digits(year)?, rest)
}

/// UNIX seconds of `YYMMDDhhmmss`; years 50 to 99 are 19xx (RFC 5280 4.1.2.5.1).
fn utc_seconds(text: &[u8]) -> Option<i64> {
    let (year, rest) = text.split_at_checked(2)?;
    let year = digits(year)?;
    after_year(if year >= 50 { 1900 + year } else { 2000 + year }, rest)
}

/// UNIX seconds of a `Time` (`UTCTime` or GeneralizedTime): seconds there, UTC as `Z`, no fraction (RFC 5280 4.1.2.5).
///
/// # Errors
/// [`Asn1Error::ChoiceUnknown`] for another type, [`Asn1Error::TimeMalformed`] for another spelling.
pub fn parse_time(tlv: Tlv<'_>, at: Place) -> Result<i64, Asn1Error> {
    let Some((b'Z', text)) = tlv.value.split_last() else { return Err(Asn1Error::TimeMalformed { at }) };
    let seconds = match tlv.tag {
        tag::UTC_TIME => utc_seconds(text),
        tag::GENERALIZED_TIME => generalized_seconds(text),
        found => return Err(Asn1Error::ChoiceUnknown { at, found }),
    };
    seconds.ok_or(Asn1Error::TimeMalformed { at })
}
