//! The service: one TSU, its clock, its log, and what workers share.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    thread::available_parallelism,
};

use kokuin_asn1::Certificate;
use kokuin_audit::{
    Entry, LeafIndex, Log, LogError,
    entry::{self, Digest, LogTime},
};
use kokuin_clock::{Clock, Instant};
use kokuin_key::{Protection, SigningKey, self_test};
use kokuin_suite::{CryptoPolicy, KeyAlgorithm, Unsuitable, Verify};
use kokuin_validate::check_chain;
use kokuin_web::{Refused, metrics::Registry};

use crate::{
    config::Config,
    count::RefusalCounts,
    desk::Desk,
    health::Health,
    journal::{Journal, JournalThread, SERVICE},
    label::label,
    meter::Meter,
    pool::SigningPool,
    serial::SerialSource,
    start::StartError,
    timekeeper::Timekeeper,
    tsu::{CheckedTsu, Tsu},
};

/// What a service is made of.
#[derive(Debug)]
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// SHA-256 of the configuration as it was read.
    pub config_digest: Digest,
    /// The TSU's key.
    pub key: Arc<dyn SigningKey>,
    /// The TSU's certificate, then its issuers'.
    pub certificates: Vec<Certificate>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The log.
    pub log: Log,
    /// What verifies signatures before they leave.
    pub engine: Arc<dyn Verify>,
    /// Which algorithms may sign today.
    pub crypto_policy: Arc<CryptoPolicy>,
    /// Where numbers for operators go.
    pub registry: Registry,
}

/// A time-stamp service that may issue.
pub struct Service {
    pub(crate) tsu: Arc<Tsu>,
    pub(crate) keeper: Arc<Timekeeper>,
    pub(crate) serials: Arc<SerialSource>,
    pub(crate) refusals: Arc<RefusalCounts>,
    pub(crate) log: Log,
    pub(crate) pool: Option<SigningPool>,
    pub(crate) meter: Meter,
    pub(crate) health: Arc<Health>,
    engine: Arc<dyn Verify>,
    check_every: u32,
    journal: Mutex<Option<JournalThread>>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("tsu", &self.tsu.name()).finish_non_exhaustive()
    }
}

impl Service {
    /// Checks the parts against each other, tests the key, and records the start.
    ///
    /// # Errors
    /// The first rule broken; nothing has been issued then.
    pub fn new(parts: Parts) -> Result<Arc<Self>, StartError> {
        let Parts { config, config_digest, key, certificates, clock, log, engine, crypto_policy, registry } = parts;
        config.check()?;
        let mut certificates = certificates.into_iter();
        let own = certificates.next().ok_or(StartError::NoCertificate)?;
        let checked = CheckedTsu::new(&config.tsu, Arc::clone(&key), own, certificates.collect())?;
        let now = LogTime::system_now();
        // A clock that gives no time yet keeps nobody from starting.
        let at = clock.read().map_or_else(|_| now.unix_micros(), |reading| reading.instant().unix_micros());
        let at = at.div_euclid(1_000_000);
        check_chain(checked.certificate(), checked.chain(), at, &*engine)?;
        if checked.chain().is_empty() {
            tracing::warn!("the TSU's certificate file has no issuer: tokens will not carry the chain (TSP-67)");
        }
        let checked = checked.signing_until(check_algorithms(&crypto_policy, key.algorithm(), &config, at)?);
        self_test(&*key, &*engine)?;

        record_start(&log, config_digest, now)?;
        let index = append(&log, &certificate_entry(&checked, &key, now))?;
        let tsu = Arc::new(checked.introduced(index));

        let last = log.last_time().map(|time| Instant::from_unix_micros(time.unix_micros()));
        let max_age = config.reading_max_age.as_std();
        let keeper = Arc::new(Timekeeper::new(clock, last, config.tsu.accuracy_ms, max_age));
        let serials = Arc::new(SerialSource::new().map_err(StartError::Random)?);
        let refusals = Arc::new(RefusalCounts::default());
        let health = Arc::new(Health::default());
        let mut journal = Journal::new(
            log.clone(),
            Arc::clone(&keeper),
            Arc::clone(&tsu),
            Arc::clone(&engine),
            Arc::clone(&refusals),
            Arc::clone(&health),
        );
        append(&log, &passed_self_test(&tsu, now))?;
        journal.tick(now)?;

        let check_every = config.verify_every.get();
        let pool = open_pool(&config, &key, &engine, &keeper, &serials)?;
        Ok(Arc::new(Self {
            tsu,
            keeper,
            serials,
            refusals,
            pool,
            meter: Meter::new(&registry),
            health,
            engine,
            check_every,
            journal: Mutex::new(Some(JournalThread::start(journal).map_err(StartError::Thread)?)),
            log,
        }))
    }

    /// The TSU.
    #[must_use]
    pub fn tsu(&self) -> &Tsu {
        &self.tsu
    }

    /// The log that tokens are recorded in.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Whether a request should be turned away before its body is read.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.pool.as_ref().is_some_and(SigningPool::is_full)
    }

    /// Counts a request that was turned away before its body was parsed.
    pub(crate) fn turned_away(&self, refused: &Refused) {
        self.refusals.add_refused(refused);
    }

    /// A desk for one worker.
    pub(crate) fn desk(&self) -> Desk {
        Desk::new(Arc::clone(self.tsu.key()), Arc::clone(&self.engine), self.check_every)
    }

    /// Records the refusals counted so far and the stop. The log itself stays open: it belongs to whoever opened it.
    ///
    /// # Errors
    /// If the log does not take the last entry.
    pub fn stop(&self) -> Result<(), LogError> {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(journal) = journal else { return Ok(()) };
        journal.stop();
        append(&self.log, &Entry::ServiceStop(service(LogTime::system_now()))).map(drop)
    }
}

/// Whether the key may sign at `at`, and the digests be stamped (TSP-50); the answer is the first instant at which that ends.
fn check_algorithms(
    policy: &CryptoPolicy,
    key: KeyAlgorithm,
    config: &Config,
    at: i64,
) -> Result<Option<i64>, Unsuitable> {
    policy.may_sign(key.signature_algorithm(), key, at)?;
    let mut end = policy.signs_until(key.signature_algorithm(), key)?;
    for hash in &config.tsu.hashes {
        policy.may_digest(hash.0, at)?;
        end = [end, policy.digests_until(hash.0)?].into_iter().flatten().min();
    }
    Ok(end)
}

/// RSA and devices sign on threads of their own; what takes microseconds signs on the worker.
fn open_pool(
    config: &Config,
    key: &Arc<dyn SigningKey>,
    engine: &Arc<dyn Verify>,
    keeper: &Arc<Timekeeper>,
    serials: &Arc<SerialSource>,
) -> Result<Option<SigningPool>, StartError> {
    let own = match (key.protection(), key.algorithm()) {
        (Protection::Device, _) => 1,
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
        ) => return Ok(None),
    };
    let threads = if config.signing_threads == 0 { own } else { config.signing_threads };
    let desk = |_| Desk::new(Arc::clone(key), Arc::clone(engine), config.verify_every.get());
    let pool = SigningPool::new((0..threads).map(desk).collect(), config.signing_queue, keeper, serials);
    pool.map(Some).map_err(StartError::Thread)
}

fn record_start(log: &Log, config_digest: Digest, now: LogTime) -> Result<(), LogError> {
    append(log, &Entry::ServiceStart(service(now)))?;
    let config = entry::Config { time: now, service: label(SERVICE), sha256: config_digest, changed: Vec::new() };
    append(log, &Entry::Config(config)).map(drop)
}

fn service(time: LogTime) -> entry::Service {
    entry::Service { time, service: label(SERVICE), version: label(env!("CARGO_PKG_VERSION")) }
}

fn certificate_entry(tsu: &CheckedTsu, key: &Arc<dyn SigningKey>, now: LogTime) -> Entry {
    let certificate = tsu.certificate();
    Entry::Certificate(entry::Certificate {
        time: now,
        key: key.id().into(),
        purpose: entry::KeyPurpose::Tst,
        sha256: Digest::of(certificate.der()),
        not_before: LogTime::from_unix_seconds(certificate.not_before()),
        not_after: LogTime::from_unix_seconds(certificate.not_after()),
        key_algorithm: label(&key.algorithm().to_string()),
        signature_algorithm: label(&key.algorithm().signature_algorithm().to_string()),
    })
}

fn passed_self_test(tsu: &Tsu, now: LogTime) -> Entry {
    let key = tsu.key_name().clone();
    Entry::SelfTest(entry::SelfTest { time: now, key, result: entry::TestResult::Passed, count: 1, code: None })
}

fn append(log: &Log, entry: &Entry) -> Result<LeafIndex, LogError> {
    log.append(entry)?.wait()
}
