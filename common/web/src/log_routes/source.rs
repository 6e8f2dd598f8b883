//! What is served of a log.

use kokuin_audit::{
    Log, RetiredLog,
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

impl PublicLog for RetiredLog {
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
        false
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
