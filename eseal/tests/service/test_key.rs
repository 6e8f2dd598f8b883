//! Keys from another implementation than the one that serves: pure Rust, made in no time.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

use ed25519_dalek::Signer as _;
use kokuin_asn1::{enc, oids};
use kokuin_key::{KeyError, KeyId, KeyState, Prepared, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::KeyAlgorithm;

#[derive(Clone)]
enum Secret {
    P256(Box<p256::ecdsa::SigningKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

/// What a test may turn.
#[derive(Debug, Default)]
struct Switches {
    suspended: AtomicBool,
    wrong: AtomicBool,
    panics: AtomicBool,
    device: AtomicBool,
}

/// A key in memory.
pub(crate) struct TestKey {
    switches: Arc<Switches>,
    id: KeyId,
    purpose: Purpose,
    secret: Secret,
    spki: Vec<u8>,
}

impl std::fmt::Debug for TestKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TestKey({})", self.id)
    }
}

impl TestKey {
    /// The same key each time: its secret is made of its name.
    pub(crate) fn new(name: &str, algorithm: KeyAlgorithm, purpose: Purpose) -> Self {
        let mut seed = [1; 32];
        seed[..name.len()].copy_from_slice(name.as_bytes());
        let (secret, algorithm_id, point) = match algorithm {
            KeyAlgorithm::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&seed).unwrap();
                let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                (Secret::P256(Box::new(key)), ec(&oids::P256), point)
            }
            KeyAlgorithm::Ed25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&seed);
                let point = key.verifying_key().to_bytes().to_vec();
                (Secret::Ed25519(Box::new(key)), enc::sequence(&[&enc::oid(&oids::ED25519)]), point)
            }
            other => panic!("no test key {other}"),
        };
        let spki = enc::sequence(&[&algorithm_id, &enc::bit_string(&point, 0)]);
        Self { switches: Arc::default(), id: KeyId::new(name).unwrap(), purpose, secret, spki }
    }

    pub(crate) fn suspend(&self) {
        self.switches.suspended.store(true, Relaxed);
    }

    /// A device has it, whose back end verifies what it gives away.
    pub(crate) fn be_in_a_device(&self) {
        self.switches.device.store(true, Relaxed);
    }

    /// From now on whoever signs panics.
    pub(crate) fn panic(&self) {
        self.switches.panics.store(true, Relaxed);
    }

    /// From now on every signature has one bit changed.
    pub(crate) fn answer_wrongly(&self) {
        self.switches.wrong.store(true, Relaxed);
    }
}

fn ec(curve: &kokuin_asn1::Oid) -> Vec<u8> {
    enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &enc::oid(curve)])
}

impl SigningKey for TestKey {
    fn id(&self) -> &KeyId {
        &self.id
    }

    fn algorithm(&self) -> KeyAlgorithm {
        match self.secret {
            Secret::P256(_) => KeyAlgorithm::P256,
            Secret::Ed25519(_) => KeyAlgorithm::Ed25519,
        }
    }

    fn public_key(&self) -> &[u8] {
        &self.spki
    }

    fn purpose(&self) -> Purpose {
        self.purpose
    }

    fn state(&self) -> KeyState {
        if self.switches.suspended.load(Relaxed) { KeyState::Suspended } else { KeyState::Active }
    }

    fn protection(&self) -> Protection {
        if self.switches.device.load(Relaxed) { Protection::Device } else { Protection::Software }
    }

    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        Ok(Box::new(TestSigner {
            switches: self.switches.clone(),
            secret: self.secret.clone(),
            purpose: self.purpose,
            key: self.algorithm(),
        }))
    }
}

struct TestSigner {
    switches: Arc<Switches>,
    secret: Secret,
    purpose: Purpose,
    key: KeyAlgorithm,
}

impl Signer for TestSigner {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        assert!(!self.switches.panics.load(Relaxed), "a test wants it");
        prepared.check(self.purpose, self.key)?;
        let mut signature = match &self.secret {
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(prepared.message());
                signature.to_der().as_bytes().to_vec()
            }
            Secret::Ed25519(key) => key.sign(prepared.message()).to_bytes().to_vec(),
        };
        if self.switches.wrong.load(Relaxed) && self.switches.device.load(Relaxed) {
            return Err(KeyError::WrongAnswer);
        }
        if self.switches.wrong.load(Relaxed) {
            signature.iter_mut().rev().take(1).for_each(|octet| *octet ^= 1);
        }
        Ok(signature)
    }
}
