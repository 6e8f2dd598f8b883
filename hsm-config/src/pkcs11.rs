//! Keys in PKCS#11 tokens, made in the token and never out of it.
//!
//! The token has the private key; `DIR/pkcs11/TOKEN/ID.toml` says what kind of key it is, what for, and which public key it had when it was
//! made; `DIR/pkcs11/TOKEN/ID.suspended` stops it while it is there. Types of the library that speaks to modules stay in here.

mod ceremony;
mod config;
mod deadline;
mod error;
mod find;
mod key;
mod login;
mod mechanism;
mod module;
mod public;
mod session;
mod signer;
mod store;
mod template;
mod uri;
mod weakness;
mod worker;

pub use config::{Accepted, TokenConfig};
pub use error::{DeviceError, Pkcs11Error};
pub use store::Pkcs11Store;
pub use uri::{Pkcs11Uri, UriError};
pub use weakness::Weakness;
