//! Numbers for operators, in Prometheus' text format.
//!
//! Every label's values are fixed when the metric is made and anything else counts as `other`, so that no request can make
//! the set grow (THR-86). A handle is one atomic cell: the issuing path neither looks up a name nor takes a lock.

mod cell;
mod process;
mod render;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

pub use cell::{Counter, Gauge, Histogram, Labelled};
use cell::{Kind, ObservedEach};

/// A label and the values it can have.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Name of the label.
    pub name: &'static str,
    /// Its values; `other` is added.
    pub values: &'static [&'static str],
}

/// All metrics of a process. Cheap to clone.
#[derive(Clone, Default)]
pub struct Registry(Arc<Mutex<Vec<Family>>>);

struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
}

impl Registry {
    /// A registry without metrics, besides those of the process itself.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A count that only grows. Names end in `_total`.
    #[must_use]
    pub fn counter(&self, name: &'static str, help: &'static str) -> Counter {
        let counter = Counter::default();
        self.add(name, help, Kind::Counter(counter.clone()));
        counter
    }

    /// A count for each value of a label.
    #[must_use]
    pub fn labelled(&self, name: &'static str, help: &'static str, label: Label) -> Labelled {
        let labelled = Labelled::new(label);
        self.add(name, help, Kind::Labelled(labelled.clone()));
        labelled
    }

    /// A number that goes up and down.
    #[must_use]
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Gauge {
        let gauge = Gauge::default();
        self.add(name, help, Kind::Gauge(gauge.clone()));
        gauge
    }

    /// A number asked for at each scrape; `read` must be quick and must not block.
    pub fn observe(&self, name: &'static str, help: &'static str, read: impl Fn() -> i64 + Send + Sync + 'static) {
        self.add(name, help, Kind::Observed(Box::new(read)));
    }

    /// A number for each value of a label, asked for at each scrape; without one it is left out. `values` never change.
    pub fn observe_each(
        &self,
        name: &'static str,
        help: &'static str,
        label: &'static str,
        values: Vec<String>,
        read: impl Fn(usize) -> Option<i64> + Send + Sync + 'static,
    ) {
        self.add(name, help, Kind::ObservedEach(ObservedEach { label, values, read: Box::new(read) }));
    }

    /// A number for each of a set of things that the operator named and may name anew, asked for at each scrape: `read` gives names and
    /// numbers. A metric that ends in `_total` is a count that only grows. Never for what a request can name (THR-86).
    pub fn observe_named(
        &self,
        name: &'static str,
        help: &'static str,
        label: &'static str,
        read: impl Fn() -> Vec<(String, i64)> + Send + Sync + 'static,
    ) {
        self.add(name, help, Kind::ObservedNamed(label, Box::new(read)));
    }

    /// A count that is kept elsewhere. Names end in `_total`.
    pub fn count(&self, name: &'static str, help: &'static str, read: impl Fn() -> u64 + Send + Sync + 'static) {
        self.add(name, help, Kind::Counted(Box::new(read)));
    }

    /// Durations, counted in buckets with these upper bounds in microseconds, ascending. Names end in `_seconds`.
    #[must_use]
    pub fn histogram(&self, name: &'static str, help: &'static str, bounds_us: &'static [u64]) -> Histogram {
        let histogram = Histogram::new(bounds_us);
        self.add(name, help, Kind::Histogram(histogram.clone()));
        histogram
    }

    /// Everything, as `text/plain; version=0.0.4`.
    #[must_use]
    pub fn render(&self) -> String {
        let families = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::with_capacity(4_096);
        for Family { name, help, kind } in families.iter() {
            render::family(&mut text, name, help, kind);
        }
        process::render(&mut text);
        text
    }

    fn add(&self, name: &'static str, help: &'static str, kind: Kind) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Family { name, help, kind });
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Registry")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn writes_prometheus_text() {
        let registry = Registry::new();
        let tokens = registry.counter("kokuin_tsa_tokens_total", "Tokens issued.");
        let results =
            registry.labelled("kokuin_tsa_results_total", "Answers.", Label { name: "result", values: &["granted"] });
        let gauge = registry.gauge("kokuin_in_flight", "Requests.");
        let times = registry.histogram("kokuin_sign_seconds", "Signing.", &[100, 1_000_000]);
        registry.observe("kokuin_log_size", "Entries.", || 42);
        let each = || vec![("tsu-1".to_owned(), -1), ("tsu-2".to_owned(), 7)];
        registry.observe_named("kokuin_days", "Days left.", "tsu", each);
        tokens.add(2);
        results.add("granted");
        results.cell("bad\"label\n").add(3);
        gauge.add(5);
        gauge.add(-7);
        for micros in [1, 100, 101, 2_000_000] {
            times.record(Duration::from_micros(micros));
        }
        let text = registry.render();
        let expected = "\
# HELP kokuin_tsa_tokens_total Tokens issued.
# TYPE kokuin_tsa_tokens_total counter
kokuin_tsa_tokens_total 2
# HELP kokuin_tsa_results_total Answers.
# TYPE kokuin_tsa_results_total counter
kokuin_tsa_results_total{result=\"granted\"} 1
kokuin_tsa_results_total{result=\"other\"} 3
# HELP kokuin_in_flight Requests.
# TYPE kokuin_in_flight gauge
kokuin_in_flight -2
# HELP kokuin_sign_seconds Signing.
# TYPE kokuin_sign_seconds histogram
kokuin_sign_seconds_bucket{le=\"0.000100\"} 2
kokuin_sign_seconds_bucket{le=\"1.000000\"} 3
kokuin_sign_seconds_bucket{le=\"+Inf\"} 4
kokuin_sign_seconds_sum 2.000202
kokuin_sign_seconds_count 4
# HELP kokuin_log_size Entries.
# TYPE kokuin_log_size gauge
kokuin_log_size 42
# HELP kokuin_days Days left.
# TYPE kokuin_days gauge
kokuin_days{tsu=\"tsu-1\"} -1
kokuin_days{tsu=\"tsu-2\"} 7
";
        assert_eq!(&text[..expected.len()], expected);
        assert!(text.contains("\nprocess_resident_memory_bytes "), "{text}");
    }

    #[test]
    fn writes_what_is_observed_for_each_value() {
        let registry = Registry::new();
        let values = vec!["ntp.example:123".to_owned(), "a\"\\\n".to_owned(), "silent".to_owned()];
        registry.observe_each("offset_us", "Offsets.", "source", values, |at| [Some(-5), Some(7), None][at]);
        registry.count("steps_total", "Steps.", || 3);
        let text = registry.render();
        let expected = "\
# HELP offset_us Offsets.
# TYPE offset_us gauge
offset_us{source=\"ntp.example:123\"} -5
offset_us{source=\"a___\"} 7
# HELP steps_total Steps.
# TYPE steps_total counter
steps_total 3
";
        assert_eq!(&text[..expected.len()], expected);
    }

    #[test]
    fn keeps_the_label_set_fixed_thr_86() {
        let registry = Registry::new();
        let results = registry.labelled("r", "R.", Label { name: "method", values: &["GET"] });
        let before = registry.render().lines().filter(|line| line.starts_with("r{")).count();
        for n in 0..10_000 {
            results.add(&format!("M{n}"));
        }
        let text = registry.render();
        assert_eq!(text.lines().filter(|line| line.starts_with("r{")).count(), before);
        assert!(text.contains("r{method=\"other\"} 10000"));
    }
}
