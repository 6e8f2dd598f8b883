//! The lane itself: one thread from closed batch to durable token.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use futures_channel::oneshot;
use kokuin_audit::entry::LogTime;
use kokuin_evidence::{Batch, Digests};
use kokuin_key::KeyState;
use kokuin_store::{BatchRecord, BatchRepository, BatchStamp, BatchState, StoreError};
use kokuin_web::{
    Client,
    metrics::{Counter, Registry},
};

use super::{
    BatchConfig, BatchConfigError, BatchRefusal, BatchRequest, Outcome, Shelf, SubmissionId,
    fair::Allowances,
    maker::Maker,
    queue::{Queue, Submission},
};
use crate::{Service, refusal::Refusal, refusal_class::RefusalClass, unit::Unit};

/// Between two attempts at one batch.
const AGAIN: Duration = Duration::from_secs(1);
/// Between two times of looking for answers that are kept too long.
const PRUNING: Duration = Duration::from_secs(60);

/// Why there is no lane.
#[derive(Debug, thiserror::Error)]
pub enum LaneError {
    /// A setting.
    #[error(transparent)]
    Config(#[from] BatchConfigError),
    /// The batches that a crash left cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gives no thread.
    #[error("no thread for batches: {0}")]
    Thread(std::io::Error),
}

impl LaneError {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Config(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Thread(_) => "tsa.batch.thread",
        }
    }
}

/// The lane of one service.
pub struct Lane {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lane").finish_non_exhaustive()
    }
}

struct Shared {
    config: BatchConfig,
    service: Arc<Service>,
    shelf: Shelf,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queue: Queue,
    allowances: Allowances,
    /// Digests of closed batches that have no token yet, by TSU.
    tokenless: HashMap<String, usize>,
    stopping: bool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// Starts the lane, and takes up what a crash left pending.
    ///
    /// # Errors
    /// [`LaneError`].
    pub fn start(
        service: &Arc<Service>,
        config: BatchConfig,
        store: BatchRepository,
        registry: &Registry,
    ) -> Result<Arc<Self>, LaneError> {
        config.check()?;
        let left = store.pending(service.log.name().as_str())?;
        if !left.is_empty() {
            tracing::warn!(batches = left.len(), "batches were left without a token and get one now");
        }
        let state = State {
            queue: Queue::new(config.limit as usize),
            allowances: Allowances::new(config.client_rate.get(), config.limit),
            tokenless: HashMap::new(),
            stopping: false,
        };
        let shared = Arc::new(Shared {
            shelf: Shelf::new(store),
            config,
            service: Arc::clone(service),
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let mut work = Work {
            maker: Maker::new(service),
            shared: Arc::clone(&shared),
            open: left.into_iter().map(Open::left).collect(),
            pruned: None,
            batches: registry.counter("kokuin_tsa_batches_total", "Batches that got their token."),
            digests: registry.counter("kokuin_tsa_batch_digests_total", "Digests of batches that got their token."),
        };
        let thread =
            thread::Builder::new().name("tsa-batch".to_owned()).spawn(move || work.run()).map_err(LaneError::Thread)?;
        Ok(Arc::new(Self { shared, thread: Mutex::new(Some(thread)) }))
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &BatchConfig {
        &self.shared.config
    }

    /// The answers.
    #[must_use]
    pub fn shelf(&self) -> &Shelf {
        &self.shared.shelf
    }

    /// Takes in a request. Whoever drops the receiver before the batch is closed takes it back.
    ///
    /// # Errors
    /// The rule that keeps it out.
    pub fn submit(
        &self,
        client: Client,
        unit: &Unit,
        BatchRequest(digests): BatchRequest,
        request_hash: [u8; 32],
        idempotency_key: Option<String>,
    ) -> Result<(SubmissionId, Arc<Digests>, oneshot::Receiver<Outcome>), BatchRefusal> {
        let offer = unit.offer().map_err(|_| BatchRefusal::TsuUnknown(unit.name().to_owned()))?;
        if !offer.accepts(digests.algorithm()) {
            return Err(BatchRefusal::AlgorithmNotAccepted(digests.algorithm().name()));
        }
        let tsu = unit.name().to_owned();
        let (id, kept) = (SubmissionId::random()?, Arc::new(digests.clone()));
        let (answer, receiver) = oneshot::channel();
        let came = Instant::now();
        let mut state = self.shared.state();
        if state.stopping {
            return Err(BatchRefusal::Stopping);
        }
        let (waiting, limit) = (state.tokenless.get(&tsu).copied().unwrap_or(0), state.queue.most());
        if waiting >= limit {
            // Its TSU gives no tokens now: more would only pile up.
            return Err(BatchRefusal::LaneFull { waiting, limit });
        }
        state.allowances.take(&client, digests.len(), came)?;
        state.queue.push(Submission { id, client, tsu, digests, request_hash, idempotency_key, came, answer })?;
        drop(state);
        self.shared.changed.notify_one();
        Ok((id, kept, receiver))
    }

    /// The unit asked for.
    ///
    /// # Errors
    /// [`BatchRefusal::TsuUnknown`].
    pub fn unit(&self, asked: Option<&str>) -> Result<Arc<Unit>, BatchRefusal> {
        let service = &self.shared.service;
        match asked {
            None => Ok(service.default_unit()),
            Some(name) => service.unit(name).ok_or_else(|| BatchRefusal::TsuUnknown(name.chars().take(64).collect())),
        }
    }

    /// Counts a request that was answered with this status and no batch.
    pub(crate) fn turned_away(&self, asked: Option<&str>, status: u16) {
        self.shared.service.refusals.add_status(status);
        if let Ok(unit) = self.unit(asked) {
            unit.counts.refused.add(1);
        }
    }

    /// Stops the thread after what it is doing. What is stored and pending waits for the next start.
    pub fn stop(&self) {
        self.shared.state().stopping = true;
        self.shared.changed.notify_one();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread for batches panicked");
        }
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A stored batch without its token.
struct Open {
    record: BatchRecord,
    /// Not built yet after a crash.
    tree: Option<Batch>,
    /// Made and in the log, and not yet in the store.
    stamp: Option<BatchStamp>,
    waiting: Vec<oneshot::Sender<Outcome>>,
    at: Instant,
}

impl Open {
    fn left(record: BatchRecord) -> Self {
        Self { record, tree: None, stamp: None, waiting: Vec::new(), at: Instant::now() }
    }
}

/// What the thread owns.
struct Work {
    shared: Arc<Shared>,
    maker: Maker,
    open: VecDeque<Open>,
    pruned: Option<Instant>,
    batches: Counter,
    digests: Counter,
}

impl Work {
    fn run(&mut self) {
        let shared = Arc::clone(&self.shared);
        while let Some(taken) = self.next(&shared) {
            if !taken.is_empty() {
                self.open(taken);
            }
            self.attempt();
            shared.state().tokenless = self.tokenless();
            self.prune();
        }
        for each in shared.state().queue.drain() {
            drop(each.answer.send(Outcome::Refused(BatchRefusal::Stopping)));
        }
    }

    /// Waits for something to do: requests for a new batch (none where an open one is to be tried again), or `None` at the end.
    fn next(&self, shared: &Shared) -> Option<Vec<Submission>> {
        let mut state = shared.state();
        loop {
            if state.stopping {
                return None;
            }
            let now = Instant::now();
            let due = state.queue.due_in(shared.config.window.as_std(), now);
            if due == Some(Duration::ZERO) {
                return Some(state.queue.take());
            }
            let retry = self.open.iter().map(|open| open.at.saturating_duration_since(now)).min();
            if retry == Some(Duration::ZERO) {
                return Some(Vec::new());
            }
            let prune = self.pruned.map_or(Duration::ZERO, |at| (at + PRUNING).saturating_duration_since(now));
            if prune == Duration::ZERO {
                return Some(Vec::new());
            }
            let wait = [due, retry, Some(prune)].into_iter().flatten().min().unwrap_or(prune);
            (state, _) = shared.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Stores a batch. From here on it is not lost.
    fn open(&mut self, mut taken: Vec<Submission>) {
        let mut stored = self.store(&taken);
        // Another instance, or the batch before, has stored a request with the same key meanwhile: no matter for the others.
        if matches!(stored, Err(BatchRefusal::Store(StoreError::IdempotencyKeyTaken))) {
            taken = self.turn_away_known(taken);
            if taken.is_empty() {
                return;
            }
            stored = self.store(&taken);
        }
        match stored {
            Ok((record, tree)) => {
                let waiting = taken.into_iter().map(|each| each.answer).collect();
                self.open.push_back(Open { record, tree: Some(tree), stamp: None, waiting, at: Instant::now() });
            }
            Err(refusal) => {
                tracing::error!(code = refusal.code(), %refusal, "a batch was not stored");
                for each in taken {
                    drop(each.answer.send(Outcome::Refused(BatchRefusal::NotReached)));
                }
            }
        }
    }

    /// Those whose idempotency key the store does not have; the others find the answer under it when they ask again.
    fn turn_away_known(&self, taken: Vec<Submission>) -> Vec<Submission> {
        let store = self.shared.shelf.store();
        let is_known = |each: &Submission| {
            let key = each.idempotency_key.as_deref();
            key.is_some_and(|key| store.by_idempotency_key(key).is_ok_and(|found| found.is_some()))
        };
        let (known, others): (Vec<_>, Vec<_>) = taken.into_iter().partition(is_known);
        for each in known {
            drop(each.answer.send(Outcome::Refused(BatchRefusal::InProgress)));
        }
        others
    }

    fn store(&self, taken: &[Submission]) -> Result<(BatchRecord, Batch), BatchRefusal> {
        let first = taken.first().ok_or(BatchRefusal::NotReached)?;
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(BatchRefusal::Random)?;
        let algorithm = first.digests.algorithm();
        let record = BatchRecord {
            id: SubmissionId::random()?.as_bytes().to_vec(),
            created: LogTime::system_now(),
            log: self.shared.service.log.name().as_str().to_owned(),
            tsu: first.tsu.clone(),
            algorithm: algorithm.name().to_owned(),
            secret: secret.to_vec(),
            state: BatchState::Pending,
        };
        let submissions: Vec<_> = taken.iter().map(Submission::record).collect();
        let digests = Digests::collect(algorithm, taken.iter().flat_map(|each| each.digests.iter()));
        let tree = Batch::new(digests.map_err(BatchRefusal::Digests)?, &secret);
        self.shared.shelf.store().insert(&record, &submissions)?;
        Ok((record, tree))
    }

    /// Tries the batches that are due, each once.
    fn attempt(&mut self) {
        for _ in 0..self.open.len() {
            let Some(mut open) = self.open.pop_front() else { return };
            if open.at > Instant::now() {
                self.open.push_back(open);
                continue;
            }
            match self.finish(&mut open) {
                Ok(()) => {}
                Err(refusal) => {
                    tracing::warn!(code = refusal.code(), %refusal, "a batch waits for its token");
                    open.at = Instant::now() + AGAIN;
                    self.open.push_back(open);
                }
            }
        }
    }

    /// What waits for a token, by TSU. A batch that a crash left counts as a full one until its tree is built.
    fn tokenless(&self) -> HashMap<String, usize> {
        let mut tokenless = HashMap::new();
        for open in &self.open {
            let full = self.shared.config.limit as usize;
            let count = open.tree.as_ref().map_or(full, |tree| tree.digests().len());
            *tokenless.entry(open.record.tsu.clone()).or_default() += count;
        }
        tokenless
    }

    /// Gives one batch its token and its answers.
    fn finish(&mut self, open: &mut Open) -> Result<(), Unfinished> {
        let shelf = &self.shared.shelf;
        let tree = match open.tree.take() {
            Some(tree) => tree,
            None => shelf.build(&open.record)?,
        };
        let count = tree.digests().len();
        // A token that is in the log counts, whatever became of its TSU since.
        let stamp = match open.stamp.take() {
            Some(stamp) => stamp,
            None => {
                let Some(unit) = self.maker.unit(&open.record.tsu) else {
                    let gone = BatchRefusal::TsuUnknown(open.record.tsu.clone());
                    return Ok(fail(shelf, open, gone.code())?);
                };
                match self.maker.stamp(&unit, &hex::encode(&open.record.id), &tree) {
                    Ok(stamp) => stamp,
                    Err(refusal) if is_final(&refusal) => return Ok(fail(shelf, open, refusal.code())?),
                    Err(refusal) => {
                        open.tree = Some(tree);
                        return Err(Unfinished::Refused(refusal));
                    }
                }
            }
        };
        if let Err(error) = shelf.store().set_stamped(&open.record.id, &stamp) {
            // The token is in the log: it is the one to keep when the store is back.
            (open.tree, open.stamp) = (Some(tree), Some(stamp));
            return Err(Unfinished::Kept(error.into()));
        }
        let stamped = Arc::new(tree.stamped(stamp.token.clone()).map_err(BatchRefusal::Digests)?);
        shelf.keep(&open.record.id, &stamped);
        open.record.state = BatchState::Stamped(stamp);
        let record = Arc::new(open.record.clone());
        for each in open.waiting.drain(..) {
            drop(each.send(Outcome::Stamped { record: Arc::clone(&record), batch: Arc::clone(&stamped) }));
        }
        self.batches.add(1);
        self.digests.add(count as u64);
        Ok(())
    }

    fn prune(&mut self) {
        let now = Instant::now();
        if self.pruned.is_some_and(|at| now.saturating_duration_since(at) < PRUNING) {
            return;
        }
        self.pruned = Some(now);
        let config = &self.shared.config;
        let keep = i64::try_from(config.keep.as_std().as_micros()).unwrap_or(i64::MAX);
        let before = LogTime::from_unix_micros(LogTime::system_now().unix_micros().saturating_sub(keep));
        match self.shared.shelf.store().prune(before, config.keep_size.bytes()) {
            Ok(0) => {}
            Ok(batches) => tracing::info!(batches, "old batches were forgotten"),
            Err(error) => tracing::warn!(%error, "old batches are still there"),
        }
    }
}

/// Says to all who wait that there will be no token.
fn fail(shelf: &Shelf, open: &mut Open, code: &'static str) -> Result<(), BatchRefusal> {
    shelf.store().set_failed(&open.record.id, code)?;
    open.record.state = BatchState::Failed { code: code.to_owned() };
    let record = Arc::new(open.record.clone());
    for each in open.waiting.drain(..) {
        drop(each.send(Outcome::Failed(Arc::clone(&record))));
    }
    Ok(())
}

/// Why a batch is still open.
#[derive(Debug, thiserror::Error)]
enum Unfinished {
    /// No token.
    #[error(transparent)]
    Refused(Refusal),
    /// The store.
    #[error(transparent)]
    Kept(#[from] BatchRefusal),
}

impl Unfinished {
    const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Kept(refusal) => refusal.code(),
        }
    }
}

/// Whether waiting cannot help: the TSU does not stamp this, whatever the clock and the key do; or an operator has stopped the key, and nobody is to wait
/// for what may never come (THR-65).
const fn is_final(refusal: &Refusal) -> bool {
    matches!(refusal.class(), RefusalClass::AlgorithmNotAccepted | RefusalClass::PolicyNotOffered)
        || matches!(refusal, Refusal::KeyNotActive { state: KeyState::Suspended, .. })
}
