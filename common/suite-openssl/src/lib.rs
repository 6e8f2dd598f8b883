//! The OpenSSL verification engine, for servers and command-line tools.
//!
//! Lives here: `Verify` on top of the `openssl` crate. May use: `suite`, `openssl`. Must not know: anything else.

mod engine;
mod key;

pub use engine::OpenSslEngine;
