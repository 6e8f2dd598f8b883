use std::sync::atomic::Ordering;

use kokuin_audit::storage::memory::MemoryStore;

use super::*;
use crate::testing::{MOST, Scripted, intend, issue, key, open, said};

fn drain(device: &Arc<Scripted>, log: &Log) -> Drain {
    Drain::new(device.clone(), log.clone())
}

fn reasons(store: &MemoryStore) -> Vec<String> {
    said(store).iter().flat_map(|entry| &entry.reasons).map(ToString::to_string).collect()
}

fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(5), "{what}");
        thread::sleep(WATCH);
    }
}

/// A signature made straight on the device is in log and metrics within one period (THR-56).
#[test]
fn a_signature_that_nobody_asked_for_is_found_within_a_period_thr_56() {
    let (store, device, registry) = (MemoryStore::new(), Scripted::new(), Registry::new());
    let log = open(&store);
    let drains = Drains::start(vec![device.clone()], &log).unwrap();
    drains.observe(&registry);
    intend(&log, 1);
    assert!(device.sign());
    issue(&log, 1);
    let begun = Instant::now();
    assert!(device.rogue());
    wait_for("the alarm", || !reasons(&store).is_empty());
    assert!(begun.elapsed() < PERIOD + Duration::from_millis(500), "{:?}", begun.elapsed());
    assert_eq!(reasons(&store), ["line 2: nobody asked"]);
    let metrics = registry.render();
    assert!(metrics.contains("kokuin_device_unexplained_total{device=\"hsm\"} 1"), "{metrics}");
    assert!(metrics.contains("kokuin_device_signatures_total{device=\"hsm\"} 2"), "{metrics}");
    assert_eq!(log.accounts().surplus(&key()), 1, "the counts say so too");
    drop(drains);
    assert_eq!(device.lines(), 0);
}

/// A device that must log and signs faster than once a period never waits for the drain (THR-64).
#[test]
fn a_device_that_fills_up_is_drained_before_it_is_full_thr_64() {
    let (store, device) = (MemoryStore::new(), Scripted::new());
    let log = open(&store);
    let drains = Drains::start(vec![device.clone()], &log).unwrap();
    let mut refused = 0;
    for _ in 0..60 {
        refused += u32::from(!device.sign());
        thread::sleep(Duration::from_millis(5));
    }
    drop(drains);
    assert_eq!(refused, 0);
    assert_eq!(said(&store).iter().map(|entry| entry.count).sum::<u64>(), 60);
}

/// Sessions opened by whoever reaches the connector fill the log: it is drained, what had no line is told, and signing goes on (THR-64).
#[test]
fn a_flood_of_sessions_is_drained_and_told_thr_64() {
    let (store, device) = (MemoryStore::new(), Scripted::new());
    let log = open(&store);
    let mut drain = drain(&device, &log);
    drain.look(When::Start);
    while device.session() {}
    assert!(!device.sign(), "its log is full");
    assert_eq!(drain.look(When::Running), Look::Drained);
    assert!(device.sign());
    assert_eq!(said(&store).last().map(|entry| (entry.count, entry.unlogged)), Some((u64::from(MOST), 2)));
    assert_eq!(log.accounts().devices().map(|device| device.unlogged).sum::<u64>(), 2);
}

/// What cannot be drained is asked for once a period, and drained as soon as it can be: nobody has to do anything (THR-64).
#[test]
fn a_device_that_cannot_be_drained_is_not_asked_without_end_thr_64() {
    let (store, device) = (MemoryStore::new(), Scripted::new());
    let log = open(&store);
    let drains = Drains::start(vec![device.clone()], &log).unwrap();
    for hinder in [&device.gone, &device.keeps] {
        hinder.store(true, Ordering::Relaxed);
        while device.sign() {}
        let before = device.reads.load(Ordering::Relaxed);
        thread::sleep(Duration::from_millis(1500));
        let asked = device.reads.load(Ordering::Relaxed) - before;
        assert!((1..=3).contains(&asked), "{asked} times");
        hinder.store(false, Ordering::Relaxed);
        wait_for("the drain", || device.lines() == 0);
    }
    drop(drains);
    let made = said(&store).iter().map(|entry| entry.count).sum::<u64>();
    assert_eq!(made, 2 * u64::from(MOST), "each line once");
}

/// Killed after the lines are in our log and before the device forgot them: they are told by number and digest, and counted once (THR-44).
#[test]
fn lines_that_our_log_has_are_not_counted_again_thr_44() {
    let (store, device) = (MemoryStore::new(), Scripted::new());
    let log = open(&store);
    let mut first = drain(&device, &log);
    first.look(When::Start);
    for number in 1..=3 {
        intend(&log, number);
        device.sign();
        issue(&log, number);
    }
    device.keeps.store(true, Ordering::Relaxed);
    assert_eq!(first.look(When::Running), Look::Failed);
    drop((first, log));
    assert_eq!(device.lines(), 3);

    let log = open(&store);
    device.keeps.store(false, Ordering::Relaxed);
    device.new_process();
    device.session();
    let mut second = drain(&device, &log);
    assert_eq!(second.look(When::Start), Look::Drained);
    assert_eq!(reasons(&store), Vec::<String>::new());
    assert_eq!(
        said(&store).last().map(|entry| (entry.count, entry.begins, entry.signatures.len())),
        Some((1, true, 0))
    );
    let share = log.accounts().key(&key()).and_then(|account| account.device.clone()).unwrap();
    assert_eq!((share.made, share.surplus), (3, 0));
}

/// The process before was killed: its lines are compared with what the log says of it, by count (THR-44, THR-56).
#[test]
fn lines_of_a_former_process_are_explained_by_the_log_or_told_thr_44_thr_56() {
    let left = |tokens: u8, orphans: u8, rogue: u8, lost: bool| {
        let (store, device) = (MemoryStore::new(), Scripted::new());
        let log = open(&store);
        intend(&log, 100);
        device.sign();
        issue(&log, 100);
        drain(&device, &log).look(When::Start);
        for number in 1..=tokens {
            intend(&log, number);
            device.sign();
            issue(&log, number);
        }
        // Signed, and the process was killed before it could say so.
        for number in 1..=orphans {
            intend(&log, 50 + number);
            device.sign();
        }
        (0..rogue).for_each(|_| assert!(device.rogue()));
        if lost {
            device.lose();
        }
        drop(log);
        device.new_process();
        let log = open(&store);
        drain(&device, &log).look(When::Start);
        (reasons(&store), log.accounts().surplus(&key()))
    };
    assert_eq!(left(3, 0, 0, false), (vec![], 0));
    assert_eq!(left(3, 2, 0, false), (vec![], 0), "an orphan explains one signature");
    assert_eq!(
        left(3, 1, 1, false),
        (
            vec![
                "key tsu: 1 signatures of an earlier process more than its entries and its lost answers explain"
                    .to_owned()
            ],
            1
        )
    );
    assert_eq!(
        left(3, 0, 0, true).0,
        ["key tsu: entries tell of 3 signatures that the device has no line of"],
        "lines are gone"
    );
}

/// The device cannot be reached for a while, or its reader is stopped: lines wait in it, none is lost (THR-64).
#[test]
fn lines_wait_while_device_or_log_cannot_be_reached_thr_64() {
    let (store, device) = (MemoryStore::new(), Scripted::new());
    let log = open(&store);
    let mut drain = drain(&device, &log);
    drain.look(When::Start);
    device.gone.store(true, Ordering::Relaxed);
    assert_eq!(drain.look(When::Running), Look::Failed);
    device.gone.store(false, Ordering::Relaxed);
    device.rogue();
    store.set_failing(true);
    assert_eq!(drain.look(When::Running), Look::Failed);
    assert_eq!(device.lines(), 1, "it is not forgotten before our log has it");
    store.set_failing(false);
    wait_for("the log", || log.is_writable());
    assert_eq!(drain.look(When::Running), Look::Drained);
    assert_eq!(reasons(&store), ["line 1: nobody asked"]);
}

/// A look at the device makes lines of its own, which tell of no signature: they do not fill our log.
#[test]
fn quiet_lines_wait_for_company() {
    let (store, device) = (MemoryStore::new(), Scripted::new());
    let log = open(&store);
    let mut drain = drain(&device, &log);
    drain.look(When::Start);
    let before = said(&store).len();
    device.session();
    assert_eq!(drain.look(When::Running), Look::Idle);
    assert_eq!((said(&store).len(), device.lines()), (before, 1));
    device.sign();
    assert_eq!(drain.look(When::Running), Look::Drained);
    assert_eq!(said(&store).last().map(|entry| entry.count), Some(2));
}
