//! Keys from another implementation than the one that serves: pure Rust, made in no time.

use ed25519_dalek::Signer as _;
use kokuin_asn1::{enc, oids};
use kokuin_key::{KeyError, KeyId, KeyState, Prepared, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::KeyAlgorithm;

#[derive(Clone)]
enum Secret {
    P256(Box<p256::ecdsa::SigningKey>),
    P384(Box<p384::ecdsa::SigningKey>),
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

/// A key in memory.
pub(crate) struct TestKey {
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
        let mut seed = [1; 48];
        seed[..name.len()].copy_from_slice(name.as_bytes());
        let (secret, algorithm_id, point) = match algorithm {
            KeyAlgorithm::P256 => {
                let key = p256::ecdsa::SigningKey::from_slice(&seed[..32]).unwrap();
                let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                (Secret::P256(Box::new(key)), ec(&oids::P256), point)
            }
            KeyAlgorithm::P384 => {
                let key = p384::ecdsa::SigningKey::from_slice(&seed).unwrap();
                let point = key.verifying_key().to_sec1_point(false).as_bytes().to_vec();
                (Secret::P384(Box::new(key)), ec(&oids::P384), point)
            }
            KeyAlgorithm::Ed25519 => {
                let key = ed25519_dalek::SigningKey::from_bytes(&seed[..32].try_into().unwrap());
                let point = key.verifying_key().to_bytes().to_vec();
                (Secret::Ed25519(Box::new(key)), enc::sequence(&[&enc::oid(&oids::ED25519)]), point)
            }
            other => panic!("no test key {other}"),
        };
        let spki = enc::sequence(&[&algorithm_id, &enc::bit_string(&point, 0)]);
        Self { id: KeyId::new(name).unwrap(), purpose, secret, spki }
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
            Secret::P384(_) => KeyAlgorithm::P384,
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
        KeyState::Active
    }

    fn protection(&self) -> Protection {
        Protection::Software
    }

    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        Ok(Box::new(TestSigner { secret: self.secret.clone(), purpose: self.purpose, key: self.algorithm() }))
    }
}

struct TestSigner {
    secret: Secret,
    purpose: Purpose,
    key: KeyAlgorithm,
}

impl Signer for TestSigner {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        prepared.check(self.purpose, self.key)?;
        Ok(match &self.secret {
            Secret::P256(key) => {
                let signature: p256::ecdsa::Signature = key.sign(prepared.message());
                signature.to_der().as_bytes().to_vec()
            }
            Secret::P384(key) => {
                let signature: p384::ecdsa::Signature = key.sign(prepared.message());
                signature.to_der().as_bytes().to_vec()
            }
            Secret::Ed25519(key) => key.sign(prepared.message()).to_bytes().to_vec(),
        })
    }
}
