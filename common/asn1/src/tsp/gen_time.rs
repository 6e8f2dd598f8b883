//! `genTime` (RFC 3161 2.4.2).

use std::fmt;

use crate::{
    Asn1Error, Place, Reader,
    calendar::{Civil, digits, generalized_seconds, push_digits},
    enc, tag,
};

/// Digits after the point that are read: nanoseconds.
const MAX_FRACTION: usize = 9;

/// The instant of a token, to the nanosecond when read, to the microsecond when made.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct GenTime {
    seconds: i64,
    nanos: u32,
}

impl GenTime {
    /// Takes microseconds since 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`Asn1Error::TimeOutOfRange`] outside the years 0000 to 9999.
    pub fn from_unix_micros(micros: i64) -> Result<Self, Asn1Error> {
        let seconds = micros.div_euclid(1_000_000);
        let nanos = u32::try_from(micros.rem_euclid(1_000_000) * 1_000).map_err(|_| Asn1Error::TimeOutOfRange)?;
        Civil::from_unix(seconds).map(|_| Self { seconds, nanos }).ok_or(Asn1Error::TimeOutOfRange)
    }

    /// Microseconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn unix_micros(self) -> i64 {
        self.seconds * 1_000_000 + (self.nanos / 1_000) as i64
    }

    /// Seconds since 1970-01-01T00:00:00Z, rounded down.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.seconds
    }

    /// Nanoseconds after [`GenTime::unix_seconds`].
    #[must_use]
    pub const fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// Reads `YYYYMMDDhhmmss[.s]Z`: a fraction of one to nine digits without trailing zero, a time of day that exists, no second 60 (TSP-34).
    ///
    /// # Errors
    /// [`Asn1Error::TimeMalformed`].
    pub fn parse(text: &[u8]) -> Result<Self, Asn1Error> {
        Self::at(text, Place { field: "genTime", offset: 0 })
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Asn1Error> {
        let tlv = reader.expect(tag::GENERALIZED_TIME, "genTime")?;
        Self::at(tlv.value, reader.inside(tlv, "genTime").here())
    }

    fn at(text: &[u8], at: Place) -> Result<Self, Asn1Error> {
        Self::from_text(text).ok_or(Asn1Error::TimeMalformed { at })
    }

    fn from_text(text: &[u8]) -> Option<Self> {
        let (whole, rest) = text.split_at_checked(14)?;
        let nanos = match rest {
            [b'Z'] => 0,
            [b'.', fraction @ .., last @ b'1'..=b'9', b'Z'] if fraction.len() < MAX_FRACTION => {
                let value = digits(fraction)? * 10 + i64::from(last - b'0');
                (fraction.len() + 1..MAX_FRACTION).fold(u32::try_from(value).ok()?, |nanos, _| nanos * 10)
            }
            _ => return None,
        };
        Some(Self { seconds: generalized_seconds(whole)?, nanos })
    }

    /// Appends the `GeneralizedTime`.
    pub fn encode_into(self, out: &mut Vec<u8>) {
        let mut text = Vec::with_capacity(25);
        self.push_text(&mut text);
        enc::tlv_into(out, tag::GENERALIZED_TIME, &text);
    }

    fn push_text(self, out: &mut Vec<u8>) {
        if let Some(civil) = Civil::from_unix(self.seconds) {
            civil.push_generalized(out);
        }
        if self.nanos > 0 {
            out.push(b'.');
            push_digits(out, i64::from(self.nanos), 9);
            while out.last() == Some(&b'0') {
                out.pop();
            }
        }
        out.push(b'Z');
    }
}

impl fmt::Display for GenTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(25);
        self.push_text(&mut text);
        text.iter().try_for_each(|&octet| fmt::Write::write_char(f, char::from(octet)))
    }
}
