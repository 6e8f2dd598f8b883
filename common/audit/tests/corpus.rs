//! Merkle proofs of the transparency-dev test vectors: `KOKUIN_CORPUS`, by default beside the repository.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{env, fs, io::Read as _, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_audit::{
    Hash, LeafIndex, TreeSize,
    merkle::{check_consistency, check_inclusion},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Inclusion {
    #[serde(rename = "leafIdx")]
    leaf_index: u64,
    #[serde(rename = "treeSize")]
    tree_size: u64,
    root: Option<String>,
    #[serde(rename = "leafHash")]
    leaf_hash: Option<String>,
    proof: Option<Vec<String>>,
    #[serde(rename = "wantErr")]
    want_err: bool,
}

#[derive(Deserialize)]
struct Consistency {
    size1: u64,
    size2: u64,
    root1: Option<String>,
    root2: Option<String>,
    proof: Option<Vec<String>>,
    #[serde(rename = "wantErr")]
    want_err: bool,
}

/// Files of a gzipped tar archive: name and contents.
fn archive() -> Option<Vec<(String, Vec<u8>)>> {
    let corpus = env::var_os("KOKUIN_CORPUS").map_or_else(|| PathBuf::from("../../../shared/corpus"), PathBuf::from);
    let path = corpus.join("tlog/merkle-testdata.tar.gz");
    let Ok(packed) = fs::read(&path) else {
        assert!(env::var_os("CI").is_none(), "no corpus at {}", path.display());
        eprintln!("SKIPPED: no corpus at {}", path.display());
        return None;
    };
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut tar).unwrap();
    let mut files = Vec::new();
    let mut rest = tar.as_slice();
    while let Some((header, after)) = rest.split_at_checked(512).filter(|(header, _)| header[0] != 0) {
        let text = |field: &[u8]| String::from_utf8_lossy(field).trim_matches(['\0', ' ']).to_owned();
        let size = usize::from_str_radix(&text(&header[124..136]), 8).unwrap();
        files.push((text(&header[..100]), after[..size].to_vec()));
        rest = &after[size.next_multiple_of(512)..];
    }
    Some(files)
}

fn hash(text: Option<&String>) -> Option<Hash> {
    let bytes = STANDARD.decode(text?).ok()?;
    bytes.try_into().ok().map(Hash::from_bytes)
}

/// Some vectors have words for roots, of which only matters whether they are the same.
fn root(text: Option<&String>) -> Option<Hash> {
    let bytes = STANDARD.decode(text?).ok()?;
    hash(text).or_else(|| (!bytes.is_empty()).then(|| Hash::leaf(&bytes)))
}

fn hashes(proof: Option<&Vec<String>>) -> Option<Vec<Hash>> {
    proof.map_or(Some(Vec::new()), |proof| proof.iter().map(|text| hash(Some(text))).collect())
}

fn inclusion_holds(case: &Inclusion) -> Option<bool> {
    let (index, size) = (LeafIndex(case.leaf_index), TreeSize(case.tree_size));
    let (leaf, root) = (hash(case.leaf_hash.as_ref())?, hash(case.root.as_ref())?);
    Some(check_inclusion(index, size, leaf, &hashes(case.proof.as_ref())?, root).is_ok())
}

fn consistency_holds(case: &Consistency) -> Option<bool> {
    let (one, two) = (root(case.root1.as_ref())?, root(case.root2.as_ref())?);
    let proof = hashes(case.proof.as_ref())?;
    Some(check_consistency(TreeSize(case.size1), TreeSize(case.size2), &proof, one, two).is_ok())
}

#[test]
fn proofs_hold_exactly_where_the_vectors_say() {
    let Some(files) = archive() else { return };
    let (mut inclusions, mut consistencies) = (0, 0);
    for (name, json) in files.iter().filter(|(name, _)| name.ends_with(".json")) {
        // A proof's hash of another length is refused before the proof is looked at.
        let (holds, want_err) = if name.starts_with("inclusion/") {
            inclusions += 1;
            let case: Inclusion = serde_json::from_slice(json).unwrap();
            (inclusion_holds(&case).unwrap_or(false), case.want_err)
        } else if name.starts_with("consistency/") {
            consistencies += 1;
            let case: Consistency = serde_json::from_slice(json).unwrap();
            (consistency_holds(&case).unwrap_or(false), case.want_err)
        } else {
            continue;
        };
        assert_eq!(holds, !want_err, "{name}");
    }
    println!("{inclusions} inclusion proofs, {consistencies} consistency proofs");
    assert!(inclusions >= 40 && consistencies >= 40, "{inclusions} {consistencies}");
}
