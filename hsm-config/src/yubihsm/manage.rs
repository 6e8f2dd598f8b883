//! A device's administration: read it, change it to what a manifest says, attest, back up and restore its keys.
//!
//! Lives here: what `kokuin hsm` does on a device. Must not know: how differences are found, who is asked for what. The library cannot log in with
//! P-256 keys, change an authentication key in place, toggle algorithms or read newer types of object; such things are said, not worked around.

mod apply;
mod attest;
mod backup;
mod enroll;
mod error;
mod inventory;
mod probe;
mod secrets;
mod session;
mod shares;
pub(super) mod spki;
#[cfg(test)]
mod tests;
mod watch;

pub use apply::{Applied, Applier, LogMark, MadeKey};
pub use attest::{Attestation, AttestationError, VerifiedAttestation};
pub use backup::{Backup, BackupError};
pub use error::ManageError;
pub use secrets::{SecretsError, same_secret};
pub use session::{DeviceSession, Station};
pub use shares::{Share, SharesError, recover, split};
pub use watch::{Look, Watch, WatchError};
