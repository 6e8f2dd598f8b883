//! Who may write a log where several machines share a database: one row a log, renewed by the database's clock.
//!
//! The row is the fence: every write locks it and names the grant, so that whoever was taken over writes nothing, however late it wakes. The
//! clock only says when a lease may be taken over; a clock that is wrong costs availability, never a second history.

mod heartbeat;
mod row;

use std::{
    fs,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Sender},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use kokuin_audit::LogName;
pub(crate) use row::{Grant, renew, wait_for_standbys};

use crate::{connection::PostgresUrl, error::StoreError, session::Session};

/// A PostgreSQL, and how a log is held in it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PostgresOptions {
    /// Where it is.
    pub url: PostgresUrl,
    /// Synchronous standbys that must have an entry before it is answered for; 0 where there is one server.
    pub standbys: u32,
    /// How long a lease lasts after each renewal. Another process can take a log over so long after its writer has gone.
    pub lease: Duration,
}

impl PostgresOptions {
    /// The lease unless configured.
    pub const DEFAULT_LEASE: Duration = Duration::from_secs(10);
    /// Shorter ones are lost to any hiccup.
    pub const SHORTEST_LEASE: Duration = Duration::from_secs(2);
    /// Longer ones keep a log from everybody.
    pub const LONGEST_LEASE: Duration = Duration::from_secs(300);

    /// Nothing leaves this long before the lease ends: the longest way from a look at the clock to a client.
    fn margin(&self) -> Duration {
        self.lease / 5
    }
}

/// A lease that this process holds, kept up by a thread until it is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    shared: Arc<Shared>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the heartbeat and the writer both know of it.
#[derive(Debug)]
struct Shared {
    grant: Grant,
    options: PostgresOptions,
    held: Mutex<Held>,
}

#[derive(Clone, Copy, Debug)]
enum Held {
    /// By this process's clock, margin taken off.
    Until(Instant),
    /// Another process has it.
    Lost,
}

impl Lease {
    /// Takes the lease of log `log_no`, and waits for one whose holder shows no sign of life.
    ///
    /// # Errors
    /// [`StoreError::Leased`] if its holder lives, or a failure.
    pub(crate) fn take(
        options: &PostgresOptions,
        session: &Session,
        log_no: i64,
        name: &LogName,
    ) -> Result<Self, StoreError> {
        let end = Instant::now() + options.lease * 2;
        let mut seen = None;
        loop {
            let (asked, lease, holder, standbys) = (Instant::now(), options.lease, holder(), options.standbys);
            let deadline = asked + options.lease;
            match session.run(deadline, move |connection| row::take(connection, log_no, &holder, lease, standbys))? {
                row::Taken::Granted(grant) => return Self::keep(options.clone(), grant, asked),
                row::Taken::Held { holder, left, expires } => {
                    let alive = seen.replace(expires).is_some_and(|before| before != expires);
                    if alive || asked > end {
                        return Err(StoreError::Leased { name: name.clone(), holder, left });
                    }
                    std::thread::sleep(left.clamp(Duration::from_millis(10), Duration::from_millis(250)));
                }
            }
        }
    }

    fn keep(options: PostgresOptions, grant: Grant, asked: Instant) -> Result<Self, StoreError> {
        let held = Mutex::new(Held::Until(asked + options.lease - options.margin()));
        let shared = Arc::new(Shared { grant, options, held });
        let (stop, stopped) = mpsc::channel();
        let thread = heartbeat::start(Arc::clone(&shared), stopped)?;
        Ok(Self { shared, stop: Some(stop), thread: Some(thread) })
    }

    /// What every write must name.
    pub(crate) fn grant(&self) -> &Grant {
        &self.shared.grant
    }

    /// Until when this process may answer for what it has stored.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`].
    pub(crate) fn until(&self) -> Result<Instant, StoreError> {
        self.shared.until()
    }

    /// Closes the log for good, unless the lease is another's by now.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] or a failure.
    pub(crate) fn retire(&self, session: &Session, deadline: Instant) -> Result<(), StoreError> {
        let (grant, standbys) = (self.grant().clone(), self.shared.options.standbys);
        session.run(deadline, move |connection| {
            row::retire(connection, &grant)?;
            wait_for_standbys(connection, standbys, deadline)
        })
    }

    /// Notes that it was renewed by a question put at `asked`.
    pub(crate) fn renewed(&self, asked: Instant) {
        self.shared.renewed(asked);
    }

    /// Notes that another process has it.
    pub(crate) fn lost(&self) -> StoreError {
        self.shared.lost()
    }
}

impl Shared {
    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn until(&self) -> Result<Instant, StoreError> {
        match *self.held() {
            Held::Until(instant) => Ok(instant),
            Held::Lost => Err(StoreError::LeaseLost { epoch: self.grant.epoch }),
        }
    }

    fn renewed(&self, asked: Instant) {
        let mut held = self.held();
        if let Held::Until(known) = *held {
            *held = Held::Until(known.max(asked + self.options.lease - self.options.margin()));
        }
    }

    fn lost(&self) -> StoreError {
        *self.held() = Held::Lost;
        StoreError::LeaseLost { epoch: self.grant.epoch }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            // The heartbeat gives the lease back, if it can; if it panicked, the lease runs out.
            drop(thread.join());
        }
    }
}

/// Machine and process, for whoever is refused.
fn holder() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("process {} on {}", std::process::id(), host.trim())
}
