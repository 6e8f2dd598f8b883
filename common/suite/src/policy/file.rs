//! The TOML of a policy file, field by field. What the fields mean is written in `policy/*.toml`.

use serde::Deserialize;
use time::{Date, Month, Time};
use toml::value::Datetime;

use crate::policy::PolicyError;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) issued: Datetime,
    pub(super) source: String,
    pub(super) rsa_exponent: Option<ExponentRange>,
    #[serde(default)]
    pub(super) strength: Vec<StrengthRow>,
    #[serde(default)]
    pub(super) digest: Vec<Row>,
    #[serde(default)]
    pub(super) scheme: Vec<Row>,
    #[serde(default)]
    pub(super) key: Vec<Row>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExponentRange {
    pub(super) above_power_of_two: u32,
    pub(super) below_power_of_two: u32,
    #[serde(rename = "status")]
    _status: Status,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StrengthRow {
    pub(super) bits: u32,
    pub(super) certify_end: Option<Datetime>,
    pub(super) sign_end: Option<Datetime>,
    pub(super) rely_end: Option<Datetime>,
    pub(super) process_end: Option<Datetime>,
    pub(super) status: Status,
    pub(super) note: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) min_bits: Option<u32>,
    pub(super) max_bits: Option<u32>,
    pub(super) listed: Listed,
    pub(super) strength: Option<u32>,
    pub(super) certify_end: Option<Datetime>,
    pub(super) sign_end: Option<Datetime>,
    pub(super) rely_end: Option<Datetime>,
    pub(super) process_end: Option<Datetime>,
    pub(super) status: Status,
    pub(super) note: String,
}

/// How a standard lists an algorithm.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Listed {
    Recommended,
    Legacy,
    Withdrawn,
    Monitored,
    None,
}

/// How well a row's values are known.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Verified,
    Secondary,
    Unverified,
}

impl Row {
    /// Passes `selected` on if the row has no range of bits.
    pub(super) fn without_bits<T>(&self, selected: T) -> Result<T, PolicyError> {
        if self.min_bits.is_some() || self.max_bits.is_some() {
            return Err(PolicyError::Bits(self.name.clone()));
        }
        Ok(selected)
    }
}

/// The first second of a day, UTC, as UNIX time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound(pub(super) i64);

impl Bound {
    /// # Errors
    /// [`PolicyError::Date`] for anything but a plain date.
    pub(super) fn new(value: &Datetime) -> Result<Self, PolicyError> {
        let refused = || PolicyError::Date(value.to_string());
        let (Some(day), None, None) = (value.date, value.time, value.offset) else { return Err(refused()) };
        let month = Month::try_from(day.month).map_err(|_| refused())?;
        let date = Date::from_calendar_date(i32::from(day.year), month, day.day).map_err(|_| refused())?;
        Ok(Self(date.with_time(Time::MIDNIGHT).assume_utc().unix_timestamp()))
    }
}
