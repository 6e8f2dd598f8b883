//! The service: one tenant, one credential, its clock, its log, and a TSA.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use kokuin_asn1::{Certificate, Oid};
use kokuin_audit::{
    Entry, LeafIndex, Log, LogError, ReceiptAnswer, TenantSecret, Wanted,
    entry::{self, Digest, LogTime},
    test_key,
};
use kokuin_clock::Clock;
use kokuin_clock_record::{JournalThread, label};
use kokuin_fetch::{Client, Url};
use kokuin_key::SigningKey;
use kokuin_settings::Secret;
use kokuin_store::{SealRepository, TokenKey, TokenRepository};
use kokuin_suite::{CryptoPolicy, Verify};
use kokuin_validate::{TrustStore, check_chain};
use kokuin_web::{NotReady, Readiness, Refused, metrics::Registry};

use crate::{
    actor::{Actor, TokenDoor},
    bounds::Places,
    config::Config,
    count::RefusalCounts,
    credential::{CheckedCredential, Credential},
    error::SealError,
    id::SealId,
    idempotency::InProgress,
    journal::{Journal, SERVICE, record_test},
    meter::Meter,
    signers::Signers,
    stage::{
        AuthorizedSeal, DocumentDigest, IntendedSeal, RecordedSeal, SealMetadata, SealWithEvidence, SignedSeal,
        SubmissionBytes, TimestampedSeal,
    },
    start::StartError,
    timekeeper::Timekeeper,
};

/// A TSA, as the service speaks to it.
#[derive(Debug)]
pub struct Tsa {
    /// Fetches, within limits.
    pub client: Client,
    /// Where it is.
    pub url: Url,
    /// The only policy that will do.
    pub policy: Option<Oid>,
    /// A bearer token, if it wants one.
    pub bearer: Option<Secret>,
    /// How far a token's time may be from this service's clock.
    pub tolerance: Duration,
    /// Whom its tokens must lead to.
    pub trust: TrustStore,
}

/// What a service is made of.
#[derive(Debug)]
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// SHA-256 of the configuration as it was read.
    pub config_digest: Digest,
    /// The credential's key.
    pub key: Arc<dyn SigningKey>,
    /// The credential's certificate, then its issuers'.
    pub certificates: Vec<Certificate>,
    /// Whom seals must lead to when they are read back, and their time-stamps.
    pub trust: TrustStore,
    /// The TSA; without one only level B-B is offered.
    pub tsa: Option<Tsa>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The log.
    pub log: Log,
    /// Seals made.
    pub seals: SealRepository,
    /// API tokens.
    pub tokens: TokenRepository,
    /// What API tokens are hashed with.
    pub token_key: TokenKey,
    /// What commitments to tenants come from, with each tenant's salt in the store.
    pub tenant_secret: TenantSecret,
    /// What verifies.
    pub engine: Arc<dyn Verify>,
    /// Which algorithms may sign, and be relied on, today.
    pub crypto_policy: Arc<CryptoPolicy>,
    /// Where numbers for operators go.
    pub registry: Registry,
}

/// An e-seal service that may seal.
pub struct Service {
    pub(crate) door: TokenDoor,
    pub(crate) document_limit: usize,
    pub(crate) documents_at_once: usize,
    credential: Arc<Credential>,
    signers: Signers,
    keeper: Timekeeper,
    trust: TrustStore,
    tsa: Option<Tsa>,
    log: Log,
    seals: SealRepository,
    tenant_secret: TenantSecret,
    engine: Arc<dyn Verify>,
    crypto_policy: Arc<CryptoPolicy>,
    in_progress: InProgress,
    desks: Places,
    at_tsa: Places,
    refusals: Arc<RefusalCounts>,
    key_signs: Arc<AtomicBool>,
    meter: Meter,
    journal: Mutex<Option<JournalThread>>,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("credential", &self.credential.name()).finish_non_exhaustive()
    }
}

impl Service {
    /// Checks the parts against each other, tests the key, and records the start.
    ///
    /// # Errors
    /// The first rule broken; nothing has been sealed then.
    pub fn new(parts: Parts) -> Result<Arc<Self>, StartError> {
        let Parts { config, key, certificates, clock, log, engine, crypto_policy, .. } = parts;
        config.check()?;
        let issuers = certificates.get(1..).unwrap_or_default().to_vec();
        let checked = CheckedCredential::new(&config.credential, Arc::clone(&key), certificates)?;
        let now = LogTime::system_now();
        let at = now.unix_micros().div_euclid(1_000_000);
        check_chain(checked.credential().certificate(), &issuers, at, &*engine)?;
        if issuers.is_empty() {
            tracing::warn!("the credential's certificate file has no issuer: seals will not carry the chain");
        }
        checked.credential().check_in_service(at, &crypto_policy)?;
        let tested = test_key(&log, &*key, &*engine, SealId::new().serial(), &parts.tenant_secret)?;
        tested.outcome.clone()?;
        append(&log, &Entry::ServiceStart(named(now)))?;
        let sha256 = parts.config_digest;
        append(
            &log,
            &Entry::Config(entry::Config { time: now, service: label(SERVICE), sha256, changed: Vec::new() }),
        )?;
        let index = append(&log, &certificate_entry(checked.credential(), now))?;
        let credential = Arc::new(checked.introduced(index));
        let (refusals, key_signs) = (Arc::new(RefusalCounts::default()), Arc::new(AtomicBool::new(true)));
        let keeper = Timekeeper::new(clock, log.clone());
        let journal = Journal::new(
            log.clone(),
            keeper.record(),
            Arc::clone(&credential),
            Arc::clone(&engine),
            parts.tenant_secret.clone(),
            Arc::clone(&refusals),
            Arc::clone(&key_signs),
        );
        record_test(&log, &credential, tested, now)?;
        let service = Self {
            door: TokenDoor::new(parts.tokens, parts.token_key, config.tenant),
            document_limit: config.document_limit.as_usize(),
            documents_at_once: config.documents_at_once.as_usize(),
            signers: Signers::new(key),
            credential,
            keeper,
            trust: parts.trust,
            tsa: parts.tsa,
            seals: parts.seals,
            tenant_secret: parts.tenant_secret,
            engine,
            crypto_policy,
            in_progress: InProgress::default(),
            desks: Places::per_processor(),
            at_tsa: Places::at_tsa(),
            refusals,
            key_signs,
            meter: Meter::new(&parts.registry),
            journal: Mutex::new(Some(JournalThread::start("eseal-journal", journal).map_err(StartError::Thread)?)),
            log,
        };
        Ok(Arc::new(service))
    }

    /// The whole way of one seal. Blocks: it asks a TSA and waits for the log.
    ///
    /// # Errors
    /// [`SealError`]; nothing leaves then.
    pub(crate) fn seal(&self, submission: SubmissionBytes) -> Result<RecordedSeal, SealError> {
        let started = Instant::now();
        let sealed = self.seal_uncounted(submission);
        match &sealed {
            Ok(_) => self.meter.seal(started.elapsed()),
            Err(error) => self.count(error),
        }
        sealed
    }

    fn seal_uncounted(&self, submission: SubmissionBytes) -> Result<RecordedSeal, SealError> {
        let (engine, policy) = (&*self.engine, &*self.crypto_policy);
        let tenant = submission.tenant().to_owned();
        // Before any work: whoever cannot be time-stamped now takes nobody's processor.
        let at_tsa = submission.is_timestamped().then(|| self.at_tsa.ask_tsa()).transpose()?;
        let desk = self.desks.wait();
        let digest = DocumentDigest::compute(submission, SealId::new(), self.keeper.now()?, &self.credential)?;
        drop(desk);
        let _claim = match digest.idempotency_key() {
            Some(key) => Some(self.in_progress.claim(&self.seals, &tenant, key, digest.request_hash())?),
            None => None,
        };
        let authorized = AuthorizedSeal::decide(digest, &self.credential, policy, self.tsa.is_some())?;
        let secret = self.seals.tenants().secret(&self.tenant_secret, &tenant).map_err(SealError::Store)?;
        let intended = IntendedSeal::announce(authorized, &self.log, &secret)?;
        let signed = SignedSeal::sign(intended, &self.signers)?;
        let stamped = TimestampedSeal::fetch(signed, self.tsa.as_ref(), engine, policy)?;
        drop(at_tsa);
        let desk = self.desks.wait();
        let evidence = SealWithEvidence::read_back(stamped, &self.trust, engine, policy)?;
        drop(desk);
        RecordedSeal::record(evidence, &self.log, &self.seals, &secret)
    }

    /// Counts a refusal, for operators and for the log.
    pub(crate) fn count(&self, error: &SealError) {
        self.meter.refusal(error.class());
        self.refusals.add(error.class());
    }

    /// Counts a request that was turned away before its body was taken apart.
    pub(crate) fn turned_away(&self, refused: &Refused) {
        self.refusals.add_refused(refused);
    }

    /// What is known about a seal of the actor's tenant.
    ///
    /// # Errors
    /// [`SealError::SealUnknown`] or [`SealError::Store`].
    pub(crate) fn metadata(&self, actor: &Actor, id: SealId) -> Result<SealMetadata, SealError> {
        let record = self.seals.by_id(actor.tenant(), id.octets())?.ok_or(SealError::SealUnknown)?;
        SealMetadata::from_record(&record)
    }

    /// The receipt of a seal of the actor's tenant.
    ///
    /// # Errors
    /// [`SealError::SealUnknown`], [`SealError::ReceiptNotYet`], [`SealError::Log`], [`SealError::Store`].
    pub(crate) fn receipt(&self, actor: &Actor, id: SealId) -> Result<String, SealError> {
        self.metadata(actor, id)?;
        match self.log.receipt(Wanted::Serial(&id.serial()))? {
            ReceiptAnswer::Receipt(receipt) => Ok(receipt.to_string()),
            ReceiptAnswer::NotYetCovered { retry_after } => {
                Err(SealError::ReceiptNotYet { retry_after_s: retry_after.as_secs().max(1) })
            }
            ReceiptAnswer::Unknown => Err(SealError::SealUnknown),
        }
    }

    /// The credential.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Whether seals can be time-stamped.
    #[must_use]
    pub const fn has_tsa(&self) -> bool {
        self.tsa.is_some()
    }

    /// The log that seals are recorded in.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Records the refusals counted so far and the stop. The log itself stays open: it belongs to whoever opened it.
    ///
    /// # Errors
    /// If the log does not take the last entry.
    pub fn stop(&self) -> Result<(), LogError> {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(journal) = journal else { return Ok(()) };
        journal.stop();
        append(&self.log, &Entry::ServiceStop(named(LogTime::system_now()))).map(drop)
    }
}

impl Readiness for Service {
    fn check(&self) -> Result<(), NotReady> {
        let not_ready = |code, detail: &str| Err(NotReady { code, detail: detail.to_owned() });
        if !self.log.is_writable() {
            return not_ready("eseal.log", "the log takes no entries");
        }
        if !self.key_signs.load(Ordering::Relaxed) {
            return not_ready("eseal.key", "the key failed its self-test");
        }
        let ready = self.keeper.check().and_then(|now| self.credential.check_in_service(now, &self.crypto_policy));
        ready.map_err(|error| NotReady { code: error.code(), detail: error.to_string() })
    }
}

fn named(time: LogTime) -> entry::Service {
    entry::Service { time, service: label(SERVICE), version: label(env!("CARGO_PKG_VERSION")) }
}

fn certificate_entry(credential: &Credential, now: LogTime) -> Entry {
    let (certificate, key) = (credential.certificate(), credential.key());
    Entry::Certificate(entry::Certificate {
        time: now,
        key: credential.key_name().clone(),
        purpose: entry::KeyPurpose::Seal,
        sha256: Digest::of(certificate.der()),
        not_before: LogTime::from_unix_seconds(certificate.not_before()),
        not_after: LogTime::from_unix_seconds(certificate.not_after()),
        key_algorithm: label(&key.algorithm().to_string()),
        signature_algorithm: label(&credential.algorithm().to_string()),
    })
}

fn append(log: &Log, entry: &Entry) -> Result<LeafIndex, LogError> {
    log.append(entry)?.wait()
}
