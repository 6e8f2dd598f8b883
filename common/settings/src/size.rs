//! Sizes as people write them: a whole number and a unit.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A positive number of bytes: `512B`, `16KiB`, `10MiB`, `1GiB`; also `kB`, `MB`, `GB` for powers of ten.
///
/// Never zero, so that no limit can be switched off by mistake (THR-103).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct ByteSize(u64);

/// A rule of [`ByteSize`] that a text broke.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SizeError {
    /// Below zero.
    #[error("a size is never negative: {0:?}")]
    Negative(String),
    /// Nothing at all.
    #[error("a size is never zero: {0:?}")]
    Zero(String),
    /// No number, no unit, or an unknown one.
    #[error("a size is a whole number and one of B, KiB, MiB, GiB, kB, MB, GB: {0:?}")]
    Malformed(String),
    /// More than 2^48 bytes.
    #[error("a size is at most 262144GiB: {0:?}")]
    TooLarge(String),
}

impl ByteSize {
    /// Bytes; zero becomes one.
    #[must_use]
    pub const fn from_bytes(bytes: u32) -> Self {
        Self(if bytes == 0 { 1 } else { bytes as u64 })
    }

    /// Bytes, positive, at most 2^48.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }

    /// Bytes as a length in memory; saturates where memory is smaller.
    #[must_use]
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl FromStr for ByteSize {
    type Err = SizeError;

    fn from_str(text: &str) -> Result<Self, SizeError> {
        if text.starts_with('-') {
            return Err(SizeError::Negative(text.to_owned()));
        }
        let malformed = || SizeError::Malformed(text.to_owned());
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit: u64 = match unit.trim_start_matches(' ') {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "kB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            _ => return Err(malformed()),
        };
        if number.is_empty() {
            return Err(malformed());
        }
        match number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
            Some(0) => Err(SizeError::Zero(text.to_owned())),
            Some(bytes) if bytes <= 1 << 48 => Ok(Self(bytes)),
            Some(_) | None => Err(SizeError::TooLarge(text.to_owned())),
        }
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match [(30, "GiB"), (20, "MiB"), (10, "KiB")].iter().find(|(bits, _)| self.0.is_multiple_of(1 << bits)) {
            Some((bits, name)) => write!(f, "{}{name}", self.0 >> bits),
            None => write!(f, "{}B", self.0),
        }
    }
}

impl<'de> Deserialize<'de> for ByteSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for ByteSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_unit_and_writes_it_back() {
        for (text, bytes) in
            [("1B", 1), ("16KiB", 16_384), ("10MiB", 10_485_760), ("1GiB", 1 << 30), ("5MB", 5_000_000)]
        {
            assert_eq!(text.parse::<ByteSize>().unwrap().bytes(), bytes);
        }
        assert_eq!("1024KiB".parse::<ByteSize>().unwrap().to_string(), "1MiB");
        assert_eq!("1kB".parse::<ByteSize>().unwrap().to_string(), "1000B");
    }

    #[test]
    fn refuses_what_is_no_positive_size_thr_103() {
        for (text, error) in [
            ("-1B", SizeError::Negative("-1B".into())),
            ("0MiB", SizeError::Zero("0MiB".into())),
            ("5", SizeError::Malformed("5".into())),
            ("KiB", SizeError::Malformed("KiB".into())),
            ("5 TB", SizeError::Malformed("5 TB".into())),
            ("262145GiB", SizeError::TooLarge("262145GiB".into())),
        ] {
            assert_eq!(text.parse::<ByteSize>(), Err(error));
        }
    }
}
