//! Signing keys as services see them, and the conformance suite every back end passes.
//!
//! Lives here: `SigningKey`, `Signer`, key URIs, purposes. May use: `suite`. Must not know: any vendor or wire protocol.
