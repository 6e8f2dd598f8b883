//! Latencies, counted to one part in a hundred.

use std::time::Duration;

/// Values below this are counted exactly; above, each power of two is cut into half as many steps.
const EXACT: u64 = 128;

/// Counts of durations in microseconds.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; place(u64::MAX) + 1], total: 0 }
    }

    pub(crate) fn record(&mut self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.counts[place(micros)] += 1;
        self.total += 1;
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
    }

    /// Microseconds that `per_mille` of all durations do not exceed, rounded up by at most one part in 64.
    pub(crate) fn quantile_us(&self, per_mille: u64) -> u64 {
        let rank = (u128::from(self.total) * u128::from(per_mille)).div_ceil(1_000);
        let mut below = 0_u128;
        for (place, count) in self.counts.iter().enumerate() {
            below += u128::from(*count);
            if below >= rank && *count > 0 {
                return upper(place);
            }
        }
        0
    }
}

/// Where a value is counted.
fn place(micros: u64) -> usize {
    if micros < EXACT {
        return usize::try_from(micros).unwrap_or(0);
    }
    let shift = micros.ilog2() - 6;
    // 64 steps for each power of two from 128 on.
    usize::try_from(u64::from(shift) * 64 + (micros >> shift)).unwrap_or(0)
}

/// The largest value that is counted at `place`.
fn upper(place: usize) -> u64 {
    let place = u64::try_from(place).unwrap_or(0);
    if place < EXACT {
        return place;
    }
    let shift = place / 64 - 1;
    ((place % 64 + 64) << shift) | ((1 << shift) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_every_value_where_it_belongs() {
        for value in (0..100_000).chain([u64::MAX / 3, u64::MAX]) {
            let top = upper(place(value));
            assert!(top >= value && top - value <= value / 64, "{value} counted as {top}");
        }
    }

    #[test]
    fn finds_quantiles() {
        let mut histogram = Histogram::new();
        for micros in 1..=1_000 {
            histogram.record(Duration::from_micros(micros));
        }
        assert_eq!(histogram.quantile_us(100), 100);
        assert!((500..=507).contains(&histogram.quantile_us(500)));
        assert!((999..=1_015).contains(&histogram.quantile_us(999)));
        let mut twice = Histogram::new();
        twice.add(&histogram);
        assert_eq!((twice.total, twice.quantile_us(100)), (1_000, 100));
    }
}
