//! What a device gives is looked at before it leaves the back end, each time (THR-66).

use std::sync::{Arc, Mutex, PoisonError};

use kokuin_key::{KeyError, Nonces, Prepared};
use kokuin_suite::Verify;

use crate::public::DeviceKey;

/// Signatures of a key whose `r` is remembered, over all its sessions.
const NONCES: usize = 64;

/// The judge of one key's answers.
pub(crate) struct Answers {
    engine: Arc<dyn Verify>,
    nonces: Mutex<Nonces>,
}

impl Answers {
    pub(crate) fn new(engine: Arc<dyn Verify>) -> Self {
        Self { engine, nonces: Mutex::new(Nonces::new(NONCES)) }
    }

    /// That `signature` holds, and was not made with a nonce that was there before.
    ///
    /// # Errors
    /// [`KeyError::WrongAnswer`].
    pub(crate) fn check(&self, key: &DeviceKey, prepared: &Prepared<'_>, signature: &[u8]) -> Result<(), KeyError> {
        let verdict = self.engine.verify(prepared.algorithm(), &key.spki, prepared.message(), signature);
        verdict.map_err(|_| KeyError::WrongAnswer)?;
        self.nonces.lock().unwrap_or_else(PoisonError::into_inner).check(key.algorithm, signature)
    }
}
