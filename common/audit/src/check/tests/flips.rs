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

/// Changes every `step`th octet of every file, one at a time, and says which change nobody noticed.
fn unnoticed(folder: &Path, key: &VerifierKey, step: usize) -> Vec<(PathBuf, usize)> {
    let mut unnoticed = Vec::new();
    for path in files(folder) {
        let good = fs::read(&path).unwrap();
        for at in (0..good.len()).step_by(step) {
            let mut changed = good.clone();
            changed[at] ^= 1;
            fs::write(&path, changed).unwrap();
            let report = check_tiles(&DirectorySource::new(folder), key, &TestEngine, &CheckOptions::default());
            if report.is_ok_and(|report| report.is_good()) {
                unnoticed.push((path.clone(), at));
            }
        }
        fs::write(&path, good).unwrap();
    }
    unnoticed
}

#[test]
fn no_third_octet_of_checkpoint_partial_tile_or_entries_can_change_unnoticed_thr_48() {
    let (store, key) = filled(2);
    let tiles = folder(&store);
    let names: Vec<String> =
        files(tiles.path()).iter().map(|path| path.strip_prefix(tiles.path()).unwrap().display().to_string()).collect();
    assert_eq!(names, ["checkpoint", "tile/0/000.p/5", "tile/entries/000.p/5"]);
    assert_eq!(unnoticed(tiles.path(), &key, 3), []);
}

#[test]
fn no_octet_of_a_full_tile_can_change_unnoticed_thr_48() {
    let (store, key) = filled(258);
    let tiles = folder(&store);
    let full = tiles.path().join("tile/0/000");
    assert_eq!(fs::read(&full).unwrap().len(), 256 * 32);
    assert_eq!(unnoticed(tiles.path(), &key, 4999), []);
}
