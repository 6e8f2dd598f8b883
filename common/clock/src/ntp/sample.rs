//! One answer of one server, and how far it may be from UTC.

use std::{net::SocketAddr, time::Duration};

use crate::Monotonic;

/// What a server announces for the end of the day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Leap {
    /// Nothing.
    None,
    /// The last minute has 61 seconds.
    Insert,
    /// The last minute has 59 seconds.
    Delete,
}

/// How it is known that an answer comes from the source it names.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Authentication {
    /// It is not: plain NTP.
    None,
    /// Network Time Security (RFC 8915).
    Nts,
    /// A chrony on this machine says so; what it hears is not authenticated, or it does not tell.
    Chrony,
    /// A chrony on this machine says so, and every source that it combines is authenticated by NTS.
    ChronyNts,
}

impl Authentication {
    /// Stable name, for logs.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Nts => "nts",
            Self::Chrony => "chrony",
            Self::ChronyNts => "chrony-nts",
        }
    }

    /// Whether a chrony says so.
    pub(crate) const fn is_by_chrony(self) -> bool {
        matches!(self, Self::Chrony | Self::ChronyNts)
    }

    /// Whether nobody on the way can make up the answer.
    #[must_use]
    pub const fn is_authenticated(self) -> bool {
        matches!(self, Self::Nts | Self::ChronyNts)
    }
}

/// One answer. Times are offsets against the clock that nobody sets, so that setting the machine's clock changes nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sample {
    /// UTC minus the monotonic clock, in microseconds.
    pub offset_us: i64,
    /// From sending the question to having the answer, on the monotonic clock. The server's own time in between is left
    /// in: it is the server's claim.
    pub delay: Duration,
    /// The server's round trip to its reference clock.
    pub root_delay: Duration,
    /// What the server says its own error may be.
    pub root_dispersion: Duration,
    /// The server's resolution.
    pub precision: Duration,
    /// Steps from a reference clock: 1 to 15.
    pub stratum: u8,
    /// What the server announces.
    pub leap: Leap,
    /// Name of a reference clock, or address of the server above.
    pub reference_id: [u8; 4],
    /// How it is known who answered.
    pub authentication: Authentication,
    /// Who answered. Two answers of one address are one source.
    pub address: SocketAddr,
    /// When the answer came.
    pub taken_at: Monotonic,
}

/// What reading this machine's clock and the library's arithmetic round away, in microseconds.
const RESOLUTION_US: u64 = 4;

impl Sample {
    /// UTC is within this of the offset at `now`, in microseconds: half of both round trips, whichever way they are
    /// asymmetric (THR-32), dispersion, both resolutions, and drift since the question was sent. Each term is rounded up.
    #[must_use]
    pub fn bound_us(&self, now: Monotonic, drift_ppm: u32) -> u64 {
        let age = now.since(self.taken_at).saturating_add(self.delay);
        [
            micros_up(self.delay).div_ceil(2),
            micros_up(self.root_delay).div_ceil(2),
            micros_up(self.root_dispersion),
            micros_up(self.precision),
            RESOLUTION_US,
            drift_us(age, drift_ppm),
        ]
        .into_iter()
        .fold(0, u64::saturating_add)
    }

    /// Where the true offset lies at `now`.
    pub(crate) fn interval(&self, now: Monotonic, drift_ppm: u32) -> Interval {
        Interval::around(self.offset_us, self.bound_us(now, drift_ppm))
    }
}

/// Offsets from `low` to `high`, both included, in microseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Interval {
    pub(crate) low: i64,
    pub(crate) high: i64,
}

impl Interval {
    /// `bound` to either side of `centre`.
    pub(crate) const fn around(centre: i64, bound: u64) -> Self {
        Self { low: centre.saturating_sub_unsigned(bound), high: centre.saturating_add_unsigned(bound) }
    }

    /// Wider by `by` on either side.
    pub(crate) const fn widened(self, by: u64) -> Self {
        Self { low: self.low.saturating_sub_unsigned(by), high: self.high.saturating_add_unsigned(by) }
    }

    /// The same, `by` later.
    pub(crate) const fn shifted(self, by: i64) -> Self {
        Self { low: self.low.saturating_add(by), high: self.high.saturating_add(by) }
    }

    /// What both share.
    pub(crate) fn intersection(self, other: Self) -> Option<Self> {
        let (low, high) = (self.low.max(other.low), self.high.min(other.high));
        (low <= high).then_some(Self { low, high })
    }
}

/// How far `drift_ppm` can carry a clock in `age`, in microseconds, rounded up.
pub(crate) fn drift_us(age: Duration, drift_ppm: u32) -> u64 {
    let nanos = age.as_nanos().saturating_mul(u128::from(drift_ppm)).div_ceil(1_000_000);
    u64::try_from(nanos.div_ceil(1_000)).unwrap_or(u64::MAX)
}

/// Whole microseconds, rounded up.
pub(crate) fn micros_up(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An answer 10 s after the start of the machine.
    pub(crate) fn sample(offset_us: i64, delay_us: u64) -> Sample {
        Sample {
            offset_us,
            delay: Duration::from_micros(delay_us),
            root_delay: Duration::ZERO,
            root_dispersion: Duration::ZERO,
            precision: Duration::ZERO,
            stratum: 1,
            leap: Leap::None,
            reference_id: *b"NICT",
            authentication: Authentication::None,
            address: SocketAddr::from(([192, 0, 2, 1], 123)),
            taken_at: Monotonic::from_start(Duration::from_secs(10)),
        }
    }

    fn at(seconds: u64) -> Monotonic {
        Monotonic::from_start(Duration::from_secs(seconds))
    }

    #[test]
    fn adds_up_every_term_rounded_up_tsp_60() {
        let full = Sample {
            root_delay: Duration::from_micros(2_001),
            root_dispersion: Duration::from_nanos(300_001),
            precision: Duration::from_nanos(954),
            ..sample(0, 20_001)
        };
        // 10,001 + 1,001 + 301 + 1 + 4, and 2 us of drift during the round trip.
        assert_eq!(full.bound_us(at(10), 50), 11_310);
        // 100 s later 50 ppm are 5,000 us more, and the 2 us are 1.00005 rounded up.
        assert_eq!(full.bound_us(at(110), 50), 11_308 + 5_002);
    }

    #[test]
    fn covers_a_delay_that_is_all_on_one_side_thr_32() {
        // 3 s on the way back make the answer look 1.5 s early.
        let asymmetric = sample(-1_500_000, 3_000_000).interval(at(10), 15);
        assert!(asymmetric.low <= 0 && asymmetric.high >= 0, "{asymmetric:?}");
    }

    #[test]
    fn touches_count_as_shared() {
        let (left, right) = (Interval { low: 0, high: 5 }, Interval { low: 5, high: 9 });
        assert_eq!(left.intersection(right), Some(Interval { low: 5, high: 5 }));
        assert_eq!(left.intersection(right.widened(0)), Some(Interval { low: 5, high: 5 }));
        assert_eq!(left.intersection(Interval { low: 6, high: 9 }), None);
    }
}
