//! What the log hears beside tokens: changes of the clock and of the keys, readings, self-tests, counted refusals.
//!
//! One thread of the service's own looks each second, and at the instant of a take-over, so that no request pays for it.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use kokuin_audit::{
    Entry, LeafIndex, Log, LogError, OpenIntent, Tested,
    entry::{self, KeyName, KeyStateName, LogTime},
};
use kokuin_clock::Monotonic;
use kokuin_clock_record::{ClockRecord, TICK, label};
use kokuin_key::{KeyError, KeyState};

use crate::{
    count::RefusalCounts, life::Phase, seat::Seat, service::clock_micros, tester::Tester, timekeeper::TimeBase,
    units::Units,
};

/// Refusals are counted for so long.
const MINUTE_US: i64 = 60_000_000;
/// Between two readings that are recorded. Like all that comes at its time, by the monotonic clock: nobody sets that one back.
const READING: Duration = Duration::from_secs(60);
/// Between two self-tests of a key.
const SELF_TEST: Duration = Duration::from_secs(300);
/// The same after one that failed.
const SELF_TEST_AGAIN: Duration = Duration::from_secs(10);

/// What this service is called in the log.
pub(crate) const SERVICE: &str = "tsa";

/// What the thread knows.
#[derive(Debug)]
pub(crate) struct Journal {
    log: Log,
    base: Arc<TimeBase>,
    units: Arc<ArcSwap<Units>>,
    tester: Tester,
    refusals: Arc<RefusalCounts>,
    clock: ClockRecord,
    /// One for each seat of the units looked at last.
    watched: Vec<Watched>,
    /// Keys that no unit has any more, retired in the log.
    gone: Vec<KeyName>,
    /// The last time that the clock vouched for, microseconds since 1970. While it refuses, no key begins or ends.
    known: i64,
    /// Begin of the minute that refusals are being counted in.
    minute: i64,
    last_reading: Option<Monotonic>,
}

/// What is known of one seat.
#[derive(Clone, Debug)]
struct Watched {
    key: KeyName,
    /// As the log has it; a key that is new is active unless the log says otherwise.
    state: KeyStateName,
    /// None: it is to be tested at once.
    last_self_test: Option<Monotonic>,
}

/// Its back end's word, or else its place in its life.
fn state_of(seat: &Seat, micros: i64) -> KeyStateName {
    match (seat.tsu().state(), seat.tsu().life().phase_at(micros)) {
        (KeyState::Lost, _) => KeyStateName::Lost,
        (KeyState::Suspended, _) => KeyStateName::Suspended,
        (KeyState::Active, Phase::Prepared) => KeyStateName::Prepared,
        (KeyState::Active, Phase::Active) => KeyStateName::Active,
        (KeyState::Active, Phase::Retired) => KeyStateName::Retired,
    }
}

impl Journal {
    /// A journal that has recorded nothing yet.
    pub(crate) fn new(
        tester: Tester,
        base: Arc<TimeBase>,
        units: Arc<ArcSwap<Units>>,
        refusals: Arc<RefusalCounts>,
    ) -> Self {
        let time = LogTime::system_now();
        let (now, known) = (time.unix_micros(), clock_micros(base.clock(), time));
        Self {
            clock: ClockRecord::new(base.shared_clock(), tester.log.clone()),
            log: tester.log.clone(),
            base,
            units,
            tester,
            refusals,
            watched: Vec::new(),
            gone: Vec::new(),
            known,
            minute: now - now.rem_euclid(MINUTE_US),
            last_reading: None,
        }
    }

    /// Records how the keys did in their first test, in the order of the seats.
    pub(crate) fn record_first_tests(&self, tests: Vec<Tested>, now: LogTime) -> Result<(), LogError> {
        let units = self.units.load_full();
        let mut tested = units.seats().zip(tests);
        tested.try_for_each(|(seat, tested)| record_test(&self.log, seat, tested, now))
    }

    fn record(&mut self, units: &Units, now: LogTime) -> Result<(), LogError> {
        self.clock.tick(now)?;
        if !self.clock.can_issue() {
            self.base.unrecord();
        }
        self.record_key_states(units, now)?;
        self.record_reading(units, now)?;
        for (seat, place) in units.seats().zip(0..) {
            self.test_if_due(seat, place, now)?;
        }
        let micros = now.unix_micros();
        let minute = micros - micros.rem_euclid(MINUTE_US);
        if minute != self.minute {
            self.record_refusals(now)?;
            self.minute = minute;
        }
        Ok(())
    }

    /// One place for each seat, in their order; what was known of a key stays known through a reload, and one that is gone is retired.
    fn watch(&mut self, units: &Units, now: LogTime) -> Result<(), LogError> {
        let is = |watched: &Watched, seat: &Seat| watched.key == *seat.tsu().key_name();
        while let Some(place) = self.watched.iter().position(|watched| !units.seats().any(|seat| is(watched, seat))) {
            let key = self.watched[place].key.clone();
            if self.watched[place].state != KeyStateName::Retired {
                let state = KeyStateName::Retired;
                self.append(&Entry::KeyState(entry::KeyStateChange { time: now, key, state, reason: None }))?;
            }
            self.gone.push(self.watched.remove(place).key);
        }
        let monotonic = self.base.clock().monotonic();
        let watched = units.seats().map(|seat| {
            let before = self.watched.iter().find(|watched| is(watched, seat)).cloned();
            before.unwrap_or_else(|| {
                let key = seat.tsu().key_name().clone();
                let state = if self.gone.contains(&key) { KeyStateName::Retired } else { KeyStateName::Active };
                Watched { key, state, last_self_test: Some(monotonic) }
            })
        });
        self.watched = watched.collect();
        self.gone.retain(|key| !self.watched.iter().any(|watched| watched.key == *key));
        Ok(())
    }

    fn record_key_states(&mut self, units: &Units, now: LogTime) -> Result<(), LogError> {
        self.watch(units, now)?;
        units.seats().zip(0..).try_for_each(|(seat, place)| self.record_key_state(seat, place, now))
    }

    fn record_key_state(&mut self, seat: &Seat, place: usize, now: LogTime) -> Result<(), LogError> {
        if seat.tsu().key().state() == KeyState::Suspended {
            // An operator has stopped it, and decides when it goes on.
            seat.tsu().trust();
        }
        let state = state_of(seat, self.known);
        let before = self.watched[place].state;
        if before == state {
            return Ok(());
        }
        let key = seat.tsu().key_name().clone();
        let reason = seat.tsu().is_doubted().then(|| label(KeyError::WrongAnswer.code()));
        self.append(&Entry::KeyState(entry::KeyStateChange { time: now, key, state, reason }))?;
        self.watched[place].state = state;
        if matches!(before, KeyStateName::Suspended | KeyStateName::Lost) {
            // A key that comes back is tested at once: readiness follows the test.
            self.watched[place].last_self_test = None;
        }
        Ok(())
    }

    fn test_if_due(&mut self, seat: &Seat, place: usize, now: LogTime) -> Result<(), LogError> {
        let (watched, monotonic) = (&mut self.watched[place], self.base.clock().monotonic());
        let period = if seat.health().key_signs() { SELF_TEST } else { SELF_TEST_AGAIN };
        let due = watched.last_self_test.is_none_or(|last| monotonic.since(last) >= period);
        if !due || !matches!(watched.state, KeyStateName::Prepared | KeyStateName::Active) {
            return Ok(());
        }
        watched.last_self_test = Some(monotonic);
        let tested = self.tester.test(&**seat.tsu().key())?;
        seat.health().set_key(tested.outcome.is_ok());
        record_test(&self.log, seat, tested, now)
    }

    /// One reading at the start of issuing, and one each minute while tokens are given their time from it.
    fn record_reading(&mut self, units: &Units, now: LogTime) -> Result<(), LogError> {
        let monotonic = self.base.clock().monotonic();
        let due = self.last_reading.is_none_or(|last| monotonic.since(last) >= READING) && self.base.was_asked();
        if self.base.is_recorded() && !due {
            return Ok(());
        }
        // A clock that refuses is a state of the clock, and recorded as such.
        let Ok(reading) = units.widest_keeper().reading() else { return Ok(()) };
        self.clock.record_sources(now)?;
        let index = self.append(&Entry::ClockReading(entry::ClockReading {
            time: LogTime::from_unix_micros(reading.instant().unix_micros()),
            source: label(reading.source().as_str()),
            bound_us: reading.uncertainty().as_micros(),
            measured: reading.measured(),
        }))?;
        self.base.recorded(index);
        self.last_reading = Some(monotonic);
        Ok(())
    }

    /// One entry for each class that was refused in the minute that has ended.
    fn record_refusals(&mut self, now: LogTime) -> Result<(), LogError> {
        let minute = LogTime::from_unix_micros(self.minute);
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

impl kokuin_clock_record::Journal for Journal {
    /// Looks how the units stand, and records what has changed since the last call. `now` is the system clock's.
    fn tick(&mut self, now: LogTime) -> Result<(), LogError> {
        let units = self.units.load_full();
        if let Ok(reading) = self.base.clock().read() {
            self.known = reading.instant().unix_micros();
        }
        let outcome = self.record(&units, now);
        units.look(self.known);
        outcome
    }

    /// What is left to be said at the stop: keys that a reload took away a moment ago, and the refusals so far.
    fn close(&mut self, now: LogTime) -> Result<(), LogError> {
        let units = self.units.load_full();
        let states = self.record_key_states(&units, now);
        self.record_refusals(now).and(states)
    }

    /// How long nothing is to do: a second, or until a key begins or ends.
    fn pause(&self) -> Duration {
        let Ok(reading) = self.base.clock().read() else { return TICK };
        let (now, units) = (reading.instant().unix_micros(), self.units.load());
        let change = units.seats().filter_map(|seat| seat.tsu().life().next_change(now)).min();
        let change = change.and_then(|micros| u64::try_from(micros).ok()).map(Duration::from_micros);
        change.map_or(TICK, |change| change.clamp(Duration::from_millis(1), TICK))
    }
}

/// Says in the log how a key did that signed the fixed string that is neither attributes nor a note.
pub(crate) fn record_test(log: &Log, seat: &Seat, tested: Tested, now: LogTime) -> Result<(), LogError> {
    let Tested { outcome, intent } = tested;
    let result = if outcome.is_ok() { entry::TestResult::Passed } else { entry::TestResult::Failed };
    let code = outcome.err().map(|error| label(error.code()));
    let (key, index) = (seat.tsu().key_name().clone(), intent.as_ref().and_then(OpenIntent::index));
    let recorded =
        log.append(&Entry::SelfTest(entry::SelfTest { time: now, key, result, count: 1, code, intent: index }))?;
    if let Some(intent) = intent {
        intent.spend();
    }
    recorded.wait().map(drop)
}
