//! A log that nobody writes any more, as it was left: still listed and served, so that no log can be hidden.

use std::{fmt, sync::Arc};

use kokuin_suite::Verify;

use crate::{
    checkpoint::SignedCheckpoint,
    frontier::Frontier,
    log::{LogError, StoredTree},
    name::LogName,
    note::VerifierKey,
    storage::{LogRead, StorageError},
    tile::{BundleId, TileId},
};

/// A retired log and the last checkpoint that its store holds.
pub struct RetiredLog {
    name: LogName,
    vkey: VerifierKey,
    read: Arc<dyn LogRead>,
    checkpoint: SignedCheckpoint,
    edge: Frontier,
}

impl RetiredLog {
    /// Takes up what the store holds of the log; `None` if it never had a checkpoint.
    ///
    /// # Errors
    /// [`LogError`] if the stored checkpoint is not the log's, or its edge does not give its root.
    pub fn load(
        name: LogName,
        vkey: VerifierKey,
        read: Arc<dyn LogRead>,
        engine: &dyn Verify,
    ) -> Result<Option<Self>, LogError> {
        let Some(stored) = read.checkpoint()? else { return Ok(None) };
        let checkpoint =
            SignedCheckpoint::verify(stored.note.as_bytes(), &vkey, engine).map_err(LogError::CheckpointInvalid)?;
        let size = checkpoint.size();
        let edge = Frontier::decode(size.0, &stored.frontier).filter(|edge| edge.root() == checkpoint.root());
        let edge = edge.ok_or(LogError::EdgeDamaged { size })?;
        Ok(Some(Self { name, vkey, read, checkpoint, edge }))
    }

    /// Its short name.
    #[must_use]
    pub const fn name(&self) -> &LogName {
        &self.name
    }

    /// The key that verifies its checkpoints; named like the log.
    #[must_use]
    pub const fn vkey(&self) -> &VerifierKey {
        &self.vkey
    }

    /// The last checkpoint that the store holds.
    #[must_use]
    pub const fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// The bytes of a tile; `None` if the checkpoint does not cover it.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, StorageError> {
        StoredTree { read: self.read.as_ref(), edge: &self.edge }.tile(id)
    }

    /// The bytes of an entry bundle; `None` if the checkpoint does not cover it.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn entry_bundle(&self, id: BundleId) -> Result<Option<Vec<u8>>, StorageError> {
        StoredTree { read: self.read.as_ref(), edge: &self.edge }.entry_bundle(id)
    }
}

impl fmt::Debug for RetiredLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RetiredLog({} of {})", self.vkey.name(), self.checkpoint.size().0)
    }
}
