//! Signing with a key in a token.

use std::sync::Arc;

use kokuin_key::{KeyError, Prepared, Signer};

use crate::pkcs11::key::Shared;
use crate::pkcs11::mechanism::{answer, question};
use crate::pkcs11::worker::Worker;

/// One worker's session. After an error there is none, and the next signature opens another: a failed request is never asked again,
/// because the token may have signed it (THR-60).
pub(super) struct Pkcs11Signer {
    key: Arc<Shared>,
    worker: Option<Worker>,
}

impl Pkcs11Signer {
    pub(super) fn open(key: Arc<Shared>) -> Result<Self, KeyError> {
        key.marker.check()?;
        let worker = Some(Worker::open(&key)?);
        Ok(Self { key, worker })
    }
}

impl Signer for Pkcs11Signer {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        let public = &self.key.public;
        prepared.check(self.key.purpose, public.algorithm)?;
        self.key.marker.check()?;
        let question = question(public.algorithm, &prepared)?;
        // Taken out: a session with which anything failed is not used again.
        let worker = match self.worker.take() {
            Some(worker) => worker,
            None => Worker::open(&self.key)?,
        };
        let raw = worker.ask(question)?;
        let signature = answer(public.algorithm, raw).ok_or(KeyError::WrongAnswer)?;
        self.key.answers.check(public, &prepared, &signature)?;
        self.worker = Some(worker);
        Ok(signature)
    }
}
