//! A log that is being written: one writer, any number of readers.
//!
//! [`Log::append`] hands an entry to the writer's thread; whatever is waiting there is stored in one durable transaction, then everybody is
//! answered; where many append at a time, it lets them gather for up to two milliseconds. A checkpoint follows within the interval of [`LogOptions`].

mod books;
mod error;
mod inbox;
mod open;
mod pending;
mod published;
mod stored;
mod writer;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

pub use error::LogError;
use futures_channel::oneshot;
use inbox::Inbox;
use kokuin_key::{Purpose, SigningKey};
use kokuin_suite::Verify;
pub use pending::Pending;
pub(crate) use published::{Published, StoredTree};
pub use stored::StoredLog;
use writer::{Shared, Submission, Writer};

use crate::{
    accounts::Accounts,
    checkpoint::SignedCheckpoint,
    entry::{Encoded, Entry, Intent, LogTime, PreviousLog, Serial, Text},
    merkle::inclusion_proof,
    name::{LeafIndex, LogName, Origin},
    note::VerifierKey,
    receipt::Receipt,
    storage::{Anchor, LogRead, LogStore, StorageError},
    tile::{BundleId, TileId},
};

/// Which log, who signs for it, how often.
#[derive(Clone, Debug)]
pub struct LogOptions {
    /// Its identity, for ever.
    pub origin: Origin,
    /// Its short name.
    pub name: LogName,
    /// Signs checkpoints: Ed25519, purpose log.
    pub key: Arc<dyn SigningKey>,
    /// Verifies what is loaded and what the key answers.
    pub engine: Arc<dyn Verify>,
    /// How long an entry waits at most for its checkpoint.
    pub checkpoint_interval: Duration,
}

impl LogOptions {
    /// The interval unless configured.
    pub const DEFAULT_INTERVAL: Duration = Duration::from_millis(250);
}

/// The log that a new one succeeds.
#[derive(Clone, Debug)]
pub struct Previous {
    /// Its last known checkpoint, verified under its key.
    pub checkpoint: SignedCheckpoint,
    /// Why it is not continued.
    pub reason: Text,
}

/// What a receipt is asked for.
#[derive(Clone, Copy, Debug)]
pub enum Wanted<'a> {
    /// The token or seal of this number.
    Serial(&'a Serial),
    /// The entry at this place.
    Index(LeafIndex),
}

/// What the log has about it.
#[derive(Clone, Debug)]
pub enum ReceiptAnswer {
    /// The proof.
    Receipt(Box<Receipt>),
    /// It is stored; no checkpoint covers it yet.
    NotYetCovered {
        /// When to ask again.
        retry_after: Duration,
    },
    /// The log has no such entry.
    Unknown,
}

/// A log open for writing. Clones are the same log; the last one dropped stops the writer without a further checkpoint, [`Log::close`] with one.
#[derive(Clone)]
pub struct Log(Arc<Inner>);

struct Inner {
    options: LogOptions,
    vkey: VerifierKey,
    read: Arc<dyn LogRead>,
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    inbox: Arc<Inbox>,
}

impl Log {
    /// Opens a log: a new one if the store and the anchor are empty, else the one that they hold.
    ///
    /// # Errors
    /// [`LogError`] if store and anchor do not fit each other or the key (THR-42), or anything fails.
    pub fn open(
        options: LogOptions,
        store: Box<dyn LogStore>,
        read: Arc<dyn LogRead>,
        anchor: Box<dyn Anchor>,
    ) -> Result<Self, LogError> {
        Self::open_with(options, store, read, anchor, None)
    }

    /// Opens a new log whose first entry names the one that it succeeds: the way on after a loss that [`Self::open`] refuses.
    ///
    /// # Errors
    /// [`LogError::NotEmpty`] if there are entries already; otherwise as [`Self::open`].
    pub fn open_successor(
        options: LogOptions,
        mut store: Box<dyn LogStore>,
        read: Arc<dyn LogRead>,
        anchor: Box<dyn Anchor>,
        previous: Previous,
    ) -> Result<Self, LogError> {
        let stored = store.load_state()?.size;
        if stored.0 > 0 {
            return Err(LogError::NotEmpty { stored });
        }
        let previous = PreviousLog {
            origin: previous.checkpoint.checkpoint().origin.to_string(),
            checkpoint: previous.checkpoint.to_string(),
            reason: previous.reason,
        };
        Self::open_with(options, store, read, anchor, Some(previous))
    }

    fn open_with(
        options: LogOptions,
        mut store: Box<dyn LogStore>,
        read: Arc<dyn LogRead>,
        anchor: Box<dyn Anchor>,
        previous: Option<PreviousLog>,
    ) -> Result<Self, LogError> {
        if options.key.purpose() != Purpose::Log {
            return Err(LogError::WrongPurpose { key: options.key.id().to_string() });
        }
        let vkey = VerifierKey::from_spki(&options.origin, options.key.public_key())?;
        let tail = open::load(store.as_mut(), read.as_ref(), anchor.as_ref(), &vkey, options.engine.as_ref())?;
        let mut writer = Writer::new(&options, vkey.clone(), store, Arc::clone(&read), anchor, tail);
        let shared = writer.start(&open::opening(&options.origin, &vkey, options.name.as_str(), previous))?;
        let inbox = Arc::new(Inbox::default());
        let waiting = Arc::clone(&inbox);
        let thread = thread::Builder::new()
            .name(format!("log-{}", options.name))
            .spawn(move || writer.run(&waiting))
            .map_err(|error| LogError::Thread(Arc::new(error)))?;
        let writer = Mutex::new(Some(thread));
        Ok(Self(Arc::new(Inner { options, vkey, read, shared, writer, inbox })))
    }

    /// Hands over an entry that has been encoded.
    pub fn append_encoded(&self, entry: Encoded) -> Pending {
        let (answer, pending) = oneshot::channel();
        self.0.inbox.push(Submission { entry, answer, intent: None });
        Pending(pending)
    }

    /// Hands over an intent. If whoever waits for it goes away, its withdrawal follows it.
    ///
    /// # Errors
    /// [`LogError::Entry`], never for one with bounded members.
    pub(crate) fn announce(&self, intent: Intent) -> Result<Pending, LogError> {
        let entry = Entry::Intent(intent.clone()).encode()?;
        let (answer, pending) = oneshot::channel();
        self.0.inbox.push(Submission { entry, answer, intent: Some(intent) });
        Ok(Pending(pending))
    }

    /// Hands over an entry.
    ///
    /// # Errors
    /// [`LogError::Entry`] if it is too long to be one.
    pub fn append(&self, entry: &Entry) -> Result<Pending, LogError> {
        Ok(self.append_encoded(entry.encode()?))
    }

    /// The last checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> Arc<SignedCheckpoint> {
        Arc::clone(&self.0.shared.published().checkpoint)
    }

    /// The proof that an entry is in the log.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn receipt(&self, wanted: Wanted<'_>) -> Result<ReceiptAnswer, LogError> {
        let index = match wanted {
            Wanted::Index(index) => index,
            Wanted::Serial(serial) => match self.0.read.index_of_serial(serial)? {
                Some(index) => index,
                None => return Ok(ReceiptAnswer::Unknown),
            },
        };
        let published = self.0.shared.published();
        if !published.checkpoint.size().covers(index) {
            let retry_after = self.0.options.checkpoint_interval;
            let is_stored = self.0.read.size()?.covers(index);
            return Ok(if is_stored { ReceiptAnswer::NotYetCovered { retry_after } } else { ReceiptAnswer::Unknown });
        }
        let entry = self.0.read.entry(index)?.ok_or(StorageError::Damaged { what: "entry", at: index.0 })?;
        let tree = StoredTree { read: self.0.read.as_ref(), edge: &published.edge };
        let proof = inclusion_proof(&tree, index, published.checkpoint.size())?;
        let note = published.checkpoint.to_string();
        Ok(ReceiptAnswer::Receipt(Box::new(Receipt::new(Some(entry), index, proof, note))))
    }

    /// The bytes of a tile, as far as the last checkpoint covers it; `None` if it does not.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, LogError> {
        let edge = &self.0.shared.published().edge;
        Ok(StoredTree { read: self.0.read.as_ref(), edge }.tile(id)?)
    }

    /// The bytes of an entry bundle, as far as the last checkpoint covers it; `None` if it does not.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn entry_bundle(&self, id: BundleId) -> Result<Option<Vec<u8>>, LogError> {
        let edge = &self.0.shared.published().edge;
        Ok(StoredTree { read: self.0.read.as_ref(), edge }.entry_bundle(id)?)
    }

    /// The key that verifies the log's checkpoints.
    #[must_use]
    pub fn vkey(&self) -> &VerifierKey {
        &self.0.vkey
    }

    /// The log's identity.
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.0.options.origin
    }

    /// The log's short name.
    #[must_use]
    pub fn name(&self) -> &LogName {
        &self.0.options.name
    }

    /// The reading side of the log's store.
    #[must_use]
    pub fn reader(&self) -> &Arc<dyn LogRead> {
        &self.0.read
    }

    /// Whether entries are being taken: false from a failed append until a test append has succeeded (THR-54).
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.0.shared.is_writable()
    }

    /// The accounts of device signatures, as of the last entry stored.
    #[must_use]
    pub fn accounts(&self) -> Accounts {
        self.0.shared.accounts()
    }

    /// Whether another process has taken the log over: this one answers for nothing any more, and should end (THR-43).
    #[must_use]
    pub fn is_taken_over(&self) -> bool {
        self.0.shared.is_lost()
    }

    /// Latest time of any token, seal or clock reading in the log: the monotonic guard starts after it (THR-36).
    #[must_use]
    pub fn last_time(&self) -> Option<LogTime> {
        self.0.shared.last_time()
    }

    /// Stores what is waiting, signs a last checkpoint over everything, and stops the writer. Later appends are answered with
    /// [`LogError::Closed`].
    ///
    /// # Errors
    /// [`LogError`] if the checkpoint could not be made, [`LogError::WriterGone`] if the writer has panicked: every entry
    /// answered for is durable all the same.
    pub fn close(&self) -> Result<(), LogError> {
        let (answer, closed) = oneshot::channel();
        let answered = if self.0.inbox.close(answer) { pending::block_on(closed).ok() } else { None };
        self.0.join();
        // A writer that did not answer had closed the log before, or panicked.
        answered.unwrap_or_else(|| if self.0.shared.is_closed() { Ok(()) } else { Err(LogError::WriterGone) })
    }
}

impl Inner {
    fn join(&self) {
        let thread = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.thread().id() != thread::current().id()
        {
            // A writer that panicked has dropped its answers, and `close` says so.
            drop(thread.join());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.inbox.abandon();
        self.join();
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Log").field("origin", &self.0.options.origin).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
