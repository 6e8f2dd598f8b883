//! A log key and an engine for tests, on another implementation than the product's. The store's tests include this file too.

use std::sync::atomic::{AtomicBool, Ordering};

use ed25519_dalek::{Signature, Signer as _, SigningKey as Secret, VerifyingKey};
use kokuin_key::{KeyError, KeyId, KeyState, Prepared, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm, Verify, VerifyError};

/// What goes before an Ed25519 key to make a `SubjectPublicKeyInfo` (RFC 8410, 10.1).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

#[derive(Debug)]
pub(crate) struct TestKey {
    id: KeyId,
    secret: Secret,
    spki: Vec<u8>,
    purpose: Purpose,
    failing: AtomicBool,
}

impl TestKey {
    pub(crate) fn new(seed: u8) -> Self {
        Self::with_purpose(seed, Purpose::Log)
    }

    pub(crate) fn with_purpose(seed: u8, purpose: Purpose) -> Self {
        let secret = Secret::from_bytes(&[seed; 32]);
        let spki = [SPKI.as_slice(), secret.verifying_key().as_bytes()].concat();
        Self { id: KeyId::new("log-1").unwrap(), secret, spki, purpose, failing: AtomicBool::new(false) }
    }

    #[allow(dead_code, reason = "the store's tests need no failing key")]
    pub(crate) fn set_failing(&self, failing: bool) {
        self.failing.store(failing, Ordering::Release);
    }
}

impl SigningKey for TestKey {
    fn id(&self) -> &KeyId {
        &self.id
    }

    fn algorithm(&self) -> KeyAlgorithm {
        KeyAlgorithm::Ed25519
    }

    fn public_key(&self) -> &[u8] {
        &self.spki
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }

    fn state(&self) -> KeyState {
        KeyState::Active
    }

    fn protection(&self) -> Protection {
        Protection::Software
    }

    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        if self.failing.load(Ordering::Acquire) {
            return Err(KeyError::Unavailable);
        }
        Ok(Box::new(TestSigner(self.secret.clone())))
    }
}

struct TestSigner(Secret);

impl Signer for TestSigner {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        prepared.check(Purpose::Log, KeyAlgorithm::Ed25519)?;
        Ok(self.0.sign(prepared.message()).to_bytes().to_vec())
    }
}

#[derive(Debug)]
pub(crate) struct TestEngine;

impl Verify for TestEngine {
    fn name(&self) -> &'static str {
        "test"
    }

    fn verify(
        &self,
        alg: SignatureAlgorithm,
        spki: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), VerifyError> {
        assert_eq!(alg, SignatureAlgorithm::Ed25519);
        let key = spki.strip_prefix(&SPKI).and_then(|key| key.try_into().ok()).ok_or(VerifyError::NotOnCurve)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| VerifyError::NotOnCurve)?;
        let signature = Signature::from_slice(signature).map_err(|_| VerifyError::Mismatch)?;
        key.verify_strict(message, &signature).map_err(|_| VerifyError::Mismatch)
    }
}
