//! One worker's signing place: a signer and buffers of its own, so that signing shares nothing.

use std::sync::Arc;

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
    /// Signatures until the next is verified.
    until_check: u32,
    check_every: u32,
    /// `TSTInfo` of the token being made.
    pub(crate) info: Vec<u8>,
    /// Its signed attributes.
    pub(crate) attributes: Vec<u8>,
}

/// A signer has no `Debug`: it may hold a session.
struct OpenSigner(Box<dyn Signer>);

impl std::fmt::Debug for OpenSigner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OpenSigner")
    }
}

impl Desk {
    /// A desk for `key`. One signature in `check_every` is verified; a device's always (architecture, section 2).
    #[must_use]
    pub fn new(key: Arc<dyn SigningKey>, engine: Arc<dyn Verify>, check_every: u32) -> Self {
        let check_every = match key.protection() {
            Protection::Software => check_every,
            Protection::Device => 1,
        };
        Self {
            algorithm: key.algorithm().signature_algorithm(),
            key,
            engine,
            signer: None,
            until_check: 1,
            check_every,
            info: Vec::with_capacity(256),
            attributes: Vec::with_capacity(512),
        }
    }

    /// Signs what stands in `attributes`.
    ///
    /// # Errors
    /// [`Refusal::Key`]; [`Refusal::SignatureWrong`] where the signature was verified and does not hold.
    pub(crate) fn sign(&mut self) -> Result<Vec<u8>, Refusal> {
        let signer = match &mut self.signer {
            Some(open) => open,
            None => self.signer.insert(OpenSigner(self.key.open().map_err(Refusal::Key)?)),
        };
        let prepared = Prepared::new(Purpose::Tst, self.algorithm, &self.attributes);
        let signature = match signer.0.sign(prepared) {
            Ok(signature) => signature,
            Err(error) => {
                // The session may be gone with it: the next request opens a new one.
                self.signer = None;
                return Err(Refusal::Key(error));
            }
        };
        self.until_check -= 1;
        if self.until_check == 0 {
            self.until_check = self.check_every;
            self.check(&signature)?;
        }
        Ok(signature)
    }

    fn check(&mut self, signature: &[u8]) -> Result<(), Refusal> {
        let verdict = self.engine.verify(self.algorithm, self.key.public_key(), &self.attributes, signature);
        verdict.map_err(|_| {
            self.signer = None;
            // Until one verifies again, each is verified.
            self.until_check = 1;
            Refusal::SignatureWrong { key: self.key.id().to_string() }
        })
    }
}
