//! A seal that the log knows of before a device is asked to sign it.

use kokuin_audit::{Log, OpenIntent, TenantSecret};
use kokuin_key::Protection;

use crate::{error::SealError, stage::AuthorizedSeal};

/// A seal that may be signed. A device's has an intent that is durable; dropped, it says in the log what became of it (THR-44).
#[derive(Debug)]
pub struct IntendedSeal {
    pub(super) authorized: AuthorizedSeal,
    pub(super) intent: Option<OpenIntent>,
}

impl IntendedSeal {
    /// Announces the signature of a device under the seal's number, and waits until that is durable. A software key needs none.
    ///
    /// # Errors
    /// [`SealError::Log`]: nothing may be signed.
    pub(crate) fn announce(authorized: AuthorizedSeal, log: &Log, secret: &TenantSecret) -> Result<Self, SealError> {
        let (document, credential) = (&authorized.digest, &authorized.credential);
        let intent = match credential.key().protection() {
            Protection::Software => None,
            Protection::Device => {
                let (serial, key) = (document.id.serial(), credential.key_name().clone());
                Some(OpenIntent::announce_and_wait(log, serial, key, &document.value, secret)?)
            }
        };
        Ok(Self { authorized, intent })
    }
}
