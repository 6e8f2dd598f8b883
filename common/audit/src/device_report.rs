//! What a log says about the signatures of devices in a period: every attempt against its intent and its end, and what nothing explains.
//!
//! Entries are taken in their order, from a log that is checked at the same time: see [`crate::check::Observer`]. How a device writes its lines is not
//! known here: whoever feeds the report says where their chain breaks.

mod show;

use std::collections::BTreeMap;

pub use show::{NO_DEVICE_LOG, NOT_SHOWN};

use crate::{
    accounts::Accounts,
    entry::{DeviceLog, Entry, KeyAccount, KeyName, Label, LogTime},
    name::LeafIndex,
};

/// Most findings of one kind that a report lists; all are counted.
pub const MAX_FINDINGS: usize = 1000;

/// Something that nothing explains.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Finding {
    /// The service found a line without a call, or a call without a line.
    Unexplained {
        /// The device.
        device: Label,
        /// In words.
        reason: String,
    },
    /// The chain of the device's lines is broken.
    Chain {
        /// The device.
        device: Label,
        /// Where.
        reason: String,
    },
    /// The device counted events without a line.
    Unlogged {
        /// The device.
        device: Label,
        /// How many.
        count: u32,
    },
    /// A device made more signatures than entries explain.
    Surplus {
        /// The key.
        key: KeyName,
        /// How many.
        count: u64,
    },
    /// A device made signatures whose entries say that they were thrown away: the service's word alone (THR-56).
    WordAlone {
        /// The key.
        key: KeyName,
        /// How many.
        count: u64,
    },
}

impl Finding {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unexplained { .. } => "unexplained",
            Self::Chain { .. } => "chain-broken",
            Self::Unlogged { .. } => "unlogged",
            Self::Surplus { .. } => "surplus",
            Self::WordAlone { .. } => "word-alone",
        }
    }
}

/// What a device's entries add up to in the period.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeviceTotals {
    /// Entries about it.
    pub entries: u64,
    /// Lines kept.
    pub lines: u64,
    /// How much the service found unexplained.
    pub unexplained: u64,
    /// Events without a line.
    pub unlogged: u64,
    /// Places where the chain breaks.
    pub breaks: u64,
}

/// The report.
#[derive(Clone, Debug)]
pub struct DeviceReport {
    from: Option<LogTime>,
    to: Option<LogTime>,
    accounts: Accounts,
    /// The accounts at the first entry of the period.
    before: Option<Accounts>,
    /// The accounts at the first entry after it.
    after: Option<Accounts>,
    /// Each device that spoke in the period.
    pub devices: BTreeMap<Label, DeviceTotals>,
    findings: Vec<(LeafIndex, LogTime, Finding)>,
    counted: BTreeMap<&'static str, u64>,
}

impl DeviceReport {
    /// An empty report on the entries between the first that is not before `from` and the first that is not before `to`.
    #[must_use]
    pub fn new(from: Option<LogTime>, to: Option<LogTime>) -> Self {
        Self {
            from,
            to,
            accounts: Accounts::default(),
            before: None,
            after: None,
            devices: BTreeMap::new(),
            findings: Vec::new(),
            counted: BTreeMap::new(),
        }
    }

    /// Takes the next entry of the log, of the period or not. `breaks` is shown every device's lines in their order, and says where their chain breaks.
    pub fn entry(&mut self, index: LeafIndex, entry: &Entry, breaks: &mut dyn FnMut(&DeviceLog) -> Vec<String>) {
        let time = entry.time();
        if self.before.is_none() && self.from.is_none_or(|from| time >= from) {
            self.before = Some(self.accounts.clone());
        }
        if self.before.is_some() && self.after.is_none() && self.to.is_some_and(|to| time >= to) {
            self.after = Some(self.accounts.clone());
        }
        let inside = self.before.is_some() && self.after.is_none();
        self.accounts.entry(index, entry);
        if let Entry::DeviceLog(lines) = entry {
            let broken = breaks(lines);
            if inside {
                self.lines(index, lines, broken);
            }
        }
    }

    fn lines(&mut self, index: LeafIndex, entry: &DeviceLog, broken: Vec<String>) {
        let totals = self.devices.entry(entry.device.clone()).or_default();
        totals.entries += 1;
        totals.lines = totals.lines.saturating_add(entry.count);
        totals.unexplained = totals.unexplained.saturating_add(entry.unexplained);
        totals.unlogged = totals.unlogged.saturating_add(u64::from(entry.unlogged));
        totals.breaks += broken.len() as u64;
        let device = &entry.device;
        let named = entry.reasons.len() as u64;
        for reason in &entry.reasons {
            let (device, reason) = (device.clone(), reason.to_string());
            self.found(index, entry.time, Finding::Unexplained { device, reason });
        }
        if entry.unexplained > named {
            let (device, reason) = (device.clone(), format!("{} more, which are not named", entry.unexplained - named));
            self.found(index, entry.time, Finding::Unexplained { device, reason });
        }
        for reason in broken {
            self.found(index, entry.time, Finding::Chain { device: device.clone(), reason });
        }
        if entry.unlogged > 0 {
            let (device, count) = (device.clone(), entry.unlogged);
            self.found(index, entry.time, Finding::Unlogged { device, count });
        }
    }

    fn found(&mut self, index: LeafIndex, time: LogTime, finding: Finding) {
        let counted = self.counted.entry(finding.code()).or_default();
        *counted += 1;
        if *counted <= MAX_FINDINGS as u64 {
            self.findings.push((index, time, finding));
        }
    }

    /// What each key's account gained in the period, and what its open intents are at the end.
    #[must_use]
    pub fn keys(&self) -> Vec<(KeyAccount, u64)> {
        let end = self.end();
        let gained = |key: &KeyAccount| {
            let before = self.before.as_ref().and_then(|before| before.key(&key.key));
            (before.map_or_else(|| key.clone(), |before| key.since(before)), end.open_of(&key.key))
        };
        // Before the period nothing is in it.
        if self.before.is_none() { Vec::new() } else { end.keys().map(gained).collect() }
    }

    /// What nothing explains, at most [`MAX_FINDINGS`] of each kind; of the counts at the end of the period last, without a place.
    #[must_use]
    pub fn findings(&self) -> Vec<(Option<(LeafIndex, LogTime)>, Finding)> {
        let placed = self.findings.iter().map(|(index, time, finding)| (Some((*index, *time)), finding.clone()));
        let mut findings: Vec<_> = placed.collect();
        let end = self.end();
        let before = self.before.as_ref().unwrap_or(end);
        for account in end.keys() {
            let key = &account.key;
            let count = end.surplus(key).saturating_sub(before.surplus(key));
            if count > 0 {
                findings.push((None, Finding::Surplus { key: key.clone(), count }));
            }
            let known = before.key(key).map_or(0, KeyAccount::by_word_alone);
            let count = account.by_word_alone().saturating_sub(known);
            if count > 0 {
                findings.push((None, Finding::WordAlone { key: key.clone(), count }));
            }
        }
        findings
    }

    /// Whether every signature of the period is explained, as far as the log can say.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.findings().is_empty()
    }

    const fn end(&self) -> &Accounts {
        match &self.after {
            Some(after) => after,
            None => &self.accounts,
        }
    }
}

#[cfg(test)]
mod tests;
