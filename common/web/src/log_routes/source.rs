//! What is served of a log.

use std::sync::{Arc, PoisonError, RwLock};

use kokuin_audit::{
    Log, ReceiptAnswer, StoredLog,
    entry::Serial,
    tile::{BundleId, TileId},
};

/// A log that everybody may read. Implemented by [`kokuin_audit::Log`]; an error is a stable code.
pub trait PublicLog: Send + Sync {
    /// Short name.
    fn name(&self) -> &str;
    /// Identity.
    fn origin(&self) -> &str;
    /// The key that verifies its checkpoints.
    fn vkey(&self) -> String;
    /// Whether it takes entries.
    fn is_open(&self) -> bool;
    /// Entries that the last checkpoint covers.
    fn size(&self) -> u64;
    /// The last checkpoint, a signed note.
    fn checkpoint(&self) -> String;
    /// The bytes of a tile as far as a checkpoint covers it; may block.
    ///
    /// # Errors
    /// The code of what went wrong.
    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, &'static str>;
    /// The bytes of an entry bundle as far as a checkpoint covers it; may block.
    ///
    /// # Errors
    /// The code of what went wrong.
    fn entries(&self, id: BundleId) -> Result<Option<Vec<u8>>, &'static str>;
    /// The receipt of a token or seal, where this log has one; may block.
    ///
    /// # Errors
    /// The code of what went wrong, or of what is to be waited for.
    fn receipt(&self, _serial: &Serial) -> Result<Option<String>, &'static str> {
        Ok(None)
    }
}

/// The logs that this process only knows. They grow and begin while it runs; clones are the same list.
#[derive(Clone, Default)]
pub struct OtherLogs(Arc<RwLock<Vec<Arc<dyn PublicLog>>>>);

impl OtherLogs {
    /// Replaces the list.
    pub fn set(&self, logs: Vec<Arc<dyn PublicLog>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = logs;
    }

    /// The list as it is now.
    pub(super) fn list(&self) -> Vec<Arc<dyn PublicLog>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for OtherLogs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.list().iter().map(|log| log.origin().to_owned())).finish()
    }
}

impl From<Vec<Arc<dyn PublicLog>>> for OtherLogs {
    fn from(logs: Vec<Arc<dyn PublicLog>>) -> Self {
        Self(Arc::new(RwLock::new(logs)))
    }
}

impl PublicLog for Log {
    fn name(&self) -> &str {
        self.name().as_str()
    }

    fn origin(&self) -> &str {
        self.origin().as_str()
    }

    fn vkey(&self) -> String {
        self.vkey().to_string()
    }

    fn is_open(&self) -> bool {
        self.is_writable()
    }

    fn size(&self) -> u64 {
        self.checkpoint().size().0
    }

    fn checkpoint(&self) -> String {
        self.checkpoint().to_string()
    }

    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, &'static str> {
        self.tile(id).map_err(|error| error.code())
    }

    fn entries(&self, id: BundleId) -> Result<Option<Vec<u8>>, &'static str> {
        self.entry_bundle(id).map_err(|error| error.code())
    }
}

impl PublicLog for StoredLog {
    fn name(&self) -> &str {
        self.name().as_str()
    }

    fn origin(&self) -> &str {
        self.vkey().name()
    }

    fn vkey(&self) -> String {
        self.vkey().to_string()
    }

    fn is_open(&self) -> bool {
        self.is_open()
    }

    fn receipt(&self, serial: &Serial) -> Result<Option<String>, &'static str> {
        match self.receipt(serial).map_err(|error| error.code())? {
            ReceiptAnswer::Receipt(receipt) => Ok(Some(receipt.to_string())),
            ReceiptAnswer::NotYetCovered { .. } => Err("log.not-yet-covered"),
            ReceiptAnswer::Unknown => Ok(None),
        }
    }

    fn size(&self) -> u64 {
        self.checkpoint().size().0
    }

    fn checkpoint(&self) -> String {
        self.checkpoint().to_string()
    }

    fn tile(&self, id: TileId) -> Result<Option<Vec<u8>>, &'static str> {
        self.tile(id).map_err(|error| error.code())
    }

    fn entries(&self, id: BundleId) -> Result<Option<Vec<u8>>, &'static str> {
        self.entry_bundle(id).map_err(|error| error.code())
    }
}
