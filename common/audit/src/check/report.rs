//! The report as text for people and as JSON for programs.

use std::fmt;

use serde_json::{Value, json};

use super::{CheckReport, Fault};

impl CheckReport {
    /// The report as one JSON object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let checkpoint = self.checkpoint.checkpoint();
        let kinds: serde_json::Map<String, Value> =
            self.kinds.iter().map(|(kind, count)| (kind.as_str().to_owned(), json!(count))).collect();
        let faults: Vec<Value> = self.faults.iter().map(fault_json).collect();
        json!({
            "good": self.is_good(),
            "origin": checkpoint.origin.as_str(),
            "size": checkpoint.size.0,
            "root": checkpoint.root.to_base64(),
            "checkpoint": self.checkpoint.to_string(),
            "covered": self.covered,
            "uncovered": self.uncovered,
            "kinds": kinds,
            "from": self.times.map(|(from, _)| from.to_string()),
            "to": self.times.map(|(_, to)| to.to_string()),
            "inversions": self.inversions.count,
            "time_marks": {
                "count": self.marks.count,
                "trusted": self.marks.trusted,
                "by_later": self.marks.by_later,
                "undecided": self.marks.undecided,
                "last": self.marks.last.as_ref().map(|bound| json!({
                    "size": bound.size.0,
                    "before": bound.before.to_string(),
                    "tsa": bound.tsa,
                    "entry": bound.mark.0,
                })),
                "untrusted": self.marks.untrusted.as_ref().map(|(index, reason)| json!({"entry": index.0, "reason": reason})),
            },
            "first_bad_entry": self.first_bad_entry().map(|index| index.0),
            "fault_count": self.fault_count,
            "faults": faults,
        })
    }
}

fn fault_json(fault: &Fault) -> Value {
    json!({
        "code": fault.code(),
        "clause": fault.clause(),
        "entry": fault.entry().map(|index| index.0),
        "message": fault.to_string(),
    })
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checkpoint = self.checkpoint.checkpoint();
        writeln!(f, "log {}", checkpoint.origin)?;
        writeln!(f, "checkpoint of {} entries, root {}: signature good", checkpoint.size, checkpoint.root)?;
        writeln!(f, "{} entries read; {} more that no checkpoint covers yet", self.covered, self.uncovered)?;
        let kinds: Vec<String> = self.kinds.iter().map(|(kind, count)| format!("{} {count}", kind.as_str())).collect();
        writeln!(f, "kinds: {}", kinds.join(", "))?;
        if let Some((from, to)) = self.times {
            writeln!(f, "times: {from} to {to}")?;
        }
        if let Some((earlier, later)) = self.inversions.first {
            let (count, largest) = (self.inversions.count, self.inversions.largest.as_micros());
            writeln!(
                f,
                "order: {count} tokens went back in time, by {largest} us at most; first entry {later}, after entry {earlier}"
            )?;
        }
        for line in self.marks.lines() {
            writeln!(f, "{line}")?;
        }
        if self.is_good() {
            return write!(f, "GOOD: the entries give the root that was signed");
        }
        for fault in &self.faults {
            writeln!(f, "{}: {fault} ({})", fault.code(), fault.clause())?;
        }
        if self.faults.iter().any(|fault| matches!(fault, Fault::Equivocation { .. })) {
            writeln!(f, "the checkpoint of this log:\n{}", self.checkpoint)?;
        }
        match self.first_bad_entry() {
            Some(index) => write!(f, "WRONG: {} faults, the first bad entry is {index}", self.fault_count),
            None => write!(f, "WRONG: {} faults", self.fault_count),
        }
    }
}
