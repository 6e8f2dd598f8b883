//! A log that this process does not write, as the store has it now: one that was ended, or another instance's. Listed and served all the same, so
//! that no log can be hidden.

use std::{fmt, sync::Arc, time::Duration};

use kokuin_suite::Verify;

use crate::{
    checkpoint::SignedCheckpoint,
    entry::Serial,
    frontier::Frontier,
    log::{LogError, ReceiptAnswer, StoredTree},
    merkle::inclusion_proof,
    name::LogName,
    note::VerifierKey,
    receipt::Receipt,
    storage::{LogRead, StorageError},
    tile::{BundleId, TileId},
};

/// How soon a log that somebody else writes has its next checkpoint; its interval is not known here.
const CHECKPOINTS: Duration = Duration::from_secs(1);

/// A log and the last checkpoint that its store holds.
pub struct StoredLog {
    name: LogName,
    vkey: VerifierKey,
    read: Arc<dyn LogRead>,
    checkpoint: SignedCheckpoint,
    edge: Frontier,
    open: bool,
}

impl StoredLog {
    /// Takes up what the store holds of the log, which somebody still writes if it is `open`; `None` if it never had a checkpoint.
    ///
    /// # Errors
    /// [`LogError`] if the stored checkpoint is not the log's, or its edge does not give its root.
    pub fn load(
        name: LogName,
        vkey: VerifierKey,
        read: Arc<dyn LogRead>,
        engine: &dyn Verify,
        open: bool,
    ) -> Result<Option<Self>, LogError> {
        let Some(stored) = read.checkpoint()? else { return Ok(None) };
        let checkpoint =
            SignedCheckpoint::verify(stored.note.as_bytes(), &vkey, engine).map_err(LogError::CheckpointInvalid)?;
        let size = checkpoint.size();
        let edge = Frontier::decode(size.0, &stored.frontier).filter(|edge| edge.root() == checkpoint.root());
        let edge = edge.ok_or(LogError::EdgeDamaged { size })?;
        Ok(Some(Self { name, vkey, read, checkpoint, edge, open }))
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

    /// Whether somebody writes it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// The proof that the token or seal of this number is in the log, if it is and this checkpoint covers it.
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn receipt(&self, serial: &Serial) -> Result<ReceiptAnswer, StorageError> {
        let Some(index) = self.read.index_of_serial(serial)? else { return Ok(ReceiptAnswer::Unknown) };
        if !self.checkpoint.size().covers(index) {
            return Ok(ReceiptAnswer::NotYetCovered { retry_after: CHECKPOINTS });
        }
        let entry = self.read.entry(index)?.ok_or(StorageError::Damaged { what: "entry", at: index.0 })?;
        let tree = StoredTree { read: self.read.as_ref(), edge: &self.edge };
        let proof = inclusion_proof(&tree, index, self.checkpoint.size())?;
        let receipt = Receipt::new(Some(entry), index, proof, self.checkpoint.to_string());
        Ok(ReceiptAnswer::Receipt(Box::new(receipt)))
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

impl fmt::Debug for StoredLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredLog({} of {})", self.vkey.name(), self.checkpoint.size().0)
    }
}
