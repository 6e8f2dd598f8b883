//! Smallest and largest of what was seen.

use serde_json::{Value, json};

/// Smallest and largest of what was seen, in microseconds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Span(Option<(i64, i64)>);

impl Span {
    /// Takes a value.
    pub(super) fn add(&mut self, value: i64) {
        self.0 = Some(self.0.map_or((value, value), |(min, max)| (min.min(value), max.max(value))));
    }

    /// Takes a value that cannot be below zero.
    pub(super) fn add_unsigned(&mut self, value: u64) {
        self.add(i64::try_from(value).unwrap_or(i64::MAX));
    }

    /// Smallest and largest; `None`: nothing was seen.
    #[must_use]
    pub const fn ends(self) -> Option<(i64, i64)> {
        self.0
    }

    pub(super) fn to_json(self) -> Value {
        self.0.map_or(Value::Null, |(min, max)| json!({"min": min, "max": max}))
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some((min, max)) => write!(f, "{min} to {max} us"),
            None => f.write_str("none recorded"),
        }
    }
}
