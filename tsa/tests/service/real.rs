//! Everything as it is served: encrypted soft keys, `SQLite` with its anchor, the machine's clock.

use std::{
    collections::HashSet,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use kokuin_asn1::{
    cms::SignedData,
    tsp::{TimeStampResp, TstInfo},
};
use kokuin_audit::{
    Entry, Log, LogName, LogOptions, Origin, VerifierKey,
    entry::{Digest, LogTime},
};
use kokuin_clock::SystemClock;
use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::{KeyId, Purpose, SigningKey};
use kokuin_store::{Database, FileAnchor};
use kokuin_suite::{CryptoPolicy, KeyAlgorithm};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_tsa::{Config, KeyParts, Parts, Service, TsuParts, Worker};
use kokuin_web::metrics::Registry;

use crate::fixture::{ca, certify_from, keys, request};

fn soft_key(folder: &Path, algorithm: KeyAlgorithm) -> Arc<dyn SigningKey> {
    let passphrase = folder.join("passphrase");
    let mut file = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&passphrase).unwrap();
    std::io::Write::write_all(&mut file, b"a passphrase for a test\n").unwrap();
    let store = SoftStore::open(&folder.join("keys"), &passphrase).unwrap();
    store.create(&KeyId::new("tsu").unwrap(), algorithm, Purpose::Tst).unwrap()
}

fn open_log(folder: &Path) -> Log {
    let (origin, name) = (Origin::new("log.example/real").unwrap(), LogName::new("real").unwrap());
    let key = Arc::clone(&keys().log);
    let vkey = VerifierKey::from_spki(&origin, key.public_key()).unwrap();
    let database = Database::open(&folder.join("kokuin.sqlite")).unwrap();
    let (store, reader) = database.open_log(&name, &vkey).unwrap();
    let anchor = FileAnchor::new(&folder.join("anchor")).unwrap();
    let checkpoint_interval = Duration::from_millis(50);
    let options = LogOptions { origin, name, key, engine: Arc::new(OpenSslEngine), checkpoint_interval };
    Log::open(options, Box::new(store), Arc::new(reader), Box::new(anchor)).unwrap()
}

/// Serials of the tokens that four workers made.
fn issue(service: &Arc<Service>, each: usize) -> Vec<Vec<u8>> {
    let body = request().nonce(&[0x42; 8]).cert_req(true).encode();
    let work = || {
        let worker = Worker::new(service);
        let system = actix_web::rt::System::new();
        let one = |_| {
            let answer = system.block_on(worker.answer(&body)).into_bytes();
            let response = TimeStampResp::parse(&answer).unwrap();
            let token = response.token.unwrap_or_else(|| panic!("{:?}", response.status_text));
            TstInfo::parse(SignedData::parse(token).unwrap().content.unwrap()).unwrap().serial.to_vec()
        };
        (0..each).map(one).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn issues_from_many_workers_and_restarts_without_a_serial_twice_tsp_36_thr_44() {
    for (algorithm, each) in [(KeyAlgorithm::P256, 50), (KeyAlgorithm::Rsa { bits: 3072 }, 5)] {
        let folder = tempfile::tempdir().unwrap();
        let key = soft_key(folder.path(), algorithm);
        let now = LogTime::system_now().unix_micros() / 1_000_000;
        let certificates = vec![certify_from(key.as_ref(), now - 60), ca().certificate().clone()];
        let mut held = HashSet::new();
        for _ in 0..2 {
            let log = open_log(folder.path());
            let service = Service::new(Parts {
                config: Config::development("tsu", "soft:tsu", PathBuf::new()),
                config_digest: Digest::of(b""),
                tsus: vec![TsuParts {
                    name: "tsu".to_owned(),
                    current: KeyParts { key: Some(Arc::clone(&key)), certificates: certificates.clone() },
                    next: None,
                    access: kokuin_web::Access::default(),
                }],
                clock: Arc::new(SystemClock::undisciplined_for_development()),
                log: log.clone(),
                engine: Arc::new(OpenSslEngine),
                crypto_policy: Arc::new(CryptoPolicy::default()),
                registry: Registry::new(),
            })
            .unwrap();
            for serial in issue(&service, each) {
                assert!(held.insert(serial));
            }
            service.stop().unwrap();
            let stored = log.reader().entries(0..u64::MAX).unwrap();
            let recorded: HashSet<_> = stored
                .iter()
                .filter_map(|body| Entry::parse(body).unwrap().serial().map(|serial| serial.as_bytes().to_vec()))
                .collect();
            assert_eq!(recorded, held);
            log.close().unwrap();
        }
    }
}
