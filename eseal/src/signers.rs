//! Signers that are open, so that a seal need not open one each time.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use kokuin_audit::{OpenIntent, entry::Digest};
use kokuin_key::{KeyError, Prepared, Purpose, Signer, SigningKey};
use kokuin_suite::SignatureAlgorithm;

/// Signers kept open.
const KEPT: usize = 8;

/// The signers of one key.
pub(crate) struct Signers {
    key: Arc<dyn SigningKey>,
    idle: Mutex<Vec<Box<dyn Signer>>>,
}

impl fmt::Debug for Signers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signers").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Signers {
    pub(crate) const fn new(key: Arc<dyn SigningKey>) -> Self {
        Self { key, idle: Mutex::new(Vec::new()) }
    }

    /// Signs `message`, under the intent that announces it where there is one. A signer that failed is not used again.
    pub(crate) fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        mut intent: Option<&mut OpenIntent>,
    ) -> Result<Vec<u8>, KeyError> {
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let opened = match kept {
            Some(signer) => Ok(signer),
            None => self.key.open(),
        };
        let mut signer = opened.inspect_err(|error| {
            if let Some(intent) = &mut intent {
                intent.because(error.code());
            }
        })?;
        if let Some(intent) = &mut intent {
            intent.asked();
        }
        let signed = signer.sign(Prepared::new(Purpose::Seal, algorithm, message));
        if let Some(intent) = intent {
            match &signed {
                Ok(signature) => intent.signed(Digest::of(signature)),
                Err(error) => intent.failed(error),
            }
        }
        let signature = signed?;
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < KEPT {
            idle.push(signer);
        }
        Ok(signature)
    }
}
