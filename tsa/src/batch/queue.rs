//! What waits for the next batch, and who goes into it.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_channel::oneshot;
use kokuin_evidence::{Digests, StampedBatch};
use kokuin_store::{BatchRecord, SubmissionRecord};
use kokuin_web::Client;

use super::{BatchRefusal, SubmissionId};

/// Digests waiting, in batches.
const WAITING: usize = 4;

/// What the lane tells whoever waits for it.
#[derive(Debug)]
pub enum Outcome {
    /// The batch has its token.
    Stamped {
        /// As stored.
        record: Arc<BatchRecord>,
        /// To write records from.
        batch: Arc<StampedBatch>,
    },
    /// The batch will have none.
    Failed(Arc<BatchRecord>),
    /// It was not taken.
    Refused(BatchRefusal),
}

/// One request on its way.
#[derive(Debug)]
pub(super) struct Submission {
    pub(super) id: SubmissionId,
    pub(super) client: Client,
    pub(super) tsu: String,
    pub(super) digests: Digests,
    pub(super) request_hash: [u8; 32],
    pub(super) idempotency_key: Option<String>,
    pub(super) came: Instant,
    pub(super) answer: oneshot::Sender<Outcome>,
}

impl Submission {
    pub(super) fn record(&self) -> SubmissionRecord {
        SubmissionRecord {
            id: self.id.as_bytes().to_vec(),
            request_hash: self.request_hash.to_vec(),
            idempotency_key: self.idempotency_key.clone(),
            digests: self.digests.as_bytes().to_vec(),
        }
    }
}

/// Requests in the order they came.
#[derive(Debug)]
pub(super) struct Queue {
    limit: usize,
    waiting: Vec<Submission>,
}

impl Queue {
    /// A queue for batches of `limit` digests.
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, waiting: Vec::new() }
    }

    /// Most digests that wait, for a batch of all TSUs together or for a token of one.
    pub(super) const fn most(&self) -> usize {
        self.limit * WAITING
    }

    /// Takes one in: of each client at most a batch's worth waits, and of all a few.
    pub(super) fn push(&mut self, submission: Submission) -> Result<(), BatchRefusal> {
        self.waiting.retain(|each| !each.answer.is_canceled());
        if submission.idempotency_key.is_some()
            && self.waiting.iter().any(|each| each.idempotency_key == submission.idempotency_key)
        {
            return Err(BatchRefusal::InProgress);
        }
        let added = submission.digests.len();
        let of_client = |each: &&Submission| each.client == submission.client;
        let own: usize = self.waiting.iter().filter(of_client).map(|each| each.digests.len()).sum();
        if own > 0 && own + added > self.limit {
            return Err(BatchRefusal::ClientFull { waiting: own, limit: self.limit });
        }
        let all: usize = self.waiting.iter().map(|each| each.digests.len()).sum();
        if all + added > self.most() {
            return Err(BatchRefusal::LaneFull { waiting: all, limit: self.most() });
        }
        self.waiting.push(submission);
        Ok(())
    }

    /// How long until the next batch closes: its window is over, or it is full. `None` where nothing waits.
    pub(super) fn due_in(&self, window: Duration, now: Instant) -> Option<Duration> {
        let oldest = self.waiting.first()?;
        let alike = self.waiting.iter().filter(|each| is_alike(each, oldest)).map(|each| each.digests.len());
        if alike.sum::<usize>() >= self.limit {
            return Some(Duration::ZERO);
        }
        Some(window.saturating_sub(now.saturating_duration_since(oldest.came)))
    }

    /// The next batch: the oldest request, and of what can share a tree with it first those whose clients have least waiting, so that
    /// whoever sends most fills what the others leave (THR-92).
    pub(super) fn take(&mut self) -> Vec<Submission> {
        self.waiting.retain(|each| !each.answer.is_canceled());
        let Some(oldest) = self.waiting.first() else { return Vec::new() };
        let mut of_client: HashMap<&Client, usize> = HashMap::new();
        for each in &self.waiting {
            *of_client.entry(&each.client).or_default() += each.digests.len();
        }
        let mut alike: Vec<usize> =
            (1..self.waiting.len()).filter(|place| is_alike(&self.waiting[*place], oldest)).collect();
        alike.sort_by_key(|place| of_client[&&self.waiting[*place].client]);
        let (mut chosen, mut count) = (vec![0], oldest.digests.len());
        for place in alike {
            let added = self.waiting[place].digests.len();
            if count + added <= self.limit {
                count += added;
                chosen.push(place);
            }
        }
        chosen.sort_unstable();
        let (mut taken, mut left) = (Vec::with_capacity(chosen.len()), Vec::new());
        for (place, each) in std::mem::take(&mut self.waiting).into_iter().enumerate() {
            if chosen.binary_search(&place).is_ok() { taken.push(each) } else { left.push(each) }
        }
        self.waiting = left;
        taken
    }

    /// Everything, for an end without a batch.
    pub(super) fn drain(&mut self) -> Vec<Submission> {
        std::mem::take(&mut self.waiting)
    }
}

fn is_alike(one: &Submission, other: &Submission) -> bool {
    one.tsu == other.tsu && one.digests.algorithm() == other.digests.algorithm()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use kokuin_suite::DigestAlgorithm;

    use super::*;

    type Waiter = oneshot::Receiver<Outcome>;

    fn submission(client: u8, count: u16, algorithm: DigestAlgorithm) -> (Submission, Waiter) {
        let octets: Vec<u8> = (0..count)
            .flat_map(|number| {
                let mut digest = vec![client; algorithm.output_len()];
                digest[..2].copy_from_slice(&number.to_be_bytes());
                digest
            })
            .collect();
        let (answer, waiter) = oneshot::channel();
        let submission = Submission {
            id: SubmissionId::random().unwrap(),
            client: Client::at(IpAddr::from([192, 0, 2, client])),
            tsu: "tsu".to_owned(),
            digests: Digests::new(algorithm, &octets).unwrap(),
            request_hash: [0; 32],
            idempotency_key: None,
            came: Instant::now(),
            answer,
        };
        (submission, waiter)
    }

    fn clients(taken: &[Submission]) -> Vec<(u8, usize)> {
        let last = |client: &Client| match client {
            Client::V4(address) => address.octets()[3],
            Client::V6(_) | Client::Named(_) => 0,
        };
        taken.iter().map(|each| (last(&each.client), each.digests.len())).collect()
    }

    const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;

    #[test]
    fn whoever_sends_most_gets_what_the_others_leave_thr_92() {
        let mut queue = Queue::new(100);
        let mut waiters = Vec::new();
        for (client, count) in [(1, 40), (1, 40), (2, 30), (3, 20), (1, 10)] {
            let (submission, waiter) = submission(client, count, SHA256);
            waiters.push(waiter);
            queue.push(submission).unwrap();
        }
        assert_eq!(clients(&queue.take()), [(1, 40), (2, 30), (3, 20), (1, 10)]);
        assert_eq!(clients(&queue.take()), [(1, 40)]);
        assert!(queue.take().is_empty());
    }

    #[test]
    fn one_client_may_have_one_batch_waiting_and_all_together_four_thr_92() {
        let mut queue = Queue::new(100);
        let mut waiters = Vec::new();
        let mut push = |queue: &mut Queue, client, count| {
            let (submission, waiter) = submission(client, count, SHA256);
            waiters.push(waiter);
            queue.push(submission).map_err(|refusal| refusal.code())
        };
        push(&mut queue, 1, 60).unwrap();
        assert_eq!(push(&mut queue, 1, 41), Err("tsa.batch.client-full"));
        push(&mut queue, 1, 40).unwrap();
        for client in 2..=4 {
            push(&mut queue, client, 100).unwrap();
        }
        assert_eq!(push(&mut queue, 5, 1), Err("tsa.batch.lane-full"));
    }

    #[test]
    fn one_algorithm_a_batch_and_nobody_who_has_gone() {
        let mut queue = Queue::new(100);
        let (first, _first) = submission(1, 1, SHA256);
        let (other, _other) = submission(2, 2, DigestAlgorithm::Sha512);
        let (gone, waiter) = submission(3, 3, SHA256);
        drop(waiter);
        for each in [first, other, gone] {
            queue.push(each).unwrap();
        }
        assert_eq!(clients(&queue.take()), [(1, 1)]);
        assert_eq!(clients(&queue.take()), [(2, 2)]);
    }

    #[test]
    fn a_batch_closes_after_its_window_or_when_it_is_full() {
        let window = Duration::from_millis(200);
        let mut queue = Queue::new(100);
        assert_eq!(queue.due_in(window, Instant::now()), None);
        let (first, _first) = submission(1, 60, SHA256);
        let came = first.came;
        queue.push(first).unwrap();
        assert_eq!(queue.due_in(window, came), Some(window));
        assert_eq!(queue.due_in(window, came + window), Some(Duration::ZERO));
        let (second, _second) = submission(2, 40, SHA256);
        queue.push(second).unwrap();
        assert_eq!(queue.due_in(window, came), Some(Duration::ZERO));
    }
}
