//! What the log hears beside seals: changes of the clock and of the key, self-tests, counted refusals. One thread of the service's own looks each second.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kokuin_audit::{Entry, Log, LogError, OpenIntent, TenantSecret, Tested, entry, test_key};
use kokuin_clock::Monotonic;
use kokuin_clock_record::{ClockRecord, label};
use kokuin_key::{KeyError, KeyState};
use kokuin_suite::Verify;

use crate::{count::RefusalCounts, credential::Credential, id::SealId};

/// Refusals are counted for so long.
const MINUTE_US: i64 = 60_000_000;
/// Between two self-tests of the key, by the monotonic clock: nobody sets that one back.
const SELF_TEST: Duration = Duration::from_secs(300);

/// What this service is called in the log.
pub(crate) const SERVICE: &str = "eseal";

/// What the thread knows.
#[derive(Debug)]
pub(crate) struct Journal {
    pub(crate) log: Log,
    clock: Arc<Mutex<ClockRecord>>,
    pub(crate) credential: Arc<Credential>,
    pub(crate) engine: Arc<dyn Verify>,
    /// What the commitments of self-tests come from.
    secret: TenantSecret,
    pub(crate) refusals: Arc<RefusalCounts>,
    /// Whether the key signed when it was last tested.
    pub(crate) key_signs: Arc<AtomicBool>,
    key: KeyState,
    minute: i64,
    last_self_test: Monotonic,
}

impl Journal {
    /// A journal of a key that has just passed its self-test.
    pub(crate) fn new(
        log: Log,
        clock: Arc<Mutex<ClockRecord>>,
        credential: Arc<Credential>,
        engine: Arc<dyn Verify>,
        secret: TenantSecret,
        refusals: Arc<RefusalCounts>,
        key_signs: Arc<AtomicBool>,
    ) -> Self {
        let now = entry::LogTime::system_now().unix_micros();
        let minute = now - now.rem_euclid(MINUTE_US);
        let last_self_test = clock.lock().unwrap_or_else(PoisonError::into_inner).clock().monotonic();
        Self {
            log,
            clock,
            credential,
            engine,
            secret,
            refusals,
            key_signs,
            key: KeyState::Active,
            minute,
            last_self_test,
        }
    }

    fn clock(&self) -> MutexGuard<'_, ClockRecord> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record_key_state(&mut self, now: entry::LogTime) -> Result<(), LogError> {
        if self.credential.key().state() == KeyState::Suspended {
            // An operator has stopped it, and decides when it goes on.
            self.credential.trust();
        }
        let state = self.credential.state();
        if self.key == state {
            return Ok(());
        }
        let name = match state {
            KeyState::Active => entry::KeyStateName::Active,
            KeyState::Suspended => entry::KeyStateName::Suspended,
            KeyState::Lost => entry::KeyStateName::Lost,
        };
        let key = self.credential.key_name().clone();
        let reason = self.credential.is_doubted().then(|| label(KeyError::WrongAnswer.code()));
        self.append(&Entry::KeyState(entry::KeyStateChange { time: now, key, state: name, reason }))?;
        self.key = state;
        Ok(())
    }

    /// Signs the fixed string that is neither attributes nor a note, and says in the log that it did.
    pub(crate) fn record_self_test(&self, now: entry::LogTime) -> Result<(), LogError> {
        let serial = SealId::new().serial();
        let tested = test_key(&self.log, &**self.credential.key(), &*self.engine, serial, &self.secret)?;
        self.key_signs.store(tested.outcome.is_ok(), Ordering::Relaxed);
        record_test(&self.log, &self.credential, tested, now)
    }

    /// One entry for each class that was refused in the minute that has ended.
    pub(crate) fn record_refusals(&self, now: entry::LogTime) -> Result<(), LogError> {
        let minute = entry::LogTime::from_unix_micros(self.minute);
        let mut taken = self.refusals.take().into_iter();
        while let Some((class, count)) = taken.next() {
            let (service, name) = (label(SERVICE), label(class));
            let entry = entry::Refusals { time: now, service, class: name, minute, count };
            if let Err(error) = self.append(&Entry::Refusals(entry)) {
                self.refusals.restore(class, count);
                taken.for_each(|(class, count)| self.refusals.restore(class, count));
                return Err(error);
            }
        }
        Ok(())
    }

    fn append(&self, entry: &Entry) -> Result<(), LogError> {
        self.log.append(entry)?.wait().map(drop)
    }
}

/// Says in the log how a key did in a self-test.
pub(crate) fn record_test(
    log: &Log,
    credential: &Credential,
    tested: Tested,
    now: entry::LogTime,
) -> Result<(), LogError> {
    let Tested { outcome, intent } = tested;
    let result = if outcome.is_ok() { entry::TestResult::Passed } else { entry::TestResult::Failed };
    let code = outcome.err().map(|error| label(error.code()));
    let (key, index) = (credential.key_name().clone(), intent.as_ref().and_then(OpenIntent::index));
    let recorded =
        log.append(&Entry::SelfTest(entry::SelfTest { time: now, key, result, count: 1, code, intent: index }))?;
    if let Some(intent) = intent {
        intent.spend();
    }
    recorded.wait().map(drop)
}

impl kokuin_clock_record::Journal for Journal {
    fn tick(&mut self, now: entry::LogTime) -> Result<(), LogError> {
        self.clock().tick(now)?;
        self.record_key_state(now)?;
        let monotonic = self.clock().clock().monotonic();
        if monotonic.since(self.last_self_test) >= SELF_TEST {
            self.last_self_test = monotonic;
            self.record_self_test(now)?;
        }
        let micros = now.unix_micros();
        let minute = micros - micros.rem_euclid(MINUTE_US);
        if minute != self.minute {
            self.record_refusals(now)?;
            self.minute = minute;
        }
        Ok(())
    }

    fn close(&mut self, now: entry::LogTime) -> Result<(), LogError> {
        self.record_refusals(now)
    }
}
