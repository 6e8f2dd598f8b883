//! A store in memory: for tests of what sits on a log. Durable for as long as somebody holds it.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{Anchor, LogRead, LogStore, StorageError, StoredCheckpoint, StoredState};
use crate::{
    entry::{Encoded, Serial},
    hash::Hash,
    name::{LeafIndex, TreeSize},
    tile::FullTile,
};

#[derive(Clone, Debug, Default)]
struct Contents {
    rows: Vec<Encoded>,
    tiles: HashMap<(u8, u64), Vec<Hash>>,
    checkpoint: Option<StoredCheckpoint>,
    anchor: Option<String>,
    failing: bool,
}

/// Store, reader and anchor in one; clones share their contents.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Mutex<Contents>>);

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy that shares nothing: what a backup is.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self(Arc::new(Mutex::new(self.lock().clone())))
    }

    /// Makes every write fail from now on, or no more.
    pub fn set_failing(&self, failing: bool) {
        self.lock().failing = failing;
    }

    /// Changes the stored bytes of an entry, as nobody should.
    pub fn tamper(&self, index: usize, change: impl FnOnce(&mut Vec<u8>)) {
        change(&mut self.lock().rows[index].body);
    }

    /// Changes one stored hash of a tile, as nobody should.
    pub fn tamper_tile(&self, level: u8, index: u64, change: impl FnOnce(&mut [Hash])) {
        if let Some(tile) = self.lock().tiles.get_mut(&(level, index)) {
            change(tile);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Contents> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writing(&self) -> Result<MutexGuard<'_, Contents>, StorageError> {
        let contents = self.lock();
        if contents.failing { Err(StorageError::failed(std::io::Error::other("told to fail"))) } else { Ok(contents) }
    }
}

impl LogStore for MemoryStore {
    fn load_state(&mut self) -> Result<StoredState, StorageError> {
        Ok(StoredState { size: LogRead::size(self)?, checkpoint: LogRead::checkpoint(self)? })
    }

    fn append(&mut self, first: LeafIndex, rows: &[Encoded], tiles: &[FullTile]) -> Result<(), StorageError> {
        let mut contents = self.writing()?;
        if contents.rows.len() as u64 != first.0 {
            return Err(StorageError::IndexTaken { index: first });
        }
        for (position, row) in rows.iter().enumerate() {
            let known = contents.rows.iter().chain(&rows[..position]);
            if row.serial.is_some() && known.into_iter().any(|other| other.serial == row.serial) {
                return Err(StorageError::DuplicateSerial { position });
            }
        }
        contents.rows.extend_from_slice(rows);
        for tile in tiles {
            contents.tiles.insert((tile.id().level(), tile.id().index()), tile.hashes().to_vec());
        }
        Ok(())
    }

    fn save_checkpoint(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StorageError> {
        self.writing()?.checkpoint = Some(checkpoint.clone());
        Ok(())
    }
}

impl LogRead for MemoryStore {
    fn size(&self) -> Result<TreeSize, StorageError> {
        Ok(TreeSize(self.lock().rows.len() as u64))
    }

    fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, StorageError> {
        Ok(self.lock().checkpoint.clone())
    }

    fn entries(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StorageError> {
        let contents = self.lock();
        let at = |place: u64| usize::try_from(place).unwrap_or(usize::MAX).min(contents.rows.len());
        Ok(contents.rows[at(range.start)..at(range.end.max(range.start))].iter().map(|row| row.body.clone()).collect())
    }

    fn index_of_serial(&self, serial: &Serial) -> Result<Option<LeafIndex>, StorageError> {
        let contents = self.lock();
        Ok(contents
            .rows
            .iter()
            .position(|row| row.serial.as_ref() == Some(serial))
            .map(|place| LeafIndex(place as u64)))
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<Hash>>, StorageError> {
        Ok(self.lock().tiles.get(&(level, index)).cloned())
    }
}

impl Anchor for MemoryStore {
    fn load(&self) -> Result<Option<String>, StorageError> {
        Ok(self.lock().anchor.clone())
    }

    fn save(&mut self, note: &str) -> Result<(), StorageError> {
        self.writing()?.anchor = Some(note.to_owned());
        Ok(())
    }
}
