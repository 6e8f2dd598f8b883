//! A log, or entries picked from it, as JSON lines.
//!
//! One line an entry: `{"index":7,"leaf":"...","entry":"..."}`, both in padded base64, the leaf hash as it is stored beside the entry and not as
//! it would be computed now. The last line is `{"checkpoint":"..."}`. Picked entries carry a `proof` each, so that they can be checked alone.

use std::io::Write;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{
    filter::Filter,
    filter::scan,
    frontier::Frontier,
    hash::Hash,
    log::StoredTree,
    merkle::{NodeSource as _, inclusion_proof},
    name::{LeafIndex, TreeSize},
    storage::{LogRead, StorageError},
    tile::TileId,
};

/// An entry's line.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryLine {
    /// Where.
    pub index: LeafIndex,
    /// The leaf hash stored beside the entry.
    pub leaf: String,
    /// The stored bytes.
    pub entry: String,
    /// From the leaf to the checkpoint's root, where entries were picked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proof: Option<Vec<String>>,
}

/// The last line.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointLine {
    /// The signed note.
    pub checkpoint: String,
}

/// Why an export could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Where it goes.
    #[error("cannot write the export: {0}")]
    Write(#[from] std::io::Error),
    /// There is nothing that vouches for the entries.
    #[error("the log has no checkpoint yet")]
    NoCheckpoint,
}

/// Writes every entry that the last checkpoint covers and `filter` takes; tells how many.
///
/// # Errors
/// [`ExportError`].
pub fn export(read: &dyn LogRead, filter: &Filter, out: &mut dyn Write) -> Result<u64, ExportError> {
    let stored = read.checkpoint()?.ok_or(ExportError::NoCheckpoint)?;
    let damaged = StorageError::Damaged { what: "tree edge", at: stored.size.0 };
    let edge = Frontier::decode(stored.size.0, &stored.frontier).ok_or(damaged)?;
    let tree = StoredTree { read, edge: &edge };
    let whole = *filter == Filter::default();
    let last = LeafIndex(stored.size.0.saturating_sub(1));
    let covered = Filter { last: Some(filter.last.map_or(last, |asked| asked.min(last))), ..filter.clone() };
    let (mut count, mut result, mut tile) = (0, Ok(()), None);
    scan(read, &covered, |found| {
        result = leaf_of(&tree, found.index, stored.size, &mut tile).and_then(|leaf| {
            let proof = if whole { None } else { Some(inclusion_proof(&tree, found.index, stored.size)?) };
            let proof = proof.map(|proof| proof.into_iter().map(Hash::to_base64).collect());
            let line =
                EntryLine { index: found.index, leaf: leaf.to_base64(), entry: STANDARD.encode(&found.body), proof };
            write_line(out, &line)
        });
        count += 1;
        result.is_ok()
    })?;
    result?;
    write_line(out, &CheckpointLine { checkpoint: stored.note })?;
    Ok(count)
}

/// The stored leaf hash; the tile is kept for the next 255.
fn leaf_of(
    tree: &StoredTree<'_>,
    index: LeafIndex,
    size: TreeSize,
    kept: &mut Option<(u64, Vec<Hash>)>,
) -> Result<Hash, ExportError> {
    let (number, place) = (index.0 / 256, usize::try_from(index.0 % 256).unwrap_or(0));
    if kept.as_ref().is_none_or(|(at, _)| *at != number) {
        let width = TileId::full(0, number).available(size.0);
        let damaged = StorageError::Damaged { what: "tile", at: number };
        let id = TileId::new(0, number, width).ok_or(damaged)?;
        *kept = Some((number, tree.hashes(id)?));
    }
    let leaf = kept.as_ref().and_then(|(_, hashes)| hashes.get(place).copied());
    Ok(leaf.ok_or(StorageError::Damaged { what: "tile", at: number })?)
}

fn write_line<T: Serialize>(out: &mut dyn Write, line: &T) -> Result<(), ExportError> {
    serde_json::to_writer(&mut *out, line).map_err(std::io::Error::from)?;
    Ok(out.write_all(b"\n")?)
}
