use std::{
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use super::*;
use crate::{
    log::LogOptions,
    name::{LogName, Origin},
    storage::{LogRead as _, memory::MemoryStore},
    testing::{TestEngine, TestKey},
};

fn open(store: &MemoryStore) -> Log {
    let options = LogOptions {
        origin: Origin::new("log.example/tsa").unwrap(),
        name: LogName::new("tsa").unwrap(),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: Duration::from_secs(1000),
    };
    Log::open(options, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone())).unwrap()
}

fn serial(number: u8) -> Serial {
    Serial::new(&[1, number]).unwrap()
}

fn key() -> KeyName {
    KeyName::new("tsu-1").unwrap()
}

fn intent(log: &Log, number: u8) -> OpenIntent {
    OpenIntent::announce_and_wait(log, serial(number), key(), b"x", &TenantSecret::new([1; 32])).unwrap()
}

/// What the log says after its first entry: intents by their number, outcomes by what they say.
fn entries(log: &Log, store: &MemoryStore) -> Vec<Entry> {
    log.close().unwrap();
    store.entries(1..u64::MAX).unwrap().iter().map(|body| Entry::parse(body).unwrap()).collect()
}

fn outcomes(log: &Log, store: &MemoryStore) -> Vec<(LeafIndex, OutcomeResult, Option<String>, bool)> {
    let entries = entries(log, store).into_iter().filter_map(|entry| match entry {
        Entry::Outcome(outcome) => {
            assert_eq!(outcome.key, key());
            let code = outcome.code.map(|code| code.to_string());
            Some((outcome.intent, outcome.result, code, outcome.sig.is_some()))
        }
        _ => None,
    });
    entries.collect()
}

#[test]
fn an_intent_is_durable_when_it_is_there_thr_44() {
    let store = MemoryStore::new();
    let log = open(&store);
    let intent = intent(&log, 7);
    assert_eq!(intent.index(), Some(LeafIndex(1)));
    let Entry::Intent(stored) = Entry::parse(&store.entry(LeafIndex(1)).unwrap().unwrap()).unwrap() else { panic!() };
    assert_eq!((stored.serial, stored.key), (serial(7), key()));
    intent.spend();
    assert!(outcomes(&log, &store).is_empty(), "its own entry ends it");
}

#[test]
fn one_that_is_dropped_says_what_became_of_it_thr_44() {
    let store = MemoryStore::new();
    let log = open(&store);
    drop(intent(&log, 0));
    let errors = [
        KeyError::Suspended,
        KeyError::Unavailable,
        KeyError::Refused(7),
        KeyError::LogFull,
        KeyError::TimedOut,
        KeyError::AnswerLost,
        KeyError::SessionLost,
        KeyError::WrongAnswer,
    ];
    for (number, error) in (1..).zip(&errors) {
        let mut intent = intent(&log, number);
        intent.asked();
        intent.failed(error);
    }
    let mut asked = intent(&log, 100);
    asked.asked();
    drop(asked);
    let mut signed = intent(&log, 101);
    signed.asked();
    signed.signed(Digest::of(b"signature"));
    signed.because("tsa.reading-too-old");
    drop(signed);
    let said: Vec<_> = outcomes(&log, &store)
        .into_iter()
        .map(|(_, result, code, sig)| (result, code.unwrap_or_default(), sig))
        .collect();
    let expected = [
        (OutcomeResult::Withdrawn, "", false),
        (OutcomeResult::Withdrawn, "key.suspended", false),
        (OutcomeResult::Withdrawn, "key.unavailable", false),
        (OutcomeResult::Failed, "key.refused", false),
        (OutcomeResult::Failed, "key.log-full", false),
        (OutcomeResult::Unknown, "key.timed-out", false),
        (OutcomeResult::Unknown, "key.answer-lost", false),
        (OutcomeResult::Unknown, "key.session-lost", false),
        (OutcomeResult::Discarded, "key.wrong-answer", false),
        (OutcomeResult::Unknown, "", false),
        (OutcomeResult::Discarded, "tsa.reading-too-old", true),
    ];
    assert_eq!(said, expected.map(|(result, code, sig)| (result, code.to_owned(), sig)));
}

/// A client that goes away while its intent is being stored: whoever comes first, sender or writer, withdraws it, and only one of them.
#[test]
fn one_whose_sender_has_gone_is_withdrawn_once_thr_44() {
    let store = MemoryStore::new();
    let log = open(&store);
    let secret = TenantSecret::new([1; 32]);
    let rounds = 200;
    for number in 0..rounds {
        let announced = pin!(OpenIntent::announce(&log, serial(number), key(), b"x", &secret));
        let mut context = Context::from_waker(Waker::noop());
        match announced.poll(&mut context) {
            Poll::Ready(intent) => drop(intent.unwrap()),
            Poll::Pending if number % 2 == 0 => {}
            Poll::Pending => std::thread::sleep(Duration::from_micros(u64::from(number) * 5)),
        }
    }
    // What the writer withdraws comes after what it stores.
    while store.entries(0..u64::MAX).unwrap().len() < 1 + 2 * usize::from(rounds) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let outcomes = outcomes(&log, &store);
    let mut ended: Vec<u64> = outcomes.iter().map(|(index, ..)| index.0).collect();
    ended.sort_unstable();
    ended.dedup();
    assert_eq!((ended.len(), outcomes.len()), (usize::from(rounds), usize::from(rounds)));
    assert!(outcomes.iter().all(|(_, result, ..)| *result == OutcomeResult::Withdrawn));
}

#[test]
fn a_self_test_of_a_device_is_announced_and_one_of_software_is_not_thr_57() {
    let (store, secret) = (MemoryStore::new(), TenantSecret::new([1; 32]));
    let log = open(&store);
    let key = TestKey::new(2);
    let tested = test_key(&log, &key, &TestEngine, serial(1), &secret).unwrap();
    assert!(tested.outcome.is_ok() && tested.intent.is_none());
    assert!(entries(&log, &store).is_empty());
}
