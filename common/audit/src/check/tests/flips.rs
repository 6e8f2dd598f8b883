//! THR-48: nothing of what is published can change without being noticed.

use std::path::{Path, PathBuf};

use super::*;

/// Every file below `folder`.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// Checks the tiles below `folder` with every `step`th octet of `path` changed, one at a time, and says which change nobody noticed.
fn unnoticed(folder: &Path, path: &Path, key: &VerifierKey, step: usize) -> Vec<usize> {
    let good = fs::read(path).unwrap();
    let is_noticed = |at: usize| {
        let mut changed = good.clone();
        changed[at] ^= 1;
        fs::write(path, changed).unwrap();
        let report = check_tiles(&DirectorySource::new(folder), key, &TestEngine, &CheckOptions::default());
        !report.is_ok_and(|report| report.is_good())
    };
    let unnoticed = (0..good.len()).step_by(step).filter(|at| !is_noticed(*at)).collect();
    fs::write(path, good).unwrap();
    unnoticed
}

#[test]
fn no_octet_of_checkpoint_partial_tile_or_entries_can_change_unnoticed_thr_48() {
    let (store, key) = filled(2);
    let tiles = folder(&store);
    let files = files(tiles.path());
    let names: Vec<String> =
        files.iter().map(|path| path.strip_prefix(tiles.path()).unwrap().display().to_string()).collect();
    assert_eq!(names, ["checkpoint", "tile/0/000.p/5", "tile/entries/000.p/5"]);
    for path in files {
        assert_eq!(unnoticed(tiles.path(), &path, &key, 1), Vec::<usize>::new(), "{}", path.display());
    }
}

/// Of a log of 300 entries, what an octet of one touches: its line in an export, which has a proof of its own. A token, the last entry of the
/// full tile, and that of the partial one.
#[test]
fn no_octet_of_an_entry_in_a_large_log_can_change_unnoticed_thr_48() {
    let (store, key) = filled(297);
    for index in [3, 255, 299] {
        let picked = Filter { first: Some(LeafIndex(index)), last: Some(LeafIndex(index)), ..Filter::default() };
        let lines = String::from_utf8(exported(&store, &picked)).unwrap();
        assert!(
            check_lines(lines.as_bytes(), &key).is_ok_and(|report| report.is_good() && report.covered == 1),
            "{index}"
        );
        let body = store.entry(LeafIndex(index)).unwrap().unwrap();
        let encoded = STANDARD.encode(&body);
        assert!(lines.contains(&encoded), "{lines}");
        for at in 0..body.len() {
            let mut changed = body.clone();
            changed[at] ^= 1;
            let lines = lines.replace(&encoded, &STANDARD.encode(changed));
            let report = check_lines(lines.as_bytes(), &key);
            assert!(!report.is_ok_and(|report| report.is_good()), "entry {index}, octet {at}");
        }
    }
}

/// Every hash of the tile in one place, and every place of a hash: 31 is less than 32, and has no common divisor with it.
#[test]
fn no_hash_of_a_full_tile_can_change_unnoticed_thr_48() {
    let (store, key) = filled(254);
    let tiles = folder(&store);
    let path = tiles.path().join("tile/0/000");
    let octets = fs::read(&path).unwrap().len();
    assert_eq!(octets, 256 * 32);
    assert_eq!(unnoticed(tiles.path(), &path, &key, 31), Vec::<usize>::new());
}
