//! Deriving the tree twice: from the entries, and from the leaf hashes stored beside them.

use super::{
    CheckError, CheckOptions, CheckReport, Fault, MAX_FAULTS, Observer, TileSource, marks::Marks, meaning::Meaning,
};
use crate::{
    checkpoint::SignedCheckpoint,
    entry::Entry,
    frontier::Frontier,
    hash::Hash,
    name::{LeafIndex, TreeSize},
    note::VerifierKey,
    tile::{FullTile, TileId},
};

/// An entry whose hash is not the one stored beside it.
#[derive(Debug)]
struct Parting {
    index: LeafIndex,
    found: Hash,
    stored: Hash,
}

pub(super) struct TreeCheck<'a> {
    options: &'a CheckOptions,
    observer: Option<Observer<'a>>,
    meaning: Meaning,
    marks: Marks,
    by_entries: Frontier,
    by_hashes: Frontier,
    full_by_entries: Vec<FullTile>,
    full_by_hashes: Vec<FullTile>,
    partings: Vec<Parting>,
    parted: u64,
    root_compared: bool,
    /// Entries that were read before no signature vouched for them any more.
    covered: Option<u64>,
    faults: Vec<Fault>,
    fault_count: u64,
}

impl<'a> TreeCheck<'a> {
    pub(super) fn new(key: &VerifierKey, options: &'a CheckOptions, observer: Observer<'a>) -> Self {
        Self {
            options,
            observer: Some(observer),
            marks: Marks::new(key.name().to_owned(), options.marks.clone(), options.order_tolerance),
            meaning: Meaning::new(key.name(), key.to_string(), options.order_tolerance),
            by_entries: Frontier::new(),
            by_hashes: Frontier::new(),
            full_by_entries: Vec::new(),
            full_by_hashes: Vec::new(),
            partings: Vec::new(),
            parted: 0,
            root_compared: false,
            covered: None,
            faults: Vec::new(),
            fault_count: 0,
        }
    }

    pub(super) const fn size(&self) -> u64 {
        self.by_entries.size()
    }

    pub(super) fn fault(&mut self, fault: Fault) {
        self.fault_count += 1;
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    /// Takes the next entry, with the leaf hash that is stored for it.
    pub(super) fn entry(&mut self, body: &[u8], stored: Option<Hash>) {
        let index = LeafIndex(self.size());
        let found = Hash::leaf(body);
        let stored = stored.unwrap_or(found);
        self.by_entries.push(found, &mut self.full_by_entries);
        self.by_hashes.push(stored, &mut self.full_by_hashes);
        if found != stored {
            self.parted += 1;
            if self.partings.len() < MAX_FAULTS {
                self.partings.push(Parting { index, found, stored });
            }
        }
        let mut faults = Vec::new();
        let parsed = Entry::parse(body);
        match &parsed {
            Ok(entry) => {
                self.meaning.entry(index, entry, &mut |fault| faults.push(fault));
                if let Some(observer) = &mut self.observer {
                    observer(index, entry);
                }
            }
            Err(error) => faults.push(Fault::EntryUnreadable { index, error: error.clone() }),
        }
        self.marks.entry(found, stored, parsed.as_ref().ok(), &mut |fault| faults.push(fault));
        faults.into_iter().for_each(|fault| self.fault(fault));
        self.compare_other_notes();
    }

    /// From here on no signature vouches for entries: they are checked, and shown to nobody.
    pub(super) fn stop_observing(&mut self) {
        self.observer = None;
        self.covered = Some(self.meaning.kinds.values().sum());
    }

    /// Takes an entry that is checked by its own proof.
    pub(super) fn picked(&mut self, index: LeafIndex, body: &[u8]) {
        match Entry::parse(body) {
            Ok(entry) => {
                self.meaning.count(&entry);
                if let Some(observer) = &mut self.observer {
                    observer(index, &entry);
                }
            }
            Err(error) => self.fault(Fault::EntryUnreadable { index, error }),
        }
    }

    /// The roots that the log is known to have signed for sizes on the way.
    fn compare_other_notes(&mut self) {
        let size = TreeSize(self.size());
        for other in self.options.also.iter().filter(|other| other.size() == size) {
            let computed = self.by_entries.root();
            // Where an entry was changed, that is the fault; the hashes beside it show the tree that was signed.
            if other.root() != computed && other.root() != self.by_hashes.root() {
                self.fault(Fault::Equivocation { size, computed, signed: other.root(), note: other.to_string() });
            }
        }
    }

    /// Compares the tiles above level 0 that became full. Level 0 itself is what the leaf hashes came from.
    pub(super) fn compare_full_tiles(&mut self, source: &dyn TileSource) -> Result<(), CheckError> {
        let by_hashes = std::mem::take(&mut self.full_by_hashes);
        for (one, two) in std::mem::take(&mut self.full_by_entries).iter().zip(&by_hashes) {
            if one.id().level() > 0 {
                self.compare_tile(source, one.id(), one.hashes(), two.hashes())?;
            }
        }
        Ok(())
    }

    pub(super) fn compare_partial_tile(&mut self, source: &dyn TileSource, tile: TileId) -> Result<(), CheckError> {
        let (one, two) = (self.by_entries.level(tile.level()).to_vec(), self.by_hashes.level(tile.level()).to_vec());
        self.compare_tile(source, tile, &one, &two)
    }

    /// A tile is right if it follows from the entries or from the leaf hashes: where those two part, that is the fault.
    fn compare_tile(
        &mut self,
        source: &dyn TileSource,
        tile: TileId,
        one: &[Hash],
        two: &[Hash],
    ) -> Result<(), CheckError> {
        match source.hashes(tile)? {
            Some(hashes) if hashes == one || hashes == two => {}
            Some(_) => self.fault(Fault::TileChanged { tile }),
            None => self.fault(Fault::TileMissing { tile }),
        }
        Ok(())
    }

    /// Compares with the root that was signed; it decides which of entry and hash was changed.
    pub(super) fn compare_root(&mut self, checkpoint: &SignedCheckpoint) {
        self.root_compared = true;
        let (size, signed) = (checkpoint.size(), checkpoint.root());
        if self.size() != size.0 {
            // What is missing has been named.
            if self.fault_count == 0 {
                self.fault(Fault::Rewound { stored: TreeSize(self.size()), signed: size });
            }
            return;
        }
        let entries_are_signed = self.by_entries.root() == signed;
        if !entries_are_signed && self.by_hashes.root() != signed {
            self.fault(Fault::RootDiffers { size, computed: self.by_entries.root(), signed });
        }
        let unlisted = self.parted - self.partings.len() as u64;
        let mut changed = None;
        for Parting { index, found, stored } in std::mem::take(&mut self.partings) {
            let tile = TileId::full(0, index.0 / 256);
            if !entries_are_signed {
                self.fault(Fault::EntryChanged { index, found, logged: stored });
            } else if changed.replace(tile) != Some(tile) {
                self.fault(Fault::TileChanged { tile });
            }
        }
        self.fault_count += unlisted;
    }

    pub(super) fn finish(mut self, checkpoint: SignedCheckpoint, uncovered: u64) -> CheckReport {
        if !self.root_compared {
            self.compare_root(&checkpoint);
        }
        for other in &self.options.also {
            if other.size().0 > self.size() {
                self.fault(Fault::Rewound { stored: TreeSize(self.size()), signed: other.size() });
            }
        }
        self.report(checkpoint, uncovered)
    }

    /// The report on entries that were checked one by one.
    pub(super) fn report(self, checkpoint: SignedCheckpoint, uncovered: u64) -> CheckReport {
        CheckReport {
            checkpoint,
            covered: self.covered.unwrap_or_else(|| self.meaning.kinds.values().sum()),
            uncovered,
            kinds: self.meaning.kinds,
            times: self.meaning.times,
            inversions: self.meaning.inversions,
            marks: self.marks.finish(),
            faults: self.faults,
            fault_count: self.fault_count,
        }
    }
}
