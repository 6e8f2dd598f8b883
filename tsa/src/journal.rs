//! What the log hears beside tokens: changes of the clock and of the key, readings, self-tests, counted refusals.
//!
//! One thread of the service's own looks each second, so that no request pays for it.

use std::{
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use kokuin_audit::{Entry, LeafIndex, Log, LogError, entry};
use kokuin_clock::ClockState;
use kokuin_key::{KeyState, self_test};
use kokuin_suite::Verify;

use crate::{count::RefusalCounts, health::Health, label::label, timekeeper::Timekeeper, tsu::Tsu};

/// How often the thread looks.
const TICK: Duration = Duration::from_secs(1);
/// Refusals are counted, and readings recorded, for so long.
const MINUTE_US: i64 = 60_000_000;
/// Between two self-tests of the key.
const SELF_TEST_US: i64 = 300_000_000;

/// What this service is called in the log.
pub(crate) const SERVICE: &str = "tsa";

/// What the thread knows.
#[derive(Debug)]
pub(crate) struct Journal {
    log: Log,
    keeper: Arc<Timekeeper>,
    tsu: Arc<Tsu>,
    engine: Arc<dyn Verify>,
    refusals: Arc<RefusalCounts>,
    health: Arc<Health>,
    clock: Option<ClockState>,
    key: KeyState,
    /// Begin of the minute that refusals are being counted in.
    minute: i64,
    last_reading: i64,
    last_self_test: i64,
}

impl Journal {
    /// A journal that has recorded nothing yet.
    pub(crate) fn new(
        log: Log,
        keeper: Arc<Timekeeper>,
        tsu: Arc<Tsu>,
        engine: Arc<dyn Verify>,
        refusals: Arc<RefusalCounts>,
        health: Arc<Health>,
    ) -> Self {
        let now = entry::LogTime::system_now().unix_micros();
        Self {
            log,
            keeper,
            engine,
            refusals,
            health,
            clock: None,
            key: KeyState::Active,
            tsu,
            minute: now - now.rem_euclid(MINUTE_US),
            last_reading: i64::MIN,
            last_self_test: now,
        }
    }

    /// Records what has changed since the last call. `now` is the system clock's, and only decides what is due.
    pub(crate) fn tick(&mut self, now: entry::LogTime) -> Result<(), LogError> {
        self.record_clock_state(now)?;
        self.record_key_state(now)?;
        self.record_reading(now)?;
        let micros = now.unix_micros();
        if self.key == KeyState::Active && micros.saturating_sub(self.last_self_test) >= SELF_TEST_US {
            self.last_self_test = micros;
            self.record_self_test(now)?;
        }
        let minute = micros - micros.rem_euclid(MINUTE_US);
        if minute != self.minute {
            self.record_refusals(now)?;
            self.minute = minute;
        }
        Ok(())
    }

    fn record_clock_state(&mut self, now: entry::LogTime) -> Result<(), LogError> {
        let state = self.keeper.clock().state();
        if self.clock == Some(state) {
            return Ok(());
        }
        let clock = self.keeper.clock();
        let refusal = clock.read().err().map(|refusal| label(refusal.code()));
        let reason = refusal.or_else(|| clock.doubted().map(|source| label(source.as_str())));
        let from = self.clock.map(|state| label(state.code()));
        self.append(&Entry::ClockState(entry::ClockState { time: now, from, to: label(state.code()), reason }))?;
        self.clock = Some(state);
        Ok(())
    }

    fn record_key_state(&mut self, now: entry::LogTime) -> Result<(), LogError> {
        let state = self.tsu.key().state();
        if self.key == state {
            return Ok(());
        }
        let name = match state {
            KeyState::Active => entry::KeyStateName::Active,
            KeyState::Suspended => entry::KeyStateName::Suspended,
            KeyState::Lost => entry::KeyStateName::Lost,
        };
        let key = self.tsu.key_name().clone();
        self.append(&Entry::KeyState(entry::KeyStateChange { time: now, key, state: name, reason: None }))?;
        self.key = state;
        // A key that comes back is tested at once: readiness follows the test.
        self.last_self_test = i64::MIN;
        Ok(())
    }

    /// One reading at the start of issuing, and one each minute while tokens are given their time from it.
    fn record_reading(&mut self, now: entry::LogTime) -> Result<(), LogError> {
        let due = now.unix_micros().saturating_sub(self.last_reading) >= MINUTE_US && self.keeper.was_asked();
        if self.keeper.is_recorded() && !due {
            return Ok(());
        }
        // A clock that refuses is a state of the clock, and recorded as such.
        let Ok(reading) = self.keeper.reading() else { return Ok(()) };
        let index = self.append(&Entry::ClockReading(entry::ClockReading {
            time: entry::LogTime::from_unix_micros(reading.instant().unix_micros()),
            source: label(reading.source().as_str()),
            bound_us: reading.uncertainty().as_micros(),
            measured: reading.measured(),
        }))?;
        self.keeper.recorded(index);
        self.last_reading = now.unix_micros();
        Ok(())
    }

    /// Signs the fixed string that is neither attributes nor a note, and says in the log that it did.
    pub(crate) fn record_self_test(&mut self, now: entry::LogTime) -> Result<(), LogError> {
        let outcome = self_test(&**self.tsu.key(), &*self.engine);
        self.health.set_key(outcome.is_ok());
        let result = if outcome.is_ok() { entry::TestResult::Passed } else { entry::TestResult::Failed };
        let code = outcome.err().map(|error| label(error.code()));
        let key = self.tsu.key_name().clone();
        self.append(&Entry::SelfTest(entry::SelfTest { time: now, key, result, count: 1, code })).map(drop)
    }

    /// One entry for each class that was refused in the minute that has ended.
    pub(crate) fn record_refusals(&mut self, now: entry::LogTime) -> Result<(), LogError> {
        let minute = entry::LogTime::from_unix_micros(self.minute);
        let mut taken = self.refusals.take().into_iter();
        while let Some((class, count)) = taken.next() {
            let entry = entry::Refusals { time: now, service: label(SERVICE), class: label(class), minute, count };
            if let Err(error) = self.append(&Entry::Refusals(entry)) {
                self.refusals.restore(class, count);
                taken.for_each(|(class, count)| self.refusals.restore(class, count));
                return Err(error);
            }
        }
        Ok(())
    }

    fn append(&self, entry: &Entry) -> Result<LeafIndex, LogError> {
        self.log.append(entry)?.wait()
    }
}

/// The thread, and the way to end it.
#[derive(Debug)]
pub(crate) struct JournalThread {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl JournalThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// If the operating system gives none.
    pub(crate) fn start(mut journal: Journal) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = thread::Builder::new().name("tsa-journal".to_owned()).spawn(move || {
            loop {
                let end = match stopped.recv_timeout(TICK) {
                    Err(RecvTimeoutError::Timeout) => false,
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => true,
                };
                let now = entry::LogTime::system_now();
                let outcome = if end { journal.record_refusals(now) } else { journal.tick(now) };
                if let Err(error) = outcome {
                    tracing::warn!(%error, "the log did not take an entry of the journal");
                }
                if end {
                    return;
                }
            }
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends the thread, with the refusals counted so far recorded.
    pub(crate) fn stop(self) {
        // A thread that is gone has nothing to be told.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the journal's thread panicked");
        }
    }
}
