//! The pure-Rust verification engine, for WebAssembly and a second opinion.
//!
//! Lives here: `trait Verify` on the RustCrypto crates. May use: `suite`, RustCrypto. Must not know: anything else.
