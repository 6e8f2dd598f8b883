//! The accounts of device signatures across starts (THR-44).

use std::sync::atomic::{AtomicU64, Ordering};

use super::{last_time::Counting, *};
use crate::entry::{Commitment, Intent, Kind, Outcome, OutcomeResult};

fn intent(serial: u64) -> Entry {
    Entry::Intent(Intent {
        time: LogTime::from_unix_seconds(1),
        serial: Serial::new(&serial.to_be_bytes()).unwrap(),
        key: KeyName::new("tsu-1").unwrap(),
        imprint: Commitment::from_bytes([0; 32]),
    })
}

fn entries(store: &MemoryStore) -> Vec<Entry> {
    bodies(store).iter().map(|body| Entry::parse(body).unwrap()).collect()
}

fn kinds(store: &MemoryStore) -> Vec<Kind> {
    entries(store).iter().map(Entry::kind).collect()
}

fn unknown(store: &MemoryStore, at: usize) -> (LeafIndex, OutcomeResult, String) {
    match &entries(store)[at] {
        Entry::Outcome(Outcome { intent, result, code, .. }) => (*intent, *result, code.clone().unwrap().to_string()),
        other => panic!("{other:?}"),
    }
}

/// The process was killed between an intent and its end.
#[test]
fn a_start_ends_what_the_former_writer_left_open_before_anything_else_thr_44() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    log.append(&intent(1)).unwrap().wait().unwrap();
    log.append(&intent(2)).unwrap().wait().unwrap();
    log.append_encoded(tst(1)).wait().unwrap();
    drop(log);
    let log = open(&store).unwrap();
    let orphan = (LeafIndex(2), OutcomeResult::Unknown, "log.no-outcome".to_owned());
    assert_eq!(unknown(&store, 4), orphan);
    assert_eq!(kinds(&store)[4..], [Kind::Outcome, Kind::Accounts]);
    assert_eq!(log.checkpoint().size(), TreeSize(6), "a checkpoint covers it before the log takes anything");
    assert_eq!(log.accounts().open().count(), 0);
    log.close().unwrap();
    drop(log);
    open(&store).unwrap().close().unwrap();
    assert_eq!(bodies(&store).len(), 6, "it is ended once, and nothing more is said where nothing changed");
}

/// The intent lies before the statement that the start goes on from.
#[test]
fn an_intent_open_at_a_statement_is_ended_at_the_next_start_thr_44() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    log.append(&intent(1)).unwrap().wait().unwrap();
    log.append(&intent(2)).unwrap().wait().unwrap();
    log.append_encoded(tst(2)).wait().unwrap();
    // Closed in order, and yet the intent is open: its thread was gone.
    log.close().unwrap();
    drop(log);
    assert_eq!(kinds(&store)[4..], [Kind::Accounts]);
    let log = open(&store).unwrap();
    assert_eq!(unknown(&store, 5).0, LeafIndex(1));
    let account = log.accounts().key(&KeyName::new("tsu-1").unwrap()).cloned().unwrap();
    assert_eq!((account.intents, account.tokens, account.unknown), (2, 1, 1));
}

#[test]
fn a_log_without_devices_states_no_accounts() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    log.append_encoded(tst(1)).wait().unwrap();
    log.append(&admin("a")).unwrap().wait().unwrap();
    log.close().unwrap();
    assert!(!kinds(&store).contains(&Kind::Accounts));
    assert!(log.accounts().is_empty());
}

/// Entries of before the last statement are not read again, however many.
#[test]
fn a_start_reads_back_to_the_last_statement_only() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    for number in 10..5_000 {
        drop(log.append_encoded(tst(number)));
    }
    log.append(&intent(1)).unwrap().wait().unwrap();
    log.append_encoded(tst(1)).wait().unwrap();
    log.close().unwrap();
    assert_eq!(kinds(&store).last(), Some(&Kind::Accounts));
    let reader = Arc::new(Counting(store.clone(), AtomicU64::new(0)));
    drop(Log::open(options(1_000_000), Box::new(store.clone()), reader.clone(), Box::new(store)).unwrap());
    let read = reader.1.load(Ordering::Relaxed);
    assert!(read < 1024 + 600, "{read} entries read");
}
