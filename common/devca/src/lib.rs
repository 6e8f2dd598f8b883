//! The development certification authority: certificates and CRLs built from profiles, signed through `key`.
//!
//! May use: `profile`, `key`. Must not know: production.
