//! The accounts of the log that is being written: taken up at the start, kept with every group that is stored, stated in an entry now and then.
//!
//! A start reads back to the last statement, so one is written each minute in which devices signed, at the end of a process, and at the latest
//! after [`STATE_AFTER`] entries of any kind. Intents that a former writer left open are ended before anything else is stored (THR-44).

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::LogError;
use crate::{
    accounts::{Accounts, Open, Step},
    entry::{Encoded, Entry, Kind, Label, LogTime, Outcome, OutcomeResult, kind_of},
    name::LeafIndex,
    storage::{LogRead, StorageError},
};

/// Entries read at a time.
const CHUNK: u64 = 1024;
/// Entries after the last statement that a start may have to read.
const STATE_AFTER: u64 = 1 << 16;
/// Between two statements while devices sign.
const STATE_EVERY: Duration = Duration::from_secs(60);
/// Code of the outcome of an intent that a former writer left open.
const NO_OUTCOME: &str = "log.no-outcome";

#[derive(Debug)]
pub(super) struct Books {
    accounts: Arc<Mutex<Accounts>>,
    /// Entries since the last statement.
    since: u64,
    /// When to state accounts that changed since then.
    due: Option<Instant>,
    stated: Instant,
}

impl Books {
    pub(super) fn new() -> Self {
        Self { accounts: Arc::default(), since: 0, due: None, stated: Instant::now() }
    }

    /// For whoever wants to see them.
    pub(super) fn share(&self) -> Arc<Mutex<Accounts>> {
        Arc::clone(&self.accounts)
    }

    /// Takes up the accounts of a log of `size` entries.
    pub(super) fn load(&mut self, read: &dyn LogRead, size: u64) -> Result<(), LogError> {
        let (accounts, since) = load(read, size)?;
        *self.lock() = accounts;
        self.since = since;
        self.due = (since >= STATE_AFTER).then_some(self.stated);
        Ok(())
    }

    /// The ends of all intents that have none: nobody knows what became of them.
    pub(super) fn orphans(&self, now: LogTime) -> Vec<Entry> {
        let code = Label::new(NO_OUTCOME).ok();
        let unknown = |(intent, Open { key, serial }): (LeafIndex, &Open)| {
            Entry::Outcome(Outcome {
                time: now,
                serial: serial.clone(),
                key: key.clone(),
                intent,
                result: OutcomeResult::Unknown,
                code: code.clone(),
                sig: None,
            })
        };
        self.lock().open().map(unknown).collect()
    }

    /// Counts what has been stored from `first` on.
    pub(super) fn stored(&mut self, first: LeafIndex, entries: &[Encoded]) {
        let mut changed = false;
        {
            let mut accounts = self.lock();
            for (index, entry) in (first.0..).zip(entries) {
                if let Some(step) = &entry.step {
                    accounts.step(LeafIndex(index), step);
                    changed |= !matches!(step, Step::Object { .. });
                }
            }
        }
        self.since += entries.len() as u64;
        if changed {
            let next = self.stated + STATE_EVERY;
            self.due.get_or_insert(next);
        }
        if self.since >= STATE_AFTER {
            self.due.get_or_insert_with(Instant::now);
        }
    }

    /// Counts what was in doubt and turned out to be stored.
    pub(super) fn found(&mut self, read: &dyn LogRead, from: u64, to: u64) -> Result<(), LogError> {
        let mut accounts = self.lock();
        each(read, from, to, &mut accounts, |accounts, index, entry| drop(accounts.entry(index, entry)))?;
        drop(accounts);
        self.since += to - from;
        Ok(())
    }

    /// When they have to be stated, at the latest.
    pub(super) const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// The log takes nothing now: what is due is tried again later.
    pub(super) fn put_off(&mut self, until: Instant) {
        self.due = self.due.map(|_| until);
    }

    /// Whether there is anything to state.
    pub(super) const fn changed(&self) -> bool {
        self.due.is_some()
    }

    pub(super) fn statement(&self) -> Entry {
        Entry::Accounts(self.lock().statement(LogTime::system_now()))
    }

    pub(super) fn stated(&mut self) {
        (self.since, self.due, self.stated) = (0, None, Instant::now());
    }

    fn lock(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The accounts, and how many entries came after the last statement.
fn load(read: &dyn LogRead, size: u64) -> Result<(Accounts, u64), LogError> {
    let Some((at, body)) = last_statement(read, size)? else {
        let mut accounts = Accounts::default();
        each(read, 0, size, &mut accounts, |accounts, index, entry| drop(accounts.entry(index, entry)))?;
        return Ok((accounts, size));
    };
    let index = LeafIndex(at);
    let Entry::Accounts(statement) = Entry::parse(&body).map_err(|error| LogError::TailEntry { index, error })? else {
        return Err(StorageError::Damaged { what: "entry", at }.into());
    };
    let mut before = Accounts::default();
    let from = statement.open_from.map_or(at, |open| open.0.min(at));
    each(read, from, at, &mut before, |before, index, entry| drop(before.entry(index, entry)))?;
    let open = before.open().map(|(index, open)| (index, open.clone())).collect();
    let mut accounts = Accounts::from_statement(&statement, open);
    each(read, at + 1, size, &mut accounts, |accounts, index, entry| drop(accounts.entry(index, entry)))?;
    Ok((accounts, size - at - 1))
}

/// The last statement and its place.
fn last_statement(read: &dyn LogRead, size: u64) -> Result<Option<(u64, Vec<u8>)>, LogError> {
    let mut to = size;
    while to > 0 {
        let from = to.saturating_sub(CHUNK);
        let bodies = read.entries(from..to)?;
        let found = (from..).zip(bodies).filter(|(_, body)| kind_of(body) == Some(Kind::Accounts)).last();
        if found.is_some() {
            return Ok(found);
        }
        to = from;
    }
    Ok(None)
}

/// Shows the entries of a range that may concern the accounts.
fn each(
    read: &dyn LogRead,
    from: u64,
    to: u64,
    accounts: &mut Accounts,
    mut take: impl FnMut(&mut Accounts, LeafIndex, &Entry),
) -> Result<(), LogError> {
    let mut at = from;
    while at < to {
        let bodies = read.entries(at..to.min(at + CHUNK))?;
        if bodies.is_empty() {
            return Err(StorageError::Damaged { what: "entry", at }.into());
        }
        for body in bodies {
            let index = LeafIndex(at);
            at += 1;
            if concerns(&body, accounts) {
                take(accounts, index, &Entry::parse(&body).map_err(|error| LogError::TailEntry { index, error })?);
            }
        }
    }
    Ok(())
}

/// Most entries of most logs concern no device: they are not parsed.
fn concerns(body: &[u8], accounts: &Accounts) -> bool {
    match kind_of(body) {
        Some(Kind::Intent | Kind::Outcome | Kind::DeviceLog | Kind::SelfTest | Kind::Admin) | None => true,
        Some(Kind::Tst | Kind::Seal | Kind::Batch) => !accounts.is_empty(),
        Some(
            Kind::LogOpen
            | Kind::ServiceStart
            | Kind::ServiceStop
            | Kind::Config
            | Kind::Certificate
            | Kind::ClockState
            | Kind::ClockReading
            | Kind::Refusals
            | Kind::KeyState
            | Kind::ClockSource
            | Kind::TimeMark
            | Kind::TimeAudit
            | Kind::Pruning
            | Kind::Erasure
            | Kind::Accounts,
        ) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Admin, Commitment, Intent, KeyName, Serial};

    /// Whatever is logged, a start has a bounded number of entries to read.
    #[test]
    fn accounts_are_stated_after_so_many_entries_of_any_kind() {
        let mut books = Books::new();
        let time = LogTime::from_unix_seconds(0);
        let action = Label::new("x").unwrap();
        let admin = Entry::Admin(Admin { time, action, target: None, actor: None, reason: None, intent: None });
        let group = vec![admin.encode().unwrap(); 1 << 15];
        books.stored(LeafIndex(0), &group);
        assert_eq!(books.due(), None);
        books.stored(LeafIndex(1 << 15), &group);
        assert!(books.due().is_some_and(|due| due <= Instant::now()));
        books.stated();
        assert_eq!(books.due(), None);
    }

    #[test]
    fn accounts_that_changed_are_stated_within_a_minute() {
        let mut books = Books::new();
        let (serial, key) = (Serial::new(&[1]).unwrap(), KeyName::new("tsu-1").unwrap());
        let imprint = Commitment::from_bytes([0; 32]);
        let intent = Entry::Intent(Intent { time: LogTime::from_unix_seconds(0), serial, key, imprint });
        books.stored(LeafIndex(0), &[intent.encode().unwrap()]);
        let due = books.due().unwrap();
        assert!(due > Instant::now() && due <= Instant::now() + STATE_EVERY);
    }
}
