//! One worker's signing place: a signer and buffers of its own, so that signing shares nothing.

use std::sync::Arc;

use kokuin_audit::{OpenIntent, entry::Digest};
use kokuin_key::{Prepared, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::{SignatureAlgorithm, Verify};

use crate::refusal::Refusal;

/// A signer, opened when it is first needed and again after it failed.
#[derive(Debug)]
pub struct Desk {
    key: Arc<dyn SigningKey>,
    engine: Arc<dyn Verify>,
    algorithm: SignatureAlgorithm,
    signer: Option<OpenSigner>,
    /// None: the back end verifies each signature itself.
    sample: Option<Sample>,
    /// `TSTInfo` of the token being made.
    pub(crate) info: Vec<u8>,
    /// Its signed attributes.
    pub(crate) attributes: Vec<u8>,
}

/// Which signatures of a software key are verified.
#[derive(Debug)]
struct Sample {
    /// Signatures until the next is verified.
    until_check: u32,
    check_every: u32,
}

/// A signer has no `Debug`: it may hold a session.
struct OpenSigner(Box<dyn Signer>);

impl std::fmt::Debug for OpenSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenSigner")
    }
}

impl Desk {
    /// A desk for `key`. One signature in `check_every` of a software key is verified; of a device each, by its back end (contract of [`Signer`]).
    #[must_use]
    pub fn new(key: Arc<dyn SigningKey>, engine: Arc<dyn Verify>, check_every: u32) -> Self {
        let sample = match key.protection() {
            Protection::Software => Some(Sample { until_check: 1, check_every }),
            Protection::Device => None,
        };
        Self {
            algorithm: key.algorithm().signature_algorithm(),
            key,
            engine,
            signer: None,
            sample,
            info: Vec::with_capacity(256),
            attributes: Vec::with_capacity(512),
        }
    }

    /// Signs what stands in `attributes`, under the intent that announces it where there is one.
    ///
    /// # Errors
    /// [`Refusal::Key`]; [`Refusal::SignatureWrong`] where the signature was verified and does not hold.
    pub(crate) fn sign(&mut self, mut intent: Option<&mut OpenIntent>) -> Result<Vec<u8>, Refusal> {
        let signer = match &mut self.signer {
            Some(open) => open,
            None => match self.key.open() {
                Ok(signer) => self.signer.insert(OpenSigner(signer)),
                Err(error) => {
                    if let Some(intent) = intent {
                        intent.because(error.code());
                    }
                    return Err(Refusal::Key(error));
                }
            },
        };
        let prepared = Prepared::new(Purpose::Tst, self.algorithm, &self.attributes);
        if let Some(intent) = &mut intent {
            intent.asked();
        }
        let signature = match signer.0.sign(prepared) {
            Ok(signature) => signature,
            Err(error) => {
                if let Some(intent) = intent {
                    intent.failed(&error);
                }
                // The session may be gone with it: the next request opens a new one.
                self.signer = None;
                return Err(Refusal::Key(error));
            }
        };
        if let Some(intent) = intent {
            intent.signed(Digest::of(&signature));
        }
        if let Some(sample) = &mut self.sample {
            sample.until_check -= 1;
            if sample.until_check == 0 {
                sample.until_check = sample.check_every;
                self.check(&signature)?;
            }
        }
        Ok(signature)
    }

    fn check(&mut self, signature: &[u8]) -> Result<(), Refusal> {
        let verdict = self.engine.verify(self.algorithm, self.key.public_key(), &self.attributes, signature);
        verdict.map_err(|_| {
            self.signer = None;
            // Until one verifies again, each is verified.
            if let Some(sample) = &mut self.sample {
                sample.until_check = 1;
            }
            Refusal::SignatureWrong { key: self.key.id().to_string() }
        })
    }
}
