//! The other logs of the database: shown as they are now, their openings noted in this process's own log. And the end of this process, if
//! its log is taken over.

use std::{
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use kokuin_audit::{Entry, LeafIndex, Log, LogName, LogRead as _};
use kokuin_store::Database;
use kokuin_suite::Verify;
use kokuin_web::OtherLogs;

use super::logs;

/// Between two looks at the own log's lease.
const WATCH_EVERY: Duration = Duration::from_millis(100);
/// Between two looks at the other logs.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Exit code of a process whose log was taken over: started again, it finds the log held by another.
const TAKEN_OVER: i32 = 75;

/// The threads; they end when this is dropped.
#[derive(Debug)]
pub(super) struct Neighbours {
    stop: Vec<mpsc::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    /// The logs as they are now.
    pub(super) others: OtherLogs,
}

impl Neighbours {
    /// Looks once, then each second.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(super) fn start(log: &Log, database: &Database, engine: &Arc<dyn Verify>) -> anyhow::Result<Self> {
        let others = OtherLogs::default();
        others.set(logs::others(database, log.name(), engine.as_ref())?);
        let mut neighbours = Self { stop: Vec::new(), threads: Vec::new(), others: others.clone() };
        let (own, own_database, engine) = (log.clone(), database.clone(), Arc::clone(engine));
        let mut looked = Instant::now();
        neighbours.spawn("neighbours", move || {
            if looked.elapsed() < LOOK_EVERY {
                return;
            }
            // What cannot be read now stays as it was; the writer says what is wrong with the database.
            if let Ok(found) = logs::others(&own_database, own.name(), engine.as_ref()) {
                others.set(found);
            }
            if let Err(error) = note_openings(&own, &own_database) {
                tracing::debug!(error = format!("{error:#}"), "the opening of another log is not noted yet");
            }
            looked = Instant::now();
        })?;
        let own = log.clone();
        neighbours.spawn("lease-watch", move || {
            if own.is_taken_over() {
                tracing::error!(log = %own.name(), "the log has been taken over by another process: this one ends");
                std::process::exit(TAKEN_OVER);
            }
        })?;
        Ok(neighbours)
    }

    fn spawn(&mut self, name: &str, mut work: impl FnMut() + Send + 'static) -> anyhow::Result<()> {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            while stopped.recv_timeout(WATCH_EVERY) == Err(RecvTimeoutError::Timeout) {
                work();
            }
        })?;
        self.stop.push(stop);
        self.threads.push(thread);
        Ok(())
    }
}

/// The opening of a log is an entry in every log that was there before it.
fn note_openings(log: &Log, database: &Database) -> anyhow::Result<()> {
    for name in database.unnoted_logs(log.name())? {
        let name = LogName::new(&name)?;
        // It has no first entry yet if it is being opened just now.
        let Some(body) = database.log_reader(&name)?.entry(LeafIndex(0))? else { continue };
        log.append(&Entry::parse(&body)?)?.wait()?;
        database.set_noted(log.name(), &name)?;
    }
    Ok(())
}

impl Drop for Neighbours {
    fn drop(&mut self) {
        self.stop.clear();
        for thread in self.threads.drain(..) {
            // A panic in there has been printed already.
            thread.join().unwrap_or_default();
        }
    }
}
