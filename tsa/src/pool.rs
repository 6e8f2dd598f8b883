//! Threads for keys that take long: RSA, and devices that block. Workers go on answering while they sign.
//!
//! The queue is bounded. Full, new requests are turned away with 503 before their body is read; the few that pass that door
//! at the same moment get `systemFailure`.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
};

use futures_channel::oneshot;

use crate::{
    desk::Desk,
    refusal::Refusal,
    serial::SerialSource,
    stage::{AssignedTsu, SignedTst},
    timekeeper::Timekeeper,
};

/// A bounded queue and the threads that serve it.
#[derive(Debug)]
pub(crate) struct SigningPool {
    queue: Option<SyncSender<Job>>,
    waiting: Arc<AtomicUsize>,
    limit: usize,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Job {
    assigned: AssignedTsu,
    answer: oneshot::Sender<Result<SignedTst, Refusal>>,
}

/// What the threads share.
#[derive(Debug)]
struct Shared {
    jobs: Mutex<Receiver<Job>>,
    waiting: Arc<AtomicUsize>,
    keeper: Arc<Timekeeper>,
    serials: Arc<SerialSource>,
}

impl SigningPool {
    /// One thread for each desk, and `limit` places to wait in.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub(crate) fn new(
        desks: Vec<Desk>,
        limit: usize,
        keeper: &Arc<Timekeeper>,
        serials: &Arc<SerialSource>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = sync_channel(limit);
        let waiting = Arc::new(AtomicUsize::new(0));
        let shared = Arc::new(Shared {
            jobs: Mutex::new(jobs),
            waiting: Arc::clone(&waiting),
            keeper: Arc::clone(keeper),
            serials: Arc::clone(serials),
        });
        let threads = desks
            .into_iter()
            .enumerate()
            .map(|(number, desk)| {
                let shared = Arc::clone(&shared);
                thread::Builder::new().name(format!("tsa-sign-{number}")).spawn(move || serve(&shared, desk))
            })
            .collect::<std::io::Result<_>>()?;
        Ok(Self { queue: Some(queue), waiting, limit, threads })
    }

    /// Whether a request should be turned away before it is read.
    #[must_use]
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) >= self.limit
    }

    /// Signs on one of the threads.
    ///
    /// # Errors
    /// [`Refusal::QueueFull`], [`Refusal::SignerGone`], and all of [`SignedTst::new`]'s.
    pub(crate) async fn sign(&self, assigned: AssignedTsu) -> Result<SignedTst, Refusal> {
        let (answer, signed) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(Refusal::SignerGone)?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        queue.try_send(Job { assigned, answer }).map_err(|error| {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => Refusal::QueueFull { limit: self.limit },
                TrySendError::Disconnected(_) => Refusal::SignerGone,
            }
        })?;
        signed.await.unwrap_or(Err(Refusal::SignerGone))
    }
}

impl Drop for SigningPool {
    fn drop(&mut self) {
        // Without a sender the threads end after the jobs they have.
        self.queue = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a signing thread panicked");
            }
        }
    }
}

fn serve(shared: &Shared, mut desk: Desk) {
    loop {
        let job = shared.jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { assigned, answer }) = job else { return };
        shared.waiting.fetch_sub(1, Ordering::Relaxed);
        // Nobody waits any more: the client is gone, and a signature made now would be explained by nothing.
        if answer.is_canceled() {
            continue;
        }
        let signed = SignedTst::new(assigned, &mut desk, &shared.keeper, &shared.serials);
        drop(answer.send(signed));
    }
}
