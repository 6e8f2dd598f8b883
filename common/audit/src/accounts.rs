//! The accounting of device signatures: what every intent came to, and how that stands against what devices say they signed (THR-44, THR-56).
//!
//! Pure: fed with entries in their order, by the log's writer as it stores them and by whoever checks a log. A key is a device's as soon as it had
//! an intent; the signatures of other keys are not counted.

mod share;
mod step;

use std::collections::{BTreeMap, HashMap};

pub use step::{Object, Step};

use crate::{
    entry::{
        DeviceAccount, DeviceLog, Entry, KeyAccount, KeyName, Label, LogTime, OutcomeResult, Serial, Statement,
        TestResult,
    },
    name::LeafIndex,
};

/// What an entry ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Ended {
    /// It is no end of an intent, or of a key that needs none.
    Nothing,
    /// This intent.
    Intent(LeafIndex),
    /// It should have ended one: of this key, and at this place if it says so. None is open there.
    Missing {
        /// The key; `None` where only the intent is named.
        key: Option<KeyName>,
        /// The intent named.
        named: Option<LeafIndex>,
    },
}

/// An intent without an end yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Open {
    /// The key.
    pub key: KeyName,
    /// The number in the intent.
    pub serial: Serial,
}

/// The accounts of a log up to some entry.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Accounts {
    keys: BTreeMap<KeyName, KeyAccount>,
    devices: BTreeMap<Label, DeviceAccount>,
    open: BTreeMap<LeafIndex, Open>,
    by_serial: HashMap<Serial, LeafIndex>,
}

impl Accounts {
    /// Takes the next entry.
    pub fn entry(&mut self, index: LeafIndex, entry: &Entry) -> Ended {
        Step::of(entry).map_or(Ended::Nothing, |step| self.step(index, &step))
    }

    /// Takes what the next entry means to the accounts.
    pub fn step(&mut self, index: LeafIndex, step: &Step) -> Ended {
        match step {
            Step::Intent { key, serial } => {
                account(&mut self.keys, key).intents += 1;
                self.by_serial.insert(serial.clone(), index);
                self.open.insert(index, Open { key: key.clone(), serial: serial.clone() });
                Ended::Nothing
            }
            Step::Object { object, key, serial } => {
                let Some(account) = self.keys.get_mut(key) else { return Ended::Nothing };
                match object {
                    Object::Token => account.tokens += 1,
                    Object::Seal => account.seals += 1,
                    Object::Batch => account.batches += 1,
                }
                let intent = self.by_serial.get(serial).copied();
                let intent = intent.filter(|intent| self.open.get(intent).is_some_and(|open| open.key == *key));
                self.end(intent, Ended::Missing { key: Some(key.clone()), named: None })
            }
            Step::Outcome { key, intent, result } => {
                let account = account(&mut self.keys, key);
                match result {
                    OutcomeResult::Failed => account.failed += 1,
                    OutcomeResult::Discarded => account.discarded += 1,
                    OutcomeResult::Unknown => account.unknown += 1,
                    OutcomeResult::Withdrawn => account.withdrawn += 1,
                }
                self.end_named(Some(key.clone()), *intent)
            }
            Step::Test { key, intent, result } => {
                let account = account(&mut self.keys, key);
                match result {
                    TestResult::Passed => account.tests += 1,
                    TestResult::Failed => account.failed_tests += 1,
                }
                self.end_named(Some(key.clone()), *intent)
            }
            Step::Request { intent } => {
                if let Some(open) = self.open.get(intent) {
                    account(&mut self.keys, &open.key).requests += 1;
                }
                self.end_named(None, *intent)
            }
            Step::Device(entry) => {
                self.device(index, entry);
                Ended::Nothing
            }
        }
    }

    /// Goes on from a statement: `open` are the intents without an end at it.
    #[must_use]
    pub fn from_statement(statement: &Statement, open: BTreeMap<LeafIndex, Open>) -> Self {
        Self {
            keys: statement.keys.iter().map(|account| (account.key.clone(), account.clone())).collect(),
            devices: statement.devices.iter().map(|account| (account.device.clone(), account.clone())).collect(),
            by_serial: open.iter().map(|(index, open)| (open.serial.clone(), *index)).collect(),
            open,
        }
    }

    /// What an entry of now says of them.
    #[must_use]
    pub fn statement(&self, time: LogTime) -> Statement {
        Statement {
            time,
            keys: self.keys.values().cloned().collect(),
            devices: self.devices.values().cloned().collect(),
            open_from: self.open.keys().next().copied(),
        }
    }

    /// Whether no key is a device's.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.devices.is_empty()
    }

    /// Each key of a device.
    pub fn keys(&self) -> impl Iterator<Item = &KeyAccount> {
        self.keys.values()
    }

    /// The account of a key, if it is a device's.
    #[must_use]
    pub fn key(&self, key: &KeyName) -> Option<&KeyAccount> {
        self.keys.get(key)
    }

    /// Each device that lines are kept of.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceAccount> {
        self.devices.values()
    }

    /// The account of a device, if any of its lines are kept.
    #[must_use]
    pub fn of_device(&self, device: &Label) -> Option<&DeviceAccount> {
        self.devices.get(device)
    }

    /// The intents without an end, in their order.
    pub fn open(&self) -> impl Iterator<Item = (LeafIndex, &Open)> {
        self.open.iter().map(|(index, open)| (*index, open))
    }

    /// How many intents of `key` have no end.
    #[must_use]
    pub fn open_of(&self, key: &KeyName) -> u64 {
        self.open.values().filter(|open| open.key == *key).count() as u64
    }

    /// Signatures that devices say they made with `key`, beyond those that entries explain.
    #[must_use]
    pub fn surplus(&self, key: &KeyName) -> u64 {
        self.keys.get(key).map_or(0, |account| account.surplus(self.open_of(key)))
    }

    fn device(&mut self, index: LeafIndex, entry: &DeviceLog) {
        for said in &entry.signatures {
            let open = self.open.values().filter(|open| open.key == said.key).count() as u64;
            account(&mut self.keys, &said.key).said(&entry.device, said, entry.begins, open);
        }
        if entry.begins {
            for account in self.keys.values_mut() {
                account.settle(&entry.device);
            }
        }
        let known = self.devices.entry(entry.device.clone()).or_insert_with(|| DeviceAccount {
            device: entry.device.clone(),
            entry: index,
            lines: 0,
            unexplained: 0,
            unlogged: 0,
        });
        known.entry = index;
        known.lines = known.lines.saturating_add(entry.count);
        known.unexplained = known.unexplained.saturating_add(entry.unexplained);
        known.unlogged = known.unlogged.saturating_add(u64::from(entry.unlogged));
    }

    fn end_named(&mut self, key: Option<KeyName>, intent: LeafIndex) -> Ended {
        let fits = |open: &Open| key.as_ref().is_none_or(|key| open.key == *key);
        let found = self.open.get(&intent).is_some_and(fits).then_some(intent);
        self.end(found, Ended::Missing { key, named: Some(intent) })
    }

    fn end(&mut self, intent: Option<LeafIndex>, missing: Ended) -> Ended {
        let Some((intent, open)) = intent.and_then(|intent| Some((intent, self.open.remove(&intent)?))) else {
            return missing;
        };
        if self.by_serial.get(&open.serial) == Some(&intent) {
            self.by_serial.remove(&open.serial);
        }
        Ended::Intent(intent)
    }
}

fn account<'a>(keys: &'a mut BTreeMap<KeyName, KeyAccount>, key: &KeyName) -> &'a mut KeyAccount {
    keys.entry(key.clone()).or_insert_with(|| KeyAccount::new(key.clone()))
}

#[cfg(test)]
mod tests;
