//! The soft back end passes the suite that every back end passes, judged by both engines.

#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::conformance::{self, Backend, Fault, Rule};
use kokuin_key::{KeyId, Prepared, Purpose, SigningKey};
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm, Verify};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_suite_rustcrypto::RustCryptoEngine;
use tempfile::TempDir;

struct Soft {
    _dir: TempDir,
    store: SoftStore,
    algorithms: Vec<KeyAlgorithm>,
    made: AtomicU32,
}

impl Soft {
    fn new(algorithms: &[KeyAlgorithm]) -> Self {
        let dir = TempDir::new().unwrap();
        let passphrase = dir.path().join("passphrase");
        fs::write(&passphrase, "for the conformance suite").unwrap();
        fs::set_permissions(&passphrase, Permissions::from_mode(0o600)).unwrap();
        let store = SoftStore::open(&dir.path().join("keys"), &passphrase).unwrap();
        Self { _dir: dir, store, algorithms: algorithms.to_vec(), made: AtomicU32::new(0) }
    }
}

impl Backend for Soft {
    fn algorithms(&self) -> Vec<KeyAlgorithm> {
        self.algorithms.clone()
    }

    fn make(&self, algorithm: KeyAlgorithm, purpose: Purpose) -> Result<Arc<dyn SigningKey>, String> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let id = KeyId::new(&format!("key-{number}")).map_err(|error| error.to_string())?;
        self.store.create(&id, algorithm, purpose).map_err(|error| error.to_string())
    }

    fn suspend(&self, id: &KeyId, suspended: bool) -> Result<(), String> {
        let done = if suspended { self.store.suspend(id) } else { self.store.resume(id) };
        done.map_err(|error| error.to_string())
    }

    /// Between a file and this process nothing can be lost or wait.
    fn show(&self, fault: Option<Fault>) -> bool {
        fault.is_none()
    }
}

fn conforms(algorithms: &[KeyAlgorithm], engine: &dyn Verify) {
    let report = conformance::run(&Soft::new(algorithms), engine).unwrap();
    let about_faults = [Rule::WrongAnswer, Rule::FaultIsAnError, Rule::Recovers];
    assert!(about_faults.iter().all(|rule| !report.held.contains(rule)));
    let others = [
        Rule::OffersKeys,
        Rule::KeyAsAsked,
        Rule::SelfTest,
        Rule::SignatureVerifies,
        Rule::OnlyTheseBytes,
        Rule::WrongPurpose,
        Rule::WrongAlgorithm,
        Rule::SignsAfterRefusing,
        Rule::TwoThreads,
        Rule::Suspends,
    ];
    assert_eq!(report.held, BTreeSet::from(others));
}

#[test]
fn elliptic_curves_conform() {
    let algorithms = [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519];
    conforms(&algorithms, &OpenSslEngine);
    conforms(&algorithms, &RustCryptoEngine);
}

#[test]
fn rsa_conforms() {
    conforms(&[KeyAlgorithm::Rsa { bits: 3072 }], &RustCryptoEngine);
}

#[test]
fn every_algorithm_that_fits_a_key_can_be_asked_for() {
    let soft = Soft::new(&[]);
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa { bits: 4096 }, KeyAlgorithm::Ed25519] {
        let key = soft.make(algorithm, Purpose::Seal).unwrap();
        let mut signer = key.open().unwrap();
        let asked = SignatureAlgorithm::ALL
            .into_iter()
            .filter(|asked| algorithm.fits(*asked) && *asked != SignatureAlgorithm::RsaPkcs1Sha1);
        for asked in asked {
            let signature = signer.sign(Prepared::new(Purpose::Seal, asked, b"message")).unwrap();
            let engines: [&dyn Verify; 2] = [&OpenSslEngine, &RustCryptoEngine];
            for engine in engines {
                assert_eq!(engine.verify(asked, key.public_key(), b"message", &signature), Ok(()), "{asked}");
            }
        }
    }
}

#[test]
fn one_context_makes_many_different_signatures() {
    // The reused context, past the sampled verification, and a different nonce each time.
    let soft = Soft::new(&[]);
    let key = soft.make(KeyAlgorithm::P256, Purpose::Tst).unwrap();
    let mut signer = key.open().unwrap();
    let mut seen = BTreeSet::new();
    for number in 0..600_u32 {
        let message = number.to_be_bytes();
        let prepared = Prepared::new(Purpose::Tst, SignatureAlgorithm::EcdsaSha256, &message);
        let signature = signer.sign(prepared).unwrap();
        let verdict = OpenSslEngine.verify(SignatureAlgorithm::EcdsaSha256, key.public_key(), &message, &signature);
        assert_eq!(verdict, Ok(()));
        assert!(seen.insert(signature));
    }
}
