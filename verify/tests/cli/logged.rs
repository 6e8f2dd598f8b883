//! Receipts and logs: THR-41, THR-48, THR-50, THR-52.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    sync::Arc,
    time::Duration,
};

use kokuin_audit::{
    Entry, LeafIndex, Log, LogName, LogOptions, Origin, ReceiptAnswer, Wanted,
    entry::{Certificate, ClockReading, Digest, KeyName, KeyPurpose, Label, LogTime, PolicyOid, Serial, Tst},
    export::export,
    filter::Filter,
    storage::memory::MemoryStore,
};
use kokuin_key::{KeyError, KeyId, KeyState, Prepared, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::KeyAlgorithm;
use kokuin_suite_openssl::OpenSslEngine;

use crate::{
    folder::Folder,
    material::{Cms, DATA, NOW, World, world},
};

#[derive(Debug)]
struct LogKey {
    id: KeyId,
    key: ed25519_dalek::SigningKey,
    spki: Vec<u8>,
}

impl LogKey {
    fn new(seed: u8) -> Arc<Self> {
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        let algorithm = kokuin_asn1::enc::sequence(&[&kokuin_asn1::enc::oid(&kokuin_asn1::oids::ED25519)]);
        let point = kokuin_asn1::enc::bit_string(key.verifying_key().as_bytes(), 0);
        let spki = kokuin_asn1::enc::sequence(&[&algorithm, &point]);
        Arc::new(Self { id: KeyId::new("log").expect("a name"), key, spki })
    }
}

impl SigningKey for LogKey {
    fn id(&self) -> &KeyId {
        &self.id
    }
    fn algorithm(&self) -> KeyAlgorithm {
        KeyAlgorithm::Ed25519
    }
    fn public_key(&self) -> &[u8] {
        &self.spki
    }
    fn purpose(&self) -> Purpose {
        Purpose::Log
    }
    fn state(&self) -> KeyState {
        KeyState::Active
    }
    fn protection(&self) -> Protection {
        Protection::Software
    }
    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        Ok(Box::new(LogSigner(self.key.clone())))
    }
}

struct LogSigner(ed25519_dalek::SigningKey);

impl Signer for LogSigner {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        use ed25519_dalek::Signer as _;
        Ok(self.0.sign(prepared.message()).to_bytes().to_vec())
    }
}

fn open(seed: u8, store: &MemoryStore) -> Log {
    let options = LogOptions {
        origin: Origin::new("log.example/kokuin-test").expect("an origin"),
        name: LogName::new("test").expect("a name"),
        key: LogKey::new(seed),
        engine: Arc::new(OpenSslEngine),
        checkpoint_interval: Duration::from_millis(20),
    };
    Log::open(options, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone())).expect("a log")
}

/// The log's first entries: what tokens refer to.
fn begin(log: &Log, world: &World) {
    let time = LogTime::parse("2026-11-23T11:58:00.000000Z").expect("a time");
    let label = |text: &str| Label::new(text).expect("a label");
    let reading = ClockReading { time, source: label("system"), bound_us: 1_000_000, measured: false };
    let certificate = Certificate {
        time,
        key: KeyName::new("tsu").expect("a key name"),
        purpose: KeyPurpose::Tst,
        sha256: Digest::of(world.tsu.der()),
        not_before: LogTime::parse("2025-11-24T12:00:00.000000Z").expect("a time"),
        not_after: LogTime::parse("2036-11-24T12:00:00.000000Z").expect("a time"),
        key_algorithm: label("p256"),
        signature_algorithm: label("ecdsa-sha256"),
    };
    for entry in [Entry::ClockReading(reading), Entry::Certificate(certificate)] {
        log.append(&entry).expect("an entry").wait().expect("logged");
    }
}

fn entry(cms: &Cms, serial: u8) -> Entry {
    Entry::Tst(Tst {
        time: LogTime::parse("2026-11-23T11:59:00.250000Z").expect("a time"),
        serial: Serial::new(&[serial, 2, 3]).expect("a serial"),
        key: KeyName::new("tsu").expect("a key name"),
        policy: PolicyOid::new("2.999.3161.1").expect("a policy"),
        bound_us: 1_000_000,
        measured: false,
        clock: LeafIndex(1),
        cert: LeafIndex(2),
        digest: Digest::of(&cms.build()),
        sig: Digest::of(&cms.signers[0].signature()),
        attrs: Digest::of(&cms.signers[0].set()),
    })
}

/// A folder with a token, its receipt and the log's key.
struct Logged {
    folder: Folder,
    log: Log,

    world: World,
}

fn logged() -> Logged {
    let world = world("a");
    let token = world.token(DATA, NOW - 60);
    let store = MemoryStore::new();
    let log = open(1, &store);
    begin(&log, &world);
    let index = log.append(&entry(&token, 1)).expect("an entry").wait().expect("logged");
    let receipt = receipt(&log, index);
    let folder = Folder::of(&world);
    folder.put("t.tst", &token.build());
    folder.put("data", DATA);
    folder.put("log.vkey", format!("{}\n", log.vkey()).as_bytes());
    folder.put("t.tlog-proof", receipt.as_bytes());
    Logged { folder, log, world }
}

fn receipt(log: &Log, index: LeafIndex) -> String {
    for _ in 0..500 {
        match log.receipt(Wanted::Index(index)).expect("an answer") {
            ReceiptAnswer::Receipt(receipt) => return receipt.to_string(),
            ReceiptAnswer::NotYetCovered { .. } => std::thread::sleep(Duration::from_millis(10)),
            ReceiptAnswer::Unknown => panic!("the entry is there"),
        }
    }
    panic!("no checkpoint within five seconds");
}

const VERIFY: [&str; 9] =
    ["t.tst", "--data", "data", "--trust", "trust", "--crl", "crl", "--at", "2026-11-23T12:00:00Z"];

#[test]
fn thr_41_a_receipt_can_be_required() {
    let logged = logged();
    let run = |more: &[&str]| logged.folder.run(&[&VERIFY[..], more].concat());
    assert_eq!(run(&["--require-receipt"]).code, 2);
    let said = run(&["--require-receipt", "--receipt", "t.tlog-proof", "--vkey", "log.vkey"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("passed log.receipt"), "{}", said.out);
}

#[test]
fn thr_52_a_receipt_under_another_key_or_changed_does_not_count() {
    let logged = logged();
    let other = open(2, &MemoryStore::new());
    logged.folder.put("other.vkey", other.vkey().to_string().as_bytes());
    let genuine = fs::read_to_string(logged.folder.path().join("t.tlog-proof")).expect("the receipt");
    logged.folder.put("changed", genuine.replace("index 3\n", "index 2\n").as_bytes());
    for (receipt, vkey) in [("t.tlog-proof", "other.vkey"), ("changed", "log.vkey"), ("data", "log.vkey")] {
        let verify = logged.folder.run(&[&VERIFY[..], &["--receipt", receipt, "--vkey", vkey]].concat());
        assert_eq!(verify.code, 2, "{receipt}: {verify:?}");
        let alone = logged.folder.run(&["receipt", receipt, "--vkey", vkey]);
        assert_eq!(alone.code, 1, "{receipt}: {alone:?}");
    }
}

#[test]
fn a_receipt_says_what_it_is_about() {
    let logged = logged();
    let said = logged.folder.run(&["receipt", "t.tlog-proof", "--for", "t.tst", "--vkey", "log.vkey"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.first_line().starts_with("TOTAL-PASSED: Entry 3 is in the log log.example/kokuin-test"),
        "{}",
        said.out
    );
    logged.folder.put("other.tst", &logged.world.token(b"other", NOW - 60).build());
    let said = logged.folder.run(&["receipt", "t.tlog-proof", "--for", "other.tst", "--vkey", "log.vkey"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("not about this artefact"), "{}", said.out);
}

#[test]
fn a_receipt_of_another_token_does_not_count() {
    let logged = logged();
    logged.folder.put("t.tst", &logged.world.token(DATA, NOW - 120).build());
    let said = logged.folder.run(&[&VERIFY[..], &["--receipt", "t.tlog-proof", "--vkey", "log.vkey"]].concat());
    assert_eq!(said.code, 2, "{said:?}");
}

/// Serves the files below `folder` over HTTP until the test ends, and says where.
fn serve(folder: std::path::PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let mut lines = BufReader::new(&stream).lines();
            let Some(Ok(request)) = lines.next() else { continue };
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches("/log/").to_owned();
            let (status, body) =
                fs::read(folder.join(path)).map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
            let _gone = (&stream).write_all(head.as_bytes()).and_then(|()| (&stream).write_all(&body));
        }
    });
    format!("http://{address}/log")
}

#[test]
fn a_running_log_is_checked_over_http() {
    let logged = logged();
    publish(&logged);
    let url = serve(logged.folder.path().join("tiles"));
    let said = logged.folder.run(&["log", &url, "--online", "--vkey", "log.vkey"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.first_line().starts_with("TOTAL-PASSED: All 4 entries"), "{}", said.out);
}

/// Writes the log's export and its tiles.
fn publish(logged: &Logged) {
    let mut lines = Vec::new();
    export(logged.log.reader().as_ref(), &Filter::default(), &mut lines).expect("an export");
    logged.folder.put("export.jsonl", &lines);
    let checkpoint = logged.log.checkpoint();
    logged.folder.put("tiles/checkpoint", checkpoint.note().to_string().as_bytes());
    let size = checkpoint.size().0;
    let put = |path: String, bytes: Option<Vec<u8>>| {
        logged.folder.put(&format!("tiles/{path}"), &bytes.expect("a piece of the log"));
    };
    let width = u16::try_from(size).expect("a small log");
    let tile = kokuin_audit::TileId::new(0, 0, width).expect("a tile");
    let bundle = kokuin_audit::tile::BundleId::new(0, width).expect("a bundle");
    put(tile.path(), logged.log.tile(tile).expect("a tile"));
    put(bundle.path(), logged.log.entry_bundle(bundle).expect("a bundle"));
}

fn change(path: &Path, from: &str, to: &str) {
    let bytes = fs::read(path).expect("a file");
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).expect("the text");
    let mut bytes = bytes;
    bytes.splice(at..at + from.len(), to.bytes());
    fs::write(path, bytes).expect("a file");
}

#[test]
fn a_whole_log_is_checked_as_export_and_as_tiles() {
    let logged = logged();
    publish(&logged);
    for log in ["export.jsonl", "tiles"] {
        let said = logged.folder.run(&["log", log, "--vkey", "log.vkey"]);
        assert_eq!(said.code, 0, "{log}: {said:?}");
        assert!(said.first_line().starts_with("TOTAL-PASSED: All 4 entries"), "{}", said.out);
    }
}

#[test]
fn thr_48_the_first_bad_entry_is_named() {
    let logged = logged();
    publish(&logged);
    let mut entries = fs::read_dir(logged.folder.path().join("tiles/tile/entries")).expect("bundles");
    let bundle = entries.next().expect("a bundle").expect("a bundle").path();
    let bundle = if bundle.is_dir() {
        fs::read_dir(&bundle).expect("a folder").next().expect("a bundle").expect("a bundle").path()
    } else {
        bundle
    };
    change(&bundle, r#""kind":"tst""#, r#""kind":"tsx""#);
    let said = logged.folder.run(&["log", "tiles", "--vkey", "log.vkey"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.first_line().contains("the first bad entry is 3"), "{}", said.out);
}

#[test]
fn thr_50_two_logs_under_one_key_are_told_apart() {
    let logged = logged();
    publish(&logged);
    let other = open(1, &MemoryStore::new());
    begin(&other, &logged.world);
    let second = logged.world.token(b"other", NOW - 60);
    let index = other.append(&entry(&second, 2)).expect("an entry").wait().expect("logged");
    receipt(&other, index);
    logged.folder.put("kept", other.checkpoint().note().to_string().as_bytes());
    let said = logged.folder.run(&["log", "tiles", "--vkey", "log.vkey", "--checkpoint", "kept"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.first_line().starts_with("TOTAL-FAILED: 1 fault(s)"), "{}", said.out);
    assert_eq!(said.out.matches("Note: log.example/kokuin-test").count(), 2, "{}", said.out);
}

#[test]
fn a_url_needs_online() {
    let logged = logged();
    let said = logged.folder.run(&["log", "http://127.0.0.1:1/log", "--vkey", "log.vkey"]);
    assert_eq!(said.code, 64, "{said:?}");
    let said = logged.folder.run(&["log", "http://127.0.0.1:1/log", "--online", "--vkey", "log.vkey"]);
    assert_eq!(said.code, 66, "{said:?}");
    // Nobody is trusted over TLS unless told (THR-89).
    let said = logged.folder.run(&["log", "https://127.0.0.1:1/log", "--online", "--vkey", "log.vkey"]);
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.err.contains("--tls-ca"), "{said:?}");
}
