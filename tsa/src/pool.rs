//! Threads for keys that take long: RSA, and devices that block. Workers go on answering while they sign.
//!
//! The queue is bounded. Full, new requests are turned away with 503 before their body is read; the few that pass that door
//! at the same moment get `systemFailure`.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use futures_channel::oneshot;

use crate::{
    desk::Desk,
    refusal::Refusal,
    serial::SerialSource,
    stage::{IntendedTst, SignedTst},
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
    intended: IntendedTst,
    answer: oneshot::Sender<Answer>,
    place: Place,
}

/// A place in the queue, taken before anything is announced.
#[derive(Debug)]
pub(crate) struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

type Answer = Result<SignedTst, Refusal>;

/// What the threads share.
#[derive(Debug)]
struct Shared {
    jobs: Mutex<Receiver<Job>>,
    held: Mutex<Held>,
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
            held: Mutex::default(),
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

    /// A place in the queue.
    ///
    /// # Errors
    /// [`Refusal::QueueFull`].
    pub(crate) fn place(&self) -> Result<Place, Refusal> {
        let place = Place(Arc::clone(&self.waiting));
        if self.waiting.fetch_add(1, Ordering::Relaxed) < self.limit {
            Ok(place)
        } else {
            Err(Refusal::QueueFull { limit: self.limit })
        }
    }

    /// Signs on one of the threads, first come first served. Whoever goes away before has nothing signed.
    ///
    /// # Errors
    /// [`Refusal::SignerGone`], and all of [`SignedTst::new`]'s.
    pub(crate) async fn sign(&self, place: Place, intended: IntendedTst) -> Result<SignedTst, Refusal> {
        let (answer, signed) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(Refusal::SignerGone)?;
        queue.try_send(Job { intended, answer, place }).map_err(|error| match error {
            TrySendError::Full(_) => Refusal::QueueFull { limit: self.limit },
            TrySendError::Disconnected(_) => Refusal::SignerGone,
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

/// Longest time that an answer is held back for others. Handing out one alone costs two changes of threads, and a sync of the log of its own; with RSA a tenth of
/// the signature.
const HOLD: Duration = Duration::from_millis(20);

/// Answers of all threads that are handed out together.
#[derive(Debug, Default)]
struct Held {
    answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    /// When the first of them was ready.
    since: Option<Instant>,
}

impl Held {
    fn add(&mut self, to: oneshot::Sender<Answer>, answer: Answer, now: Instant) {
        self.answers.push((to, answer));
        self.since.get_or_insert(now);
    }

    /// Whether they can wait for another signature that takes as long as the last did.
    fn has_time(&self, now: Instant, last: Duration) -> bool {
        self.since.is_none_or(|since| now.duration_since(since) + last <= HOLD)
    }

    fn take(&mut self) -> Vec<(oneshot::Sender<Answer>, Answer)> {
        self.since = None;
        std::mem::take(&mut self.answers)
    }
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands out what is held.
    fn hand_out(&self) {
        let answers = self.held().take();
        for (to, answer) in answers {
            drop(to.send(answer));
        }
    }

    /// The next job. Nothing is held while one has to be waited for.
    fn next(&self) -> Option<Job> {
        // Another thread that waits for a job has the lock: there is none then.
        if let Some(job) = self.jobs.try_lock().ok().and_then(|jobs| jobs.try_recv().ok()) {
            return Some(job);
        }
        self.hand_out();
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
    }
}

fn serve(shared: &Shared, mut desk: Desk) {
    while let Some(Job { intended, answer, place }) = shared.next() {
        drop(place);
        // Nobody waits any more: the client is gone, and its intent is withdrawn.
        if answer.is_canceled() {
            continue;
        }
        let start = Instant::now();
        let signed = SignedTst::new(intended, &mut desk, &shared.keeper, &shared.serials);
        let end = Instant::now();
        let mut held = shared.held();
        held.add(answer, signed, end);
        let has_time = held.has_time(end, end.duration_since(start));
        drop(held);
        if !has_time {
            shared.hand_out();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_answers_back_only_while_another_fits_into_the_time() {
        let (start, ms) = (Instant::now(), Duration::from_millis);
        let mut held = Held::default();
        let (to, mut answer) = oneshot::channel();
        held.add(to, Err(Refusal::SignerGone), start);
        assert!(held.has_time(start, ms(1)) && held.has_time(start + ms(19), ms(1)));
        assert!(!held.has_time(start + ms(19), ms(2)) && !held.has_time(start, ms(75)), "a device is slower than that");
        assert!(matches!(answer.try_recv(), Ok(None)));
        assert_eq!(held.take().len(), 1);
        assert!(held.has_time(start + ms(99), ms(1)) && held.take().is_empty());
    }
}
