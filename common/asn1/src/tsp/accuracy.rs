//! `Accuracy` (RFC 3161 2.4.2).

use crate::{Asn1Error, Reader, enc, integer, tag};

/// How far the time of a token may be from UTC, on either side.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Accuracy {
    /// Whole seconds.
    pub seconds: u32,
    /// Milliseconds after them, at most 999.
    pub millis: u16,
    /// Microseconds after those, at most 999.
    pub micros: u16,
}

impl Accuracy {
    /// Splits microseconds; above 136 years, the largest there is.
    #[must_use]
    pub fn from_micros(micros: u64) -> Self {
        match u32::try_from(micros / 1_000_000) {
            Ok(seconds) => Self { seconds, millis: (micros / 1_000 % 1_000) as u16, micros: (micros % 1_000) as u16 },
            Err(_) => Self { seconds: u32::MAX, millis: 999, micros: 999 },
        }
    }

    /// All of it in microseconds.
    #[must_use]
    pub fn as_micros(self) -> u64 {
        u64::from(self.seconds) * 1_000_000 + u64::from(self.millis) * 1_000 + u64::from(self.micros)
    }

    /// Reads the next element if it is an `Accuracy`.
    pub(crate) fn read_optional(reader: &mut Reader<'_>) -> Result<Option<Self>, Asn1Error> {
        let Some(mut inner) = reader.enter_optional(tag::SEQUENCE, "accuracy")? else { return Ok(None) };
        let at = inner.place("seconds");
        let seconds = if inner.peek_tag() == Some(tag::INTEGER) { inner.integer("seconds")? } else { &[0] };
        let seconds = integer::to_u64(seconds)
            .and_then(|seconds| u32::try_from(seconds).ok())
            .ok_or(Asn1Error::IntegerOutOfRange { at })?;
        let millis = thousandths(&mut inner, 0, "millis")?;
        let micros = thousandths(&mut inner, 1, "micros")?;
        inner.finish()?;
        Ok(Some(Self { seconds, millis, micros }))
    }

    /// Appends the SEQUENCE; parts that are zero are left out (TSP-35).
    pub fn encode_into(self, out: &mut Vec<u8>) {
        let mut content = Vec::with_capacity(16);
        if self.seconds > 0 {
            enc::uint_into(&mut content, &self.seconds.to_be_bytes());
        }
        for (number, value) in [(0, self.millis), (1, self.micros)] {
            if value > 0 {
                let start = content.len();
                enc::uint_into(&mut content, &value.to_be_bytes());
                content[start] = tag::context(number);
            }
        }
        enc::tlv_into(out, tag::SEQUENCE, &content);
    }
}

/// `[number] INTEGER (1..999) OPTIONAL`, absent as 0.
fn thousandths(reader: &mut Reader<'_>, number: u8, field: &'static str) -> Result<u16, Asn1Error> {
    let at = reader.place(field);
    let Some(tlv) = reader.optional(tag::context(number), field)? else { return Ok(0) };
    integer::check_minimal(tlv.value, at)?;
    integer::to_u64(tlv.value)
        .and_then(|value| u16::try_from(value).ok())
        .filter(|value| (1..=999).contains(value))
        .ok_or(Asn1Error::IntegerOutOfRange { at })
}
