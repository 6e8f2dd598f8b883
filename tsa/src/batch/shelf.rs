//! Answers that can be given again: what a request brought, and how far its batch has come.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use kokuin_evidence::{Batch, Digests, StampedBatch};
use kokuin_store::{BatchRecord, BatchRepository, BatchState, StoreError};

use super::BatchRefusal;

/// Trees, and requests' digests, kept for whoever fetches records next; more are built and read again.
const RECENT: usize = 4;

/// The address of an answer: 16 random octets, so that nobody meets somebody else's.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct SubmissionId([u8; 16]);

impl SubmissionId {
    /// A new one.
    ///
    /// # Errors
    /// Where the operating system gives no random octets.
    pub fn random() -> Result<Self, BatchRefusal> {
        let mut octets = [0; 16];
        getrandom::fill(&mut octets).map_err(BatchRefusal::Random)?;
        Ok(Self(octets))
    }

    /// Reads 32 hexadecimal digits in lower case.
    ///
    /// # Errors
    /// [`BatchRefusal::Unknown`]: no answer has such an address.
    pub fn parse(text: &str) -> Result<Self, BatchRefusal> {
        let mut octets = [0; 16];
        let lower = text.bytes().all(|octet| !octet.is_ascii_uppercase());
        match hex::decode_to_slice(text, &mut octets) {
            Ok(()) if lower => Ok(Self(octets)),
            Ok(()) | Err(_) => Err(BatchRefusal::Unknown),
        }
    }

    /// Its octets.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for SubmissionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SubmissionId({self})")
    }
}

/// What a request brought, and its batch.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Its address.
    pub id: SubmissionId,
    /// Its digests.
    pub digests: Arc<Digests>,
    /// Its batch, as stored.
    pub batch: Arc<BatchRecord>,
}

/// Reads what the lane has stored.
#[derive(Debug)]
pub struct Shelf {
    store: BatchRepository,
    recent: Mutex<VecDeque<(Vec<u8>, Arc<StampedBatch>)>>,
    /// Settled ones: nothing in them changes any more.
    shown: Mutex<VecDeque<Shown>>,
}

impl Shelf {
    pub(super) const fn new(store: BatchRepository) -> Self {
        Self { store, recent: Mutex::new(VecDeque::new()), shown: Mutex::new(VecDeque::new()) }
    }

    pub(super) const fn store(&self) -> &BatchRepository {
        &self.store
    }

    /// What the request at this address brought.
    ///
    /// # Errors
    /// [`BatchRefusal::Unknown`], or the store's.
    pub fn show(&self, id: SubmissionId) -> Result<Shown, BatchRefusal> {
        let kept = || self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shown) = kept().iter().find(|shown| shown.id == id) {
            return Ok(shown.clone());
        }
        let (submission, batch) = self.store.submission(id.as_bytes())?.ok_or(BatchRefusal::Unknown)?;
        let digests = Arc::new(digests(&batch.algorithm, &submission.digests)?);
        let shown = Shown { id, digests, batch: Arc::new(batch) };
        if shown.batch.state != BatchState::Pending {
            push_recent(&mut kept(), shown.clone());
        }
        Ok(shown)
    }

    /// The address of the request that had this idempotency key; it must be the same request.
    ///
    /// # Errors
    /// [`BatchRefusal::IdempotencyKeyTaken`], or the store's.
    pub fn find(&self, key: &str, request_hash: &[u8]) -> Result<Option<SubmissionId>, BatchRefusal> {
        match self.store.by_idempotency_key(key)? {
            None => Ok(None),
            Some((_, found)) if found != request_hash => Err(BatchRefusal::IdempotencyKeyTaken),
            Some((id, _)) => {
                let octets = id.try_into().map_err(|_| damaged())?;
                Ok(Some(SubmissionId(octets)))
            }
        }
    }

    /// The tree of a batch that has its token, built again where nobody has asked for a while.
    ///
    /// # Errors
    /// [`BatchRefusal::NotYet`], [`BatchRefusal::Failed`], or the store's.
    pub fn tree(&self, record: &BatchRecord) -> Result<Arc<StampedBatch>, BatchRefusal> {
        let stamp = match &record.state {
            BatchState::Pending => return Err(BatchRefusal::NotYet),
            BatchState::Failed { code } => return Err(BatchRefusal::Failed { code: code.clone() }),
            BatchState::Stamped(stamp) => stamp,
        };
        let recent = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, batch)) = recent().iter().find(|(id, _)| *id == record.id) {
            return Ok(Arc::clone(batch));
        }
        let stamped = self.build(record)?.stamped(stamp.token.clone()).map_err(|_| damaged())?;
        let stamped = Arc::new(stamped);
        self.keep(&record.id, &stamped);
        Ok(stamped)
    }

    /// The tree of a batch, with or without token.
    pub(super) fn build(&self, record: &BatchRecord) -> Result<Batch, BatchRefusal> {
        let digests = digests(&record.algorithm, &self.store.digests(&record.id)?)?;
        let secret = record.secret.as_slice().try_into().map_err(|_| damaged())?;
        Ok(Batch::new(digests, secret))
    }

    pub(super) fn keep(&self, id: &[u8], batch: &Arc<StampedBatch>) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.retain(|(each, _)| each != id);
        push_recent(&mut recent, (id.to_vec(), Arc::clone(batch)));
    }
}

fn push_recent<T>(recent: &mut VecDeque<T>, newest: T) {
    recent.push_back(newest);
    while recent.len() > RECENT {
        recent.pop_front();
    }
}

fn digests(algorithm: &str, octets: &[u8]) -> Result<Digests, BatchRefusal> {
    let algorithm = algorithm.parse().map_err(|_| damaged())?;
    Digests::new(algorithm, octets).map_err(|_| damaged())
}

const fn damaged() -> BatchRefusal {
    BatchRefusal::Store(StoreError::Damaged { what: "batch" })
}
