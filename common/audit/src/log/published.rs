//! The last checkpoint as everybody sees it, and the tree below it.

use std::sync::Arc;

use crate::{
    checkpoint::SignedCheckpoint,
    frontier::Frontier,
    hash::Hash,
    merkle::NodeSource,
    storage::{LogRead, StorageError},
    tile::TileId,
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
