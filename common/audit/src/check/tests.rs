use std::{fs, io::BufReader, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::*;
use crate::{
    Hash, Log, LogName, LogOptions, Origin,
    entry::{Certificate, ClockReading, Digest, Encoded, Entry, KeyName, KeyPurpose, Label, PolicyOid, Serial, TstRef},
    export::export,
    filter::Filter,
    note::SignatureLine,
    storage::{Anchor as _, LogStore as _, memory::MemoryStore},
    testing::{TestEngine, TestKey},
};

mod accounts;
mod flips;
mod marks;
mod public;

fn options() -> LogOptions {
    LogOptions {
        origin: Origin::new("log.example").unwrap(),
        name: LogName::new("tsa").unwrap(),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: Duration::from_secs(1000),
    }
}

fn open(store: &MemoryStore) -> Log {
    Log::open(options(), Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone())).unwrap()
}

fn key() -> KeyName {
    KeyName::new("tsu-1").unwrap()
}

fn tst_at(serial: u64, micros: i64) -> Encoded {
    TstRef {
        time: LogTime::from_unix_micros(micros),
        serial: &Serial::new(&serial.to_be_bytes()).unwrap(),
        key: &key(),
        policy: &PolicyOid::new("2.999.3161.1").unwrap(),
        bound_us: 1,
        measured: true,
        clock: LeafIndex(1),
        cert: LeafIndex(2),
        digest: Digest::of(&serial.to_be_bytes()),
        sig: Digest::of(b"sig"),
        attrs: Digest::of(b"attrs"),
    }
    .encode()
}

fn prologue() -> [Entry; 2] {
    let label = |text: &str| Label::new(text).unwrap();
    let time = LogTime::from_unix_seconds(0);
    [
        Entry::ClockReading(ClockReading { time, source: label("system"), bound_us: 1, measured: true }),
        Entry::Certificate(Certificate {
            time,
            key: key(),
            purpose: KeyPurpose::Tst,
            sha256: Digest::of(b"certificate"),
            not_before: time,
            not_after: time,
            key_algorithm: label("p256"),
            signature_algorithm: label("ecdsa-sha256"),
        }),
    ]
}

/// A log of `tokens` tokens after its opening, a reading and a certificate.
fn filled(tokens: u64) -> (MemoryStore, VerifierKey) {
    let store = MemoryStore::new();
    let log = open(&store);
    prologue().iter().for_each(|entry| drop(log.append(entry).unwrap()));
    (0..tokens).for_each(|serial| drop(log.append_encoded(tst_at(serial, i64::try_from(serial).unwrap()))));
    log.close().unwrap();
    (store, log.vkey().clone())
}

fn check(store: &MemoryStore, key: &VerifierKey) -> CheckReport {
    let anchor = store.load().unwrap();
    check_store(store, anchor.as_deref(), key, &TestEngine, &CheckOptions::default()).unwrap()
}

fn exported(store: &MemoryStore, filter: &Filter) -> Vec<u8> {
    let mut out = Vec::new();
    export(store, filter, &mut out).unwrap();
    out
}

fn check_lines(lines: &[u8], key: &VerifierKey) -> Result<CheckReport, CheckError> {
    check_export(&mut BufReader::new(lines), key, &TestEngine, &CheckOptions::default())
}

fn codes(report: &CheckReport) -> Vec<&'static str> {
    report.faults.iter().map(Fault::code).collect()
}

/// Writes the log out as it is served.
fn folder(store: &MemoryStore) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let log = open(store);
    let size = log.checkpoint().size().0;
    let write = |path: String, bytes: Vec<u8>| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    write("checkpoint".to_owned(), log.checkpoint().to_string().into_bytes());
    for level in 0..3 {
        for index in 0.. {
            let Some(id) = TileId::new(level, index, TileId::full(level, index).available(size)) else { break };
            write(id.path(), log.tile(id).unwrap().unwrap());
            if let Some(id) = BundleId::new(index, id.width()).filter(|_| level == 0) {
                write(id.path(), log.entry_bundle(id).unwrap().unwrap());
            }
        }
    }
    folder
}

#[test]
fn finds_nothing_wrong_with_a_good_log() {
    for tokens in [0, 1, 252, 253, 254, 600] {
        let (store, key) = filled(tokens);
        let tiles = folder(&store);
        let by_tiles =
            check_tiles(&DirectorySource::new(tiles.path()), &key, &TestEngine, &CheckOptions::default()).unwrap();
        for report in [check(&store, &key), by_tiles, check_lines(&exported(&store, &Filter::default()), &key).unwrap()]
        {
            assert_eq!(codes(&report), Vec::<&str>::new(), "{tokens}");
            assert_eq!((report.covered, report.uncovered), (tokens + 3, 0));
            assert_eq!(report.kinds.get(&Kind::Tst).copied().unwrap_or(0), tokens);
            assert!(report.is_good() && report.first_bad_entry().is_none());
        }
    }
}

/// THR-48: one byte of one entry, in a full tile and in the partial one.
#[test]
fn names_the_entry_of_which_one_byte_was_changed() {
    for place in [3, 200, 255, 256, 299] {
        let (store, key) = filled(297);
        let length = store.entry(LeafIndex(place)).unwrap().unwrap().len();
        for at in [0, 20, length / 2, length - 1] {
            let changed = store.snapshot();
            changed.tamper(usize::try_from(place).unwrap(), |body| body[at] ^= 1);
            let report = check(&changed, &key);
            assert_eq!(report.first_bad_entry(), Some(LeafIndex(place)), "octet {at}");
            assert!(codes(&report).contains(&"audit.entry-changed"), "octet {at}: {:?}", report.faults);
            let report = check_lines(&exported(&changed, &Filter::default()), &key).unwrap();
            assert_eq!(report.first_bad_entry(), Some(LeafIndex(place)), "octet {at}");
        }
    }
}

#[test]
fn report_says_what_is_wrong_in_text_and_json() {
    let (store, key) = filled(2);
    assert!(check(&store, &key).to_string().ends_with("GOOD: the entries give the root that was signed"));
    store.tamper(3, |body| body[30] ^= 1);
    let report = check(&store, &key);
    assert!(report.to_string().ends_with("faults, the first bad entry is 3"), "{report}");
    let json = report.to_json();
    assert_eq!((&json["good"], &json["first_bad_entry"], &json["size"]), (&false.into(), &3.into(), &5.into()));
    assert!(json["faults"].as_array().unwrap().iter().any(|fault| fault["code"] == "audit.entry-changed"));
}

#[test]
fn names_both_of_two_swapped_entries() {
    let (store, key) = filled(20);
    let (four, nine) = (store.entry(LeafIndex(4)).unwrap().unwrap(), store.entry(LeafIndex(9)).unwrap().unwrap());
    store.tamper(4, |body| *body = nine);
    store.tamper(9, |body| *body = four);
    let changed: Vec<_> = check(&store, &key)
        .faults
        .into_iter()
        .filter_map(|fault| match fault {
            Fault::EntryChanged { index, .. } => Some(index.0),
            _ => None,
        })
        .collect();
    assert_eq!(changed, [4, 9]);
}

#[test]
fn tells_a_changed_tile_from_a_changed_entry() {
    let (store, key) = filled(600);
    let leaf = store.snapshot();
    leaf.tamper_tile(0, 1, |hashes| hashes[7] = Hash::empty_root());
    let report = check(&leaf, &key);
    assert_eq!(report.faults[0], Fault::TileChanged { tile: TileId::full(0, 1) });
    assert_eq!(report.first_bad_entry(), None);

    let tiles = folder(&store);
    let node = tiles.path().join("tile/1/000.p/2");
    let mut hashes = fs::read(&node).unwrap();
    hashes[40] ^= 1;
    fs::write(&node, hashes).unwrap();
    let check =
        |folder| check_tiles(&DirectorySource::new(folder), &key, &TestEngine, &CheckOptions::default()).unwrap();
    assert_eq!(check(tiles.path()).faults, [Fault::TileChanged { tile: TileId::new(1, 0, 2).unwrap() }]);
    fs::remove_file(&node).unwrap();
    assert_eq!(check(tiles.path()).faults, [Fault::TileMissing { tile: TileId::new(1, 0, 2).unwrap() }]);
}

#[test]
fn names_the_first_missing_entry() {
    let (store, key) = filled(600);
    let tiles = folder(&store);
    fs::remove_file(tiles.path().join("tile/entries/001")).unwrap();
    let report = check_tiles(&DirectorySource::new(tiles.path()), &key, &TestEngine, &CheckOptions::default()).unwrap();
    assert_eq!(report.faults, [Fault::Missing { index: LeafIndex(256) }]);
    let lines = exported(&store, &Filter::default());
    let text = String::from_utf8(lines).unwrap();
    let gap: Vec<&str> = text.lines().enumerate().filter(|(at, _)| *at != 5).map(|(_, line)| line).collect();
    assert_eq!(check_lines(format!("{}\n", gap.join("\n")).as_bytes(), &key).unwrap_err().code(), "audit.check-line");
    let short: Vec<&str> = text.lines().enumerate().filter(|(at, _)| *at != 602).map(|(_, line)| line).collect();
    let report = check_lines(format!("{}\n", short.join("\n")).as_bytes(), &key).unwrap();
    assert_eq!(report.faults, [Fault::Rewound { stored: TreeSize(602), signed: TreeSize(603) }]);
}

/// THR-38, by the log's own writer: whoever holds both keys can log it, nobody can hide it.
#[test]
fn names_both_tokens_when_one_goes_back_in_time() {
    let store = MemoryStore::new();
    let log = open(&store);
    prologue().iter().for_each(|entry| drop(log.append(entry).unwrap()));
    for (serial, micros) in [(1, 10_000_000), (2, 9_500_000), (3, 8_000_000), (4, 11_000_000)] {
        drop(log.append_encoded(tst_at(serial, micros)));
    }
    log.close().unwrap();
    let report = check(&store, log.vkey());
    let expected =
        Fault::OutOfOrder { key: key(), earlier: LeafIndex(3), later: LeafIndex(5), back: Duration::from_secs(2) };
    assert_eq!(report.faults, [expected]);
    let first = Some((LeafIndex(3), LeafIndex(4)));
    assert_eq!(report.inversions, Inversions { count: 2, first, largest: Duration::from_secs(2) });
}

#[test]
fn names_entries_that_refer_to_nothing() {
    let store = MemoryStore::new();
    let log = open(&store);
    drop(log.append_encoded(tst_at(1, 1)));
    log.close().unwrap();
    let report = check(&store, log.vkey());
    assert_eq!(
        report.faults,
        [
            Fault::Reference { index: LeafIndex(1), member: "clock", named: LeafIndex(1) },
            Fault::Reference { index: LeafIndex(1), member: "cert", named: LeafIndex(2) },
        ]
    );
}

/// THR-42: the anchor knows more than the store.
#[test]
fn finds_a_store_older_than_its_anchor() {
    let (mut store, key) = filled(3);
    let old = store.snapshot();
    let log = open(&store);
    drop(log.append_encoded(tst_at(9, 9)));
    log.close().unwrap();
    let anchor = store.load().unwrap();
    let report = check_store(&old, anchor.as_deref(), &key, &TestEngine, &CheckOptions::default()).unwrap();
    assert_eq!(report.faults, [Fault::Rewound { stored: TreeSize(6), signed: TreeSize(7) }]);
    store.save("other").unwrap();
    let anchor = store.load().unwrap();
    let error = check_store(&store, anchor.as_deref(), &key, &TestEngine, &CheckOptions::default()).unwrap_err();
    assert_eq!(error.code(), "audit.note-unsigned");
}

/// THR-50: both notes come out as evidence.
#[test]
fn shows_two_notes_of_one_size_with_different_roots() {
    let (one, key) = filled(3);
    let two = MemoryStore::new();
    let log = open(&two);
    prologue().iter().for_each(|entry| drop(log.append(entry).unwrap()));
    (0..3).for_each(|serial| drop(log.append_encoded(tst_at(serial + 7, 0))));
    log.close().unwrap();
    let options = CheckOptions { also: vec![(*log.checkpoint()).clone()], ..CheckOptions::default() };
    let report = check_store(&one, None, &key, &TestEngine, &options).unwrap();
    match report.faults.as_slice() {
        [Fault::Equivocation { size: TreeSize(6), note, .. }] => assert_eq!(*note, log.checkpoint().to_string()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn counts_what_no_checkpoint_covers_yet() {
    let (store, key) = filled(3);
    let log = open(&store);
    log.append_encoded(tst_at(9, 9)).wait().unwrap();
    let report = check(&store, &key);
    assert!(report.is_good());
    assert_eq!((report.covered, report.uncovered), (6, 1));
}

#[test]
fn an_unreadable_entry_after_the_checkpoint_takes_nothing_from_what_it_covers() {
    let (store, key) = filled(3);
    let log = open(&store);
    log.append_encoded(tst_at(9, 9)).wait().unwrap();
    store.tamper(6, |body| body[0] = b'[');
    let report = check(&store, &key);
    assert_eq!((report.covered, report.uncovered, report.first_bad_entry()), (6, 1, Some(LeafIndex(6))));
}

#[test]
fn picked_entries_are_proven_one_by_one() {
    let (store, key) = filled(300);
    let filter = Filter { first: Some(LeafIndex(100)), last: Some(LeafIndex(270)), ..Filter::default() };
    let lines = exported(&store, &filter);
    let report = check_lines(&lines, &key).unwrap();
    assert!(report.is_good());
    assert_eq!(report.covered, 171);
    store.tamper(123, |body| *body.last_mut().unwrap() = b' ');
    let report = check_lines(&exported(&store, &filter), &key).unwrap();
    assert_eq!(report.first_bad_entry(), Some(LeafIndex(123)));
    assert!(codes(&report).contains(&"audit.not-proven"));
}

/// THR-48: a proof vouches for its own entry only, and for it once. Entries without one need the whole log.
#[test]
fn no_entry_without_a_proof_hides_among_proven_ones_thr_48() {
    let (store, key) = filled(9);
    let picked = |index| Filter { first: Some(LeafIndex(index)), last: Some(LeafIndex(index)), ..Filter::default() };
    let line = |lines: Vec<u8>, at: usize| String::from_utf8(lines).unwrap().lines().nth(at).unwrap().to_owned() + "\n";
    let checkpoint = line(exported(&store, &picked(9)), 1);
    let (nine, eight) = (line(exported(&store, &picked(9)), 0), line(exported(&store, &picked(8)), 0));
    let body = tst_at(666, 666).body().to_vec();
    let (leaf, entry) = (Hash::leaf(&body).to_base64(), STANDARD.encode(body));
    let forged = format!(r#"{{"index":0,"leaf":"{leaf}","entry":"{entry}"}}"#) + "\n";
    let code = |lines: String| check_lines(lines.as_bytes(), &key).map(|report| report.covered).map_err(|e| e.code());
    assert_eq!(code(format!("{eight}{nine}{checkpoint}")), Ok(2));
    assert_eq!(code(format!("{forged}{nine}{checkpoint}")), Err("audit.check-line"));
    assert_eq!(code(format!("{nine}{nine}{checkpoint}")), Err("audit.check-line"));
    assert_eq!(code(format!("{nine}{eight}{checkpoint}")), Err("audit.check-line"));
}

#[test]
fn refuses_exports_that_end_early_or_are_no_export() {
    let (store, key) = filled(3);
    let lines = exported(&store, &Filter::default());
    let code = |lines: &[u8]| check_lines(lines, &key).map(drop).map_err(|error| error.code());
    assert_eq!(code(&lines[..lines.len() - 1]), Err("audit.check-line"));
    assert_eq!(code(b""), Err("audit.check-no-checkpoint"));
    assert_eq!(code(b"{\"index\":0}\n"), Err("audit.check-line"));
    let other = VerifierKey::new(&Origin::new("log.example").unwrap(), [3; 32]);
    assert_eq!(check_lines(&lines, &other).unwrap_err().code(), "audit.note-not-signed-by");
    let cosigned = String::from_utf8(lines).unwrap();
    let line = SignatureLine::new("witness.example", crate::note::KeyHash([0; 4]), vec![1; 72]);
    let note = store.load().unwrap().unwrap();
    let with = format!(
        "{note}{}",
        crate::SignedNote::new("x\n".to_owned(), vec![line]).to_string().split_once("\n\n").unwrap().1
    );
    let escaped = |note: &str| serde_json::to_string(note).unwrap();
    assert!(check_lines(cosigned.replace(&escaped(&note), &escaped(&with)).as_bytes(), &key).unwrap().is_good());
}

#[test]
fn finds_a_changed_edge() {
    let (mut store, key) = filled(30);
    let mut stored = LogRead::checkpoint(&store).unwrap().unwrap();
    stored.frontier[2 + 32 * 7] ^= 1;
    store.save_checkpoint(&stored).unwrap();
    let report = check(&store, &key);
    assert!(codes(&report).contains(&"audit.edge-changed"));
    assert_eq!(report.first_bad_entry(), None);
}
