//! What is wrong with the ends of intents (THR-44).

use super::*;
use crate::entry::{Commitment, Intent, KeyAccount, Outcome, OutcomeResult, Statement};

fn intent(serial: u64) -> Encoded {
    let imprint = Commitment::from_bytes([0; 32]);
    let serial = Serial::new(&serial.to_be_bytes()).unwrap();
    Entry::Intent(Intent { time: LogTime::from_unix_seconds(0), serial, key: key(), imprint }).encode().unwrap()
}

fn outcome(serial: u64, intent: u64) -> Encoded {
    let entry = Outcome {
        time: LogTime::from_unix_seconds(0),
        serial: Serial::new(&serial.to_be_bytes()).unwrap(),
        key: key(),
        intent: LeafIndex(intent),
        result: OutcomeResult::Unknown,
        code: None,
        sig: None,
    };
    Entry::Outcome(entry).encode().unwrap()
}

/// Entries 3 and following, as a writer signs them that keeps no rule.
fn faults(entries: &[Encoded]) -> Vec<Fault> {
    let store = MemoryStore::new();
    let log = open(&store);
    prologue().iter().for_each(|entry| drop(log.append(entry).unwrap()));
    for entry in entries {
        log.append_encoded(entry.clone()).wait().unwrap();
    }
    log.close().unwrap();
    check(&store, log.vkey()).faults
}

#[test]
fn intents_with_one_end_each_are_good_thr_44() {
    assert_eq!(faults(&[intent(1), intent(2), tst_at(1, 1), outcome(2, 4), intent(3), tst_at(3, 3)]), []);
}

/// A token made past the service, put into the log afterwards.
#[test]
fn a_token_of_a_device_without_an_intent_is_a_fault_thr_44() {
    let index = LeafIndex(5);
    assert_eq!(faults(&[intent(1), tst_at(1, 1), tst_at(2, 2)]), [Fault::NoIntent { index, key: key() }]);
}

#[test]
fn a_token_before_the_first_intent_of_its_key_needs_none() {
    assert_eq!(faults(&[tst_at(1, 1), intent(2), tst_at(2, 2)]), []);
}

#[test]
fn two_ends_of_one_intent_are_a_fault_thr_44() {
    let twice = |index, intent| Fault::IntentEndedTwice { index: LeafIndex(index), intent: LeafIndex(intent) };
    assert_eq!(faults(&[intent(1), tst_at(1, 1), outcome(1, 3)]), [twice(5, 3)]);
    assert_eq!(faults(&[intent(1), outcome(1, 3), outcome(1, 3)]), [twice(5, 3)]);
    let index = LeafIndex(5);
    assert_eq!(faults(&[intent(1), outcome(1, 3), tst_at(1, 1)]), [Fault::NoIntent { index, key: key() }]);
}

#[test]
fn an_end_that_names_no_intent_is_a_fault_thr_44() {
    let (index, named) = (LeafIndex(4), LeafIndex(2));
    assert_eq!(faults(&[intent(1), outcome(1, 2)]), [Fault::Reference { index, member: "intent", named }]);
}

#[test]
fn accounts_that_the_entries_do_not_give_are_a_fault_thr_44() {
    let stated = |intents| {
        let keys = vec![KeyAccount { intents, unknown: 1, ..KeyAccount::new(key()) }];
        let time = LogTime::from_unix_seconds(0);
        Entry::Accounts(Statement { time, keys, devices: Vec::new(), open_from: None }).encode().unwrap()
    };
    assert_eq!(faults(&[intent(1), outcome(1, 3), stated(1)]), []);
    assert_eq!(faults(&[intent(1), outcome(1, 3), stated(2)]), [Fault::AccountsDiffer { index: LeafIndex(5) }]);
}
