//! A key in memory, as services see it.

use std::fmt;
use std::sync::Arc;

use kokuin_key::{KeyError, KeyId, KeyState, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::KeyAlgorithm;
use openssl::pkey::{PKey, Private};

use crate::marker::Marker;
use crate::soft::signer::SoftSigner;

/// An opened soft key. OpenSSL wipes the private numbers when the last reference goes.
pub(super) struct SoftKey(Arc<Opened>);

/// What signers share.
pub(super) struct Opened {
    pub(super) id: KeyId,
    pub(super) algorithm: KeyAlgorithm,
    pub(super) purpose: Purpose,
    pub(super) spki: Vec<u8>,
    pub(super) private: PKey<Private>,
    pub(super) marker: Marker,
}

impl SoftKey {
    pub(super) fn new(opened: Opened) -> Self {
        Self(Arc::new(opened))
    }
}

impl SigningKey for SoftKey {
    fn id(&self) -> &KeyId {
        &self.0.id
    }

    fn algorithm(&self) -> KeyAlgorithm {
        self.0.algorithm
    }

    fn public_key(&self) -> &[u8] {
        &self.0.spki
    }

    fn purpose(&self) -> Purpose {
        self.0.purpose
    }

    fn state(&self) -> KeyState {
        self.0.marker.state()
    }

    fn protection(&self) -> Protection {
        Protection::Software
    }

    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        self.0.marker.check()?;
        Ok(Box::new(SoftSigner::new(Arc::clone(&self.0))?))
    }
}

impl fmt::Debug for SoftKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftKey")
            .field("id", &self.0.id)
            .field("algorithm", &self.0.algorithm)
            .field("purpose", &self.0.purpose)
            .finish_non_exhaustive()
    }
}
