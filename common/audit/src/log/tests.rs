mod accounts;
mod close;
mod doubt;
mod last_time;
mod life;

use std::{sync::Arc, thread, time::Duration};

use super::*;
use crate::{
    checkpoint::Checkpoint,
    entry::{Admin, Digest, KeyName, Label, PolicyOid, TstRef},
    hash::Hash,
    merkle::naive_root,
    name::TreeSize,
    note::SignedNote,
    storage::memory::MemoryStore,
    testing::{TestEngine, TestKey},
};

fn options(interval_ms: u64) -> LogOptions {
    LogOptions {
        origin: Origin::new("log.example/tsa").unwrap(),
        name: LogName::new("tsa").unwrap(),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: Duration::from_millis(interval_ms),
    }
}

fn open_at(store: &MemoryStore, interval_ms: u64) -> Result<Log, LogError> {
    Log::open(options(interval_ms), Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone()))
}

/// A log whose checkpoints are signed at its start and end only.
fn open(store: &MemoryStore) -> Result<Log, LogError> {
    open_at(store, 1_000_000)
}

fn admin(action: &str) -> Entry {
    let action = Label::new(action).unwrap();
    Entry::Admin(Admin {
        time: LogTime::from_unix_seconds(1),
        action,
        target: None,
        actor: None,
        reason: None,
        intent: None,
    })
}

fn tst(serial: u64) -> Encoded {
    let digest = Digest::from_bytes([1; 32]);
    TstRef {
        time: LogTime::from_unix_micros(i64::try_from(serial).unwrap()),
        serial: &Serial::new(&serial.to_be_bytes()).unwrap(),
        key: &KeyName::new("tsu-1").unwrap(),
        policy: &PolicyOid::new("2.999.3161.1").unwrap(),
        bound_us: 1,
        measured: true,
        clock: LeafIndex(1),
        cert: LeafIndex(2),
        digest,
        sig: digest,
        attrs: digest,
    }
    .encode()
}

fn bodies(store: &MemoryStore) -> Vec<Vec<u8>> {
    store.entries(0..u64::MAX).unwrap()
}

/// The root over what is stored, by the recursive definition.
fn stored_root(store: &MemoryStore) -> Hash {
    naive_root(&bodies(store).iter().map(|body| Hash::leaf(body)).collect::<Vec<_>>())
}

#[test]
fn first_entry_names_the_log_and_is_covered_at_once() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    assert_eq!(log.checkpoint().size(), TreeSize(1));
    match Entry::parse(&bodies(&store)[0]).unwrap() {
        Entry::LogOpen(open) => {
            assert_eq!((open.origin.as_str(), open.name.as_str()), ("log.example/tsa", "tsa"));
            assert_eq!((open.vkey, open.previous), (log.vkey().to_string(), None));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn entry_is_stored_when_its_sender_is_answered() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    let index = log.append(&admin("a")).unwrap().wait().unwrap();
    assert_eq!(index, LeafIndex(1));
    assert_eq!(store.entry(index).unwrap(), Some(admin("a").encode().unwrap().body().to_vec()));
}

#[test]
fn closing_signs_everything_and_reopening_signs_nothing_new() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    for number in 0..600 {
        drop(log.append_encoded(tst(number)));
    }
    log.close().unwrap();
    assert_eq!(log.checkpoint().size(), TreeSize(601));
    assert_eq!(log.checkpoint().root(), stored_root(&store));
    assert!(matches!(log.append(&admin("late")).unwrap().wait(), Err(LogError::Closed)));
    let anchored = Anchor::load(&store).unwrap();
    drop(log);
    let log = open(&store).unwrap();
    assert_eq!(Anchor::load(&store).unwrap(), anchored);
    assert_eq!(log.checkpoint().size(), TreeSize(601));
    assert_eq!(log.last_time(), Some(LogTime::from_unix_micros(599)));
}

#[test]
fn checkpoint_follows_within_the_interval() {
    let store = MemoryStore::new();
    let log = open_at(&store, 20).unwrap();
    let index = log.append(&admin("a")).unwrap().wait().unwrap();
    let covered = (0..500).any(|_| {
        thread::sleep(Duration::from_millis(5));
        log.checkpoint().size().covers(index)
    });
    assert!(covered);
    assert_eq!(log.checkpoint().root(), stored_root(&store));
    // What was published had been anchored, and is what is stored.
    assert_eq!(Anchor::load(&store).unwrap(), Some(log.checkpoint().to_string()));
    assert_eq!(LogRead::checkpoint(&store).unwrap().unwrap().note, log.checkpoint().to_string());
}

/// A drop without close is what a crash leaves: entries after the last checkpoint, which the next start takes over.
#[test]
fn goes_on_after_a_crash() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    for number in 0..300 {
        drop(log.append_encoded(tst(number)));
    }
    log.append(&admin("last")).unwrap().wait().unwrap();
    assert_eq!(log.checkpoint().size(), TreeSize(1));
    drop(log);
    let log = open(&store).unwrap();
    assert_eq!(log.checkpoint().size(), TreeSize(302));
    assert_eq!(log.checkpoint().root(), stored_root(&store));
    assert_eq!(log.last_time(), Some(LogTime::from_unix_micros(299)));
}

/// THR-42.
#[test]
fn refuses_a_store_older_than_its_anchor() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    log.append(&admin("a")).unwrap().wait().unwrap();
    log.close().unwrap();
    let old = store.snapshot();
    let log = open(&store).unwrap();
    for number in 0..100 {
        drop(log.append_encoded(tst(number)));
    }
    log.close().unwrap();
    let mut restored = old.snapshot();
    Anchor::save(&mut restored, &Anchor::load(&store).unwrap().unwrap()).unwrap();
    let error = open(&restored).unwrap_err();
    assert!(matches!(error, LogError::StoreBehindAnchor { stored: TreeSize(2), anchored: TreeSize(102) }), "{error}");
    assert_eq!(error.to_string(), "store has 2 entries, 100 fewer than the 102 of the anchor");
}

/// THR-42: as many entries, but others.
#[test]
fn refuses_a_store_with_another_history_than_its_anchor() {
    let (one, mut two) = (MemoryStore::new(), MemoryStore::new());
    for (store, action) in [(&one, "a"), (&two, "b")] {
        let log = open(store).unwrap();
        log.append(&admin(action)).unwrap().wait().unwrap();
        log.close().unwrap();
    }
    Anchor::save(&mut two, &Anchor::load(&one).unwrap().unwrap()).unwrap();
    assert!(matches!(open(&two).unwrap_err(), LogError::StoreDiffersFromAnchor { size: TreeSize(2), .. }));
}

#[test]
fn refuses_a_store_without_its_anchor() {
    let store = MemoryStore::new();
    open(&store).unwrap().close().unwrap();
    let mut other = MemoryStore::new();
    other.append(LeafIndex(0), &[admin("a").encode().unwrap(), admin("b").encode().unwrap()], &[]).unwrap();
    assert!(matches!(open(&other).unwrap_err(), LogError::AnchorMissing { stored: TreeSize(2) }));
}

#[test]
fn refuses_the_anchor_of_another_key() {
    let store = MemoryStore::new();
    open(&store).unwrap().close().unwrap();
    let other = LogOptions { key: Arc::new(TestKey::new(2)), ..options(1000) };
    let error = Log::open(other, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store)).unwrap_err();
    assert_eq!(error.code(), "audit.anchor-invalid");
}

#[test]
fn refuses_keys_of_another_purpose() {
    let store = MemoryStore::new();
    let other = LogOptions { key: Arc::new(TestKey::with_purpose(1, Purpose::Tst)), ..options(1000) };
    let error = Log::open(other, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store)).unwrap_err();
    assert!(matches!(error, LogError::WrongPurpose { .. }));
}

#[test]
fn refuses_a_changed_entry_after_the_last_checkpoint() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    log.append(&admin("a")).unwrap().wait().unwrap();
    drop(log);
    store.tamper(1, |body| body[0] = b'[');
    assert!(matches!(open(&store).unwrap_err(), LogError::TailEntry { index: LeafIndex(1), .. }));
}

#[test]
fn refuses_a_stored_edge_that_is_not_the_checkpoints() {
    let mut store = MemoryStore::new();
    let log = open(&store).unwrap();
    log.append(&admin("a")).unwrap().wait().unwrap();
    log.close().unwrap();
    let mut stored = LogRead::checkpoint(&store).unwrap().unwrap();
    *stored.frontier.last_mut().unwrap() ^= 1;
    store.save_checkpoint(&stored).unwrap();
    assert!(matches!(open(&store).unwrap_err(), LogError::EdgeDamaged { size: TreeSize(2) }));
}

/// The anchor is saved first: a crash before the row is written leaves it ahead of the row.
#[test]
fn goes_on_when_the_row_is_behind_the_anchor() {
    let mut store = MemoryStore::new();
    let log = open(&store).unwrap();
    let row = LogRead::checkpoint(&store).unwrap().unwrap();
    for number in 0..300 {
        drop(log.append_encoded(tst(number)));
    }
    log.close().unwrap();
    store.save_checkpoint(&row).unwrap();
    let log = open(&store).unwrap();
    assert_eq!((log.checkpoint().size(), log.checkpoint().root()), (TreeSize(301), stored_root(&store)));
}

/// THR-54.
#[test]
fn stops_after_a_failed_append_until_a_test_append_succeeds() {
    let store = MemoryStore::new();
    let log = open_at(&store, 10).unwrap();
    log.append(&admin("a")).unwrap().wait().unwrap();
    // Its checkpoint is due now: were it to fail first, the next append would be refused for that.
    while log.checkpoint().size() < TreeSize(2) {
        thread::sleep(Duration::from_millis(1));
    }
    store.set_failing(true);
    assert_eq!(log.append(&admin("b")).unwrap().wait().unwrap_err().code(), "audit.storage-failed");
    assert!(!log.is_writable());
    assert!(matches!(log.append(&admin("c")).unwrap().wait(), Err(LogError::NotWritable)));
    store.set_failing(false);
    // Writable again, but not before it has proven so: what comes next is refused, or on a slow machine stands behind the proof.
    let early = match log.append(&admin("d")).unwrap().wait() {
        Err(LogError::NotWritable) => None,
        Ok(_) => Some("d"),
        Err(other) => panic!("{other:?}"),
    };
    let again = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(5));
        log.is_writable()
    });
    assert!(again);
    log.append(&admin("e")).unwrap().wait().unwrap();
    log.close().unwrap();
    let actions: Vec<String> = bodies(&store)[1..]
        .iter()
        .map(|body| match Entry::parse(body).unwrap() {
            Entry::Admin(admin) => admin.action.to_string(),
            other => panic!("{other:?}"),
        })
        .collect();
    let expected: Vec<&str> = ["a", "log.test-append"].into_iter().chain(early).chain(["e"]).collect();
    assert_eq!(actions, expected);
    assert_eq!(log.checkpoint().root(), stored_root(&store));
}

/// Without checkpoints nothing is anchored: issuing stops as for a failed append.
#[test]
fn stops_while_its_key_does_not_sign() {
    let store = MemoryStore::new();
    let key = Arc::new(TestKey::new(1));
    key.set_failing(true);
    let failing = LogOptions { key: key.clone(), ..options(10) };
    let opened = Log::open(failing, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone()));
    assert_eq!(opened.unwrap_err().code(), "audit.signing");
    key.set_failing(false);
    // The first entry was stored before the key failed: the log goes on from it.
    let log = open(&store).unwrap();
    assert_eq!(log.checkpoint().size(), TreeSize(1));
}

#[test]
fn refuses_a_serial_twice_and_stores_the_others() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    let pending: Vec<Pending> = [1, 2, 1, 3].map(|serial| log.append_encoded(tst(serial))).into();
    let answers: Vec<_> = pending.into_iter().map(|pending| pending.wait().map_err(|error| error.code())).collect();
    assert_eq!(answers, [Ok(LeafIndex(1)), Ok(LeafIndex(2)), Err("audit.duplicate-serial"), Ok(LeafIndex(3))]);
    assert!(log.is_writable());
    log.close().unwrap();
    assert_eq!(log.checkpoint().root(), stored_root(&store));
}

#[test]
fn second_writer_is_refused_instead_of_forking() {
    let store = MemoryStore::new();
    let (first, second) = (open(&store).unwrap(), open(&store).unwrap());
    first.append(&admin("a")).unwrap().wait().unwrap();
    assert_eq!(second.append(&admin("b")).unwrap().wait().unwrap_err().code(), "audit.index-taken");
    // It does not come back either: its probe would only continue what the other writes.
    thread::sleep(Duration::from_millis(1500));
    assert!(!second.is_writable());
    second.close().unwrap();
    assert_eq!(second.checkpoint().size(), TreeSize(1));
    first.append(&admin("c")).unwrap().wait().unwrap();
}

#[test]
fn sixteen_threads_get_sixteen_times_as_many_places() {
    let store = MemoryStore::new();
    let log = open_at(&store, 1).unwrap();
    let mut places: Vec<LeafIndex> = thread::scope(|scope| {
        let workers: Vec<_> = (0..16)
            .map(|worker| {
                let log = &log;
                scope.spawn(move || {
                    (0..50)
                        .map(|number| log.append_encoded(tst(worker * 1000 + number)).wait().unwrap())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    places.sort_unstable();
    assert_eq!(places, (1..=800).map(LeafIndex).collect::<Vec<_>>());
    log.close().unwrap();
    assert_eq!(log.checkpoint().root(), stored_root(&store));
}

/// THR-42: the way on after a loss is a new log that names the old one.
#[test]
fn successor_names_the_log_that_was_lost() {
    let store = MemoryStore::new();
    let old = open(&store).unwrap();
    old.close().unwrap();
    let previous = Previous { checkpoint: (*old.checkpoint()).clone(), reason: Text::new("disk lost").unwrap() };
    let refused = Log::open_successor(
        options(1000),
        Box::new(store.clone()),
        Arc::new(store.clone()),
        Box::new(store.clone()),
        previous.clone(),
    );
    assert!(matches!(refused.unwrap_err(), LogError::NotEmpty { stored: TreeSize(1) }));

    let new = MemoryStore::new();
    let named = LogOptions { origin: Origin::new("log.example/tsa-2").unwrap(), ..options(1000) };
    Log::open_successor(named, Box::new(new.clone()), Arc::new(new.clone()), Box::new(new.clone()), previous).unwrap();
    match Entry::parse(&bodies(&new)[0]).unwrap() {
        Entry::LogOpen(open) => {
            let previous = open.previous.unwrap();
            assert_eq!((previous.origin.as_str(), previous.reason.as_str()), ("log.example/tsa", "disk lost"));
            assert_eq!(previous.checkpoint, old.checkpoint().to_string());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn serves_tiles_and_bundles_as_far_as_the_checkpoint_covers() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    for number in 0..299 {
        drop(log.append_encoded(tst(number)));
    }
    assert_eq!(log.tile(TileId::new(0, 0, 2).unwrap()).unwrap(), None);
    log.close().unwrap();
    let leaves: Vec<Hash> = bodies(&store).iter().map(|body| Hash::leaf(body)).collect();
    let tile = |level, index, width| log.tile(TileId::new(level, index, width).unwrap()).unwrap();
    assert_eq!(tile(0, 0, 256), Some(crate::tile::hashes_to_bytes(&leaves[..256])));
    assert_eq!(tile(0, 1, 44), Some(crate::tile::hashes_to_bytes(&leaves[256..])));
    assert_eq!(tile(0, 1, 45), None);
    assert_eq!(tile(1, 0, 1), Some(crate::tile::hashes_to_bytes(&[naive_root(&leaves[..256])])));
    let bundle = log.entry_bundle(BundleId::new(1, 44).unwrap()).unwrap().unwrap();
    assert_eq!(crate::tile::bundle_from_bytes(&bundle).unwrap(), bodies(&store)[256..]);
    assert_eq!(log.entry_bundle(BundleId::new(1, 45).unwrap()).unwrap(), None);
}

/// Expected value: `tlog_tiles` reads the checkpoint and checks our proof with its own code.
#[test]
fn receipts_hold_for_tlog_tiles() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    for number in 0..700 {
        drop(log.append_encoded(tst(number)));
    }
    log.close().unwrap();
    for place in [0, 1, 255, 256, 511, 512, 700_u64] {
        let ReceiptAnswer::Receipt(receipt) = log.receipt(Wanted::Index(LeafIndex(place))).unwrap() else { panic!() };
        let verified = receipt.verify(log.vkey(), &TestEngine).unwrap();
        assert_eq!(verified.body(), bodies(&store)[usize::try_from(place).unwrap()]);

        let note = SignedNote::parse(receipt.unverified_note().as_bytes()).unwrap();
        let theirs = tlog_tiles::Checkpoint::from_bytes(note.text().as_bytes()).unwrap();
        assert_eq!(Checkpoint::parse(note.text()).unwrap().root.as_bytes(), &theirs.hash().0);
        let proof = receipt.to_string();
        let proof: Vec<_> = proof
            .lines()
            .skip(3)
            .take_while(|line| !line.is_empty())
            .map(|line| tlog_tiles::Hash::parse_hash(line).unwrap())
            .collect();
        let leaf = tlog_tiles::record_hash(verified.body());
        tlog_tiles::check_record(&proof, theirs.size(), *theirs.hash(), place, leaf).unwrap();
    }
}

/// Whoever asks another instance for the proof of its newest token is told to wait, not that there is none.
#[test]
fn a_log_of_another_instance_says_which_of_its_tokens_no_checkpoint_covers_yet() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    log.append_encoded(tst(7)).wait().unwrap();
    let load = || {
        let (name, vkey) = (LogName::new("tsa").unwrap(), log.vkey().clone());
        StoredLog::load(name, vkey, Arc::new(store.clone()), &TestEngine, true).unwrap().unwrap()
    };
    let answer = |number: u64| load().receipt(&Serial::new(&number.to_be_bytes()).unwrap()).unwrap();
    assert!(matches!(answer(7), ReceiptAnswer::NotYetCovered { .. }));
    assert!(matches!(answer(8), ReceiptAnswer::Unknown));
    log.close().unwrap();
    assert!(matches!(answer(7), ReceiptAnswer::Receipt(_)));
}

#[test]
fn answers_for_serials_unknown_and_not_yet_covered() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    log.append_encoded(tst(7)).wait().unwrap();
    let serial = |number: u64| Serial::new(&number.to_be_bytes()).unwrap();
    let answer = |serial: &Serial| log.receipt(Wanted::Serial(serial)).unwrap();
    assert!(matches!(answer(&serial(8)), ReceiptAnswer::Unknown));
    assert!(matches!(answer(&serial(7)), ReceiptAnswer::NotYetCovered { .. }));
    log.close().unwrap();
    let ReceiptAnswer::Receipt(receipt) = answer(&serial(7)) else { panic!() };
    assert_eq!(receipt.verify(log.vkey(), &TestEngine).unwrap().entry().serial(), Some(&serial(7)));
    assert!(matches!(log.receipt(Wanted::Index(LeafIndex(2))).unwrap(), ReceiptAnswer::Unknown));
}

#[test]
fn damaged_store_yields_errors_not_receipts() {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    for number in 0..300 {
        drop(log.append_encoded(tst(number)));
    }
    log.close().unwrap();
    store.tamper_tile(0, 0, |hashes| hashes[0] = Hash::empty_root());
    let ReceiptAnswer::Receipt(receipt) = log.receipt(Wanted::Index(LeafIndex(1))).unwrap() else { panic!() };
    assert_eq!(receipt.verify(log.vkey(), &TestEngine).unwrap_err().code(), "audit.proof-root");
}
