//! Waiting for an entry to be durable, with or without an executor.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Instant,
};

use futures_channel::oneshot;

use super::{LogError, writer::Stored};
use crate::name::LeafIndex;

/// An entry handed to the log. Ready when it is durable, or certain not to count.
#[derive(Debug)]
#[must_use = "nothing may leave before its entry is durable"]
pub struct Pending(pub(super) oneshot::Receiver<Result<Stored, LogError>>);

impl Pending {
    /// Blocks until the entry is durable.
    ///
    /// # Errors
    /// [`LogError`] if it is not.
    pub fn wait(self) -> Result<LeafIndex, LogError> {
        block_on(self)
    }

    /// Waits no longer. The place of the entry, if it is durable and its sender had not heard of it; else the writer knows that nobody waits.
    pub(crate) fn abandon(mut self) -> Option<LeafIndex> {
        self.0.close();
        match self.0.try_recv() {
            Ok(Some(Ok(Stored { index, .. }))) => Some(index),
            _ => None,
        }
    }
}

impl Future for Pending {
    type Output = Result<LeafIndex, LogError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // A writer that ended without an answer has not stored anything that counts.
        Pin::new(&mut self.0).poll(context).map(|answer| match answer.unwrap_or(Err(LogError::Closed))? {
            // The writer looked as well; this process may have been paused since.
            Stored { until: Some(until), .. } if until <= Instant::now() => Err(LogError::LeaseOver),
            Stored { index, .. } => Ok(index),
        })
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}
