//! A connection to PostgreSQL that is waited for no longer than one wants to: libpq's own calls have no deadline, and a server that is
//! stopped, or waits for a standby that has gone, answers none.

use std::{
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, Instant},
};

use diesel::PgConnection;

use crate::{
    connection::{Access, PostgresUrl, postgres::connect},
    error::StoreError,
};

/// Time for a connection: three hosts, three seconds each.
const CONNECTING: Duration = Duration::from_secs(12);

type Work = Box<dyn FnOnce(&mut PgConnection) + Send>;

/// A thread that owns a connection. After [`StoreError::TimedOut`] it must be dropped: the thread ends when its call returns, whose effect is
/// unknown until then, and harmless to the log because each write is fenced.
#[derive(Debug)]
pub(crate) struct Session {
    sender: Sender<Work>,
}

impl Session {
    /// Opens a connection for writing.
    pub(crate) fn open(url: &PostgresUrl, standbys: u32) -> Result<Self, StoreError> {
        let (sender, works) = mpsc::channel::<Work>();
        let (opened, outcome) = mpsc::channel();
        let url = url.clone();
        let started = thread::Builder::new().name("database".to_owned()).spawn(move || {
            let mut connection = match connect(&url, Access::Write, standbys) {
                Ok(connection) => connection,
                Err(error) => return drop(opened.send(Err(error))),
            };
            drop(opened.send(Ok(())));
            works.into_iter().for_each(|work| work(&mut connection));
        });
        drop(started.map_err(|error| StoreError::file("thread of the database", error))?);
        wait(&outcome, CONNECTING)??;
        Ok(Self { sender })
    }

    /// Runs `work` on the connection, and waits until `deadline`.
    ///
    /// # Errors
    /// [`StoreError::TimedOut`], or what `work` says.
    pub(crate) fn run<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        deadline: Instant,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let (answer, outcome) = mpsc::channel();
        // A thread that has ended drops the answer, and that is noticed below.
        drop(self.sender.send(Box::new(move |connection| drop(answer.send(work(connection))))));
        wait(&outcome, deadline.saturating_duration_since(Instant::now()))?
    }
}

fn wait<T>(outcome: &mpsc::Receiver<T>, waited: Duration) -> Result<T, StoreError> {
    match outcome.recv_timeout(waited) {
        Ok(outcome) => Ok(outcome),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(StoreError::TimedOut { waited }),
    }
}
