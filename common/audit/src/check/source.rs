//! Where checkpoint, tiles and entries are read from.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use super::SourceError;
use crate::{
    frontier::Frontier,
    hash::Hash,
    log::StoredTree,
    merkle::NodeSource as _,
    note::MAX_NOTE,
    storage::{LogRead, StorageError, StoredCheckpoint},
    tile::{BundleId, MAX_ENTRY, TILE_WIDTH, TileId, bundle_from_bytes, hashes_from_bytes},
};

/// Longest entry bundle, in octets.
pub(super) const MAX_BUNDLE: usize = TILE_WIDTH * (MAX_ENTRY + 2);

/// A log as C2SP tlog-tiles lays it out: a folder, a URL, a store.
pub trait TileSource {
    /// The latest checkpoint's note.
    ///
    /// # Errors
    /// [`SourceError`].
    fn checkpoint(&self) -> Result<Vec<u8>, SourceError>;

    /// The hashes of a tile, `id.width()` of them; `None` if there is none, or it is no tile.
    ///
    /// # Errors
    /// [`SourceError`].
    fn hashes(&self, id: TileId) -> Result<Option<Vec<Hash>>, SourceError>;

    /// The entries of a bundle, at most `id.width()` of them; `None` if there is none, or it is no bundle.
    ///
    /// # Errors
    /// [`SourceError`].
    fn entries(&self, id: BundleId) -> Result<Option<Vec<Vec<u8>>>, SourceError>;
}

/// A folder with `checkpoint` and `tile/` in it.
#[derive(Clone, Debug)]
pub struct DirectorySource(PathBuf);

impl DirectorySource {
    /// Reads below `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    fn read(&self, path: &str, limit: usize) -> Result<Option<Vec<u8>>, SourceError> {
        let file = match File::open(self.0.join(path)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(SourceError::new(error)),
        };
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(SourceError::new)?;
        Ok((bytes.len() <= limit).then_some(bytes))
    }

    /// The partial piece, or that much of the full one: partial pieces may be deleted once the full one is there.
    fn piece(&self, partial: &str, full: &str, limit: usize) -> Result<Option<Vec<u8>>, SourceError> {
        match self.read(partial, limit)? {
            Some(bytes) => Ok(Some(bytes)),
            None => self.read(full, limit),
        }
    }
}

impl TileSource for DirectorySource {
    fn checkpoint(&self) -> Result<Vec<u8>, SourceError> {
        let found = self.read("checkpoint", MAX_NOTE)?;
        found.ok_or_else(|| SourceError::new(io::Error::new(io::ErrorKind::NotFound, "no checkpoint in this folder")))
    }

    fn hashes(&self, id: TileId) -> Result<Option<Vec<Hash>>, SourceError> {
        let full = TileId::full(id.level(), id.index()).path();
        let bytes = self.piece(&id.path(), &full, TILE_WIDTH * 32)?;
        Ok(bytes.and_then(|bytes| hashes_from_bytes(&bytes)).and_then(|hashes| first_of(hashes, id.width())))
    }

    fn entries(&self, id: BundleId) -> Result<Option<Vec<Vec<u8>>>, SourceError> {
        let full = BundleId::new(id.tile().index(), 256).map_or_else(|| id.path(), BundleId::path);
        let bytes = self.piece(&id.path(), &full, MAX_BUNDLE)?;
        Ok(bytes.and_then(|bytes| bundle_from_bytes(&bytes)).map(|mut entries| {
            entries.truncate(usize::from(id.width()));
            entries
        }))
    }
}

fn first_of(mut hashes: Vec<Hash>, width: u16) -> Option<Vec<Hash>> {
    let width = usize::from(width);
    hashes.truncate(width);
    (hashes.len() == width).then_some(hashes)
}

/// A store at its last checkpoint.
pub(super) struct StoreSource<'a> {
    read: &'a dyn LogRead,
    stored: &'a StoredCheckpoint,
    edge: Option<Frontier>,
}

impl<'a> StoreSource<'a> {
    pub(super) fn new(read: &'a dyn LogRead, stored: &'a StoredCheckpoint) -> Self {
        Self { read, stored, edge: Frontier::decode(stored.size.0, &stored.frontier) }
    }

    pub(super) fn edge_root(&self) -> Option<Hash> {
        self.edge.as_ref().map(Frontier::root)
    }
}

impl TileSource for StoreSource<'_> {
    fn checkpoint(&self) -> Result<Vec<u8>, SourceError> {
        Ok(self.stored.note.clone().into_bytes())
    }

    fn hashes(&self, id: TileId) -> Result<Option<Vec<Hash>>, SourceError> {
        let Some(edge) = &self.edge else { return Ok(None) };
        match (StoredTree { read: self.read, edge }).hashes(id) {
            Ok(hashes) => Ok(Some(hashes)),
            Err(StorageError::Damaged { .. }) => Ok(None),
            Err(error) => Err(SourceError::new(error)),
        }
    }

    fn entries(&self, id: BundleId) -> Result<Option<Vec<Vec<u8>>>, SourceError> {
        let first = id.first().0;
        match self.read.entries(first..first + u64::from(id.width())) {
            // Up to the gap: the report names what is missing.
            Err(StorageError::Damaged { at, .. }) if at > first => self.read.entries(first..at).map(Some),
            Err(StorageError::Damaged { .. }) => Ok(None),
            entries => entries.map(Some),
        }
        .map_err(SourceError::new)
    }
}
