//! The checks before a log is written to again. Nothing is scanned: the last checkpoint and its edge stand for what they cover, and only the
//! entries after it and the newest tile before it are hashed.

use kokuin_suite::Verify;

use super::{LogError, published::StoredTree};
use crate::{
    checkpoint::SignedCheckpoint,
    entry::{Entry, LogOpen, LogTime, PreviousLog},
    frontier::{Frontier, perfect_root},
    hash::Hash,
    merkle::{check_inclusion, inclusion_proof, root_at},
    name::{LeafIndex, Origin, TreeSize},
    note::VerifierKey,
    storage::{Anchor, LogRead, LogStore, StorageError},
    tile::TILE_WIDTH,
};

/// Entries read at a time: a tile's.
const CHUNK: u64 = TILE_WIDTH as u64;

/// Where a store ends, proven as far as it can be.
#[derive(Clone, Debug)]
pub(super) struct Tail {
    pub(super) edge: Frontier,
    pub(super) last_leaf: Option<Hash>,
    pub(super) last_time: Option<LogTime>,
    /// The checkpoint that covers every entry and is anchored: there need not be another.
    pub(super) settled: Option<SignedCheckpoint>,
}

/// Checks store against anchor and loads the right edge of the tree.
pub(super) fn load(
    store: &mut dyn LogStore,
    read: &dyn LogRead,
    anchor: &dyn Anchor,
    key: &VerifierKey,
    engine: &dyn Verify,
) -> Result<Tail, LogError> {
    let state = store.load_state()?;
    let anchored = anchor.load()?;
    let anchored = anchored.map(|note| SignedCheckpoint::verify(note.as_bytes(), key, engine)).transpose();
    let anchored = anchored.map_err(LogError::AnchorInvalid)?;
    let mut tail = Tail { edge: Frontier::new(), last_leaf: None, last_time: None, settled: None };
    let mut stored_checkpoint = None;
    if let Some(stored) = &state.checkpoint {
        let checkpoint =
            SignedCheckpoint::verify(stored.note.as_bytes(), key, engine).map_err(LogError::CheckpointInvalid)?;
        let size = checkpoint.size();
        let edge = Frontier::decode(size.0, &stored.frontier).filter(|edge| edge.root() == checkpoint.root());
        tail.edge = edge.filter(|_| stored.size == size).ok_or(LogError::EdgeDamaged { size })?;
        tail.last_time = stored.last_time;
        stored_checkpoint = Some(checkpoint);
    }
    match &anchored {
        // The first checkpoint covers the first entry: without one there is at most that entry, left by a crash.
        None if state.size > TreeSize(1) || stored_checkpoint.is_some() => {
            return Err(LogError::AnchorMissing { stored: state.size });
        }
        Some(anchored) if anchored.size() > state.size => {
            return Err(LogError::StoreBehindAnchor { stored: state.size, anchored: anchored.size() });
        }
        None | Some(_) => {}
    }
    if tail.edge.size() > state.size.0 {
        return Err(LogError::StoreLostEntries { stored: state.size, known: TreeSize(tail.edge.size()) });
    }
    check_first(read, key, state.size)?;
    tail.last_time = tail.last_time.max(newest_time(read, &tail.edge)?);
    let anchored_size = anchored.as_ref().map(SignedCheckpoint::size);
    let mut at_anchor = match anchored_size {
        Some(size) if size.0 <= tail.edge.size() => Some(root_at(&StoredTree { read, edge: &tail.edge }, size)?),
        None | Some(_) => None,
    };
    tail.catch_up(read, state.size, |edge| {
        if anchored_size == Some(TreeSize(edge.size())) {
            at_anchor = Some(edge.root());
        }
    })?;
    if let (Some(anchored), Some(root)) = (&anchored, at_anchor)
        && anchored.root() != root
    {
        return Err(LogError::StoreDiffersFromAnchor {
            size: anchored.size(),
            stored: root,
            anchored: anchored.root(),
        });
    }
    tail.settled =
        stored_checkpoint.filter(|checkpoint| checkpoint.size() == state.size && Some(state.size) == anchored_size);
    Ok(tail)
}

/// Latest vouched time of the newest [`CHUNK`] to twice as many entries below `edge`, each proven to be the one that the checkpoint
/// covers. The row's own time is signed by nobody: lowered by whoever writes the database, it must not lower the guard (THR-36).
fn newest_time(read: &dyn LogRead, edge: &Frontier) -> Result<Option<LogTime>, LogError> {
    let size = edge.size();
    let partial = size - size % CHUNK;
    let from = partial.saturating_sub(CHUNK);
    let entries = read.entries(from..size)?;
    if entries.len() as u64 != size - from {
        return Err(StorageError::Damaged { what: "entry", at: from + entries.len() as u64 }.into());
    }
    let leaves: Vec<Hash> = entries.iter().map(|body| Hash::leaf(body)).collect();
    let (whole, rest) = leaves.split_at(leaves.len() - edge.level(0).len());
    if rest != edge.level(0) {
        return Err(LogError::TailDiffers { index: LeafIndex(partial) });
    }
    if let Some(first) = whole.first() {
        let (index, size) = (LeafIndex(from), TreeSize(size));
        let stored = inclusion_proof(&StoredTree { read, edge }, index, size)?;
        // Inside the tile the proof is of the entries as they were read, so that it holds for all of them or not at all.
        let within = (0..CHUNK.ilog2()).map(|level| perfect_root(&whole[1 << level..2 << level]));
        let proof: Vec<Hash> = within.chain(stored.into_iter().skip(CHUNK.ilog2() as usize)).collect();
        check_inclusion(index, size, *first, &proof, edge.root()).map_err(|_| LogError::TailDiffers { index })?;
    }
    let mut latest = None;
    for (index, body) in (from..).zip(&entries) {
        let entry = Entry::parse(body).map_err(|_| StorageError::Damaged { what: "entry", at: index })?;
        latest = latest.max(entry.vouched_time());
    }
    Ok(latest)
}

fn check_first(read: &dyn LogRead, key: &VerifierKey, size: TreeSize) -> Result<(), LogError> {
    if size.0 == 0 {
        return Ok(());
    }
    let not_opened = || LogError::NotOpened { origin: key.name().to_owned() };
    let first = read.entry(LeafIndex(0))?.ok_or_else(not_opened)?;
    match Entry::parse(&first) {
        Ok(Entry::LogOpen(opened)) if opened.origin == key.name() && opened.vkey == key.to_string() => Ok(()),
        Ok(_) | Err(_) => Err(not_opened()),
    }
}

impl Tail {
    /// Hashes the entries from the edge up to `size`, and calls `each` after each.
    pub(super) fn catch_up(
        &mut self,
        read: &dyn LogRead,
        size: TreeSize,
        mut each: impl FnMut(&Frontier),
    ) -> Result<(), LogError> {
        let mut full = Vec::new();
        if self.last_leaf.is_none() && self.edge.size() > 0 {
            let last = LeafIndex(self.edge.size() - 1);
            let body = read.entry(last)?.ok_or(StorageError::Damaged { what: "entry", at: last.0 })?;
            let leaf = Hash::leaf(&body);
            // The edge has the last leaf, unless it completed a tile.
            if self.edge.level(0).last().is_some_and(|known| *known != leaf) {
                return Err(LogError::TailDiffers { index: last });
            }
            self.last_leaf = Some(leaf);
        }
        while self.edge.size() < size.0 {
            let (from, to) = (self.edge.size(), size.0.min(self.edge.size() + CHUNK));
            let entries = read.entries(from..to)?;
            if entries.len() as u64 != to - from {
                return Err(StorageError::Damaged { what: "entry", at: from + entries.len() as u64 }.into());
            }
            for body in entries {
                let index = LeafIndex(self.edge.size());
                let entry = Entry::parse(&body).map_err(|error| LogError::TailEntry { index, error })?;
                let leaf = Hash::leaf(&body);
                self.edge.push(leaf, &mut full);
                self.last_leaf = Some(leaf);
                self.last_time = self.last_time.max(entry.vouched_time());
                for tile in full.drain(..) {
                    if read.tile(tile.id().level(), tile.id().index())?.as_deref() != Some(tile.hashes()) {
                        return Err(LogError::TailDiffers { index });
                    }
                }
                each(&self.edge);
            }
        }
        Ok(())
    }
}

/// The first entry of a log.
pub(super) fn opening(origin: &Origin, key: &VerifierKey, name: &str, previous: Option<PreviousLog>) -> Entry {
    Entry::LogOpen(LogOpen {
        time: LogTime::system_now(),
        origin: origin.to_string(),
        vkey: key.to_string(),
        name: name.to_owned(),
        previous,
    })
}
