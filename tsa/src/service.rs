//! The service: its units, its clock, its log, and what workers share.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use arc_swap::ArcSwap;
use kokuin_asn1::Certificate;
use kokuin_audit::{
    Entry, LeafIndex, Log, LogError, TenantSecret,
    entry::{self, Digest, LogTime},
};
use kokuin_clock::{Clock, Instant};
use kokuin_clock_record::{Journal as _, JournalThread, label};
use kokuin_key::SigningKey;
use kokuin_suite::{CryptoPolicy, Verify};
use kokuin_web::{Access, Refused, metrics::Registry};

use crate::{
    assemble::{self, CheckedUnit, Common, Rules},
    config::Config,
    count::RefusalCounts,
    journal::{Journal, SERVICE},
    meter::{Meter, observe_units},
    past::Past,
    serial::SerialSource,
    start::StartError,
    tester::Tester,
    timekeeper::TimeBase,
    tsu::CheckedTsu,
    unit::Unit,
    units::Units,
};

/// What a service is made of.
#[derive(Debug)]
pub struct Parts {
    /// The settings.
    pub config: Config,
    /// SHA-256 of the configuration as it was read.
    pub config_digest: Digest,
    /// Keys and certificates of each TSU of `config`, in any order.
    pub tsus: Vec<TsuParts>,
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

/// What one TSU's settings name.
#[derive(Debug)]
pub struct TsuParts {
    /// The TSU's name in the configuration.
    pub name: String,
    /// Its key and certificate.
    pub current: KeyParts,
    /// Those of `next`, where the configuration has it.
    pub next: Option<KeyParts>,
    /// Who may come in.
    pub access: Access,
}

/// A key and its certificate.
#[derive(Debug)]
pub struct KeyParts {
    /// The key; one that never signs again need not be there.
    pub key: Option<Arc<dyn SigningKey>>,
    /// Its certificate, then the issuers'.
    pub certificates: Vec<Certificate>,
}

/// A time-stamp service that may issue.
pub struct Service {
    pub(crate) units: Arc<ArcSwap<Units>>,
    pub(crate) base: Arc<TimeBase>,
    pub(crate) serials: Arc<SerialSource>,
    /// What the commitments of intents come from.
    pub(crate) intent_secret: TenantSecret,
    pub(crate) refusals: Arc<RefusalCounts>,
    pub(crate) log: Log,
    pub(crate) meter: Meter,
    pub(crate) engine: Arc<dyn Verify>,
    pub(crate) crypto_policy: Arc<CryptoPolicy>,
    /// None: the service has been stopped.
    pub(crate) journal: Mutex<Option<JournalThread>>,
    pub(crate) in_force: Mutex<InForce>,
}

/// What a reload is held against.
#[derive(Debug)]
pub(crate) struct InForce {
    /// The settings that the units were made from.
    pub(crate) config: Config,
    /// What keys and subjects were under these settings and all before them.
    pub(crate) past: Past,
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = self.units();
        let names: Vec<&str> = units.all().iter().map(|unit| unit.name()).collect();
        f.debug_struct("Service").field("tsus", &names).finish_non_exhaustive()
    }
}

impl Service {
    /// Checks the parts against each other, tests the keys, and records the start.
    ///
    /// # Errors
    /// The first rule broken; nothing has been issued then. A key that fails its test is an error only if no other passes: its unit is
    /// not served until it does.
    pub fn new(parts: Parts) -> Result<Arc<Self>, StartError> {
        let Parts { config, config_digest, tsus, clock, log, engine, crypto_policy, registry } = parts;
        let now = LogTime::system_now();
        let last = log.last_time().map(|time| Instant::from_unix_micros(time.unix_micros()));
        check_clock(&*clock, last)?;
        let at = clock_micros(&*clock, now).div_euclid(1_000_000);
        let rules = Rules { engine: &*engine, crypto_policy: &crypto_policy, at };
        let checked = assemble::check(&config, tsus, rules)?;
        let serials = Arc::new(SerialSource::new().map_err(StartError::Random)?);
        let mut secret = [0; 32];
        getrandom::fill(&mut secret).map_err(StartError::Random)?;
        let intent_secret = TenantSecret::new(secret);
        let tester = Tester {
            log: log.clone(),
            engine: Arc::clone(&engine),
            serials: Arc::clone(&serials),
            secret: intent_secret.clone(),
        };
        let mut tests = assemble::test_keys(&checked, &tester)?;
        if let Some(all) = tests.iter().all(|tested| tested.outcome.is_err()).then(|| tests.pop()).flatten() {
            all.outcome?;
        }

        append(&log, &Entry::ServiceStart(service(now)))?;
        record_config(&log, config_digest, Vec::new(), now)?;
        let entries = record_certificates(&log, &checked, now)?;

        let base = Arc::new(TimeBase::new(clock, last));
        let common = Common { config: &config, engine: &engine, base: &base, serials: &serials };
        let mut entries = entries.into_iter();
        let nothing = Units::default();
        let opened = checked.into_iter().map(|unit| unit.open(&mut entries, &nothing, &common).map(Arc::new));
        let units = Units::new(opened.collect::<Result<_, _>>()?);
        for (seat, outcome) in units.seats().zip(&tests) {
            seat.health().set_key(outcome.outcome.is_ok());
        }
        units.look(at.saturating_mul(1_000_000));
        let mut past = Past::default();
        past.remember(&units, &config);
        let units = Arc::new(ArcSwap::from_pointee(units));

        let refusals = Arc::new(RefusalCounts::default());
        let (journal_units, journal_base) = (Arc::clone(&units), Arc::clone(&base));
        let mut journal = Journal::new(tester, journal_base, journal_units, Arc::clone(&refusals));
        journal.record_first_tests(tests, now)?;
        journal.tick(now)?;

        let meter = Meter::new(&registry);
        observe_units(&registry, &units, &base);
        let journal = Mutex::new(Some(JournalThread::start("tsa-journal", journal).map_err(StartError::Thread)?));
        let in_force = Mutex::new(InForce { config, past });
        Ok(Arc::new(Self {
            units,
            base,
            serials,
            intent_secret,
            refusals,
            log,
            meter,
            engine,
            crypto_policy,
            journal,
            in_force,
        }))
    }

    /// The units that are served now. Whoever answers a request looks once and keeps what was seen.
    #[must_use]
    pub fn units(&self) -> Arc<Units> {
        self.units.load_full()
    }

    /// The unit at `/tsa/{name}`.
    #[must_use]
    pub fn unit(&self, name: &str) -> Option<Arc<Unit>> {
        self.units.load().find(name).cloned()
    }

    /// The unit at `/tsa`.
    #[must_use]
    pub fn default_unit(&self) -> Arc<Unit> {
        Arc::clone(self.units.load().default_unit())
    }

    /// Microseconds since 1970, for questions that no token hangs on.
    pub(crate) fn now_micros(&self) -> i64 {
        clock_micros(self.base.clock(), LogTime::system_now())
    }

    /// The log that tokens are recorded in.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// Counts a request that was turned away before its body was parsed.
    pub(crate) fn turned_away(&self, refused: &Refused) {
        self.refusals.add_refused(refused);
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

/// Refuses a clock that is surely behind the newest entry it or its like vouched for. One that gives no time yet is asked for each token.
fn check_clock(clock: &dyn Clock, last: Option<Instant>) -> Result<(), StartError> {
    let (Ok(reading), Some(last)) = (clock.read(), last) else { return Ok(()) };
    let (found_us, last_us) = (reading.instant().unix_micros(), last.unix_micros());
    let bound_us = reading.uncertainty().as_micros();
    if found_us.saturating_add_unsigned(bound_us) < last_us {
        return Err(StartError::ClockBehind { last_us, found_us, bound_us });
    }
    Ok(())
}

/// What the clock says, microseconds since 1970. One that gives no time yet keeps nobody from starting: then it is the machine's.
pub(crate) fn clock_micros(clock: &dyn Clock, now: LogTime) -> i64 {
    clock.read().map_or_else(|_| now.unix_micros(), |reading| reading.instant().unix_micros())
}

pub(crate) fn record_config(
    log: &Log,
    sha256: Digest,
    changed: Vec<entry::Label>,
    time: LogTime,
) -> Result<(), LogError> {
    append(log, &Entry::Config(entry::Config { time, service: label(SERVICE), sha256, changed })).map(drop)
}

/// Introduces the certificate of each seat.
fn record_certificates(log: &Log, units: &[CheckedUnit], now: LogTime) -> Result<Vec<LeafIndex>, LogError> {
    units.iter().flat_map(|unit| &unit.seats).map(|seat| record_certificate(log, seat, now)).collect()
}

/// Introduces one certificate.
pub(crate) fn record_certificate(log: &Log, seat: &CheckedTsu, now: LogTime) -> Result<LeafIndex, LogError> {
    append(log, &certificate_entry(seat, now))
}

fn service(time: LogTime) -> entry::Service {
    entry::Service { time, service: label(SERVICE), version: label(env!("CARGO_PKG_VERSION")) }
}

fn certificate_entry(seat: &CheckedTsu, now: LogTime) -> Entry {
    let (certificate, key) = (seat.certificate(), seat.key());
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

fn append(log: &Log, entry: &Entry) -> Result<LeafIndex, LogError> {
    log.append(entry)?.wait()
}
