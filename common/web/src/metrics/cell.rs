//! The cells that numbers are counted in.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::Label;

/// What a family is.
pub(super) enum Kind {
    Counter(Counter),
    Labelled(Labelled),
    Gauge(Gauge),
    Observed(Box<dyn Fn() -> i64 + Send + Sync>),
    ObservedEach(ObservedEach),
    Counted(Box<dyn Fn() -> u64 + Send + Sync>),
    ObservedNamed(&'static str, Box<dyn Fn() -> Vec<(String, i64)> + Send + Sync>),
    Histogram(Histogram),
}

/// A number for each value of a label, asked for when it is written.
pub(super) struct ObservedEach {
    pub(super) label: &'static str,
    pub(super) values: Vec<String>,
    pub(super) read: Box<dyn Fn(usize) -> Option<i64> + Send + Sync>,
}

/// A count that only grows.
#[derive(Clone, Debug, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Counts `by` more.
    pub fn add(&self, by: u64) {
        self.0.fetch_add(by, Relaxed);
    }

    /// The count so far.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A count for each value of one label, and one for all other values.
#[derive(Clone, Debug)]
pub struct Labelled {
    label: Label,
    /// One for each value, then `other`.
    cells: Arc<[Counter]>,
}

impl Labelled {
    pub(super) fn new(label: Label) -> Self {
        let cells = (0..=label.values.len()).map(|_| Counter::default()).collect();
        Self { label, cells }
    }

    /// The count of `value`, to be kept where it is used often.
    #[must_use]
    pub fn cell(&self, value: &str) -> Counter {
        let other = self.label.values.len();
        let place = self.label.values.iter().position(|known| *known == value).unwrap_or(other);
        self.cells[place].clone()
    }

    /// Counts one more of `value`.
    pub fn add(&self, value: &str) {
        self.cell(value).add(1);
    }

    pub(super) const fn label(&self) -> &'static str {
        self.label.name
    }

    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.label.values.iter().copied().chain(["other"]).zip(self.cells.iter().map(Counter::value))
    }
}

/// A number that goes up and down.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<AtomicI64>);

impl Gauge {
    /// Sets it.
    pub fn set(&self, value: i64) {
        self.0.store(value, Relaxed);
    }

    /// Moves it by `by`.
    pub fn add(&self, by: i64) {
        self.0.fetch_add(by, Relaxed);
    }

    pub(super) fn value(&self) -> i64 {
        self.0.load(Relaxed)
    }
}

/// Durations, counted in buckets.
#[derive(Clone, Debug)]
pub struct Histogram {
    bounds_us: &'static [u64],
    /// One for each bound, then what is above the last.
    buckets: Arc<[AtomicU64]>,
    sum_us: Arc<AtomicU64>,
}

impl Histogram {
    pub(super) fn new(bounds_us: &'static [u64]) -> Self {
        let buckets = (0..=bounds_us.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds_us, buckets, sum_us: Arc::default() }
    }

    /// Counts one duration.
    pub fn record(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.buckets[self.bounds_us.partition_point(|bound| *bound < micros)].fetch_add(1, Relaxed);
        self.sum_us.fetch_add(micros, Relaxed);
    }

    /// Each bound in microseconds, and how many durations were not above it.
    pub(super) fn cumulated(&self) -> impl Iterator<Item = (Option<u64>, u64)> {
        let bounds = self.bounds_us.iter().copied().map(Some).chain([None]);
        bounds.zip(self.buckets.iter()).scan(0_u64, |below, (bound, bucket)| {
            *below = below.saturating_add(bucket.load(Relaxed));
            Some((bound, *below))
        })
    }

    pub(super) fn sum_us(&self) -> u64 {
        self.sum_us.load(Relaxed)
    }
}
