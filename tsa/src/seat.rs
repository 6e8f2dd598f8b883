//! A TSU at work: its key, the threads that sign with it where that takes long, and what its last self-test said.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, available_parallelism},
};

use kokuin_key::{Protection, SigningKey};
use kokuin_suite::{KeyAlgorithm, Verify};

use crate::{
    config::Config, desk::Desk, health::Health, pool::SigningPool, refusal::Refusal, serial::SerialSource,
    start::StartError, timekeeper::Timekeeper, tsu::Tsu,
};

/// Seats made so far in this process: each has a number of its own, by which workers know whose desk is whose.
static SEATS: AtomicU64 = AtomicU64::new(0);

/// One TSU, ready to sign.
#[derive(Debug)]
pub struct Seat {
    number: u64,
    tsu: Arc<Tsu>,
    pool: Option<SigningPool>,
    health: Health,
    engine: Arc<dyn Verify>,
    check_every: u32,
}

impl Seat {
    /// A seat for `tsu`, with threads of its own if its key needs them.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub(crate) fn new(
        tsu: Arc<Tsu>,
        config: &Config,
        engine: &Arc<dyn Verify>,
        keeper: &Arc<Timekeeper>,
        serials: &Arc<SerialSource>,
    ) -> Result<Self, StartError> {
        let check_every = config.verify_every.get();
        let desk = |_| Desk::new(Arc::clone(tsu.key()), Arc::clone(engine), check_every);
        let pool = match threads(&**tsu.key(), config.signing_threads) {
            None => None,
            Some(threads) => {
                let desks = (0..threads).map(desk).collect();
                Some(SigningPool::new(desks, config.signing_queue, keeper, serials).map_err(StartError::Thread)?)
            }
        };
        let number = SEATS.fetch_add(1, Ordering::Relaxed);
        Ok(Self { number, tsu, pool, health: Health::default(), engine: Arc::clone(engine), check_every })
    }

    /// Its number, used once in this process.
    pub(crate) const fn number(&self) -> u64 {
        self.number
    }

    /// The TSU.
    #[must_use]
    pub const fn tsu(&self) -> &Arc<Tsu> {
        &self.tsu
    }

    /// The threads that sign, where workers do not.
    pub(crate) const fn pool(&self) -> Option<&SigningPool> {
        self.pool.as_ref()
    }

    /// What the last self-test said.
    pub(crate) const fn health(&self) -> &Health {
        &self.health
    }

    /// A desk for one worker.
    pub(crate) fn desk(&self) -> Desk {
        Desk::new(Arc::clone(self.tsu.key()), Arc::clone(&self.engine), self.check_every)
    }

    /// Whether the key signed when it was last tested (TSP-65).
    ///
    /// # Errors
    /// [`Refusal::SelfTestFailed`]; [`Refusal::KeyNotActive`] where that is why.
    pub fn check_tested(&self) -> Result<(), Refusal> {
        if self.health.key_signs() {
            return Ok(());
        }
        self.tsu.check_active()?;
        Err(Refusal::SelfTestFailed { key: self.tsu.key().id().to_string() })
    }
}

impl Drop for Seat {
    /// The threads end after the signature they are making. Whoever lets the seat go, a worker or the thread of the journal, does not wait for it.
    fn drop(&mut self) {
        let Some(pool) = self.pool.take() else { return };
        if let Err(error) = thread::Builder::new().name("tsa-sign-end".to_owned()).spawn(move || drop(pool)) {
            tracing::warn!(%error, "no thread to end signing threads on");
        }
    }
}

/// RSA and devices sign on threads of their own; what takes microseconds signs on the worker.
fn threads(key: &dyn SigningKey, configured: usize) -> Option<usize> {
    let own = match (key.protection(), key.algorithm()) {
        (Protection::Device, _) => return Some(key.lanes().max(configured).max(1)),
        (Protection::Software, KeyAlgorithm::Rsa { .. }) => available_parallelism().map_or(1, usize::from),
        (
            Protection::Software,
            KeyAlgorithm::P256
            | KeyAlgorithm::P384
            | KeyAlgorithm::P521
            | KeyAlgorithm::Ed25519
            | KeyAlgorithm::MlDsa44
            | KeyAlgorithm::MlDsa65
            | KeyAlgorithm::MlDsa87,
        ) => return None,
    };
    Some(if configured == 0 { own } else { configured })
}
