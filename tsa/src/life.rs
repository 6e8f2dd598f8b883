//! When a key may sign, as the configuration says it. Certificate and key-usage period are asked beside this, not instead.

use std::fmt;

use crate::config::{ConfiguredState, Moment, TsuConfig};

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Phase {
    /// Loaded and tested; signs later.
    Prepared,
    /// Signs.
    Active,
    /// Never signs again.
    Retired,
}

impl Phase {
    /// The usual word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The instants of `genTime` that a key signs: the first included, the last not. Those of a key and of the one that follows it touch and never
/// overlap, so that the time of a token alone says which of them signs it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Life {
    /// Microseconds since 1970.
    from: i64,
    /// Microseconds since 1970.
    until: i64,
}

impl Life {
    /// Never signs, and never did.
    pub const RETIRED: Self = Self { from: i64::MIN, until: i64::MIN };

    /// The whole life of the address that `config` describes.
    #[must_use]
    pub fn of(config: &TsuConfig) -> Self {
        let begin = match config.state {
            ConfiguredState::Active => i64::MIN,
            ConfiguredState::Prepared => i64::MAX,
            ConfiguredState::Retired => return Self::RETIRED,
        };
        Self {
            from: config.active_from.map_or(begin, Moment::unix_micros),
            until: config.active_until.map_or(i64::MAX, Moment::unix_micros),
        }
    }

    /// The part before a successor takes over.
    #[must_use]
    pub const fn ending(self, at: Moment) -> Self {
        Self { until: at.unix_micros(), ..self }
    }

    /// The part from a take-over on.
    #[must_use]
    pub const fn beginning(self, at: Moment) -> Self {
        Self { from: at.unix_micros(), ..self }
    }

    /// Where in its life an instant lies, microseconds since 1970.
    #[must_use]
    pub const fn phase_at(self, micros: i64) -> Phase {
        if micros >= self.until {
            Phase::Retired
        } else if micros < self.from {
            Phase::Prepared
        } else {
            Phase::Active
        }
    }

    /// The first instant, unix seconds, at which it signs; none: from ever.
    #[must_use]
    pub const fn begin(self) -> Option<i64> {
        if self.from == i64::MIN || self.from == i64::MAX { None } else { Some(self.from.div_euclid(1_000_000)) }
    }

    /// The last unix second at which it signs; none: no end.
    #[must_use]
    pub const fn end(self) -> Option<i64> {
        if self.until == i64::MAX { None } else { Some(self.until.saturating_sub(1).div_euclid(1_000_000)) }
    }

    /// Microseconds from `micros` to the next change of phase; none: there is none.
    #[must_use]
    pub const fn next_change(self, micros: i64) -> Option<i64> {
        match self.phase_at(micros) {
            Phase::Retired => None,
            Phase::Prepared => Some(self.from.saturating_sub(micros)),
            Phase::Active => Some(self.until.saturating_sub(micros)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn config(state: ConfiguredState, from: Option<i64>, until: Option<i64>) -> Life {
        let [active_from, active_until] = [from, until].map(|second| second.map(Moment::from_unix_seconds));
        let base = TsuConfig::development("a", "soft:a", PathBuf::new());
        Life::of(&TsuConfig { state, active_from, active_until, ..base })
    }

    #[test]
    fn begins_and_ends_at_its_dates_tsp_64() {
        let at = |life: Life| [-1, 0, 9_999_999, 10_000_000].map(|micros| life.phase_at(micros).as_str());
        let active = config(ConfiguredState::Active, None, None);
        assert_eq!(at(active), ["active"; 4]);
        assert_eq!(at(config(ConfiguredState::Active, Some(0), Some(10))), ["prepared", "active", "active", "retired"]);
        assert_eq!(at(config(ConfiguredState::Prepared, None, None)), ["prepared"; 4]);
        assert_eq!(
            at(config(ConfiguredState::Prepared, Some(10), None)),
            ["prepared", "prepared", "prepared", "active"]
        );
        assert_eq!(at(config(ConfiguredState::Retired, Some(0), None)), ["retired"; 4]);
        assert_eq!(
            at(config(ConfiguredState::Prepared, None, Some(10))),
            ["prepared", "prepared", "prepared", "retired"]
        );
    }

    #[test]
    fn one_of_two_keys_signs_at_each_instant_tsp_65() {
        let whole = config(ConfiguredState::Active, Some(0), Some(20));
        let over = Moment::from_unix_seconds(10);
        let (old, new) = (whole.ending(over), whole.beginning(over));
        for micros in [0, 1, 9_999_999, 10_000_000, 10_000_001, 19_999_999] {
            let signs = [old, new].map(|life| life.phase_at(micros) == Phase::Active);
            assert_eq!(signs, [micros < 10_000_000, micros >= 10_000_000]);
        }
        assert_eq!((old.next_change(9_000_000), new.next_change(9_000_000)), (Some(1_000_000), Some(1_000_000)));
    }
}
