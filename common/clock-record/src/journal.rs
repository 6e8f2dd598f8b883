//! The thread by which a service says in the log, of its own accord, what it sees.

use std::{
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread::{self, JoinHandle},
    time::Duration,
};

use kokuin_audit::{LogError, entry::LogTime};

/// How often a journal looks.
pub const TICK: Duration = Duration::from_secs(1);

/// What a service has to say beside what it issues.
pub trait Journal: Send + 'static {
    /// Records what has changed since the last call. `now` is the machine's clock.
    ///
    /// # Errors
    /// If the log does not take an entry.
    fn tick(&mut self, now: LogTime) -> Result<(), LogError>;

    /// Records what is left to be said at the stop.
    ///
    /// # Errors
    /// If the log does not take an entry.
    fn close(&mut self, now: LogTime) -> Result<(), LogError>;

    /// How long nothing is to do.
    fn pause(&self) -> Duration {
        TICK
    }
}

/// The thread, and the way to end it.
#[derive(Debug)]
pub struct JournalThread {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl JournalThread {
    /// Starts a thread of this name.
    ///
    /// # Errors
    /// If the operating system gives none.
    pub fn start(name: &str, mut journal: impl Journal) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = thread::Builder::new().name(name.to_owned()).spawn(move || {
            loop {
                let end = match stopped.recv_timeout(journal.pause()) {
                    Err(RecvTimeoutError::Timeout) => false,
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
                };
                let now = LogTime::system_now();
                let outcome = if end { journal.close(now) } else { journal.tick(now) };
                if let Err(error) = outcome {
                    tracing::warn!(%error, "the log did not take an entry of the journal");
                }
                if end {
                    return;
                }
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends the thread, with what is left to be said recorded.
    pub fn stop(self) {
        // A thread that is gone has nothing to be told.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the journal's thread panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    struct Told(Arc<Mutex<Vec<&'static str>>>);

    impl Told {
        fn tell(&self, what: &'static str) {
            self.0.lock().unwrap().push(what);
        }
    }

    impl Journal for Told {
        fn tick(&mut self, _: LogTime) -> Result<(), LogError> {
            self.tell("tick");
            Ok(())
        }

        fn close(&mut self, _: LogTime) -> Result<(), LogError> {
            self.tell("close");
            Ok(())
        }

        fn pause(&self) -> Duration {
            Duration::from_millis(1)
        }
    }

    #[test]
    fn looks_again_and_again_and_closes_once() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let thread = JournalThread::start("test", Told(Arc::clone(&told))).unwrap();
        while told.lock().unwrap().len() < 3 {
            thread::sleep(Duration::from_millis(1));
        }
        thread.stop();
        let told = told.lock().unwrap();
        assert_eq!(told.iter().filter(|each| **each == "close").count(), 1);
        assert_eq!(told.last(), Some(&"close"));
    }
}
