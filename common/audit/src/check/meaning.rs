//! What entries say about each other.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

use super::Fault;
use crate::{
    accounts::{Accounts, Ended},
    entry::{Entry, KeyName, Kind, LogTime},
    name::LeafIndex,
};

/// Tokens of one key whose entry came later with an earlier time.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Inversions {
    /// How many.
    pub count: u64,
    /// The first: earlier and later entry.
    pub first: Option<(LeafIndex, LeafIndex)>,
    /// The furthest that one went back.
    pub largest: Duration,
}

/// Gathers what later entries are compared with.
#[derive(Debug)]
pub(super) struct Meaning {
    tolerance: Duration,
    opening: (String, String),
    latest: HashMap<KeyName, (LeafIndex, LogTime)>,
    readings: HashSet<LeafIndex>,
    certificates: HashMap<LeafIndex, KeyName>,
    accounts: Accounts,
    /// Intents that have their end.
    ended: HashSet<LeafIndex>,
    pub(super) kinds: BTreeMap<Kind, u64>,
    pub(super) times: Option<(LogTime, LogTime)>,
    pub(super) inversions: Inversions,
}

impl Meaning {
    pub(super) fn new(origin: &str, vkey: String, tolerance: Duration) -> Self {
        Self {
            tolerance,
            opening: (origin.to_owned(), vkey),
            latest: HashMap::new(),
            readings: HashSet::new(),
            certificates: HashMap::new(),
            accounts: Accounts::default(),
            ended: HashSet::new(),
            kinds: BTreeMap::new(),
            times: None,
            inversions: Inversions::default(),
        }
    }

    /// Takes the next entry of a whole log.
    pub(super) fn entry(&mut self, index: LeafIndex, entry: &Entry, fault: &mut impl FnMut(Fault)) {
        self.count(entry);
        if index == LeafIndex(0) && !self.opens(entry) {
            fault(Fault::NotOpened);
        }
        self.account(index, entry, fault);
        let mut refer = |member, named, holds: bool| {
            if !holds {
                fault(Fault::Reference { index, member, named });
            }
        };
        match entry {
            Entry::Tst(tst) => {
                refer("clock", tst.clock, self.readings.contains(&tst.clock));
                refer("cert", tst.cert, self.certificates.get(&tst.cert) == Some(&tst.key));
                self.order(index, &tst.key, tst.time, fault);
            }
            Entry::Batch(batch) => {
                refer("clock", batch.clock, self.readings.contains(&batch.clock));
                refer("cert", batch.cert, self.certificates.get(&batch.cert) == Some(&batch.key));
                self.order(index, &batch.key, batch.time, fault);
            }
            Entry::Seal(seal) => {
                refer("clock", seal.clock, self.readings.contains(&seal.clock));
                refer("cert", seal.cert, self.certificates.get(&seal.cert) == Some(&seal.key));
            }
            Entry::ClockReading(_) => {
                self.readings.insert(index);
            }
            Entry::Certificate(certificate) => {
                self.certificates.insert(index, certificate.key.clone());
            }
            Entry::LogOpen(_)
            | Entry::ServiceStart(_)
            | Entry::ServiceStop(_)
            | Entry::Config(_)
            | Entry::ClockState(_)
            | Entry::Refusals(_)
            | Entry::KeyState(_)
            | Entry::SelfTest(_)
            | Entry::Admin(_)
            | Entry::Intent(_)
            | Entry::Outcome(_)
            | Entry::ClockSource(_)
            | Entry::TimeMark(_)
            | Entry::TimeAudit(_)
            | Entry::Pruning(_)
            | Entry::Erasure(_)
            | Entry::DeviceLog(_)
            | Entry::Accounts(_) => {}
        }
    }

    /// A key in a device has an intent before each signature, and each intent one end (THR-44).
    fn account(&mut self, index: LeafIndex, entry: &Entry, fault: &mut impl FnMut(Fault)) {
        match self.accounts.entry(index, entry) {
            Ended::Nothing => {}
            Ended::Intent(intent) => {
                self.ended.insert(intent);
            }
            Ended::Missing { named: Some(intent), .. } if self.ended.contains(&intent) => {
                fault(Fault::IntentEndedTwice { index, intent });
            }
            Ended::Missing { named: Some(named), .. } => fault(Fault::Reference { index, member: "intent", named }),
            Ended::Missing { key: Some(key), named: None } => fault(Fault::NoIntent { index, key }),
            Ended::Missing { key: None, named: None } => {}
        }
        if let Entry::Accounts(stated) = entry
            && *stated != self.accounts.statement(stated.time)
        {
            fault(Fault::AccountsDiffer { index });
        }
    }

    /// Takes one of several entries picked from a log: nothing can be said about what it refers to.
    pub(super) fn count(&mut self, entry: &Entry) {
        *self.kinds.entry(entry.kind()).or_default() += 1;
        if let Some(time) = entry.vouched_time() {
            let (from, to) = self.times.unwrap_or((time, time));
            self.times = Some((from.min(time), to.max(time)));
        }
    }

    fn opens(&self, entry: &Entry) -> bool {
        matches!(entry, Entry::LogOpen(open) if open.origin == self.opening.0 && open.vkey == self.opening.1)
    }

    fn order(&mut self, index: LeafIndex, key: &KeyName, time: LogTime, fault: &mut impl FnMut(Fault)) {
        let Some((earlier, latest)) = self.latest.get_mut(key) else {
            self.latest.insert(key.clone(), (index, time));
            return;
        };
        if time >= *latest {
            (*earlier, *latest) = (index, time);
            return;
        }
        let back = Duration::from_micros(latest.unix_micros().abs_diff(time.unix_micros()));
        self.inversions.count += 1;
        self.inversions.first.get_or_insert((*earlier, index));
        self.inversions.largest = self.inversions.largest.max(back);
        if back > self.tolerance {
            fault(Fault::OutOfOrder { key: key.clone(), earlier: *earlier, later: index, back });
        }
    }
}
