//! A log through its whole life: crashes, second writers, many threads.

use std::{path::Path, sync::Arc, thread, time::Duration};

use kokuin_audit::{
    Encoded, Entry, Frontier, Hash, LeafIndex, Log, LogError, LogName, LogOptions, LogRead, Origin, Previous,
    ReceiptAnswer, TreeSize, VerifierKey, Wanted,
    check::{CheckOptions, Fault, check_store},
    entry::{Admin, ClockReading, Digest, KeyName, Label, LogTime, PolicyOid, Serial, Text, TstRef},
};
use kokuin_key::SigningKey as _;
use kokuin_store::{Database, FileAnchor, LogState, StoreError};
use proptest::prelude::*;

use crate::{
    place::{Place, both},
    testing::{TestEngine, TestKey},
};

pub(crate) fn options(origin: &str, interval_ms: u64) -> LogOptions {
    LogOptions {
        origin: Origin::new(origin).unwrap(),
        name: LogName::new(origin.rsplit('/').next().unwrap()).unwrap(),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: Duration::from_millis(interval_ms),
    }
}

#[derive(Debug)]
pub(crate) enum Refused {
    Store(StoreError),
    Log(LogError),
}

pub(crate) fn vkey(options: &LogOptions) -> VerifierKey {
    VerifierKey::from_spki(&options.origin, TestKey::new(1).public_key()).unwrap()
}

pub(crate) fn open_with(place: &Place, options: LogOptions) -> Result<Log, Refused> {
    open_in(&place.open().map_err(Refused::Store)?, place.folder(), options)
}

pub(crate) fn open_in(database: &Database, folder: &Path, options: LogOptions) -> Result<Log, Refused> {
    let (store, reader) = database.open_log(&options.name, &vkey(&options)).map_err(Refused::Store)?;
    let anchor = FileAnchor::new(&anchor_path(folder, &options.name)).map_err(Refused::Store)?;
    Log::open(options, Box::new(store), Arc::new(reader), Box::new(anchor)).map_err(Refused::Log)
}

pub(crate) fn open(place: &Place) -> Result<Log, Refused> {
    open_with(place, options("log.example/tsa", 1_000_000))
}

pub(crate) fn anchor_path(folder: &Path, name: &LogName) -> std::path::PathBuf {
    folder.join("log").join(format!("{name}.checkpoint"))
}

pub(crate) fn tst(serial: u64) -> Encoded {
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

pub(crate) fn reading() -> Entry {
    let source = Label::new("system").unwrap();
    Entry::ClockReading(ClockReading { time: LogTime::from_unix_seconds(0), source, bound_us: 1, measured: true })
}

/// The root over what is stored, by pushing one leaf after the other.
pub(crate) fn stored_root(read: &dyn LogRead) -> Hash {
    let mut edge = Frontier::new();
    for body in read.entries(0..u64::MAX).unwrap() {
        edge.push(Hash::leaf(&body), &mut Vec::new());
    }
    edge.root()
}

both! {
    #[test]
    fn keeps_every_entry_answered_for_without_being_closed(place) {
        let log = open(place).unwrap();
        for serial in 0..700 {
            drop(log.append_encoded(tst(serial)));
        }
        assert_eq!(log.append(&reading()).unwrap().wait().unwrap(), LeafIndex(701));
        drop(log);
        let log = open(place).unwrap();
        assert_eq!(log.checkpoint().size(), TreeSize(702));
        assert_eq!(log.checkpoint().root(), stored_root(log.reader().as_ref()));
        assert_eq!(log.last_time(), Some(LogTime::from_unix_micros(699)));
        let serial = Serial::new(&500_u64.to_be_bytes()).unwrap();
        let ReceiptAnswer::Receipt(receipt) = log.receipt(Wanted::Serial(&serial)).unwrap() else { panic!() };
        assert_eq!(receipt.verify(log.vkey(), &TestEngine).unwrap().entry().serial(), Some(&serial));
        assert_eq!(log.append_encoded(tst(500)).wait().unwrap_err().code(), "audit.duplicate-serial");
        assert!(log.is_writable());
    }

    /// THR-42: accepting the loss closes the old log and opens another, which names it.
    #[test]
    fn loss_is_accepted_only_as_a_new_log(place) {
        let old = open(place).unwrap();
        old.close().unwrap();
        let previous = Previous { checkpoint: (*old.checkpoint()).clone(), reason: Text::new("disk lost").unwrap() };
        drop(old);
        let database = place.open().unwrap();
        database.retire_log(&LogName::new("tsa").unwrap()).unwrap();
        assert!(matches!(open(place), Err(Refused::Store(StoreError::Retired(_)))));

        let options = options("log.example/tsa-2", 1000);
        let (store, reader) = database.open_log(&options.name, &vkey(&options)).unwrap();
        let anchor = FileAnchor::new(&anchor_path(place.folder(), &options.name)).unwrap();
        let log = Log::open_successor(options, Box::new(store), Arc::new(reader), Box::new(anchor), previous).unwrap();
        match Entry::parse(&log.reader().entry(LeafIndex(0)).unwrap().unwrap()).unwrap() {
            Entry::LogOpen(open) => assert_eq!(open.previous.unwrap().origin, "log.example/tsa"),
            other => panic!("{other:?}"),
        }
        let states: Vec<_> = database.logs().unwrap().into_iter().map(|log| (log.name, log.state)).collect();
        assert_eq!(states, [("tsa".to_owned(), LogState::Retired), ("tsa-2".to_owned(), LogState::Open)]);
    }

    #[test]
    fn refuses_a_second_writer(place) {
        let log = open(place).unwrap();
        assert!(matches!(open(place), Err(Refused::Store(StoreError::Locked { .. } | StoreError::Leased { .. }))));
        let database = place.open().unwrap();
        assert!(matches!(database.retire_log(log.name()), Err(StoreError::Locked { .. } | StoreError::Leased { .. })));
        drop(log);
        drop(open(place).unwrap());
    }

    /// Whoever gets round the lock meets the primary key (THR-43).
    #[test]
    fn primary_key_stops_a_writer_without_the_lock(place) {
        let log = open(place).unwrap();
        place.execute("INSERT INTO entry (key, serial, body) SELECT 1, NULL, body FROM entry WHERE key = 0");
        assert_eq!(log.append_encoded(tst(1)).wait().unwrap_err().code(), "audit.index-taken");
        assert!(!log.is_writable());
    }

    #[test]
    fn refuses_a_name_with_another_key(place) {
        drop(open(place).unwrap());
        let database = place.open().unwrap();
        let other = VerifierKey::new(&Origin::new("log.example/tsa").unwrap(), [7; 32]);
        assert!(matches!(database.open_log(&LogName::new("tsa").unwrap(), &other), Err(StoreError::OtherLog { .. })));
    }

    #[test]
    fn logs_of_one_database_do_not_mix(place) {
        let one = open(place).unwrap();
        let two = open_with(place, options("log.example/eseal", 1000)).unwrap();
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
    fn sixteen_threads_write_while_others_read(place) {
        let log = open_with(place, options("log.example/tsa", 5)).unwrap();
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
    fn stops_when_the_database_refuses_and_goes_on_after(place) {
        let log = open(place).unwrap();
        log.append_encoded(tst(1)).wait().unwrap();
        place.execute(if place.options().is_some() {
            "ALTER TABLE entry ADD CONSTRAINT is_full CHECK (key < 2)"
        } else {
            "CREATE TRIGGER is_full BEFORE INSERT ON entry BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        });
        assert_eq!(log.append_encoded(tst(2)).wait().unwrap_err().code(), "audit.storage-failed");
        assert!(!log.is_writable());
        assert_eq!(log.append_encoded(tst(2)).wait().unwrap_err().code(), "audit.not-writable");
        place.execute(if place.options().is_some() {
            "ALTER TABLE entry DROP CONSTRAINT is_full"
        } else {
            "DROP TRIGGER is_full"
        });
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
    fn reads_a_database_in_use_and_one_at_rest(place) {
        let log = open(place).unwrap();
        (0..300).for_each(|serial| drop(log.append_encoded(tst(serial))));
        log.append(&reading()).unwrap().wait().unwrap();
        let (vkey, name) = (log.vkey().clone(), log.name().clone());
        let check = |covered, uncovered| {
            let database = place.open_read_only().unwrap();
            let reader = database.log_reader(&name).unwrap();
            let anchor = FileAnchor::read(&anchor_path(place.folder(), &name)).unwrap();
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
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Whatever the order of appends, closes and crashes: the tree is the naive one, and every answer given is kept.
    #[test]
    fn tree_survives_any_life(on_postgres: bool, steps in proptest::collection::vec((0_u8..3, 1_u64..300), 1..6)) {
        let place = if on_postgres { Place::postgres() } else { None };
        let place = &place.unwrap_or_else(Place::sqlite);
        let (mut log, mut serial, mut kept) = (open(place).unwrap(), 0, 1);
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
                log = open(place).unwrap();
                prop_assert_eq!(log.checkpoint().size(), TreeSize(kept));
                prop_assert_eq!(log.checkpoint().root(), stored_root(log.reader().as_ref()));
            }
        }
    }
}
