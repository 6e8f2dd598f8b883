use std::{sync::Arc, time::Duration};

use kokuin_suite::{SignatureAlgorithm, VerifyError};

use super::*;
use crate::{
    Log, LogName, LogOptions, Origin, ReceiptAnswer, Wanted,
    entry::{KeyName, LogTime, PolicyOid, Serial, TstRef},
    storage::memory::MemoryStore,
    testing::{TestEngine, TestKey},
};

/// A log of one opening entry and four tokens whose signature values are `sig0` to `sig3`; the receipt of one.
fn receipt(which: u8) -> (Receipt, VerifierKey) {
    let store = MemoryStore::new();
    let options = LogOptions {
        origin: Origin::new("log.example").unwrap(),
        name: LogName::new("tsa").unwrap(),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: Duration::from_secs(1000),
    };
    let log = Log::open(options, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store)).unwrap();
    for number in 0..4 {
        let entry = TstRef {
            time: LogTime::from_unix_seconds(i64::from(number)),
            serial: &Serial::new(&[number + 1]).unwrap(),
            key: &KeyName::new("tsu-1").unwrap(),
            policy: &PolicyOid::new("2.999.3161.1").unwrap(),
            bound_us: 1,
            measured: true,
            clock: LeafIndex(0),
            cert: LeafIndex(0),
            digest: Digest::of(b"token"),
            sig: Digest::of(format!("sig{number}").as_bytes()),
            attrs: Digest::of(b"attrs"),
        };
        drop(log.append_encoded(entry.encode()));
    }
    log.close().unwrap();
    match log.receipt(Wanted::Index(LeafIndex(u64::from(which) + 1))).unwrap() {
        ReceiptAnswer::Receipt(receipt) => (*receipt, log.vkey().clone()),
        other => panic!("{other:?}"),
    }
}

fn code(receipt: &Receipt, key: &VerifierKey) -> Result<(), &'static str> {
    receipt.verify(key, &TestEngine).map(drop).map_err(|error| error.code())
}

#[test]
fn reads_what_it_writes() {
    let (receipt, key) = receipt(2);
    let text = receipt.to_string();
    assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
    assert_eq!(Receipt::parse(text.as_bytes()), Ok(receipt.clone()));
    let verified = receipt.verify(&key, &TestEngine).unwrap();
    assert_eq!(verified.index(), LeafIndex(3));
    assert_eq!(verified.check_about(b"sig2", b"attrs"), Ok(()));
}

/// THR-52: the receipt of another token.
#[test]
fn refuses_the_receipt_of_another_token() {
    let (receipt, key) = receipt(2);
    let verified = receipt.verify(&key, &TestEngine).unwrap();
    assert_eq!(verified.check_about(b"sig1", b"attrs").unwrap_err().code(), "audit.receipt-other-object");
    assert_eq!(verified.check_about(b"sig2", b"other").unwrap_err().code(), "audit.receipt-other-object");
}

#[test]
fn refuses_entries_about_no_object() {
    let (mut receipt, key) = receipt(0);
    let (opening, _) = receipt_of_opening();
    receipt = Receipt { extra: opening.extra, index: opening.index, proof: opening.proof, note: receipt.note };
    // A proof in a tree of one entry proves nothing in a tree of five.
    assert_eq!(code(&receipt, &key), Err("audit.proof-length"));
    let (opening, key) = receipt_of_opening();
    let verified = opening.verify(&key, &TestEngine).unwrap();
    assert_eq!(verified.check_about(b"sig0", b"attrs").unwrap_err(), ReceiptError::NoObject { kind: "log-open" });
}

fn receipt_of_opening() -> (Receipt, VerifierKey) {
    let store = MemoryStore::new();
    let options = LogOptions {
        origin: Origin::new("log.example").unwrap(),
        name: LogName::new("tsa").unwrap(),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: Duration::from_secs(1000),
    };
    let log = Log::open(options, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store)).unwrap();
    match log.receipt(Wanted::Index(LeafIndex(0))).unwrap() {
        ReceiptAnswer::Receipt(receipt) => (*receipt, log.vkey().clone()),
        other => panic!("{other:?}"),
    }
}

/// THR-52: nothing of `extra` counts before it is proven.
#[test]
fn refuses_false_claims_in_extra_before_reading_them() {
    let (good, key) = receipt(2);
    for claim in [b"not even JSON".to_vec(), Vec::new(), receipt_of_opening().0.extra.unwrap()] {
        let forged = Receipt { extra: Some(claim), ..good.clone() };
        assert_eq!(code(&forged, &key), Err("audit.proof-root"));
    }
    assert_eq!(code(&Receipt { extra: None, ..good.clone() }, &key), Err("audit.receipt-no-entry"));
    let entry = good.extra.clone().unwrap();
    let forged = Receipt { extra: Some(b"anything".to_vec()), ..good };
    assert_eq!(forged.verify_entry(&entry, &key, &TestEngine).unwrap().body(), entry);
}

/// THR-52: proofs of another shape, sizes at the edges, no signature.
#[test]
fn refuses_proofs_of_another_shape() {
    let (good, key) = receipt(2);
    let extra = Receipt { proof: [good.proof.as_slice(), &[Hash::empty_root()]].concat(), ..good.clone() };
    assert_eq!(code(&extra, &key), Err("audit.proof-length"));
    let missing = Receipt { proof: good.proof[1..].to_vec(), ..good.clone() };
    assert_eq!(code(&missing, &key), Err("audit.proof-length"));
    for index in [5, u64::MAX] {
        assert_eq!(code(&Receipt { index: LeafIndex(index), ..good.clone() }, &key), Err("audit.proof-index"));
    }
    assert_eq!(code(&Receipt { index: LeafIndex(2), ..good.clone() }, &key), Err("audit.proof-root"));
    for (from, to, expected) in [
        ("\n5\n", "\n0\n", "audit.note-bad-signature"),
        ("\n5\n", "\n1\n", "audit.note-bad-signature"),
        ("\n5\n", "\n9223372036854775808\n", "audit.checkpoint-size"),
        ("log.example\n", "log.example2\n", "audit.checkpoint-other-log"),
    ] {
        let note = good.note.replacen(from, to, 1);
        assert_eq!(code(&Receipt { note, ..good.clone() }, &key), Err(expected), "{from:?} -> {to:?}");
    }
    let (text, _) = good.note.split_once("\n\n").unwrap();
    assert_eq!(code(&Receipt { note: format!("{text}\n"), ..good.clone() }, &key), Err("audit.note-unsigned"));
    let other = VerifierKey::new(&Origin::new("log.example").unwrap(), [3; 32]);
    assert_eq!(code(&good, &other), Err("audit.note-not-signed-by"));
}

/// Takes one signature over one message for good: thousands of verifications would take long.
#[derive(Debug)]
struct OneSignature {
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Verify for OneSignature {
    fn name(&self) -> &'static str {
        "one signature"
    }

    fn verify(&self, _: SignatureAlgorithm, _: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
        if message == self.message && signature == self.signature { Ok(()) } else { Err(VerifyError::Mismatch) }
    }
}

/// THR-48: no byte of a receipt can change without being noticed, unless it says the same.
#[test]
fn refuses_every_flipped_byte() {
    let (good, key) = receipt(1);
    let text = good.to_string().into_bytes();
    let verified = good.verify(&key, &TestEngine).unwrap();
    let (body, note) = (verified.body(), verified.checkpoint().note());
    let signature = note.signatures()[0].signature().to_vec();
    let engine = OneSignature { message: note.text().as_bytes().to_vec(), signature };
    for at in 0..text.len() {
        let mut flipped = text.clone();
        flipped[at] ^= 1;
        if let Ok(verified) = Receipt::parse(&flipped).and_then(|receipt| receipt.verify(&key, &engine)) {
            panic!("octet {at} changed unnoticed: {:?}", verified.body() == body);
        }
    }
}

#[test]
fn refuses_malformed_receipts() {
    let text = receipt(2).0.to_string();
    let line = |from: &str, to: &str| {
        Receipt::parse(text.replacen(from, to, 1).as_bytes()).map(drop).map_err(|error| error.code())
    };
    assert_eq!(line("@v1", "@v2"), Err("audit.receipt-first-line"));
    assert_eq!(line("extra ", "extra  "), Err("audit.receipt-line"));
    assert_eq!(line("index 3", "index 03"), Err("audit.receipt-line"));
    assert_eq!(line("index 3", "index -3"), Err("audit.receipt-line"));
    assert_eq!(line("index 3", "index 18446744073709551616"), Err("audit.receipt-line"));
    assert_eq!(line("index 3\n", "index 3\nAAAA\n"), Err("audit.receipt-line"));
    let hash = format!("{}\n", Hash::empty_root());
    assert_eq!(line("index 3\n", &format!("index 3\n{}", hash.repeat(64))), Err("audit.receipt-line"));
    assert_eq!(Receipt::parse(b"c2sp.org/tlog-proof@v1\nindex 3\n").unwrap_err().code(), "audit.receipt-line");
    assert_eq!(Receipt::parse(&vec![b'a'; MAX_RECEIPT + 1]).unwrap_err().code(), "audit.receipt-too-long");
}
