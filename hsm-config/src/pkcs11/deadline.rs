//! A module's functions return when the device answers, which may be never.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use crate::pkcs11::Pkcs11Error;

/// Name of the threads that wait for tokens.
pub(super) const THREAD: &str = "pkcs11";

/// What `work` says within `patience`. A thread that hangs in a module cannot be ended: it is left behind, and ends with the device's answer.
pub(super) fn within<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> Result<T, Pkcs11Error> + Send + 'static,
) -> Result<T, Pkcs11Error> {
    let (tell, told) = sync_channel(1);
    let thread = thread::Builder::new().name(THREAD.to_owned());
    // Nobody listens any more once the time is over.
    thread.spawn(move || drop(tell.send(work()))).map_err(Pkcs11Error::Thread)?;
    match told.recv_timeout(patience) {
        Ok(outcome) => outcome,
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Err(Pkcs11Error::TimedOut),
    }
}
