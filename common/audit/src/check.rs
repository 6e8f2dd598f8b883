//! Checking a log that somebody hands over: nothing is believed but the log's key.
//!
//! The whole tree is derived again from the entries, and beside it from the stored leaf hashes. Where the two part, the signed root says which
//! of them was changed (THR-48). Entries must be readable, refer to entries that exist, and tokens of one key must not go back in time (THR-38).

mod error;
mod export;
mod fault;
mod marked;
mod marks;
mod meaning;
mod report;
mod source;
mod tree;

use std::{collections::BTreeMap, fs::File, io::BufReader, path::Path, sync::Arc, time::Duration};

pub use error::{CheckError, SourceError};
pub use export::{check_export, observe_export};
pub use fault::Fault;
use kokuin_suite::Verify;
pub use marked::{Marked, UpperBound};
pub use marks::{MARK_WINDOW, MarkFlaw, MarkJudge, mark_text};
pub use meaning::Inversions;
use source::StoreSource;
pub use source::{DirectorySource, TileSource};
use tree::TreeCheck;

use crate::{
    checkpoint::SignedCheckpoint,
    entry::{Entry, Kind, LogTime},
    name::{LeafIndex, TreeSize},
    note::VerifierKey,
    storage::LogRead,
    tile::{BundleId, TileId},
};

/// Most faults that a report lists.
pub const MAX_FAULTS: usize = 100;

/// What to check against.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Further notes that the log signed: the anchor's, a witness's, one kept by an auditor. The tree must have had these roots (THR-50).
    pub also: Vec<SignedCheckpoint>,
    /// How far a later token of one key may go back in time. Workers that sign at the same time hand over in either order; more than this is
    /// a fault, less is counted.
    pub order_tolerance: Duration,
    /// Who judges the tokens of time marks. Without it their places and roots are compared, and nothing is known of the tokens.
    pub marks: Option<Arc<dyn MarkJudge>>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self { also: Vec::new(), order_tolerance: Duration::from_secs(1), marks: None }
    }
}

/// Sees every entry of a log in its order while the log is checked.
pub type Observer<'a> = &'a mut dyn FnMut(LeafIndex, &Entry);

/// What was found.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// The checkpoint that the log was checked against.
    pub checkpoint: SignedCheckpoint,
    /// Entries that were read and are covered by it.
    pub covered: u64,
    /// Entries that came after it: nothing vouches for these yet.
    pub uncovered: u64,
    /// Entries of each kind.
    pub kinds: BTreeMap<Kind, u64>,
    /// Earliest and latest time of tokens, seals and clock readings.
    pub times: Option<(LogTime, LogTime)>,
    /// Tokens that went back in time, by however little.
    pub inversions: Inversions,
    /// Foreign tokens over checkpoints.
    pub marks: Marked,
    /// What is wrong, at most [`MAX_FAULTS`].
    pub faults: Vec<Fault>,
    /// How many faults there are.
    pub fault_count: u64,
}

impl CheckReport {
    /// Whether nothing is wrong.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.fault_count == 0
    }

    /// The first entry that something is wrong with.
    #[must_use]
    pub fn first_bad_entry(&self) -> Option<LeafIndex> {
        self.faults.iter().filter_map(Fault::entry).min()
    }
}

/// Checks a log as it is published: checkpoint, tiles, entry bundles.
///
/// # Errors
/// [`CheckError`] if it cannot be checked at all; what is wrong with it is in the report.
pub fn check_tiles(
    source: &dyn TileSource,
    key: &VerifierKey,
    engine: &dyn Verify,
    options: &CheckOptions,
) -> Result<CheckReport, CheckError> {
    observe_tiles(source, key, engine, options, &mut |_, _| {})
}

/// The same, and shows every entry to `observer`. What it saw counts if the report is good.
///
/// # Errors
/// [`CheckError`].
pub fn observe_tiles(
    source: &dyn TileSource,
    key: &VerifierKey,
    engine: &dyn Verify,
    options: &CheckOptions,
    observer: Observer<'_>,
) -> Result<CheckReport, CheckError> {
    let checkpoint = SignedCheckpoint::verify(&source.checkpoint()?, key, engine)?;
    let mut check = TreeCheck::new(key, options, observer);
    walk(source, checkpoint.size(), &mut check)?;
    Ok(check.finish(checkpoint, 0))
}

/// Checks what is at `path`: a folder with tiles, or an export.
///
/// # Errors
/// [`CheckError`] if it cannot be checked at all; what is wrong with it is in the report.
pub fn check_path(
    path: &Path,
    key: &VerifierKey,
    engine: &dyn Verify,
    options: &CheckOptions,
) -> Result<CheckReport, CheckError> {
    if path.is_dir() {
        return check_tiles(&DirectorySource::new(path), key, engine, options);
    }
    let file = File::open(path).map_err(SourceError::new)?;
    check_export(&mut BufReader::new(file), key, engine, options)
}

/// Checks a store, running or not: entries, tiles, the edge beside the checkpoint, the anchor, and what came after.
///
/// # Errors
/// [`CheckError`] if it cannot be checked at all; what is wrong with it is in the report.
pub fn check_store(
    read: &dyn LogRead,
    anchor: Option<&str>,
    key: &VerifierKey,
    engine: &dyn Verify,
    options: &CheckOptions,
) -> Result<CheckReport, CheckError> {
    observe_store(read, anchor, key, engine, options, &mut |_, _| {})
}

/// The same, and shows every entry that the checkpoint covers to `observer`. What it saw counts if the report is good.
///
/// # Errors
/// [`CheckError`].
pub fn observe_store(
    read: &dyn LogRead,
    anchor: Option<&str>,
    key: &VerifierKey,
    engine: &dyn Verify,
    options: &CheckOptions,
    observer: Observer<'_>,
) -> Result<CheckReport, CheckError> {
    let mut options = options.clone();
    if let Some(anchor) = anchor {
        options.also.push(SignedCheckpoint::verify(anchor.as_bytes(), key, engine)?);
    }
    let stored = read.checkpoint()?.ok_or(CheckError::NoCheckpoint)?;
    let checkpoint = SignedCheckpoint::verify(stored.note.as_bytes(), key, engine)?;
    let source = StoreSource::new(read, &stored);
    let mut check = TreeCheck::new(key, &options, observer);
    if source.edge_root() != Some(checkpoint.root()) {
        check.fault(Fault::EdgeChanged { size: checkpoint.size() });
    }
    walk(&source, checkpoint.size(), &mut check)?;
    let reached = check.size();
    check.compare_root(&checkpoint);
    check.stop_observing();
    // What came after the checkpoint while nothing was signed, as far as it is stored now.
    let stored = read.size()?;
    let mut at = reached;
    while reached == checkpoint.size().0 && at < stored.0 {
        let bodies = read.entries(at..stored.0.min(at + 256))?;
        if bodies.is_empty() {
            check.fault(Fault::Missing { index: LeafIndex(at) });
            break;
        }
        at += bodies.len() as u64;
        bodies.iter().for_each(|body| check.entry(body, None));
    }
    Ok(check.finish(checkpoint, at - reached))
}

/// Reads bundle by bundle, with the leaf hashes of each, and compares every tile above.
fn walk(source: &dyn TileSource, size: TreeSize, check: &mut TreeCheck<'_>) -> Result<(), CheckError> {
    let mut at = 0;
    while at < size.0 {
        let width = u16::try_from((size.0 - at).min(256)).unwrap_or(256);
        let Some(bundle) = BundleId::new(at / 256, width) else { return Err(CheckError::TooLarge { size }) };
        let entries = source.entries(bundle)?.unwrap_or_default();
        let hashes = source.hashes(bundle.tile())?;
        if hashes.is_none() {
            check.fault(Fault::TileMissing { tile: bundle.tile() });
        }
        for (place, body) in entries.iter().take(usize::from(width)).enumerate() {
            check.entry(body, hashes.as_ref().and_then(|hashes| hashes.get(place).copied()));
        }
        if entries.len() != usize::from(width) {
            check.fault(Fault::Missing { index: LeafIndex(at + entries.len() as u64) });
            return Ok(());
        }
        check.compare_full_tiles(source)?;
        at += u64::from(width);
    }
    for level in 1..=7 {
        let index = size.0.checked_shr(u32::from(level) * 8).unwrap_or(0) / 256;
        let width = TileId::full(level, index).available(size.0);
        if let Some(tile) = TileId::new(level, index, width) {
            check.compare_partial_tile(source, tile)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
