//! Prometheus' text format, version 0.0.4.

use std::fmt::Write as _;

use super::cell::{Kind, ObservedEach};

/// Writes one family. Names, labels and help texts are constants of this program, so they need no escaping.
pub(super) fn family(text: &mut String, name: &str, help: &str, kind: &Kind) {
    let written = match kind {
        Kind::Counter(counter) => {
            head(text, name, help, "counter");
            writeln!(text, "{name} {}", counter.value())
        }
        Kind::Labelled(labelled) => {
            head(text, name, help, "counter");
            let label = labelled.label();
            labelled.counts().try_for_each(|(value, count)| writeln!(text, "{name}{{{label}=\"{value}\"}} {count}"))
        }
        Kind::Gauge(gauge) => {
            head(text, name, help, "gauge");
            writeln!(text, "{name} {}", gauge.value())
        }
        Kind::Observed(read) => {
            head(text, name, help, "gauge");
            writeln!(text, "{name} {}", read())
        }
        Kind::ObservedEach(ObservedEach { label, values, read }) => {
            head(text, name, help, "gauge");
            values.iter().enumerate().try_for_each(|(at, value)| match read(at) {
                Some(number) => writeln!(text, "{name}{{{label}=\"{}\"}} {number}", plain(value)),
                None => Ok(()),
            })
        }
        Kind::Counted(read) => {
            head(text, name, help, "counter");
            writeln!(text, "{name} {}", read())
        }
        Kind::ObservedNamed(label, read) => {
            head(text, name, help, if name.ends_with("_total") { "counter" } else { "gauge" });
            let write =
                |(named, value): &(String, i64)| writeln!(text, "{name}{{{label}=\"{}\"}} {value}", plain(named));
            read().iter().try_for_each(write)
        }
        Kind::Histogram(histogram) => {
            head(text, name, help, "histogram");
            let mut count = 0;
            histogram
                .cumulated()
                .try_for_each(|(bound, below)| {
                    count = below;
                    let bound = bound.map_or_else(|| "+Inf".to_owned(), seconds);
                    writeln!(text, "{name}_bucket{{le=\"{bound}\"}} {below}")
                })
                .and_then(|()| writeln!(text, "{name}_sum {}\n{name}_count {count}", seconds(histogram.sum_us())))
        }
    };
    // Writing to a String cannot fail.
    debug_assert!(written.is_ok());
}

/// A value from a configuration: what the format gives a meaning becomes `_`.
fn plain(value: &str) -> String {
    value.chars().map(|c| if c.is_control() || "\"\\".contains(c) { '_' } else { c }).collect()
}

/// The two comment lines of a family.
pub(super) fn head(text: &mut String, name: &str, help: &str, kind: &str) {
    for part in ["# HELP ", name, " ", help, "\n# TYPE ", name, " ", kind, "\n"] {
        text.push_str(part);
    }
}

/// Microseconds as seconds.
pub(super) fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
