//! Takes what ceremonies recorded into the log: once when the process starts, then each second.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::Context as _;
use kokuin_audit::Log;

use crate::spool::Spool;

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
        take_in(&log, &spool)?;
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("ceremonies".to_owned()).spawn(move || {
            let mut failing = false;
            loop {
                let end = stopped.recv_timeout(LOOK_EVERY) != Err(RecvTimeoutError::Timeout);
                let outcome = take_in(&log, &spool);
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

/// A crash between the entry and the removal records the same act again, with the same time.
fn take_in(log: &Log, spool: &Spool) -> anyhow::Result<()> {
    for record in spool.waiting()? {
        let entry = match &record.entry {
            Ok(entry) => entry,
            Err(error) => {
                tracing::error!(path = %record.path.display(), error = format!("{error:#}"), "not a record of a ceremony; put aside");
                record.put_aside()?;
                continue;
            }
        };
        log.append(entry).and_then(kokuin_audit::Pending::wait).context("the log takes no entry")?;
        record.remove()?;
    }
    Ok(())
}
