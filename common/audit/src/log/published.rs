//! The last checkpoint as everybody sees it, and the tree below it.

use std::sync::Arc;

use crate::{
    checkpoint::SignedCheckpoint,
    frontier::Frontier,
    hash::Hash,
    merkle::NodeSource,
    storage::{LogRead, StorageError},
    tile::{BundleId, TileId, bundle_to_bytes, hashes_to_bytes},
};

/// A signed checkpoint with the right edge of its tree.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    pub(crate) checkpoint: Arc<SignedCheckpoint>,
    pub(crate) edge: Frontier,
}

/// A tree of which full tiles are stored and the rest is its edge.
pub(crate) struct StoredTree<'a> {
    pub(crate) read: &'a dyn LogRead,
    pub(crate) edge: &'a Frontier,
}

impl StoredTree<'_> {
    /// The bytes of a tile, `None` beyond the edge.
    pub(crate) fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        if id.width() > id.available(self.edge.size()) {
            return Ok(None);
        }
        Ok(Some(hashes_to_bytes(&self.hashes(id)?)))
    }

    /// The bytes of an entry bundle, `None` beyond the edge.
    pub(crate) fn entry_bundle(&self, id: BundleId) -> Result<Option<Vec<u8>>, StorageError> {
        if id.width() > id.tile().available(self.edge.size()) {
            return Ok(None);
        }
        let first = id.first().0;
        let entries = self.read.entries(first..first + u64::from(id.width()))?;
        let whole = entries.len() == usize::from(id.width());
        let bytes = bundle_to_bytes(&entries).filter(|_| whole);
        Ok(Some(bytes.ok_or(StorageError::Damaged { what: "entry bundle", at: first })?))
    }
}

impl NodeSource for StoredTree<'_> {
    type Error = StorageError;

    fn hashes(&self, id: TileId) -> Result<Vec<Hash>, StorageError> {
        let available = id.available(self.edge.size());
        let mut hashes = if available == 256 {
            self.read.tile(id.level(), id.index())?.unwrap_or_default()
        } else {
            self.edge.level(id.level()).to_vec()
        };
        let width = usize::from(id.width());
        if id.width() > available || hashes.len() < width {
            return Err(StorageError::Damaged { what: "tile", at: id.index() });
        }
        hashes.truncate(width);
        Ok(hashes)
    }
}
