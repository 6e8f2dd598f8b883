//! Takes what ceremonies recorded into the log: once when the process starts, then each second.

use std::{
    collections::HashSet,
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context as _;
use kokuin_audit::{Log, entry::Digest};

use crate::spool::{NoRecord, Spool, Waiting};

const LOOK_EVERY: Duration = Duration::from_secs(1);

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
        for record in spool.waiting()? {
            if let Err(error) = self.take_one(log, &record) {
                first.get_or_insert_with(|| error.context(record.path.display().to_string()));
            }
        }
        first.map_or(Ok(()), Err)
    }

    fn take_one(&mut self, log: &Log, record: &Waiting) -> anyhow::Result<()> {
        let entry = match &record.entry {
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
}
