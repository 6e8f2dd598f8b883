//! The report as text for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Anomaly, ClockReport, SourceReport};
use crate::check::CheckReport;

/// What no log can show about a clock. Part of every report.
pub const NOT_SHOWN: &str = "The report says what the log says. It does not show that the sources told the truth, that nothing was signed \
     outside the log, or what happened after the checkpoint named; a time mark or an outside audit is somebody else's word for it.";

impl ClockReport {
    /// The report as one JSON object. `check` is the check of the log that the entries came from.
    #[must_use]
    pub fn to_json(&self, check: &CheckReport) -> Value {
        let checkpoint = check.checkpoint.checkpoint();
        let sources: serde_json::Map<String, Value> =
            self.sources.iter().map(|(source, report)| (source.to_string(), source_json(report))).collect();
        json!({
            "log": {
                "origin": checkpoint.origin.as_str(),
                "size": checkpoint.size.0,
                "root": checkpoint.root.to_base64(),
                "good": check.is_good(),
                "fault_count": check.fault_count,
                "time_marks_trusted": check.marks.trusted,
            },
            "from": self.period.from.map(|time| time.to_string()),
            "to": self.period.to.map(|time| time.to_string()),
            "limit_us": self.period.limit.as_micros(),
            "warn_us": self.period.warn.as_micros(),
            "max_age_us": self.period.max_age.as_micros(),
            "entries": self.entries,
            "readings": self.readings,
            "readings_not_measured": self.unmeasured,
            "reading_bound_us": self.reading_bound_us.to_json(),
            "offset_us": self.offset_us.to_json(),
            "sources": sources,
            "issued": self.issued,
            "issued_bound_us": self.issued_bound_us.to_json(),
            "small_inversions": self.small_inversions,
            "time_marks": self.marks.iter().map(|(index, mark)| json!({
                "entry": index.0, "size": mark.size.0, "time": mark.gen_time.to_string(), "tsa": mark.tsa.as_str(),
            })).collect::<Vec<_>>(),
            "time_audits": self.audits.iter().map(|(index, audit)| json!({
                "entry": index.0, "source": audit.source.as_str(), "from": audit.from.to_string(), "to": audit.to.to_string(),
                "offset_us": {"min": audit.min_offset_us, "max": audit.max_offset_us},
            })).collect::<Vec<_>>(),
            "anomaly_count": self.anomaly_count,
            "anomalies": self.anomalies.iter().map(|(index, time, anomaly)| json!({
                "entry": index.0, "time": time.to_string(), "code": anomaly.code(), "message": anomaly.to_string(),
            })).collect::<Vec<_>>(),
            "not_shown": NOT_SHOWN,
        })
    }

    /// The report for people.
    #[must_use]
    pub fn to_text(&self, check: &CheckReport) -> String {
        let mut out = String::new();
        // Writing to memory cannot fail.
        let _ = self.write(check, &mut out);
        out
    }

    fn write(&self, check: &CheckReport, out: &mut String) -> std::fmt::Result {
        let checkpoint = check.checkpoint.checkpoint();
        let bound = |time: Option<crate::entry::LogTime>, open: &str| {
            time.map_or_else(|| open.to_owned(), |time| time.to_string())
        };
        writeln!(out, "clock report of the log {}", checkpoint.origin)?;
        writeln!(
            out,
            "period: {} to {} (UTC)",
            bound(self.period.from, "the beginning"),
            bound(self.period.to, "the end")
        )?;
        writeln!(out, "rests on: checkpoint of {} entries, root {}", checkpoint.size, checkpoint.root)?;
        if !check.is_good() {
            writeln!(out, "THE LOG IS WRONG, {} faults: see kokuin audit verify", check.fault_count)?;
        }
        writeln!(
            out,
            "offset of the sources that counted: {} (warning beyond {} us)",
            self.offset_us,
            self.period.warn.as_micros()
        )?;
        let not_measured = self.unmeasured;
        writeln!(
            out,
            "readings: {}, {not_measured} of them not measured; bound {}",
            self.readings, self.reading_bound_us
        )?;
        let limit = self.period.limit.as_micros();
        writeln!(out, "tokens, batches and seals: {}; bound {} (limit {limit} us)", self.issued, self.issued_bound_us)?;
        writeln!(
            out,
            "tokens out of order by less than {} us: {}",
            self.period.order_tolerance.as_micros(),
            self.small_inversions
        )?;
        for (source, report) in &self.sources {
            let authenticated: Vec<&str> = report.authenticated.iter().copied().collect();
            writeln!(
                out,
                "source {source} (authentication: {}): {} entries, {} left out, {} without an answer",
                authenticated.join(", "),
                report.entries,
                report.left_out,
                report.silent
            )?;
            writeln!(
                out,
                "  offset {}; bound {}; against the machine's clock {}",
                report.offset_us, report.bound_us, report.system_us
            )?;
        }
        for (index, mark) in &self.marks {
            writeln!(
                out,
                "time mark, entry {index}: the first {} entries existed at {} (foreign TSA {})",
                mark.size,
                mark.gen_time,
                printable(mark.tsa.as_str())
            )?;
        }
        for (index, audit) in &self.audits {
            let (min, max) = (audit.min_offset_us, audit.max_offset_us);
            writeln!(
                out,
                "outside audit, entry {index}: {} measured {min} to {max} us from {} to {}",
                audit.source, audit.from, audit.to
            )?;
        }
        writeln!(out, "anomalies: {}", self.anomaly_count)?;
        for (index, time, anomaly) in &self.anomalies {
            writeln!(out, "  {time}  entry {index}  {}: {anomaly}", anomaly.code())?;
        }
        if self.anomaly_count > self.anomalies.len() as u64 {
            writeln!(out, "  and {} more", self.anomaly_count - self.anomalies.len() as u64)?;
        }
        writeln!(out, "{NOT_SHOWN}")
    }
}

fn source_json(report: &SourceReport) -> Value {
    json!({
        "authenticated": report.authenticated,
        "entries": report.entries,
        "left_out": report.left_out,
        "silent": report.silent,
        "offset_us": report.offset_us.to_json(),
        "system_us": report.system_us.to_json(),
        "bound_us": report.bound_us.to_json(),
    })
}

impl Anomaly {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::State { .. } => "clock-state",
            Self::LeftOut { .. } => "source-left-out",
            Self::Offset { .. } => "source-offset",
            Self::Gap { .. } => "reading-gap",
            Self::Bound { .. } => "bound-exceeded",
            Self::Order { .. } => "out-of-order",
            Self::Audit { .. } => "outside-audit",
        }
    }
}

impl std::fmt::Display for Anomaly {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::State { from, to, reason } => {
                let from = from.as_ref().map_or("nothing", |from| from.as_str());
                write!(f, "from {from} to {to}")?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
            }
            Self::LeftOut { source, reason } => {
                write!(f, "{source} did not count")?;
                reason.as_ref().map_or(Ok(()), |reason| write!(f, " ({reason})"))
            }
            Self::Offset { source, offset_us } => write!(f, "{source} was {offset_us} us off"),
            Self::Gap { reading, age } => {
                write!(f, "its reading, entry {reading}, was {} s old", age.as_secs())
            }
            Self::Bound { bound_us } => write!(f, "bound {bound_us} us"),
            Self::Order { key, earlier, back } => {
                write!(f, "key {key}: {} us before entry {earlier}", back.as_micros())
            }
            Self::Audit { source, anomalies } => write!(f, "{source} found {anomalies} anomalies"),
        }
    }
}

/// What could move the cursor or turn the line round is spelled out.
fn printable(text: &str) -> String {
    text.chars()
        .map(|c| {
            let harmless = c == ' ' || c.is_ascii_graphic() || (!c.is_ascii() && c.is_alphanumeric());
            if harmless { c.to_string() } else { c.escape_unicode().to_string() }
        })
        .collect()
}
