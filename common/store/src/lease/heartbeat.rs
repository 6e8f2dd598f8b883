//! The thread that renews a lease, and looks whether the server still loses no commit.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::Instant,
};

use super::{Shared, row};
use crate::{connection::postgres::check_settings, error::StoreError, session::Session};

/// Renewals in a lease's time.
const BEATS: u32 = 4;

/// Starts it. It ends when `stopped` is dropped at the other end, and gives the lease back.
pub(super) fn start(shared: Arc<Shared>, stopped: Receiver<()>) -> Result<JoinHandle<()>, StoreError> {
    thread::Builder::new()
        .name("lease".to_owned())
        .spawn(move || beat(&shared, &stopped))
        .map_err(|error| StoreError::file("thread of the lease", error))
}

fn beat(shared: &Shared, stopped: &Receiver<()>) {
    let interval = shared.options.lease / BEATS;
    let mut session = None;
    while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
        if shared.until().is_err() {
            return;
        }
        // A failure is not told here: the lease runs out, and the writer, which meets the same failure, says which.
        if renew(shared, &mut session).is_err() {
            session = None;
        }
    }
    let grant = shared.grant.clone();
    if let Some(session) = session.or_else(|| open(shared).ok()) {
        drop(session.run(Instant::now() + interval, move |connection| row::release(connection, &grant)));
    }
}

fn open(shared: &Shared) -> Result<Session, StoreError> {
    Session::open(&shared.options.url, shared.options.standbys)
}

fn renew(shared: &Shared, kept: &mut Option<Session>) -> Result<(), StoreError> {
    let session = match kept.take() {
        Some(session) => session,
        None => open(shared)?,
    };
    let asked = Instant::now();
    let (grant, lease, standbys) = (shared.grant.clone(), shared.options.lease, shared.options.standbys);
    let done = session.run(asked + lease, move |connection| {
        check_settings(connection, standbys)?;
        row::renew(connection, &grant, lease)
    });
    match done {
        Ok(()) => shared.renewed(asked),
        Err(StoreError::LeaseLost { .. }) => return Err(shared.lost()),
        Err(error) => return Err(error),
    }
    *kept = Some(session);
    Ok(())
}
