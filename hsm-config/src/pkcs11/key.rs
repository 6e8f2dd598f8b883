//! A key in a token, as services see it.

use std::fmt;
use std::sync::Arc;

use kokuin_key::{KeyError, KeyId, KeyState, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::KeyAlgorithm;

use crate::answers::Answers;
use crate::marker::Marker;
use crate::pkcs11::Pkcs11Uri;
use crate::pkcs11::session::Token;
use crate::pkcs11::signer::Pkcs11Signer;
use crate::public::DeviceKey;

/// An opened key.
pub(super) struct Pkcs11Key(Arc<Shared>);

/// What signers share.
pub(super) struct Shared {
    pub(super) id: KeyId,
    pub(super) purpose: Purpose,
    pub(super) public: DeviceKey,
    pub(super) uri: Pkcs11Uri,
    pub(super) token: Arc<Token>,
    pub(super) marker: Marker,
    pub(super) answers: Answers,
}

impl Pkcs11Key {
    pub(super) fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl SigningKey for Pkcs11Key {
    fn id(&self) -> &KeyId {
        &self.0.id
    }

    fn algorithm(&self) -> KeyAlgorithm {
        self.0.public.algorithm
    }

    fn public_key(&self) -> &[u8] {
        &self.0.public.spki
    }

    fn purpose(&self) -> Purpose {
        self.0.purpose
    }

    fn state(&self) -> KeyState {
        self.0.marker.state()
    }

    fn protection(&self) -> Protection {
        Protection::Device
    }

    /// Two: what one has signed is verified here while the token signs for the other. One where the sessions would not suffice for that.
    fn lanes(&self) -> usize {
        if self.0.token.config.max_sessions.get() < 4 { 1 } else { 2 }
    }

    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        Ok(Box::new(Pkcs11Signer::open(Arc::clone(&self.0))?))
    }
}

impl fmt::Debug for Pkcs11Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Key")
            .field("id", &self.0.id)
            .field("algorithm", &self.0.public.algorithm)
            .field("purpose", &self.0.purpose)
            .field("token", &self.0.token.config.token)
            .finish_non_exhaustive()
    }
}
