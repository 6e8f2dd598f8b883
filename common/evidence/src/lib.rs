//! Evidence records (RFC 4998): hash trees over batches, records read and written, and the hash part of their verification.
//!
//! Lives here: from digests to the root that a token is asked for, from root and token to one record a digest, and back from a record to
//! the imprint that each of its tokens must carry. May use: `asn1`, `suite`. Must not know: HTTP, keys; whether a token is to be trusted is not
//! decided here.

pub mod batch;
mod cover;
mod digests;
pub mod encode;
mod error;
mod record;
mod salt;
mod tree;

pub use batch::{Batch, BatchError, StampedBatch};
pub use cover::{Renewal, Step};
pub use digests::Digests;
pub use error::EvidenceError;
pub use record::{ArchiveTimeStamp, Chain, EvidenceRecord};
