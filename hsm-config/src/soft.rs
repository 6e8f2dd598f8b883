//! Keys in encrypted PKCS#8 files: for development and tests, and for log keys where an operator says so.
//!
//! `DIR/ID.p8` is the key, `DIR/ID.toml` says what kind it is and what for, `DIR/ID.suspended` stops it while it is there.

mod ceremony;
mod error;
mod key;
mod sealed;
mod signer;
mod store;

pub use error::SoftError;
pub use store::SoftStore;
