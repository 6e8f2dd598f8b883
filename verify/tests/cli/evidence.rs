//! Evidence records on the command line (ERS-02, ERS-07).

use kokuin_evidence::encode;
use kokuin_suite::{DigestAlgorithm, digest};

use crate::{
    folder::Folder,
    material::{DATA, NOW, World, world},
};

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
const EVIDENCE: [&str; 6] = ["--trust", "trust", "--crl", "crl", "--at", "2026-11-23T12:00:00Z"];

/// `DATA` and a value beside it under one token.
fn record(a: &World) -> Vec<u8> {
    let (value, beside) = (digest(SHA256, DATA), [0xff; 32]);
    let token = a.token(&[value.as_slice(), &beside].concat(), NOW - 60).build();
    let stamp = encode::archive_time_stamp(SHA256, &[vec![&value], vec![&beside]], &token);
    encode::record(&[SHA256], &[&encode::chain(&[&stamp])])
}

#[test]
fn a_record_is_judged_over_the_original_or_its_digest() {
    let a = world("a");
    let folder = Folder::of(&a);
    folder.put("data.ers", &record(&a));
    folder.put("data", DATA);
    folder.put("other", b"other");
    let run = |arguments: &[&str]| folder.run(&[&["data.ers"], arguments, &EVIDENCE].concat());
    let passed = run(&["--data", "data"]);
    assert_eq!(passed.code, 0, "{passed:?}");
    assert!(passed.first_line().contains("The evidence record is valid."), "{}", passed.first_line());
    assert!(passed.out.contains("\nKind: evidence-record\n"), "{}", passed.out);
    assert!(passed.out.contains("\nTime-stamp: archive time-stamp 1 (over the data): TOTAL-PASSED"), "{}", passed.out);
    assert_eq!(run(&["--digest", &format!("sha256:{}", hex::encode(digest(SHA256, DATA)))]).code, 0);
    let failed = run(&["--data", "other"]);
    assert_eq!(failed.code, 1);
    assert!(failed.first_line().starts_with("TOTAL-FAILED HASH_FAILURE: "), "{}", failed.first_line());
    let unsettled = run(&[]);
    assert_eq!(unsettled.code, 2);
    assert!(unsettled.first_line().starts_with("INDETERMINATE SIGNED_DATA_NOT_FOUND: "), "{}", unsettled.first_line());
    let json = run(&["--data", "data", "--format", "json"]);
    assert!(json.out.contains(r#""kind":"evidence-record""#), "{}", json.out);
}

#[test]
fn inspect_shows_tree_and_token() {
    let a = world("a");
    let folder = Folder::of(&a);
    folder.put("data.ers", &record(&a));
    let shown = folder.run(&["inspect", "data.ers"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    for line in [
        "Kind: evidence-record",
        "Archive time-stamp: 1 of chain 1",
        "Hash tree: 2 list(s), algorithm 2.16.840.1.101.3.4.2.1",
    ] {
        assert!(shown.out.lines().any(|each| each == line), "{line} is not in {}", shown.out);
    }
}
