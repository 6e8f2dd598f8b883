//! What a log says about the clock in a period (JP-TS-11): how far sources were off, how well the time was known, and every anomaly.
//!
//! Entries are taken in their order, from a log that is checked at the same time: see [`crate::check::Observer`].

mod order;
mod show;
mod span;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use order::Order;
pub use show::NOT_SHOWN;
pub use span::Span;

use crate::{
    entry::{Authentication, ClockSource, Entry, KeyName, Label, LogTime, TimeAudit, TimeMark},
    name::LeafIndex,
};

/// Most anomalies of one kind that a report lists: many of one never hide another.
pub const MAX_ANOMALIES: usize = 1000;

/// What a report is about, and what counts as an anomaly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockPeriod {
    /// Not before this time.
    pub from: Option<LogTime>,
    /// Before this time.
    pub to: Option<LogTime>,
    /// The policy's accuracy: a token whose bound is larger is an anomaly (JP-TS-05).
    pub limit: Duration,
    /// A used source that was further off is an anomaly (JP-TS-11).
    pub warn: Duration,
    /// A token whose reading is older than this is an anomaly.
    pub max_age: Duration,
    /// How far a later token of one key may go back without being one.
    pub order_tolerance: Duration,
}

impl Default for ClockPeriod {
    fn default() -> Self {
        Self {
            from: None,
            to: None,
            limit: Duration::from_secs(1),
            warn: Duration::from_millis(500),
            max_age: Duration::from_secs(300),
            order_tolerance: Duration::from_secs(1),
        }
    }
}

impl ClockPeriod {
    fn holds(&self, time: LogTime) -> bool {
        self.from.is_none_or(|from| time >= from) && self.to.is_none_or(|to| time < to)
    }
}

/// Something that an auditor should look at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Anomaly {
    /// The clock's state changed.
    State {
        /// State before.
        from: Option<Label>,
        /// State after.
        to: Label,
        /// Code of the reason.
        reason: Option<Label>,
    },
    /// A source was not part of what the sources agreed on.
    LeftOut {
        /// Which.
        source: Label,
        /// Why.
        reason: Option<Label>,
    },
    /// A source that counted was further off than the warning threshold.
    Offset {
        /// Which.
        source: Label,
        /// By how much, in microseconds.
        offset_us: i64,
    },
    /// A token or seal was given its time long after the reading that it refers to: none was recorded in between.
    Gap {
        /// The reading's entry.
        reading: LeafIndex,
        /// How old it was.
        age: Duration,
    },
    /// The bound of a token or seal exceeded the policy's accuracy.
    Bound {
        /// The bound, in microseconds.
        bound_us: u64,
    },
    /// A later token of one key has an earlier time (THR-37, THR-38).
    Order {
        /// The key.
        key: KeyName,
        /// The entry that came first, with the later time.
        earlier: LeafIndex,
        /// By how much.
        back: Duration,
    },
    /// An outside authority found the clock beyond its threshold.
    Audit {
        /// Who measured.
        source: Label,
        /// How often.
        anomalies: u64,
    },
}

/// What one source said in the period.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct SourceReport {
    /// How its answers were authenticated.
    pub authenticated: BTreeSet<&'static str>,
    /// Entries about it.
    pub entries: u64,
    /// Of these, how often it was not used.
    pub left_out: u64,
    /// Of these, how often it gave no usable answer.
    pub silent: u64,
    /// Its time minus that of tokens, in microseconds.
    pub offset_us: Span,
    /// Its time minus the machine's clock, in microseconds.
    pub system_us: Span,
    /// How far UTC may be from its time, in microseconds.
    pub bound_us: Span,
}

/// The report.
#[derive(Clone, Debug)]
pub struct ClockReport {
    period: ClockPeriod,
    /// Entries of the period.
    pub entries: u64,
    /// Clock readings.
    pub readings: u64,
    /// Of these, not measured but stated.
    pub unmeasured: u64,
    /// Bounds of readings, in microseconds.
    pub reading_bound_us: Span,
    /// Offsets of the sources that counted, in microseconds.
    pub offset_us: Span,
    /// Each source.
    pub sources: BTreeMap<Label, SourceReport>,
    /// Tokens, batches and seals issued.
    pub issued: u64,
    /// Bounds of these, in microseconds.
    pub issued_bound_us: Span,
    /// Tokens that went back in time by less than the tolerance.
    pub small_inversions: u64,
    /// Foreign tokens over checkpoints, without the tokens themselves: there may be one an hour for years.
    pub marks: Vec<(LeafIndex, TimeMark)>,
    /// Outside audits imported.
    pub audits: Vec<(LeafIndex, TimeAudit)>,
    /// What to look at, at most [`MAX_ANOMALIES`] of a kind.
    pub anomalies: Vec<(LeafIndex, LogTime, Anomaly)>,
    /// How many of those there are.
    pub anomaly_count: u64,
    readings_at: HashMap<LeafIndex, LogTime>,
    gaps: BTreeSet<LeafIndex>,
    order: Order,
    listed: BTreeMap<&'static str, usize>,
    /// The latest time that a clock vouched for, so far.
    latest: Option<LogTime>,
}

impl ClockReport {
    /// An empty report.
    #[must_use]
    pub fn new(period: ClockPeriod) -> Self {
        Self {
            period,
            entries: 0,
            readings: 0,
            unmeasured: 0,
            reading_bound_us: Span::default(),
            offset_us: Span::default(),
            sources: BTreeMap::new(),
            issued: 0,
            issued_bound_us: Span::default(),
            small_inversions: 0,
            marks: Vec::new(),
            audits: Vec::new(),
            anomalies: Vec::new(),
            anomaly_count: 0,
            readings_at: HashMap::new(),
            gaps: BTreeSet::new(),
            order: Order::default(),
            listed: BTreeMap::new(),
            latest: None,
        }
    }

    /// Takes the next entry of the log, of the period or not: what came before decides what is out of order.
    pub fn entry(&mut self, index: LeafIndex, entry: &Entry) {
        let time = entry.time();
        let vouched = entry.vouched_time();
        // Where the machine's clock was wrong, so is the time of the entries that say so: their place in the log counts as well.
        let placed = self.latest.is_some_and(|latest| self.period.holds(latest));
        self.latest = self.latest.max(vouched);
        let inside = self.period.holds(time) || (vouched.is_none() && placed);
        if let Entry::ClockReading(reading) = entry {
            self.readings_at.insert(index, reading.time);
        }
        let key = match entry {
            Entry::Tst(tst) => Some(&tst.key),
            Entry::Batch(batch) => Some(&batch.key),
            _ => None,
        };
        let back = key.and_then(|key| self.order.back(index, key, time).map(|back| (key.clone(), back)));
        // A token that went back is an anomaly of the period in which it was logged, and of the one that it says.
        if let Some((key, (earlier, back))) = back
            && (inside || placed)
        {
            if back > self.period.order_tolerance {
                self.anomaly(index, time, Anomaly::Order { key, earlier, back });
            } else {
                self.small_inversions += 1;
            }
        }
        if !inside {
            return;
        }
        self.entries += 1;
        self.inside(index, time, entry);
    }

    fn inside(&mut self, index: LeafIndex, time: LogTime, entry: &Entry) {
        match entry {
            Entry::ClockState(state) => {
                let (from, to, reason) = (state.from.clone(), state.to.clone(), state.reason.clone());
                self.anomaly(index, time, Anomaly::State { from, to, reason });
            }
            Entry::ClockReading(reading) => {
                self.readings += 1;
                self.unmeasured += u64::from(!reading.measured);
                self.reading_bound_us.add_unsigned(reading.bound_us);
            }
            Entry::ClockSource(source) => self.source(index, source),
            Entry::Tst(tst) => self.issued(index, time, tst.bound_us, tst.clock),
            Entry::Batch(batch) => self.issued(index, time, batch.bound_us, batch.clock),
            Entry::Seal(seal) => self.issued(index, time, seal.bound_us, seal.clock),
            Entry::TimeMark(mark) => self.marks.push((index, mark.without_token())),
            Entry::TimeAudit(audit) => {
                if let Some(anomalies) = audit.anomalies.filter(|count| *count > 0) {
                    self.anomaly(index, time, Anomaly::Audit { source: audit.source.clone(), anomalies });
                }
                self.audits.push((index, audit.clone()));
            }
            Entry::LogOpen(_)
            | Entry::ServiceStart(_)
            | Entry::ServiceStop(_)
            | Entry::Config(_)
            | Entry::Certificate(_)
            | Entry::Refusals(_)
            | Entry::KeyState(_)
            | Entry::SelfTest(_)
            | Entry::Admin(_)
            | Entry::Intent(_)
            | Entry::Outcome(_)
            | Entry::Pruning(_)
            | Entry::Erasure(_)
            | Entry::DeviceLog(_)
            | Entry::Accounts(_) => {}
        }
    }

    fn source(&mut self, index: LeafIndex, entry: &ClockSource) {
        let report = self.sources.entry(entry.source.clone()).or_default();
        report.entries += 1;
        report.authenticated.insert(authentication(entry.authenticated));
        report.left_out += u64::from(!entry.used);
        report.silent += u64::from(entry.sample.is_none());
        let mut off = None;
        if let Some(sample) = &entry.sample {
            report.system_us.add(sample.system_us);
            report.bound_us.add_unsigned(sample.bound_us);
            if let Some(offset) = sample.offset_us {
                report.offset_us.add(offset);
                if entry.used {
                    self.offset_us.add(offset);
                    off = (u128::from(offset.unsigned_abs()) > self.period.warn.as_micros()).then_some(offset);
                }
            }
        }
        let source = entry.source.clone();
        if let Some(offset_us) = off {
            self.anomaly(index, entry.time, Anomaly::Offset { source, offset_us });
        } else if !entry.used {
            self.anomaly(index, entry.time, Anomaly::LeftOut { source, reason: entry.reason.clone() });
        }
    }

    fn issued(&mut self, index: LeafIndex, time: LogTime, bound_us: u64, clock: LeafIndex) {
        self.issued += 1;
        self.issued_bound_us.add_unsigned(bound_us);
        if u128::from(bound_us) > self.period.limit.as_micros() {
            self.anomaly(index, time, Anomaly::Bound { bound_us });
        }
        // Each gap is named once, by the first that fell into it.
        let read = self.readings_at.get(&clock);
        let age = read.map(|read| time.unix_micros().saturating_sub(read.unix_micros()));
        let age = age.and_then(|age| u64::try_from(age).ok()).map(Duration::from_micros);
        if let Some(age) = age.filter(|age| *age > self.period.max_age)
            && self.gaps.insert(clock)
        {
            self.anomaly(index, time, Anomaly::Gap { reading: clock, age });
        }
    }

    fn anomaly(&mut self, index: LeafIndex, time: LogTime, anomaly: Anomaly) {
        self.anomaly_count += 1;
        let listed = self.listed.entry(anomaly.code()).or_default();
        if *listed < MAX_ANOMALIES {
            *listed += 1;
            self.anomalies.push((index, time, anomaly));
        }
    }
}

const fn authentication(authentication: Authentication) -> &'static str {
    match authentication {
        Authentication::None => "none",
        Authentication::Nts => "nts",
        Authentication::Chrony => "chrony",
        Authentication::ChronyNts => "chrony-nts",
    }
}

#[cfg(test)]
mod tests;
