//! Key back ends, a feature each, the ceremonies that people hold with them, and devices declared as code.
//!
//! Lives here: how keys are made, kept, suspended and asked to sign. May use: `key`, `suite`, `settings`, `asn1`, one
//! library a back end. Must not know: what is signed and why. Services see `key` only; `cli` wires them together.

#[cfg(any(feature = "pkcs11", feature = "yubihsm"))]
mod answers;
#[cfg(any(feature = "pkcs11", feature = "yubihsm"))]
mod attempt;
pub mod ceremony;
#[cfg(any(feature = "pkcs11", feature = "soft", feature = "yubihsm"))]
mod folder;
#[cfg(feature = "manifest")]
pub mod manifest;
#[cfg(any(feature = "pkcs11", feature = "soft", feature = "yubihsm"))]
mod marker;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
#[cfg(feature = "manifest")]
pub mod plan;
#[cfg(any(feature = "pkcs11", feature = "yubihsm"))]
mod public;
#[cfg(any(feature = "pkcs11", feature = "yubihsm"))]
mod record;
#[cfg(feature = "soft")]
pub mod soft;
#[cfg(feature = "yubihsm")]
pub mod yubihsm;
