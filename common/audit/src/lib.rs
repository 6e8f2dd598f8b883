//! The tamper-evident log: entry schema, Merkle tree, checkpoints, tiles, receipts, offline checker.
//!
//! Lives here: what is logged and how it is proven; storage is a trait. May use: `suite`, `key`. Must not know: diesel, HTTP, HSM.
