//! Takes what ceremonies recorded into the log: once when the process starts, then each second.

use std::{
    collections::{HashSet, VecDeque},
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context as _;
use kokuin_audit::{
    Entry, LeafIndex, Log,
    entry::{Admin, Digest, Intent, LogTime, Outcome, OutcomeResult},
};

use crate::spool::{NoRecord, Spool, Waiting};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a ceremony has to say what became of a signature that it announced, microseconds. A device answers in seconds.
const SIGNING_US: i64 = 60_000_000;

/// The thread; it ends when this is dropped, after one last look.
#[derive(Debug)]
pub(super) struct Intake {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Intake {
    /// Takes in what waits, then looks each second.
    ///
    /// # Errors
    /// If the log takes no entry now, or the operating system gives no thread.
    pub(super) fn start(log: Log, spool: Spool) -> anyhow::Result<Self> {
        let mut taken = Taken::default();
        taken.take_in(&log, &spool)?;
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("ceremonies".to_owned()).spawn(move || {
            let mut failing = false;
            loop {
                let end = stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout);
                let outcome = taken.take_in(&log, &spool);
                if let (Err(error), false) = (&outcome, failing) {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "records of ceremonies wait: the log does not have them yet"
                    );
                }
                failing = outcome.is_err();
                if end {
                    return;
                }
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Intake {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already.
            thread.join().unwrap_or_default();
        }
    }
}

/// Takes in, and knows what it has taken in since the process started.
#[derive(Debug, Default)]
struct Taken(HashSet<Digest>);

impl Taken {
    /// A crash between the entry and the removal records the same act again, with the same time. While the process runs a record that cannot be
    /// removed, or comes back, is not recorded again. No record keeps those behind it waiting.
    fn take_in(&mut self, log: &Log, spool: &Spool) -> anyhow::Result<()> {
        let mut first = None;
        let mut waiting: VecDeque<Waiting> = spool.waiting()?.into();
        while let Some(record) = waiting.pop_front() {
            let taken = match &record.entry {
                Ok(Entry::Intent(intent)) => {
                    let end = waiting.iter().position(|other| other.ends(&record));
                    let end = end.and_then(|place| waiting.remove(place));
                    self.take_signature(log, intent, &record, end.as_ref())
                }
                _ => self.take_one(log, &record),
            };
            if let Err(error) = taken {
                first.get_or_insert_with(|| error.context(record.path.display().to_string()));
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// The intent and what ended it go into the log one after the other, once both are known: a start of the service between them would take the
    /// signature for one that a crash left open.
    fn take_signature(
        &mut self,
        log: &Log,
        intent: &Intent,
        record: &Waiting,
        end: Option<&Waiting>,
    ) -> anyhow::Result<()> {
        if end.is_none() && intent.time.unix_micros() + SIGNING_US > LogTime::system_now().unix_micros() {
            return Ok(());
        }
        let announced = Entry::Intent(intent.clone()).encode()?;
        if self.0.insert(Digest::of(announced.body())) {
            let index = log.append_encoded(announced).wait().context("the log takes no entry")?;
            let entry = ended(intent, end, index);
            log.append(&entry).and_then(kokuin_audit::Pending::wait).context("the log takes no entry")?;
        }
        // In this order: an end without its intent says nothing wrong, an intent without its end would.
        record.remove()?;
        end.map_or(Ok(()), Waiting::remove)
    }

    fn take_one(&mut self, log: &Log, record: &Waiting) -> anyhow::Result<()> {
        let entry = match &record.entry {
            Ok(Entry::Outcome(_)) => {
                tracing::error!(path = %record.path.display(), "nothing announced what this is the outcome of; put aside");
                return record.put_aside();
            }
            Ok(entry) => entry,
            Err(NoRecord::Unreadable(error)) => anyhow::bail!("cannot be read: {error}"),
            Err(NoRecord::Refused(error)) => {
                tracing::error!(path = %record.path.display(), error = format!("{error:#}"), "not a record of a ceremony; put aside");
                return record.put_aside();
            }
        };
        let encoded = entry.encode()?;
        let digest = Digest::of(encoded.body());
        if !self.0.contains(&digest) {
            log.append_encoded(encoded).wait().context("the log takes no entry")?;
            self.0.insert(digest);
        }
        record.remove()
    }
}

/// What ended an intent: its record, with the place of the intent, or nobody knows.
fn ended(intent: &Intent, end: Option<&Waiting>, index: LeafIndex) -> Entry {
    let outcome = |time, result, code| {
        let (serial, key) = (intent.serial.clone(), intent.key.clone());
        Entry::Outcome(Outcome { time, serial, key, intent: index, result, code, sig: None })
    };
    match end.and_then(|end| end.entry.as_ref().ok()) {
        Some(Entry::Admin(admin)) => Entry::Admin(Admin { intent: Some(index), ..admin.clone() }),
        Some(Entry::Outcome(known)) => outcome(known.time, known.result, known.code.clone()),
        _ => outcome(LogTime::system_now(), OutcomeResult::Unknown, None),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use kokuin_audit::{Entry, LogName, LogOptions, Origin, storage::memory::MemoryStore};
    use kokuin_hsm_config::soft::SoftStore;
    use kokuin_key::{KeyId, Purpose};
    use kokuin_suite::KeyAlgorithm;
    use kokuin_suite_openssl::OpenSslEngine;

    use super::*;

    fn log(folder: &std::path::Path) -> (MemoryStore, Log) {
        let (keys, passphrase) = (folder.join("keys"), folder.join("passphrase"));
        crate::fresh::make_private(&keys).unwrap();
        crate::fresh::make_secret(&passphrase).unwrap();
        let keys = SoftStore::open(&keys, &passphrase).unwrap();
        let key = SoftStore::create(&keys, &KeyId::new("log").unwrap(), KeyAlgorithm::Ed25519, Purpose::Log).unwrap();
        let options = LogOptions {
            origin: Origin::new("log.example").unwrap(),
            name: LogName::new("main").unwrap(),
            key,
            engine: Arc::new(OpenSslEngine),
            checkpoint_interval: LogOptions::DEFAULT_INTERVAL,
        };
        let store = MemoryStore::new();
        let log =
            Log::open(options, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone())).unwrap();
        (store, log)
    }

    fn actions(store: &MemoryStore) -> Vec<String> {
        let mut actions = Vec::new();
        kokuin_audit::filter::scan(store, &kokuin_audit::filter::Filter::default(), |found| {
            if let Ok(Entry::Admin(admin)) = found.entry {
                actions.push(admin.action.to_string());
            }
            true
        })
        .unwrap();
        actions
    }

    /// Were it recorded anew each second, a folder that cannot be written would fill the log.
    #[test]
    fn a_record_that_comes_back_is_recorded_once_and_keeps_no_other_waiting() {
        let folder = tempfile::tempdir().unwrap();
        let (store, log) = log(folder.path());
        let (spool, mut taken) = (Spool::new(folder.path()), Taken::default());
        spool.leave("key-create", "tsu-1", None).unwrap();
        let path = spool.waiting().unwrap().remove(0).path;
        let record = fs::read(&path).unwrap();
        for _ in 0..3 {
            taken.take_in(&log, &spool).unwrap();
            assert!(!path.exists());
            fs::write(&path, &record).unwrap();
        }
        // What can be neither taken nor put aside: its refused name is taken by a folder.
        let stuck = path.with_file_name("0.json");
        fs::write(&stuck, b"{}").unwrap();
        fs::create_dir_all(stuck.with_extension("refused").join("full")).unwrap();
        spool.leave("key-suspend", "tsu-1", None).unwrap();
        assert!(taken.take_in(&log, &spool).is_err());
        log.close().unwrap();
        assert_eq!(actions(&store), ["key-create", "key-suspend"]);
    }

    /// What a log says of the signatures of ceremonies: each intent, and what ended it.
    fn signatures(store: &MemoryStore) -> Vec<String> {
        let mut said = Vec::new();
        kokuin_audit::filter::scan(store, &kokuin_audit::filter::Filter::default(), |found| {
            match found.entry {
                Ok(Entry::Intent(intent)) => said.push(format!("{} intent {}", found.index, intent.key)),
                Ok(Entry::Outcome(outcome)) => said.push(format!("{:?} of {}", outcome.result, outcome.intent)),
                Ok(Entry::Admin(Admin { action, intent, .. })) => said.push(format!("{action} of {intent:?}")),
                _ => {}
            }
            true
        })
        .unwrap();
        said
    }

    /// The signature that a device gives in a ceremony is announced before and explained after, in the log as in the spool.
    #[test]
    fn the_signature_of_a_request_is_announced_and_explained_thr_44() {
        let folder = tempfile::tempdir().unwrap();
        let (store, log) = log(folder.path());
        let (spool, mut taken) = (Spool::new(folder.path()), Taken::default());
        let key = KeyId::new("tsu-1").unwrap();
        let announced = spool.announce(&key, b"request").unwrap();
        taken.take_in(&log, &spool).unwrap();
        assert_eq!(signatures(&store), Vec::<String>::new(), "the device may still be busy");
        spool.leave_signed(&announced, "key-csr", "tsu-1", None).unwrap();
        let failed = spool.announce(&key, b"request").unwrap();
        spool.leave_outcome(failed, OutcomeResult::Withdrawn, "ceremony.not-active").unwrap();
        taken.take_in(&log, &spool).unwrap();
        assert!(spool.waiting().unwrap().is_empty());
        log.close().unwrap();
        assert_eq!(
            signatures(&store),
            ["1 intent tsu-1", "key-csr of Some(LeafIndex(1))", "3 intent tsu-1", "Withdrawn of 3"]
        );
    }

    #[test]
    fn what_a_ceremony_that_crashed_left_open_is_unknown_thr_44() {
        let folder = tempfile::tempdir().unwrap();
        let (store, log) = log(folder.path());
        let (spool, mut taken) = (Spool::new(folder.path()), Taken::default());
        drop(spool.announce(&KeyId::new("tsu-1").unwrap(), b"request").unwrap());
        let path = spool.waiting().unwrap().remove(0).path;
        let Entry::Intent(mut intent) = Entry::parse(&fs::read(&path).unwrap()).unwrap() else { panic!() };
        intent.time = LogTime::from_unix_seconds(1);
        fs::write(&path, Entry::Intent(intent).encode().unwrap().body()).unwrap();
        taken.take_in(&log, &spool).unwrap();
        assert!(spool.waiting().unwrap().is_empty());
        log.close().unwrap();
        assert_eq!(signatures(&store), ["1 intent tsu-1", "Unknown of 1"]);
    }
}
