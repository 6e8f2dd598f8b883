//! Everything textual of the log: entries, notes, checkpoints, receipts, keys, tile paths, bundles. What is accepted is exactly what would be written.

#![no_main]

use kokuin_audit::{
    Checkpoint, Entry, Receipt, SignedNote, TileId, VerifierKey,
    tile::{BundleId, bundle_from_bytes, bundle_to_bytes, hashes_from_bytes, hashes_to_bytes},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check_entry(data);
    check_note(data);
    if let Ok(receipt) = Receipt::parse(data) {
        assert_eq!(receipt.to_string().as_bytes(), data);
        check_note(receipt.unverified_note().as_bytes());
    }
    if let Some(entries) = bundle_from_bytes(data) {
        assert_eq!(bundle_to_bytes(&entries).as_deref(), Some(data));
        entries.iter().for_each(|entry| check_entry(entry));
    }
    if let Some(hashes) = hashes_from_bytes(data) {
        assert_eq!(hashes_to_bytes(&hashes), data);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(key) = VerifierKey::parse(text) {
        // It comes from files, so space around it is no part of it.
        assert_eq!(key.to_string(), text.trim());
    }
    if let Some(id) = TileId::parse(text) {
        assert_eq!(id.path(), format!("tile/{text}"));
    }
    if let Some(id) = BundleId::parse(text) {
        assert_eq!(id.path(), format!("tile/entries/{text}"));
    }
});

fn check_entry(body: &[u8]) {
    let Ok(entry) = Entry::parse(body) else { return };
    let encoded = entry.encode().expect("what was read is written");
    assert_eq!(encoded.body(), body);
}

fn check_note(note: &[u8]) {
    let Ok(read) = SignedNote::parse(note) else { return };
    assert!(note.starts_with(read.text().as_bytes()) && read.text().ends_with('\n'));
    assert_eq!(read.to_string().as_bytes(), note);
    if let Ok(checkpoint) = Checkpoint::parse(read.text()) {
        assert_eq!(checkpoint.to_string(), read.text());
    }
}
