//! How much of a PDF this crate is willing to read.

use std::time::Duration;

/// Bounds on a file and on the work it may cause. Every hostile file meets one of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Octets of the whole file.
    pub file_len: usize,
    /// Indirect objects, those inside object streams included.
    pub objects: usize,
    /// Cross-reference sections, and so revisions.
    pub sections: usize,
    /// Octets that one object stream or cross-reference stream may inflate to.
    pub inflated_len: usize,
    /// Values in all objects. One takes about 100 octets of memory.
    pub values: usize,
    /// Octets looked at to count them: objects, and object streams both packed and inflated.
    pub scanned_len: usize,
    /// Octets loaded over all revisions that must be compared.
    pub compared_len: usize,
    /// Time that reading one revision may take.
    pub load_time: Duration,
    /// Pages, and levels and entries of the page and field trees.
    pub tree_nodes: usize,
    /// Changes listed for one signature; the last one says that there are more.
    pub changes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_len: 64 << 20,
            objects: 500_000,
            sections: 128,
            inflated_len: 8 << 20,
            values: 1_500_000,
            scanned_len: 256 << 20,
            compared_len: 1 << 30,
            load_time: Duration::from_secs(5),
            tree_nodes: 200_000,
            changes: 256,
        }
    }
}
