//! The pure-Rust verification engine, for WebAssembly and as a second opinion.
//!
//! Lives here: `Verify` on top of the pure-Rust crates: P-256, P-384, Ed25519, RSA (verification only: the crate `rsa`
//! must never hold a private key of ours). May use: `suite`, those crates. Must not know: anything else.

mod engine;
mod rsa_key;

pub use engine::RustCryptoEngine;
