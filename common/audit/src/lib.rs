//! The tamper-evident log: what every issued object, refusal and life-cycle event leaves behind, and how anybody can prove it.
//!
//! Lives here: the entry schema, RFC 6962 hashing, C2SP notes, checkpoints, tiles and proofs, the one writer of a log, receipts, and the
//! offline checker. Storage and the anchor are traits. May use: `suite` (verification engines), `key` (the log's signing key). Must not know:
//! diesel, HTTP, which device signs.

pub mod accounts;
pub mod check;
pub mod checkpoint;
pub mod clock_report;
pub mod commitment;
pub mod device_report;
pub mod entry;
pub mod export;
pub mod filter;
pub mod frontier;
pub mod hash;
pub mod intent;
pub mod log;
pub mod merkle;
pub mod name;
pub mod note;
pub mod receipt;
pub mod storage;
#[cfg(test)]
mod testing;
pub mod tile;

pub use accounts::Accounts;
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use commitment::TenantSecret;
pub use entry::{Encoded, Entry, EntryError, Kind};
pub use frontier::Frontier;
pub use hash::Hash;
pub use intent::{OpenIntent, Tested, test_key};
pub use log::{Log, LogError, LogOptions, Pending, Previous, ReceiptAnswer, StoredLog, Wanted};
pub use name::{LeafIndex, LogName, NameError, Origin, TreeSize};
pub use note::{SignedNote, VerifierKey};
pub use receipt::{Receipt, ReceiptError, VerifiedReceipt};
pub use storage::{Anchor, LogRead, LogStore, StorageError, StoredCheckpoint, StoredState};
pub use tile::{FullTile, TileId};
