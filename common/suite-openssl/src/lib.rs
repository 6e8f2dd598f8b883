//! The OpenSSL verification engine, for servers and command-line tools.
//!
//! Lives here: `trait Verify` on OpenSSL. May use: `suite`, `openssl`. Must not know: anything else.
