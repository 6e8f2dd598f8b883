//! A service with everything real but its clock and its disk.

use std::{
    path::PathBuf,
    sync::{Arc, OnceLock},
    time::Duration,
};

use kokuin_asn1::{
    Certificate, oids,
    tsp::{FailureInfo, PkiStatus, RequestBuilder, TimeStampResp},
};
use kokuin_audit::{Entry, Log, LogName, LogOptions, LogRead, Origin, entry::Digest, storage::memory::MemoryStore};
use kokuin_devca::{DevCa, Subject, Validity};
use kokuin_key::{Protection, Purpose, SigningKey};
use kokuin_profile::Profile;
use kokuin_suite::{CryptoPolicy, DigestAlgorithm, KeyAlgorithm, digest};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_tsa::{Config, KeyParts, Parts, Service, StartError, TsuParts, Worker};
use kokuin_web::metrics::Registry;

use crate::{
    faulty_key::FaultyKey,
    moved_clock::{MovedClock, NOON},
    test_key::TestKey,
};

/// Keys of all tests.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) ca: Arc<dyn SigningKey>,
    pub(crate) log: Arc<dyn SigningKey>,
    pub(crate) p256: Arc<dyn SigningKey>,
    pub(crate) p384: Arc<dyn SigningKey>,
    pub(crate) ed25519: Arc<dyn SigningKey>,
    pub(crate) seal: Arc<dyn SigningKey>,
}

pub(crate) fn keys() -> &'static Keys {
    static KEYS: OnceLock<Keys> = OnceLock::new();
    KEYS.get_or_init(|| {
        let make =
            |name, algorithm, purpose| -> Arc<dyn SigningKey> { Arc::new(TestKey::new(name, algorithm, purpose)) };
        Keys {
            ca: make("ca", KeyAlgorithm::P256, Purpose::Ca),
            log: make("log", KeyAlgorithm::Ed25519, Purpose::Log),
            p256: make("tsu", KeyAlgorithm::P256, Purpose::Tst),
            p384: make("tsu-p384", KeyAlgorithm::P384, Purpose::Tst),
            ed25519: make("tsu-ed25519", KeyAlgorithm::Ed25519, Purpose::Tst),
            seal: make("seal", KeyAlgorithm::P256, Purpose::Seal),
        }
    })
}

/// The development CA of all tests.
pub(crate) fn ca() -> DevCa {
    DevCa::create(Arc::clone(&keys().ca), "Test root", NOON / 1_000_000 - 86_400, "http://127.0.0.1/root.crl").unwrap()
}

/// A certificate for `key`, as profile "tsu" describes it, valid from the day before noon.
pub(crate) fn certify(key: &dyn SigningKey) -> Certificate {
    certify_from(key, NOON / 1_000_000 - 86_400)
}

/// The same, valid from `not_before`, unix seconds.
pub(crate) fn certify_from(key: &dyn SigningKey, not_before: i64) -> Certificate {
    let profile = Profile::by_name("tsu").unwrap();
    let subject = Subject::demo_organization("Test TSU");
    ca().issue(profile, &subject, key.public_key(), Validity::usual(profile, not_before)).unwrap()
}

/// How a service is made.
pub(crate) struct Setup {
    pub(crate) config: Config,
    pub(crate) key: Arc<dyn SigningKey>,
    pub(crate) protection: Protection,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) next: Option<KeyParts>,
    /// TSUs beside the first.
    pub(crate) others: Vec<TsuParts>,
    pub(crate) store: MemoryStore,
    pub(crate) clock: Arc<MovedClock>,
    pub(crate) crypto_policy: CryptoPolicy,
}

impl Default for Setup {
    fn default() -> Self {
        Self::with_key(&keys().p256)
    }
}

impl Setup {
    pub(crate) fn with_key(key: &Arc<dyn SigningKey>) -> Self {
        Self {
            config: Config::development("tsu-1", "soft:tsu", PathBuf::from("tsu.pem")),
            key: Arc::clone(key),
            protection: Protection::Software,
            certificates: vec![certify(key.as_ref()), ca().certificate().clone()],
            next: None,
            others: Vec::new(),
            store: MemoryStore::new(),
            clock: Arc::new(MovedClock::at_noon()),
            crypto_policy: CryptoPolicy::default(),
        }
    }

    /// Opens the log and starts the service.
    pub(crate) fn try_start(self) -> Result<Bench, StartError> {
        let options = LogOptions {
            origin: Origin::new("log.example/test").unwrap(),
            name: LogName::new("test").unwrap(),
            key: Arc::clone(&keys().log),
            engine: Arc::new(OpenSslEngine),
            checkpoint_interval: Duration::from_millis(20),
        };
        let (store, reader) = (Box::new(self.store.clone()), Arc::new(self.store.clone()));
        let log = Log::open(options, store, reader, Box::new(self.store.clone())).unwrap();
        let key = Arc::new(FaultyKey::new(self.key, self.protection));
        let registry = Registry::new();
        let current = KeyParts { key: Some(key.clone()), certificates: self.certificates.clone() };
        let name = self.config.tsu.first().map(|tsu| tsu.name.clone()).unwrap_or_default();
        let first = TsuParts { name, current, next: self.next, access: kokuin_web::Access::default() };
        let service = Service::new(Parts {
            config: self.config,
            config_digest: Digest::of(b"configuration"),
            tsus: std::iter::once(first).chain(self.others).collect(),
            clock: self.clock.clone(),
            log,
            engine: Arc::new(OpenSslEngine),
            crypto_policy: Arc::new(self.crypto_policy),
            registry: registry.clone(),
        })?;
        Ok(Bench {
            worker: Worker::new(&service),
            certificate: self.certificates[0].clone(),
            certificates: self.certificates,
            service,
            key,
            store: self.store,
            clock: self.clock,
            registry,
        })
    }

    pub(crate) fn start(self) -> Bench {
        self.try_start().unwrap()
    }
}

/// A running service with one worker.
pub(crate) struct Bench {
    pub(crate) service: Arc<Service>,
    pub(crate) worker: Worker,
    pub(crate) certificate: Certificate,
    /// It and its issuers.
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) key: Arc<FaultyKey>,
    pub(crate) store: MemoryStore,
    pub(crate) clock: Arc<MovedClock>,
    pub(crate) registry: Registry,
}

impl Bench {
    /// The DER that answers `body`.
    pub(crate) fn answer(&self, body: &[u8]) -> Vec<u8> {
        actix_web::rt::System::new().block_on(self.worker.answer(body)).into_bytes()
    }

    /// The token that answers `body`.
    pub(crate) fn token(&self, body: &[u8]) -> Vec<u8> {
        let answer = self.answer(body);
        let response = TimeStampResp::parse(&answer).unwrap();
        assert_eq!(response.status, PkiStatus::Granted, "{:?}", response.status_text);
        response.token.unwrap().to_vec()
    }

    /// The one failure bit and the text that answer `body` (TSP-18: and no token).
    pub(crate) fn refusal(&self, body: &[u8]) -> (FailureInfo, String) {
        let answer = self.answer(body);
        let response = TimeStampResp::parse(&answer).unwrap();
        assert_eq!((response.status, response.token), (PkiStatus::Rejection, None));
        (response.fail_info.unwrap(), response.status_text.concat())
    }

    /// All entries of the log.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let bodies = self.store.entries(0..u64::MAX).unwrap();
        bodies.iter().map(|body| Entry::parse(body).unwrap()).collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        // A test of a log that fails has no last entry.
        drop(self.service.stop());
    }
}

/// A request for a stamp over "abc" in SHA-256.
pub(crate) fn request() -> RequestBuilder {
    RequestBuilder::new(&oids::SHA256, &digest(DigestAlgorithm::Sha256, b"abc"))
}
