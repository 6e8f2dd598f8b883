use super::*;
use crate::{
    entry::{Admin, Label, OutcomeResult, Service},
    storage::{LogStore as _, memory::MemoryStore},
};

fn at(seconds: i64) -> LogTime {
    LogTime::from_unix_seconds(seconds)
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

/// Five entries, one each second.
fn store() -> MemoryStore {
    let key = crate::entry::KeyName::new("k").unwrap();
    let serial = Serial::new(&[7]).unwrap();
    let entries = [
        Entry::ServiceStart(Service { time: at(0), service: label("tsa"), version: label("1") }),
        Entry::Intent(Intent {
            time: at(1),
            serial: serial.clone(),
            key: key.clone(),
            imprint: crate::entry::Commitment::from_bytes([0; 32]),
        }),
        Entry::Outcome(Outcome {
            time: at(2),
            serial,
            key,
            intent: LeafIndex(1),
            result: OutcomeResult::Discarded,
            code: None,
            sig: Some(Digest::of(b"sig")),
        }),
        Entry::Admin(Admin { time: at(3), action: label("x"), target: None, actor: None, reason: None, intent: None }),
        Entry::ServiceStop(Service { time: at(4), service: label("tsa"), version: label("1") }),
    ];
    let mut store = MemoryStore::new();
    let rows: Vec<_> = entries.iter().map(|entry| entry.encode().unwrap()).collect();
    store.append(LeafIndex(0), &rows, &[]).unwrap();
    store
}

fn places(filter: &Filter) -> Vec<u64> {
    places_in(&store(), filter)
}

fn places_in(store: &MemoryStore, filter: &Filter) -> Vec<u64> {
    let mut places = Vec::new();
    scan(store, filter, |found| {
        places.push(found.index.0);
        true
    })
    .unwrap();
    places
}

#[test]
fn takes_what_meets_every_condition() {
    let any = Filter::default();
    assert_eq!(places(&any), [0, 1, 2, 3, 4]);
    assert_eq!(places(&Filter { from: Some(at(1)), to: Some(at(3)), ..any.clone() }), [1, 2]);
    assert_eq!(places(&Filter { kinds: vec![Kind::ServiceStart, Kind::ServiceStop], ..any.clone() }), [0, 4]);
    assert_eq!(places(&Filter { serial: Serial::new(&[7]).ok(), ..any.clone() }), [1, 2]);
    assert_eq!(places(&Filter { digest: Some(Digest::of(b"sig")), ..any.clone() }), [2]);
    assert_eq!(places(&Filter { first: Some(LeafIndex(1)), last: Some(LeafIndex(2)), ..any.clone() }), [1, 2]);
    assert_eq!(places(&Filter { first: Some(LeafIndex(9)), ..any.clone() }), Vec::<u64>::new());
    assert_eq!(places(&Filter { serial: Serial::new(&[7]).ok(), kinds: vec![Kind::Intent], ..any }), [1]);
}

#[test]
fn shows_damaged_entries_whatever_the_filter() {
    let store = store();
    store.tamper(3, |body| body.truncate(5));
    assert_eq!(places_in(&store, &Filter { kinds: vec![Kind::ServiceStop], ..Filter::default() }), [3, 4]);
}

#[test]
fn stops_when_told() {
    let mut seen = 0;
    scan(&store(), &Filter::default(), |_| {
        seen += 1;
        seen < 2
    })
    .unwrap();
    assert_eq!(seen, 2);
}
