//! Keys that sign, as services see them: shared `SigningKey`, and the `Signer` it opens for one worker or session.
//!
//! Lives here: names, purposes and states of keys, what a signature is asked with, the errors of every back end, and
//! the conformance suite every back end passes. May use: `suite`. Must not know: any vendor or wire protocol, how keys
//! are made, exported or destroyed.

pub mod conformance;
mod device_log;
mod error;
mod id;
mod nonces;
mod prepared;
mod purpose;
mod self_test;
mod signer;
mod uri;

pub use device_log::{DeviceExtract, DeviceLog, DeviceSignatures};
pub use error::KeyError;
pub use id::{KeyId, KeyIdError};
pub use nonces::Nonces;
pub use prepared::Prepared;
pub use purpose::{KeyState, Protection, Purpose, UnknownPurpose};
pub use self_test::{SELF_TEST, self_test};
pub use signer::{Signer, SigningKey};
pub use uri::{KeyUri, KeyUriError, Scheme};
