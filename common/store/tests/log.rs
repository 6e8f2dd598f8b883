//! A log in SQLite through its whole life: crashes, restored copies, second writers, many threads.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../audit/src/testing.rs"]
mod testing;

use std::{fs, path::Path, sync::Arc, thread, time::Duration};

use kokuin_audit::{
    Encoded, Entry, Frontier, Hash, LeafIndex, Log, LogError, LogName, LogOptions, LogRead, Origin, Previous,
    ReceiptAnswer, TreeSize, VerifierKey, Wanted,
    check::{CheckOptions, Fault, check_store},
    entry::{Admin, ClockReading, Digest, KeyName, Label, LogTime, PolicyOid, Serial, Text, TstRef},
};
use kokuin_key::SigningKey as _;
use kokuin_store::{Database, FileAnchor, LogState, StoreError};
use proptest::prelude::*;
use tempfile::TempDir;
use testing::{TestEngine, TestKey};

fn options(origin: &str, interval_ms: u64) -> LogOptions {
    LogOptions {
        origin: Origin::new(origin).unwrap(),
        name: LogName::new(origin.rsplit('/').next().unwrap()).unwrap(),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: Duration::from_millis(interval_ms),
    }
}

#[derive(Debug)]
enum Refused {
    Store(StoreError),
    Log(LogError),
}

fn vkey(options: &LogOptions) -> VerifierKey {
    VerifierKey::from_spki(&options.origin, TestKey::new(1).public_key()).unwrap()
}

fn open_with(folder: &Path, options: LogOptions) -> Result<Log, Refused> {
    let database = Database::open(&folder.join("kokuin.db")).map_err(Refused::Store)?;
    let (store, reader) = database.open_log(&options.name, &vkey(&options)).map_err(Refused::Store)?;
    let anchor = FileAnchor::new(&anchor_path(folder, &options.name)).map_err(Refused::Store)?;
    Log::open(options, Box::new(store), Arc::new(reader), Box::new(anchor)).map_err(Refused::Log)
}

fn open(folder: &Path) -> Result<Log, Refused> {
    open_with(folder, options("log.example/tsa", 1_000_000))
}

fn anchor_path(folder: &Path, name: &LogName) -> std::path::PathBuf {
    folder.join("log").join(format!("{name}.checkpoint"))
}

fn tst(serial: u64) -> Encoded {
    let digest = Digest::of(&serial.to_be_bytes());
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

fn reading() -> Entry {
    let source = Label::new("system").unwrap();
    Entry::ClockReading(ClockReading { time: LogTime::from_unix_seconds(0), source, bound_us: 1, measured: true })
}

/// The root over what is stored, by pushing one leaf after the other.
fn stored_root(read: &dyn LogRead) -> Hash {
    let mut edge = Frontier::new();
    for body in read.entries(0..u64::MAX).unwrap() {
        edge.push(Hash::leaf(&body), &mut Vec::new());
    }
    edge.root()
}

/// Copies database and anchor, as a backup does while nobody writes.
fn copy(from: &Path, anchor: bool) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for file in ["kokuin.db", "kokuin.db-wal"] {
        if from.join(file).exists() {
            fs::copy(from.join(file), to.path().join(file)).unwrap();
        }
    }
    if anchor {
        fs::create_dir(to.path().join("log")).unwrap();
        fs::copy(from.join("log/tsa.checkpoint"), to.path().join("log/tsa.checkpoint")).unwrap();
    }
    to
}

fn sqlite(folder: &Path, sql: &str) {
    use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
    let mut connection = SqliteConnection::establish(folder.join("kokuin.db").to_str().unwrap()).unwrap();
    connection.batch_execute(sql).unwrap();
}

#[test]
fn keeps_every_entry_answered_for_without_being_closed() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    for serial in 0..700 {
        drop(log.append_encoded(tst(serial)));
    }
    assert_eq!(log.append(&reading()).unwrap().wait().unwrap(), LeafIndex(701));
    drop(log);
    let log = open(folder.path()).unwrap();
    assert_eq!(log.checkpoint().size(), TreeSize(702));
    assert_eq!(log.checkpoint().root(), stored_root(log.reader().as_ref()));
    assert_eq!(log.last_time(), Some(LogTime::from_unix_micros(699)));
    let serial = Serial::new(&500_u64.to_be_bytes()).unwrap();
    let ReceiptAnswer::Receipt(receipt) = log.receipt(Wanted::Serial(&serial)).unwrap() else { panic!() };
    assert_eq!(receipt.verify(log.vkey(), &TestEngine).unwrap().entry().serial(), Some(&serial));
    assert_eq!(log.append_encoded(tst(500)).wait().unwrap_err().code(), "audit.duplicate-serial");
    assert!(log.is_writable());
}

/// THR-42.
#[test]
fn refuses_a_restored_older_database() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    log.append_encoded(tst(1)).wait().unwrap();
    log.close().unwrap();
    drop(log);
    let old = copy(folder.path(), false);
    let log = open(folder.path()).unwrap();
    (2..102).for_each(|serial| drop(log.append_encoded(tst(serial))));
    log.close().unwrap();
    drop(log);
    fs::create_dir(old.path().join("log")).unwrap();
    fs::copy(folder.path().join("log/tsa.checkpoint"), old.path().join("log/tsa.checkpoint")).unwrap();
    match open(old.path()) {
        Err(Refused::Log(LogError::StoreBehindAnchor { stored, anchored })) => {
            assert_eq!((stored, anchored), (TreeSize(2), TreeSize(102)));
        }
        other => panic!("{other:?}"),
    }
    fs::remove_file(old.path().join("log/tsa.checkpoint")).unwrap();
    assert!(matches!(open(old.path()), Err(Refused::Log(LogError::AnchorMissing { stored: TreeSize(2) }))));
}

/// THR-42: accepting the loss closes the old log and opens another, which names it.
#[test]
fn loss_is_accepted_only_as_a_new_log() {
    let folder = tempfile::tempdir().unwrap();
    let old = open(folder.path()).unwrap();
    old.close().unwrap();
    let previous = Previous { checkpoint: (*old.checkpoint()).clone(), reason: Text::new("disk lost").unwrap() };
    drop(old);
    let database = Database::open(&folder.path().join("kokuin.db")).unwrap();
    database.retire_log(&LogName::new("tsa").unwrap()).unwrap();
    assert!(matches!(open(folder.path()), Err(Refused::Store(StoreError::Retired(_)))));

    let options = options("log.example/tsa-2", 1000);
    let (store, reader) = database.open_log(&options.name, &vkey(&options)).unwrap();
    let anchor = FileAnchor::new(&anchor_path(folder.path(), &options.name)).unwrap();
    let log = Log::open_successor(options, Box::new(store), Arc::new(reader), Box::new(anchor), previous).unwrap();
    match Entry::parse(&log.reader().entry(LeafIndex(0)).unwrap().unwrap()).unwrap() {
        Entry::LogOpen(open) => assert_eq!(open.previous.unwrap().origin, "log.example/tsa"),
        other => panic!("{other:?}"),
    }
    let states: Vec<_> = database.logs().unwrap().into_iter().map(|log| (log.name, log.state)).collect();
    assert_eq!(states, [("tsa".to_owned(), LogState::Retired), ("tsa-2".to_owned(), LogState::Open)]);
}

#[test]
fn refuses_a_second_writer() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    assert!(matches!(open(folder.path()), Err(Refused::Store(StoreError::Locked { .. }))));
    let database = Database::open(&folder.path().join("kokuin.db")).unwrap();
    assert!(matches!(database.retire_log(log.name()), Err(StoreError::Locked { .. })));
    drop(log);
    drop(open(folder.path()).unwrap());
}

/// THR-43: a link to the database is the same database.
#[test]
fn refuses_a_second_writer_through_a_link() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _log = open(folder.path()).unwrap();
    std::os::unix::fs::symlink(folder.path().join("kokuin.db"), other.path().join("kokuin.db")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("log"), other.path().join("log")).unwrap();
    assert!(matches!(open(other.path()), Err(Refused::Store(StoreError::Locked { .. }))));
}

/// Whoever gets round the lock meets the primary key (THR-43).
#[test]
fn primary_key_stops_a_writer_without_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    sqlite(folder.path(), "INSERT INTO entry (key, serial, body) VALUES (1, NULL, x'00')");
    assert_eq!(log.append_encoded(tst(1)).wait().unwrap_err().code(), "audit.index-taken");
    assert!(!log.is_writable());
}

#[test]
fn refuses_a_name_with_another_key() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let database = Database::open(&folder.path().join("kokuin.db")).unwrap();
    let other = VerifierKey::new(&Origin::new("log.example/tsa").unwrap(), [7; 32]);
    assert!(matches!(database.open_log(&LogName::new("tsa").unwrap(), &other), Err(StoreError::OtherLog { .. })));
}

#[test]
fn logs_of_one_database_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let one = open(folder.path()).unwrap();
    let two = open_with(folder.path(), options("log.example/eseal", 1000)).unwrap();
    for serial in 0..300 {
        drop(one.append_encoded(tst(serial * 2)));
        drop(two.append_encoded(tst(serial * 2 + 1)));
    }
    one.close().unwrap();
    two.close().unwrap();
    for log in [&one, &two] {
        assert_eq!(log.checkpoint().size(), TreeSize(301));
        assert_eq!(log.checkpoint().root(), stored_root(log.reader().as_ref()));
    }
    let serial = Serial::new(&7_u64.to_be_bytes()).unwrap();
    assert!(matches!(one.receipt(Wanted::Serial(&serial)).unwrap(), ReceiptAnswer::Unknown));
    assert!(matches!(two.receipt(Wanted::Serial(&serial)).unwrap(), ReceiptAnswer::Receipt(_)));
}

#[test]
fn sixteen_threads_write_while_others_read() {
    let folder = tempfile::tempdir().unwrap();
    let log = open_with(folder.path(), options("log.example/tsa", 5)).unwrap();
    thread::scope(|scope| {
        for worker in 0..16 {
            let log = &log;
            scope.spawn(move || {
                for number in 0..40 {
                    let index = log.append_encoded(tst(worker * 1000 + number)).wait().unwrap();
                    if let ReceiptAnswer::Receipt(receipt) = log.receipt(Wanted::Index(index)).unwrap() {
                        receipt.verify(log.vkey(), &TestEngine).unwrap();
                    }
                }
            });
        }
    });
    log.close().unwrap();
    assert_eq!(log.checkpoint().size(), TreeSize(641));
    assert_eq!(log.checkpoint().root(), stored_root(log.reader().as_ref()));
}

/// THR-54: the database refuses to write, as it does when the disk is full.
#[test]
fn stops_when_the_database_refuses_and_goes_on_after() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    log.append_encoded(tst(1)).wait().unwrap();
    sqlite(folder.path(), "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(FAIL, 'disk is full'); END");
    assert_eq!(log.append_encoded(tst(2)).wait().unwrap_err().code(), "audit.storage-failed");
    assert!(!log.is_writable());
    assert_eq!(log.append_encoded(tst(2)).wait().unwrap_err().code(), "audit.not-writable");
    sqlite(folder.path(), "DROP TRIGGER full");
    let again = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        log.is_writable()
    });
    assert!(again);
    log.append_encoded(tst(3)).wait().unwrap();
    log.close().unwrap();
    assert_eq!(log.checkpoint().root(), stored_root(log.reader().as_ref()));
    let probe = log.reader().entry(LeafIndex(2)).unwrap().unwrap();
    assert!(
        matches!(Entry::parse(&probe), Ok(Entry::Admin(Admin { action, .. })) if action.as_str() == "log.test-append")
    );
}

/// `audit verify` beside a running service, and on what it left.
#[test]
fn reads_a_database_in_use_and_one_at_rest() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    (0..300).for_each(|serial| drop(log.append_encoded(tst(serial))));
    log.append(&reading()).unwrap().wait().unwrap();
    let (vkey, name) = (log.vkey().clone(), log.name().clone());
    let check = |covered, uncovered| {
        let database = Database::open_read_only(&folder.path().join("kokuin.db")).unwrap();
        let reader = database.log_reader(&name).unwrap();
        let anchor = FileAnchor::read(&anchor_path(folder.path(), &name)).unwrap();
        let report = check_store(&reader, anchor.as_deref(), &vkey, &TestEngine, &CheckOptions::default()).unwrap();
        assert_eq!((report.covered, report.uncovered), (covered, uncovered));
        report
    };
    check(1, 301);
    log.close().unwrap();
    check(302, 0);
    drop(log);
    let report = check(302, 0);
    // These tokens name a clock and a certificate that are not there.
    assert!(report.faults.iter().all(|fault| matches!(fault, Fault::Reference { .. })));
}

/// THR-48: one byte in the database itself.
#[test]
fn names_the_entry_changed_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    for _ in 0..300 {
        drop(log.append(&reading()).unwrap());
    }
    log.close().unwrap();
    let (vkey, name) = (log.vkey().clone(), log.name().clone());
    drop(log);
    let check = |sql| {
        let copy = copy(folder.path(), true);
        sqlite(copy.path(), sql);
        let database = Database::open_read_only(&copy.path().join("kokuin.db")).unwrap();
        let reader = database.log_reader(&name).unwrap();
        let anchor = FileAnchor::read(&anchor_path(copy.path(), &name)).unwrap();
        check_store(&reader, anchor.as_deref(), &vkey, &TestEngine, &CheckOptions::default()).unwrap()
    };
    assert!(check("SELECT 1").is_good());
    let report = check("UPDATE entry SET body = CAST(replace(body, 'system', 'sistem') AS BLOB) WHERE key = 123");
    assert_eq!((report.first_bad_entry(), report.fault_count), (Some(LeafIndex(123)), 1));
    assert_eq!(check("DELETE FROM entry WHERE key = 123").first_bad_entry(), Some(LeafIndex(123)));
    let report = check("UPDATE tile SET hashes = zeroblob(8192)");
    assert_eq!(report.first_bad_entry(), None);
    assert_eq!(report.faults[0].code(), "audit.tile-changed");
    assert_eq!(check("DELETE FROM tile").faults[0].code(), "audit.tile-missing");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Whatever the order of appends, closes and crashes: the tree is the naive one, and every answer given is kept.
    #[test]
    fn tree_survives_any_life(steps in proptest::collection::vec((0_u8..3, 1_u64..300), 1..6)) {
        let folder = tempfile::tempdir().unwrap();
        let (mut log, mut serial, mut kept) = (open(folder.path()).unwrap(), 0, 1);
        for (how, count) in steps {
            let pending: Vec<_> = (0..count).map(|_| { serial += 1; log.append_encoded(tst(serial)) }).collect();
            for pending in pending {
                prop_assert_eq!(pending.wait().unwrap(), LeafIndex(kept));
                kept += 1;
            }
            if how == 0 {
                log.close().unwrap();
            }
            if how < 2 {
                drop(log);
                log = open(folder.path()).unwrap();
                prop_assert_eq!(log.checkpoint().size(), TreeSize(kept));
                prop_assert_eq!(log.checkpoint().root(), stored_root(log.reader().as_ref()));
            }
        }
    }
}
