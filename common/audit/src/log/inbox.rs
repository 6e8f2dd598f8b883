//! Where entries wait for the writer, and how long it lets them gather.
//!
//! A transaction and its sync cost as much for one entry as for thirty. While only one sender is about, an entry is taken
//! at once. While many are, the writer waits until three quarters of those it has seen lately are there, at most twice as long as storing took
//! the last time, and [`GATHER`]. Nobody wakes the writer before that, which saves a change of threads for each entry.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::writer::{Answer, Submission};

/// Most entries of a transaction.
const GROUP: usize = 1024;
/// Longest time that an entry waits for others that may come.
const GATHER: Duration = Duration::from_millis(2);

/// Many senders, one writer.
#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    enough: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<Submission>,
    closing: Option<Answer<()>>,
    /// Nobody holds the log any more.
    abandoned: bool,
    /// Nobody writes it any more.
    ended: bool,
    /// How many entries the writer wants to be woken for; `None` while it does not sleep.
    wanted: Option<usize>,
}

/// What the writer has to do now.
pub(super) enum Work {
    /// Store what was taken, if anything, and look whether a checkpoint is due.
    Group,
    /// The same, then end.
    Close(Answer<()>),
    /// Nobody holds the log, and nothing waits.
    Abandoned,
}

impl Inbox {
    /// Hands over an entry. Once the log has been closed it is dropped, and with it its answer, which says so.
    pub(super) fn push(&self, submission: Submission) {
        let mut state = self.lock();
        if state.ended || state.closing.is_some() {
            return;
        }
        state.waiting.push(submission);
        if state.wanted.is_some_and(|wanted| state.waiting.len() >= wanted) {
            self.wake(state);
        }
    }

    /// Asks the writer to end; `false` if it has ended, or has been asked before.
    pub(super) fn close(&self, answer: Answer<()>) -> bool {
        let mut state = self.lock();
        if state.ended || state.closing.is_some() {
            return false;
        }
        state.closing = Some(answer);
        self.wake(state);
        true
    }

    /// Nobody holds the log any more.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.abandoned = true;
        self.wake(state);
    }

    /// The writer is gone: whoever waits is answered that the log is closed.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.ended = true;
        let left = (std::mem::take(&mut state.waiting), state.closing.take());
        drop(state);
        drop(left);
    }

    /// Entries that wait now.
    pub(super) fn len(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Waits for entries until `due`, lets them gather, and puts them into `group`, in their order.
    pub(super) fn take(&self, group: &mut Vec<Submission>, due: Option<Instant>, crowd: Crowd) -> Work {
        let mut state = self.sleep(self.lock(), 1, due);
        if !state.waiting.is_empty() && state.waiting.len() < crowd.most() {
            state = self.sleep(state, crowd.most(), Some(Instant::now() + crowd.patience()));
        }
        if state.waiting.len() > GROUP {
            group.extend(state.waiting.drain(..GROUP));
            return Work::Group;
        }
        std::mem::swap(group, &mut state.waiting);
        match state.closing.take() {
            Some(answer) => {
                state.ended = true;
                Work::Close(answer)
            }
            None if state.abandoned && group.is_empty() => Work::Abandoned,
            None => Work::Group,
        }
    }

    /// Sleeps until `wanted` entries are there, the log is to end, or it is `until`.
    fn sleep<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        wanted: usize,
        until: Option<Instant>,
    ) -> MutexGuard<'a, State> {
        while state.waiting.len() < wanted && state.closing.is_none() && !state.abandoned {
            state.wanted = Some(wanted);
            state = match until {
                None => self.enough.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    self.enough.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        state.wanted = None;
        state
    }

    /// Wakes the writer, once, after the lock is free: it needs it first of all.
    fn wake(&self, mut state: MutexGuard<'_, State>) {
        state.wanted = None;
        drop(state);
        self.enough.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many senders have lately been seen at a time, and how long storing took.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Crowd {
    senders: usize,
    storing: Duration,
}

impl Crowd {
    /// `stored` entries were in a group that took `storing`, and `waiting` more had come when it was stored: so many senders at least, for none
    /// of them had its answer. A quarter of those not seen again is forgotten.
    pub(super) fn saw(&mut self, stored: usize, storing: Duration, waiting: usize) {
        self.senders = (self.senders - self.senders.div_ceil(4)).max(stored + waiting);
        self.storing = storing;
    }

    /// What is worth waiting for: three quarters of them, for the others are on their way while these are being stored. One sender alone never waits.
    const fn most(self) -> usize {
        self.senders * 3 / 4
    }

    /// How long that is worth it: the others would wait while the first comers alone are being stored, and then be stored themselves.
    fn patience(self) -> Duration {
        (self.storing * 2).min(GATHER)
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread};

    use futures_channel::oneshot;

    use super::*;
    use crate::{
        entry::Encoded,
        log::{LogError, writer::Stored},
    };

    type Pending = oneshot::Receiver<Result<Stored, LogError>>;

    fn submission() -> (Submission, Pending) {
        let (answer, pending) = oneshot::channel();
        (
            Submission {
                entry: Encoded { body: Vec::new(), serial: None, vouched_time: None, step: None },
                answer,
                intent: None,
            },
            pending,
        )
    }

    fn push(inbox: &Inbox, entries: usize) -> Vec<Pending> {
        let pushed = (0..entries).map(|_| submission());
        pushed
            .map(|(submission, pending)| {
                inbox.push(submission);
                pending
            })
            .collect()
    }

    fn crowd(senders: usize) -> Crowd {
        let mut crowd = Crowd::default();
        crowd.saw(senders, Duration::from_millis(1), 0);
        crowd
    }

    #[test]
    fn takes_the_entry_of_a_single_sender_at_once() {
        let inbox = Inbox::default();
        let _pending = push(&inbox, 1);
        let (mut group, start) = (Vec::new(), Instant::now());
        for seen in [0, 1, 2] {
            assert!(crowd(seen).most() <= 1, "{seen}");
        }
        assert!(matches!(inbox.take(&mut group, Some(start), crowd(1)), Work::Group));
        assert_eq!((group.len(), inbox.len()), (1, 0));
    }

    #[test]
    fn lets_most_of_a_crowd_gather() {
        let inbox = Arc::new(Inbox::default());
        let first = push(&inbox, 1);
        let sender = thread::spawn({
            let inbox = Arc::clone(&inbox);
            move || push(&inbox, 7)
        });
        let mut group = Vec::new();
        // As many as came within the time, eight if the machine is quick.
        assert!(matches!(inbox.take(&mut group, None, crowd(16)), Work::Group));
        let later = sender.join().unwrap();
        assert_eq!(group.len() + inbox.len(), first.len() + later.len());
    }

    #[test]
    fn waits_no_longer_than_its_time_for_a_crowd_that_has_left() {
        let inbox = Inbox::default();
        let _pending = push(&inbox, 1);
        let mut group = Vec::new();
        assert!(matches!(inbox.take(&mut group, None, crowd(1_000)), Work::Group));
        assert_eq!(group.len(), 1);
        let mut crowd = crowd(1_000);
        let groups = (0..)
            .take_while(|_| {
                crowd.saw(1, Duration::ZERO, 0);
                crowd.most() > 0
            })
            .count();
        assert!(groups < 30, "{groups} groups of one sender waited for others");
    }

    #[test]
    fn returns_when_a_checkpoint_is_due() {
        let (inbox, mut group) = (Inbox::default(), Vec::new());
        let due = Instant::now() + Duration::from_millis(1);
        assert!(matches!(inbox.take(&mut group, Some(due), Crowd::default()), Work::Group));
        assert!(group.is_empty() && Instant::now() >= due);
    }

    #[test]
    fn keeps_the_order_and_the_size_of_groups() {
        let inbox = Inbox::default();
        let _pending = push(&inbox, GROUP + 5);
        let mut group = Vec::new();
        assert!(matches!(inbox.take(&mut group, None, Crowd::default()), Work::Group));
        assert_eq!((group.len(), inbox.len()), (GROUP, 5));
    }

    #[test]
    fn takes_what_waits_before_it_closes_and_nothing_after() {
        let inbox = Inbox::default();
        let _pending = push(&inbox, 3);
        let (answer, _closed) = oneshot::channel();
        assert!(inbox.close(answer));
        let mut late = push(&inbox, 1);
        assert!(late.remove(0).try_recv().is_err());
        let mut group = Vec::new();
        assert!(matches!(inbox.take(&mut group, None, crowd(1_000)), Work::Close(_)));
        assert_eq!(group.len(), 3);
        assert!(!inbox.close(oneshot::channel().0));
    }

    #[test]
    fn answers_whoever_waits_when_the_writer_is_gone() {
        let inbox = Inbox::default();
        let mut waiting = push(&inbox, 1);
        inbox.end();
        waiting.extend(push(&inbox, 1));
        assert!(waiting.iter_mut().all(|pending| pending.try_recv().is_err()));
        assert!(!inbox.close(oneshot::channel().0));
    }
}
