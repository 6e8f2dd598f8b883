//! What the log and the metrics hear of the clock: its states, its sources, leap seconds; and the thread on which a service says that and more.
//!
//! Lives here: the mapping of a clock's report to entries and gauges, for both services. Must not know: tokens, seals, how time is measured.

mod allowance;
mod entries;
mod gauges;
mod journal;

use std::sync::Arc;

use allowance::Allowance;
use kokuin_audit::{
    Entry, Log, LogError,
    entry::{self, LogTime},
};
use kokuin_clock::{
    Clock, ClockState,
    ntp::{ClockReport, LeapRecord},
};

pub use entries::label;
pub use gauges::observe;
pub use journal::{Journal, JournalThread, TICK};

/// What was recorded of a clock so far.
#[derive(Debug)]
pub struct ClockRecord {
    clock: Arc<dyn Clock>,
    log: Log,
    state: Option<ClockState>,
    leap: Option<LeapRecord>,
    /// The poll that every source was recorded from.
    polls: Option<u64>,
    /// What was recorded of each source last, and how often it may change.
    sources: Vec<(Option<&'static str>, Allowance)>,
}

impl ClockRecord {
    /// Nothing recorded yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, log: Log) -> Self {
        Self { clock, log, state: None, leap: None, polls: None, sources: Vec::new() }
    }

    /// Records what has changed since the last call: a leap second that is over, sources that come to be doubted or are so no more, the
    /// clock's state. `now` is the machine's clock.
    ///
    /// # Errors
    /// If the log does not take an entry.
    pub fn tick(&mut self, now: LogTime) -> Result<(), LogError> {
        if let Some(report) = self.clock.report() {
            self.record_leap(&report)?;
            self.record_changed_sources(&report, now)?;
        }
        self.record_state(now)
    }

    /// The clock itself, for what comes at its time.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// Whether the state that was recorded last lets tokens and seals have a time.
    #[must_use]
    pub fn can_issue(&self) -> bool {
        self.state.is_some_and(ClockState::can_issue)
    }

    /// Records what every source says, unless that is recorded already: to be called right before a reading is recorded.
    ///
    /// # Errors
    /// If the log does not take an entry.
    pub fn record_sources(&mut self, now: LogTime) -> Result<(), LogError> {
        let Some(report) = self.clock.report() else { return Ok(()) };
        if report.polls == 0 || self.polls == Some(report.polls) {
            return Ok(());
        }
        for (at, source) in report.sources.iter().enumerate() {
            self.append(&entries::source(&report, source, self.clock.monotonic(), now))?;
            self.remember(at, source.reason());
        }
        self.polls = Some(report.polls);
        Ok(())
    }

    fn record_changed_sources(&mut self, report: &ClockReport, now: LogTime) -> Result<(), LogError> {
        if report.polls == 0 {
            return Ok(());
        }
        let monotonic = self.clock.monotonic();
        for (at, source) in report.sources.iter().enumerate() {
            let reason = source.reason();
            // A source that is fine from the start is told of with the first reading.
            let before = self.sources.get(at).and_then(|(before, _)| *before);
            if reason == before {
                continue;
            }
            self.remember(at, before);
            if self.sources[at].1.takes(monotonic) {
                self.append(&entries::source(report, source, monotonic, now))?;
                self.remember(at, reason);
            }
        }
        Ok(())
    }

    fn remember(&mut self, at: usize, reason: Option<&'static str>) {
        if self.sources.len() <= at {
            self.sources.resize_with(at + 1, Default::default);
        }
        self.sources[at].0 = reason;
    }

    /// The exact moment, which lies before the entries around it (TSP-63).
    fn record_leap(&mut self, report: &ClockReport) -> Result<(), LogError> {
        let Some(leap) = report.leap.filter(|leap| self.leap != Some(*leap)) else { return Ok(()) };
        let state = label(self.state.unwrap_or_else(|| self.clock.state()).code());
        let (time, reason) = (LogTime::from_unix_micros(leap.midnight.unix_micros()), Some(label(leap.outcome.code())));
        self.append(&Entry::ClockState(entry::ClockState { time, from: Some(state.clone()), to: state, reason }))?;
        self.leap = Some(leap);
        Ok(())
    }

    fn record_state(&mut self, now: LogTime) -> Result<(), LogError> {
        let state = self.clock.state();
        if self.state == Some(state) {
            return Ok(());
        }
        let refusal = self.clock.read().err().map(|refusal| label(refusal.code()));
        let reason = refusal.or_else(|| self.clock.doubted().map(|source| label(source.as_str())));
        let from = self.state.map(|state| label(state.code()));
        self.append(&Entry::ClockState(entry::ClockState { time: now, from, to: label(state.code()), reason }))?;
        self.state = Some(state);
        Ok(())
    }

    fn append(&self, entry: &Entry) -> Result<(), LogError> {
        self.log.append(entry)?.wait().map(drop)
    }
}
