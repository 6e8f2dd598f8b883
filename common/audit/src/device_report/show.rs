//! The report as text for people and as JSON for programs.

use std::{fmt, fmt::Write as _};

use serde_json::{Value, json};

use super::{DeviceReport, Finding};
use crate::{check::CheckReport, entry::KeyAccount};

/// What no log can show about devices. Part of every report.
pub const NOT_SHOWN: &str = "The report says what the log says. A device chains its lines but signs none of them: whoever held the log's key and wrote it anew \
     could have computed another chain. It shows that a signature was made with a key, not of what: that is in the entry of the token or seal alone. \
     A signature that the service discarded, or whose answer was lost, is known by the service's word. What happened after the checkpoint named, or \
     before a device's first lines, is not shown.";

/// Said of each key that no device spoke of.
pub const NO_DEVICE_LOG: &str = "no device's log: intents and outcomes are compared with each other only. A PKCS#11 token keeps no log that can be read, \
     so that a signature made past the service leaves no trace here.";

impl DeviceReport {
    /// The report as one JSON object. `check` is the check of the log that the entries came from.
    #[must_use]
    pub fn to_json(&self, check: &CheckReport) -> Value {
        let checkpoint = check.checkpoint.checkpoint();
        let devices: serde_json::Map<String, Value> = self
            .devices
            .iter()
            .map(|(device, totals)| {
                let totals = json!({
                    "entries": totals.entries, "lines": totals.lines, "unexplained": totals.unexplained,
                    "unlogged": totals.unlogged, "chain_breaks": totals.breaks,
                });
                (device.to_string(), totals)
            })
            .collect();
        let keys: serde_json::Map<String, Value> =
            self.keys().iter().map(|(key, open)| (key.key.to_string(), key_json(key, *open))).collect();
        let findings: Vec<Value> = self
            .findings()
            .iter()
            .map(|(place, finding)| {
                json!({
                    "code": finding.code(), "message": finding.to_string(),
                    "entry": place.map(|(index, _)| index.0), "time": place.map(|(_, time)| time.to_string()),
                })
            })
            .collect();
        json!({
            "log": {
                "origin": checkpoint.origin.as_str(), "size": checkpoint.size.0, "root": checkpoint.root.to_base64(),
                "good": check.is_good(), "fault_count": check.fault_count,
            },
            "from": self.from.map(|time| time.to_string()),
            "to": self.to.map(|time| time.to_string()),
            "explained": self.is_explained() && check.is_good(),
            "devices": devices,
            "keys": keys,
            "finding_count": self.finding_count(),
            "findings": findings,
            "not_shown": NOT_SHOWN,
        })
    }

    /// The report for people.
    #[must_use]
    pub fn to_text(&self, check: &CheckReport) -> String {
        let mut out = String::new();
        // Writing to memory cannot fail.
        self.write(&mut out, check).unwrap_or_default();
        out
    }

    fn write(&self, out: &mut String, check: &CheckReport) -> fmt::Result {
        let checkpoint = check.checkpoint.checkpoint();
        writeln!(out, "Signatures of devices in the log {}", checkpoint.origin)?;
        let whole = |time: Option<_>, end: &str| time.map_or_else(|| end.to_owned(), |time| format!("{time}"));
        writeln!(out, "from {} to {}", whole(self.from, "its begin"), whole(self.to, "its end"))?;
        writeln!(out, "checkpoint of {} entries, root {}", checkpoint.size, checkpoint.root)?;
        for (device, totals) in &self.devices {
            writeln!(out, "\ndevice {device}")?;
            writeln!(out, "  lines kept              {} in {} entries", totals.lines, totals.entries)?;
            writeln!(out, "  unexplained             {}", totals.unexplained)?;
            writeln!(out, "  events without a line   {}", totals.unlogged)?;
            writeln!(out, "  breaks of the chain     {}", totals.breaks)?;
        }
        for (key, open) in self.keys() {
            write_key(out, &key, open)?;
        }
        if self.keys().is_empty() {
            writeln!(out, "\nno key had an intent, and no device's lines are kept")?;
        }
        writeln!(out)?;
        for (place, finding) in self.findings() {
            match place {
                Some((index, time)) => writeln!(out, "{}: entry {index}, {time}: {finding}", finding.code())?,
                None => writeln!(out, "{}: {finding}", finding.code())?,
            }
        }
        for fault in &check.faults {
            writeln!(out, "{}: {fault} ({})", fault.code(), fault.clause())?;
        }
        let verdict = match (check.is_good(), self.is_explained()) {
            (true, true) => "EXPLAINED: every signature that the devices tell of has its entry".to_owned(),
            (true, false) => format!("NOT EXPLAINED: {} findings", self.finding_count()),
            (false, _) => format!("WRONG: {} faults of the log itself", check.fault_count),
        };
        writeln!(out, "{verdict}\n\n{NOT_SHOWN}")
    }

    fn finding_count(&self) -> u64 {
        let placed: u64 = self.counted.values().sum();
        placed + self.findings().iter().filter(|(place, _)| place.is_none()).count() as u64
    }
}

fn write_key(out: &mut String, key: &KeyAccount, open: u64) -> fmt::Result {
    writeln!(out, "\nkey {}", key.key)?;
    writeln!(out, "  intents                 {}", key.intents)?;
    writeln!(out, "  withdrawn, never asked  {}", key.withdrawn)?;
    writeln!(out, "  attempts of the device  {}", key.attempts())?;
    writeln!(
        out,
        "  used                    {} (tokens {}, seals {}, batches {}, self-tests {}, requests {})",
        key.used(),
        key.tokens,
        key.seals,
        key.batches,
        key.tests,
        key.requests
    )?;
    writeln!(out, "  failed, not signed      {} (and {} self-tests)", key.failed, key.failed_tests)?;
    writeln!(out, "  discarded               {}", key.discarded)?;
    writeln!(out, "  unknown                 {}", key.unknown)?;
    writeln!(out, "  open at the end         {open}")?;
    let Some(device) = &key.device else { return writeln!(out, "  {NO_DEVICE_LOG}") };
    let devices: Vec<&str> = device.devices.iter().map(crate::entry::Label::as_str).collect();
    writeln!(
        out,
        "  the device says         {} made, {} refused ({})",
        device.made,
        device.refused,
        devices.join(", ")
    )?;
    writeln!(out, "  made without an answer  {} (the service got no signature for them)", device.doubtful)?;
    let apart = device.made.saturating_sub(key.used());
    writeln!(out, "  made and not used       {apart} (discarded, unknown or unexplained: no object has them)")
}

fn key_json(key: &KeyAccount, open: u64) -> Value {
    json!({
        "intents": key.intents, "withdrawn": key.withdrawn, "attempts": key.attempts(),
        "tokens": key.tokens, "seals": key.seals, "batches": key.batches, "self_tests": key.tests, "requests": key.requests,
        "failed_self_tests": key.failed_tests, "failed": key.failed, "discarded": key.discarded, "unknown": key.unknown, "open": open,
        "device": key.device.as_ref().map(|device| json!({
            "devices": device.devices.iter().map(crate::entry::Label::as_str).collect::<Vec<_>>(),
            "made": device.made, "refused": device.refused, "made_without_answer": device.doubtful,
            "made_and_not_used": device.made.saturating_sub(key.used()),
        })),
    })
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexplained { device, reason } => write!(f, "device {device}: {reason}"),
            Self::Chain { device, reason } => write!(f, "device {device}, its chain of lines: {reason}"),
            Self::Unlogged { device, count } => {
                write!(f, "device {device} counted {count} events without a line: its log was full")
            }
            Self::Surplus { key, count } => {
                write!(f, "key {key}: its device made {count} signatures more than entries and lost answers explain")
            }
            Self::WordAlone { key, count } => {
                write!(f, "key {key}: {count} signatures of its device were discarded, by the service's word alone")
            }
        }
    }
}
