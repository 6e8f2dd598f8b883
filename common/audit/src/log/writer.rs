//! The one thread that writes: groups of entries in one transaction each, and checkpoints after them.

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_channel::oneshot;
use kokuin_key::{Prepared, Purpose, Signer, SigningKey};
use kokuin_suite::{SignatureAlgorithm, Verify};

use super::{
    LogError, LogOptions, Published,
    books::Books,
    inbox::{Crowd, Inbox, Work},
    open::Tail,
};
use crate::{
    accounts::Accounts,
    checkpoint::{Checkpoint, SignedCheckpoint},
    entry::{Admin, Encoded, Entry, Intent, Label, LogTime},
    hash::Hash,
    intent::withdrawal,
    name::{LeafIndex, Origin, TreeSize},
    note::VerifierKey,
    storage::{Anchor, LogRead, LogStore, StorageError, StoredCheckpoint},
};

/// Ends of orphans stored in one transaction.
const GROUP: usize = 1024;
/// Time between test appends while the log is not writable.
const PROBE: Duration = Duration::from_secs(1);
/// Stands for "no time yet": earlier than any [`LogTime`].
const NO_TIME: i64 = i64::MIN;

pub(super) type Answer<T> = oneshot::Sender<Result<T, LogError>>;

/// An entry and who waits for it.
pub(super) struct Submission {
    pub(super) entry: Encoded,
    pub(super) answer: Answer<Stored>,
    /// An intent, which is withdrawn if nobody waits for it any more.
    pub(super) intent: Option<Intent>,
}

/// Whoever waits for an entry, and what the entry announces.
type Waiter = (Answer<Stored>, Option<Intent>);

/// Where an entry is, and until when that may be said.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stored {
    pub(super) index: LeafIndex,
    pub(super) until: Option<Instant>,
}

/// What the writer tells everybody.
pub(super) struct Shared {
    published: RwLock<Arc<Published>>,
    writable: AtomicBool,
    closed: AtomicBool,
    lost: AtomicBool,
    last_time: AtomicI64,
    accounts: Arc<Mutex<Accounts>>,
}

impl Shared {
    pub(super) fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn is_writable(&self) -> bool {
        self.writable.load(Ordering::Acquire)
    }

    /// Whether the writer ended as it was told to.
    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Whether another process writes the log now.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    pub(super) fn accounts(&self) -> Accounts {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn last_time(&self) -> Option<LogTime> {
        let micros = self.last_time.load(Ordering::Acquire);
        (micros != NO_TIME).then(|| LogTime::from_unix_micros(micros))
    }
}

pub(super) struct Writer {
    origin: Origin,
    vkey: VerifierKey,
    key: Arc<dyn SigningKey>,
    signer: Option<Box<dyn Signer>>,
    engine: Arc<dyn Verify>,
    interval: Duration,
    store: Box<dyn LogStore>,
    read: Arc<dyn LogRead>,
    anchor: Box<dyn Anchor>,
    tail: Tail,
    /// Leaf hashes of the group whose append failed: the store has all of it, or nothing.
    in_doubt: Vec<Hash>,
    /// When the next checkpoint must be signed.
    due: Option<Instant>,
    /// How many append at a time.
    crowd: Crowd,
    books: Books,
    shared: Option<Arc<Shared>>,
}

impl Writer {
    pub(super) fn new(
        options: &LogOptions,
        vkey: VerifierKey,
        store: Box<dyn LogStore>,
        read: Arc<dyn LogRead>,
        anchor: Box<dyn Anchor>,
        tail: Tail,
    ) -> Self {
        Self {
            origin: options.origin.clone(),
            vkey,
            key: Arc::clone(&options.key),
            signer: None,
            engine: Arc::clone(&options.engine),
            interval: options.checkpoint_interval,
            store,
            read,
            anchor,
            tail,
            in_doubt: Vec::new(),
            due: None,
            crowd: Crowd::default(),
            books: Books::new(),
            shared: None,
        }
    }

    /// Brings the log to a state that a checkpoint covers: the first entry if there is none, then a checkpoint unless the last one will do.
    pub(super) fn start(&mut self, opening: &Entry) -> Result<Arc<Shared>, LogError> {
        if self.tail.edge.size() == 0 {
            self.store_group(std::slice::from_ref(&opening.encode()?))?;
        }
        if self.end_orphans()? {
            self.tail.settled = None;
        }
        let checkpoint = match self.tail.settled.take() {
            Some(checkpoint) => checkpoint,
            None => self.sign_checkpoint()?,
        };
        let shared = Arc::new(Shared {
            published: RwLock::new(Arc::new(Published {
                checkpoint: Arc::new(checkpoint),
                edge: self.tail.edge.clone(),
            })),
            writable: AtomicBool::new(true),
            closed: AtomicBool::new(false),
            lost: AtomicBool::new(false),
            last_time: AtomicI64::new(self.tail.last_time.map_or(NO_TIME, LogTime::unix_micros)),
            accounts: self.books.share(),
        });
        self.due = None;
        self.shared = Some(Arc::clone(&shared));
        Ok(shared)
    }

    /// Takes up the accounts, and ends what a former writer left open (THR-44). Whether entries were stored.
    fn end_orphans(&mut self) -> Result<bool, LogError> {
        self.books.load(self.read.as_ref(), self.tail.edge.size())?;
        let orphans = self.books.orphans(LogTime::system_now());
        for group in orphans.chunks(GROUP) {
            let entries = group.iter().map(Entry::encode).collect::<Result<Vec<_>, _>>()?;
            self.store_group(&entries)?;
        }
        let state = self.books.changed();
        if state {
            self.state_accounts()?;
        }
        Ok(state)
    }

    fn state_accounts(&mut self) -> Result<(), LogError> {
        // Hundreds of keys do not fit an entry; a start then reads further back.
        if let Ok(statement) = self.books.statement().encode() {
            self.store_group(&[statement])?;
        }
        self.books.stated();
        Ok(())
    }

    /// Runs until the log is closed or nobody holds it any more.
    pub(super) fn run(mut self, inbox: &Arc<Inbox>) {
        let Some(shared) = self.shared.take() else { return };
        let _ended = Ended(Arc::clone(&shared), Arc::clone(inbox));
        let mut group = Vec::new();
        loop {
            let work = inbox.take(&mut group, self.next_look(), self.crowd);
            self.check_lease(&shared);
            if !group.is_empty() {
                self.append(&shared, inbox, std::mem::take(&mut group));
            }
            let closing = match work {
                Work::Group => None,
                Work::Close(answer) => Some(answer),
                Work::Abandoned => return,
            };
            if closing.is_some() || self.due().is_some_and(|due| due <= Instant::now()) {
                self.settle(&shared, closing.is_some());
            }
            if shared.is_lost() {
                // Whoever waits is told by the answer being dropped: nothing of theirs counts.
                return;
            }
            if let Some(answer) = closing {
                let covered = shared.published().edge.size() == self.tail.edge.size();
                shared.writable.store(false, Ordering::Release);
                shared.closed.store(true, Ordering::Release);
                drop(self);
                drop(answer.send(if covered { Ok(()) } else { Err(LogError::NotWritable) }));
                return;
            }
        }
    }

    /// When to look again if nobody has an entry. A lease is looked at even then: readiness follows it.
    fn next_look(&self) -> Option<Instant> {
        let lease = (!matches!(self.store.held_until(), Ok(None))).then(|| Instant::now() + PROBE);
        self.due().into_iter().chain(lease).min()
    }

    /// When there is something to do if nobody has an entry.
    fn due(&self) -> Option<Instant> {
        self.due.into_iter().chain(self.books.due()).min()
    }

    /// Takes nothing more when the lease is over, until it has been renewed; nothing ever when it is another's.
    fn check_lease(&mut self, shared: &Shared) {
        if let Err(error) = self.check_held()
            && shared.is_writable()
        {
            self.fail(shared, &error);
        }
    }

    /// Whether this process may answer for what is stored, now.
    fn check_held(&self) -> Result<Option<Instant>, LogError> {
        let until = self.store.held_until()?;
        if until.is_some_and(|until| until <= Instant::now()) { Err(LogError::LeaseOver) } else { Ok(until) }
    }

    /// Goes on later, or never.
    fn fail(&mut self, shared: &Shared, error: &LogError) {
        if matches!(error, LogError::Storage(StorageError::LeaseLost { .. })) {
            shared.writable.store(false, Ordering::Release);
            shared.lost.store(true, Ordering::Release);
        } else {
            self.suspend(shared);
        }
    }

    /// Stores a group and answers everybody in it.
    fn append(&mut self, shared: &Shared, inbox: &Inbox, mut group: Vec<Submission>) {
        while shared.is_writable() && !group.is_empty() {
            let (entries, waiters): (Vec<Encoded>, Vec<Waiter>) =
                group.into_iter().map(|each| (each.entry, (each.answer, each.intent))).unzip();
            let start = Instant::now();
            match self.store_group(&entries) {
                Ok(Stored { index: first, until }) => {
                    self.crowd.saw(entries.len(), start.elapsed(), inbox.len());
                    shared
                        .last_time
                        .store(self.tail.last_time.map_or(NO_TIME, LogTime::unix_micros), Ordering::Release);
                    self.due.get_or_insert_with(|| Instant::now() + self.interval);
                    for (index, (answer, intent)) in (first.0..).map(LeafIndex).zip(waiters) {
                        let gone = answer.send(Ok(Stored { index, until })).is_err();
                        if let (true, Some(intent)) = (gone, intent) {
                            withdraw(inbox, &intent, index);
                        }
                    }
                    return;
                }
                Err(LogError::Storage(StorageError::DuplicateSerial { position })) if position < entries.len() => {
                    // Its sender's mistake, not the store's: the others are stored without it.
                    let submissions = entries.into_iter().zip(waiters);
                    group = submissions.map(|(entry, (answer, intent))| Submission { entry, answer, intent }).collect();
                    drop(group.remove(position).answer.send(Err(LogError::DuplicateSerial)));
                }
                Err(error) => {
                    self.fail(shared, &error);
                    for (answer, _) in waiters {
                        drop(answer.send(Err(error.clone())));
                    }
                    return;
                }
            }
        }
        for submission in group {
            drop(submission.answer.send(Err(LogError::NotWritable)));
        }
    }

    /// One durable transaction; the tree in memory follows only when it has succeeded.
    fn store_group(&mut self, entries: &[Encoded]) -> Result<Stored, LogError> {
        let first = LeafIndex(self.tail.edge.size());
        let (mut edge, mut full) = (self.tail.edge.clone(), Vec::new());
        let leaves: Vec<Hash> = entries.iter().map(|entry| Hash::leaf(&entry.body)).collect();
        leaves.iter().for_each(|leaf| edge.push(*leaf, &mut full));
        if let Err(error) = self.store.append(first, entries, &full) {
            self.in_doubt = match error {
                StorageError::DuplicateSerial { .. }
                | StorageError::IndexTaken { .. }
                | StorageError::Retired
                | StorageError::LeaseLost { .. } => Vec::new(),
                StorageError::Damaged { .. } | StorageError::Failed(_) => leaves,
            };
            return Err(error.into());
        }
        // It is stored; whether it may be said is another question.
        let until = match self.check_held() {
            Ok(until) => until,
            Err(error) => {
                self.in_doubt = leaves;
                return Err(error);
            }
        };
        self.in_doubt.clear();
        self.tail.edge = edge;
        self.tail.last_leaf = leaves.last().copied();
        let latest = entries.iter().filter_map(|entry| entry.vouched_time).max();
        self.tail.last_time = self.tail.last_time.max(latest);
        self.books.stored(first, entries);
        Ok(Stored { index: first, until })
    }

    fn suspend(&mut self, shared: &Shared) {
        shared.writable.store(false, Ordering::Release);
        let probe = Instant::now() + PROBE;
        self.due = Some(probe);
        self.books.put_off(probe);
    }

    /// Signs a checkpoint if entries wait for one; first makes sure of the store if it has failed.
    fn settle(&mut self, shared: &Shared, closing: bool) {
        self.due = None;
        if !shared.is_writable() {
            if closing {
                return self.suspend(shared);
            }
            if let Err(error) = self.recover() {
                return self.fail(shared, &error);
            }
        }
        let state = self.books.due().is_some_and(|due| due <= Instant::now());
        if (state || (closing && self.books.changed()))
            && let Err(error) = self.state_accounts()
        {
            return self.fail(shared, &error);
        }
        if shared.published().edge.size() < self.tail.edge.size() {
            match self.sign_checkpoint() {
                Ok(checkpoint) => {
                    let published =
                        Arc::new(Published { checkpoint: Arc::new(checkpoint), edge: self.tail.edge.clone() });
                    *shared.published.write().unwrap_or_else(PoisonError::into_inner) = published;
                }
                Err(error) => return self.fail(shared, &error),
            }
        }
        shared.last_time.store(self.tail.last_time.map_or(NO_TIME, LogTime::unix_micros), Ordering::Release);
        shared.writable.store(true, Ordering::Release);
    }

    /// After a failure: what did the store keep of the last group, and does it take an entry again (THR-46, THR-54)?
    fn recover(&mut self) -> Result<(), LogError> {
        let stored = self.store.load_state()?.size;
        let known = TreeSize(self.tail.edge.size());
        if stored < known {
            return Err(LogError::StoreLostEntries { stored, known });
        }
        let last = LeafIndex(known.0.saturating_sub(1));
        let body = self.read.entry(last)?.ok_or(StorageError::Damaged { what: "entry", at: last.0 })?;
        if self.tail.last_leaf != Some(Hash::leaf(&body)) {
            return Err(LogError::TailDiffers { index: last });
        }
        let mut tail = self.tail.clone();
        tail.catch_up(self.read.as_ref(), stored, |_| {})?;
        // Anything else there was written by somebody else, and is never signed for (THR-43).
        let mut ours = self.tail.edge.clone();
        self.in_doubt.iter().for_each(|leaf| ours.push(*leaf, &mut Vec::new()));
        if tail.edge != self.tail.edge && tail.edge != ours {
            return Err(LogError::TailDiffers { index: LeafIndex(known.0) });
        }
        self.in_doubt.clear();
        self.books.found(self.read.as_ref(), known.0, stored.0)?;
        self.tail = tail;
        self.store_group(&[test_append().encode()?])?;
        Ok(())
    }

    /// Signs the tree as it is stored, keeps the note outside the database, then inside.
    fn sign_checkpoint(&mut self) -> Result<SignedCheckpoint, LogError> {
        let size = TreeSize(self.tail.edge.size());
        let checkpoint =
            Checkpoint { origin: self.origin.clone(), size, root: self.tail.edge.root(), extensions: Vec::new() };
        let text = checkpoint.to_string();
        // Looked at right before the key is used and again after it: a process that was paused signs and keeps nothing that another has overtaken.
        self.check_held()?;
        let signature = self.sign(text.as_bytes())?;
        self.check_held()?;
        self.vkey.check(text.as_bytes(), &signature, self.engine.as_ref())?;
        let signed = SignedCheckpoint::signed(checkpoint, &self.vkey, signature);
        let note = signed.to_string();
        self.anchor.save(&note)?;
        self.store.save_checkpoint(&StoredCheckpoint {
            size,
            note,
            frontier: self.tail.edge.encode(),
            last_time: self.tail.last_time,
        })?;
        Ok(signed)
    }

    fn sign(&mut self, text: &[u8]) -> Result<Vec<u8>, LogError> {
        let mut signer = match self.signer.take() {
            Some(signer) => signer,
            None => self.key.open().map_err(LogError::Signing)?,
        };
        // A signer that failed is not used again: the next attempt opens another.
        let signature =
            signer.sign(Prepared::new(Purpose::Log, SignatureAlgorithm::Ed25519, text)).map_err(LogError::Signing)?;
        self.signer = Some(signer);
        Ok(signature)
    }
}

/// Says of a durable intent whose sender has gone that nothing was signed.
fn withdraw(inbox: &Inbox, intent: &Intent, index: LeafIndex) {
    if let Ok(entry) = withdrawal(intent, index).encode() {
        let (answer, _) = oneshot::channel();
        inbox.push(Submission { entry, answer, intent: None });
    }
}

/// Whatever ends the writer, a panic too: nothing is taken as writable that nobody writes.
struct Ended(Arc<Shared>, Arc<Inbox>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.writable.store(false, Ordering::Release);
        self.1.end();
    }
}

/// What shows that the log can be written again.
fn test_append() -> Entry {
    let action = Label::new("log.test-append").expect("the label is of the alphabet");
    Entry::Admin(Admin { time: LogTime::system_now(), action, target: None, actor: None, reason: None, intent: None })
}
