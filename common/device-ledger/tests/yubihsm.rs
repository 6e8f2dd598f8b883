//! The drain over the YubiHSM back end and a simulated device, and what an auditor makes of the log afterwards.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

#[path = "../../../hsm-config/tests/yubihsm/place.rs"]
#[allow(dead_code, reason = "the back end's own tests use the rest")]
mod place;
#[path = "../../audit/src/testing.rs"]
#[allow(dead_code, reason = "the log's own tests use the rest")]
mod testing;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use kokuin_audit::{
    Entry, LeafIndex, Log, LogName, LogOptions, LogRead as _, Origin,
    device_report::DeviceReport,
    entry::{Commitment, DeviceLog, Digest, Intent, KeyName, LogTime, PolicyOid, Serial, Tst},
    storage::memory::MemoryStore,
};
use kokuin_device_ledger::Drains;
use kokuin_hsm_config::yubihsm::{
    YubiHsmStore,
    device_log::{breaks, parse},
};
use kokuin_key::SigningKey;
use kokuin_web::metrics::Registry;
use kokuin_yubihsm_sim::{Command, FACTORY_KEY};
use place::{AUDIT, Place, SIGN, make, number, sign};
use testing::{TestEngine, TestKey};

fn open(store: &MemoryStore) -> Log {
    let options = LogOptions {
        origin: Origin::new("log.example").unwrap(),
        name: LogName::new("main").unwrap(),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: LogOptions::DEFAULT_INTERVAL,
    };
    Log::open(options, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone())).unwrap()
}

fn drain(device: &YubiHsmStore, log: &Log) -> Drains {
    Drains::start(vec![device.device_log().unwrap()], log).unwrap()
}

fn intend(log: &Log, number: u8) {
    let (time, serial) = (LogTime::from_unix_seconds(0), Serial::new(&[number]).unwrap());
    let (key, imprint) = (KeyName::new("tsu-1").unwrap(), Commitment::from_bytes([0; 32]));
    log.append(&Entry::Intent(Intent { time, serial, key, imprint })).unwrap().wait().unwrap();
}

/// One token as a service makes it: announced, signed, recorded.
fn issue(log: &Log, key: &dyn SigningKey, number: u8) {
    intend(log, number);
    let signature = sign(key).unwrap();
    let token = Tst {
        time: LogTime::from_unix_seconds(0),
        serial: Serial::new(&[number]).unwrap(),
        key: KeyName::new("tsu-1").unwrap(),
        policy: PolicyOid::new("2.999").unwrap(),
        bound_us: 1,
        measured: true,
        clock: LeafIndex(0),
        cert: LeafIndex(0),
        digest: Digest::of(b"a"),
        sig: Digest::of(&signature),
        attrs: Digest::of(b"c"),
    };
    log.append(&Entry::Tst(token)).unwrap().wait().unwrap();
}

fn said(store: &MemoryStore) -> Vec<DeviceLog> {
    let bodies = store.entries(0..u64::MAX).unwrap();
    let device = |body: &Vec<u8>| match Entry::parse(body).unwrap() {
        Entry::DeviceLog(entry) => Some(entry),
        _ => None,
    };
    bodies.iter().filter_map(device).collect()
}

fn reasons(store: &MemoryStore) -> Vec<String> {
    said(store).iter().flat_map(|entry| &entry.reasons).map(ToString::to_string).collect()
}

/// What an auditor is told, chain and all.
fn report(store: &MemoryStore) -> DeviceReport {
    let (mut report, mut anchor) = (DeviceReport::new(None, None), None);
    for (index, body) in (0..).zip(store.entries(0..u64::MAX).unwrap()) {
        report.entry(LeafIndex(index), &Entry::parse(&body).unwrap(), &mut |entry| {
            let lines = parse(entry.lines.as_bytes()).unwrap();
            let found = breaks(anchor, &lines);
            anchor = lines.last().map(|line| (line.number, line.digest)).or(anchor);
            found
        });
    }
    report
}

fn codes(store: &MemoryStore) -> Vec<&'static str> {
    report(store).findings().iter().map(|(_, finding)| finding.code()).collect()
}

fn made(store: &MemoryStore) -> u64 {
    said(store).iter().flat_map(|entry| &entry.signatures).map(|said| said.made).sum()
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Made by a second client with the service's own login: in log, metrics and report within a period (THR-56).
#[test]
fn a_rogue_signature_is_in_log_metrics_and_report_within_a_period_thr_56() {
    let (place, store, registry) = (Place::new(), MemoryStore::new(), Registry::new());
    let device = place.store();
    let key = make(&device, "tsu-1");
    let log = open(&store);
    let drains = drain(&device, &log);
    drains.observe(&registry);
    issue(&log, &*key, 1);
    let begun = Instant::now();
    place.simulator.rogue_sign_ecdsa(SIGN, number(&place, "device", "tsu-1"), &[7; 32]).unwrap();
    wait_for("the alarm", || !reasons(&store).is_empty());
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    issue(&log, &*key, 2);
    drop(drains);
    log.close().unwrap();
    assert!(registry.render().contains("kokuin_device_unexplained_total{device=\"device\"} 1"));
    assert_eq!(codes(&store), ["unexplained", "surplus"]);
    assert_eq!(made(&store), 3);
}

/// Two processes one after the other; the first is killed with lines in the device and an intent open (THR-44).
#[test]
fn a_killed_process_leaves_nothing_unexplained_thr_44() {
    let (place, store) = (Place::new(), MemoryStore::new());
    let first = place.store();
    let key = make(&first, "tsu-1");
    let log = open(&store);
    drop(drain(&first, &log));
    for number in 1..=3 {
        issue(&log, &*key, number);
    }
    intend(&log, 4);
    sign(&*key).unwrap();
    drop((key, first, log));

    let second = place.store();
    let log = open(&store);
    let drains = drain(&second, &log);
    assert_eq!((reasons(&store), codes(&store)), (vec![], vec![]));
    assert_eq!(made(&store), 4);
    let key = log.accounts().keys().next().cloned().unwrap();
    assert_eq!((key.tokens, key.unknown), (3, 1));
    drop(drains);
    log.close().unwrap();
    assert!(report(&store).is_explained());
}

/// The same, and somebody signed while no service ran (THR-56).
#[test]
fn a_signature_made_between_two_processes_is_found_at_the_start_thr_56() {
    let (place, store) = (Place::new(), MemoryStore::new());
    let first = place.store();
    let key = make(&first, "tsu-1");
    let log = open(&store);
    issue(&log, &*key, 1);
    drop(drain(&first, &log));
    log.close().unwrap();
    drop((key, first, log));
    place.simulator.rogue_sign_ecdsa(FACTORY_KEY, number(&place, "device", "tsu-1"), &[7; 32]).unwrap();
    let log = open(&store);
    drop(drain(&place.store(), &log));
    assert_eq!(codes(&store), ["unexplained", "surplus"], "{:?}", reasons(&store));
}

/// The device must log and is full; whoever reaches the connector opens sessions (THR-64).
#[test]
fn a_full_device_under_a_flood_of_sessions_is_drained_alone_thr_64() {
    let (place, store) = (Place::new(), MemoryStore::new());
    let device = place.store();
    let key = make(&device, "tsu-1");
    place.simulator.direct(FACTORY_KEY, Command(0x4f), &[1, 0, 1, 1]).unwrap();
    let log = open(&store);
    let drains = drain(&device, &log);
    issue(&log, &*key, 1);
    place.simulator.fill_log();
    for _ in 0..5 {
        drop(place.simulator.direct(AUDIT, Command(0x01), b"x"));
    }
    wait_for("the drain", || place.simulator.log().len() < 31);
    issue(&log, &*key, 2);
    drop(drains);
    log.close().unwrap();
    assert!(codes(&store).contains(&"unlogged"), "{:?}", codes(&store));
    assert_eq!(made(&store), 2);
}

/// Without a drain a device that must log signs for its 62 lines and no more; with it, on and on (THR-64). `--nocapture` shows the figures.
#[test]
fn a_device_that_must_log_signs_as_long_as_it_is_drained_thr_64() {
    let (place, store) = (Place::new(), MemoryStore::new());
    let device = place.store();
    let key = make(&device, "tsu-1");
    place.simulator.direct(FACTORY_KEY, Command(0x4f), &[1, 0, 1, 1]).unwrap();
    let log = open(&store);
    let of_a_second = || {
        let mut signer = key.open().unwrap();
        let (begun, mut signed, mut refused) = (Instant::now(), 0, 0);
        while begun.elapsed() < Duration::from_secs(1) {
            match signer.sign(place::prepared(&*key)) {
                Ok(_) => signed += 1,
                Err(_) => {
                    refused += 1;
                    signer = key.open().unwrap();
                }
            }
        }
        println!("{signed} signatures in 1 s, {refused} refused");
        (signed, refused)
    };
    let drains = drain(&device, &log);
    let (drained, _) = of_a_second();
    drop(drains);
    assert!(drained > 62);
    assert_eq!(made(&store), drained, "each is told in the log");
    let (signed, refused) = of_a_second();
    assert!(signed <= 62 && refused > 0, "{signed} signed, {refused} refused");
    println!("{} entries of the device's log", said(&store).len());
    assert!(!codes(&store).contains(&"chain-broken"), "{:?}", codes(&store));
}
