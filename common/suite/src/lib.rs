//! The algorithms Kokuin knows: what they are called, how they hash, until when they may be used, and how to ask an engine.
//!
//! Lives here: names and sizes of algorithms, digests, dated suitability read from `policy/*.toml`, `trait Verify`.
//! May use: `asn1` and the hash crates. Must not know: private keys, who signs, what "now" is (times arrive as values).

pub mod digest;
pub mod key;
pub mod policy;
pub mod signature;
pub mod verify;

pub use digest::{DigestAlgorithm, Hasher, digest};
pub use key::{KeyAlgorithm, KeyRefusal};
pub use policy::{CryptoPolicy, Unsuitable};
pub use signature::{AlgorithmRefusal, SignatureAlgorithm};
pub use verify::{Verify, VerifyError};
