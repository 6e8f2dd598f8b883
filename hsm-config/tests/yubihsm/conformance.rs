//! The suite that every back end passes, with the faults of the device and of the connector.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use kokuin_hsm_config::ceremony::Ceremony as _;
use kokuin_hsm_config::yubihsm::YubiHsmStore;
use kokuin_key::conformance::{self, Backend, Fault};
use kokuin_key::{KeyId, Prepared, Protection, Purpose, SigningKey};
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm, Verify as _};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_yubihsm_sim::{Fault as Shown, Firmware, On};

use crate::place::{Place, settings};

struct YubiHsm {
    place: Place,
    store: YubiHsmStore,
    algorithms: Vec<KeyAlgorithm>,
    made: AtomicU32,
    gone: AtomicBool,
}

impl YubiHsm {
    fn new(firmware: Firmware, algorithms: &[KeyAlgorithm]) -> Self {
        let place = Place::with(settings(firmware, 7_550_000));
        let store = place.store();
        Self { place, store, algorithms: algorithms.to_vec(), made: AtomicU32::new(0), gone: AtomicBool::new(false) }
    }
}

impl Backend for YubiHsm {
    fn algorithms(&self) -> Vec<KeyAlgorithm> {
        self.algorithms.clone()
    }

    fn longest(&self, algorithm: KeyAlgorithm) -> usize {
        if algorithm == KeyAlgorithm::Ed25519 { 2019 } else { usize::MAX }
    }

    fn make(&self, algorithm: KeyAlgorithm, purpose: Purpose) -> Result<Arc<dyn SigningKey>, String> {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let id = KeyId::new(&format!("key-{number}")).map_err(|error| error.to_string())?;
        // Each ceremony leaves a session, which the device forgets after 30 seconds.
        self.store.create(&id, algorithm, purpose).map_err(|error| error.to_string())
    }

    fn suspend(&self, id: &KeyId, suspended: bool) -> Result<(), String> {
        let done = if suspended { self.store.suspend(id) } else { self.store.resume(id) };
        done.map_err(|error| error.to_string())
    }

    fn show(&self, fault: Option<Fault>) -> bool {
        let simulator = &self.place.simulator;
        let always = |fault: Shown| simulator.fault(fault.on(On::Signing).times(u32::MAX));
        match fault {
            None => {
                simulator.clear_faults();
                if self.gone.swap(false, Ordering::Relaxed) {
                    simulator.plug(true);
                }
            }
            Some(Fault::Gone) => {
                self.gone.store(true, Ordering::Relaxed);
                simulator.plug(false);
            }
            Some(Fault::LosesSession) => simulator.fault(Shown::PlainError { code: 3 }.on(On::Signing)),
            Some(Fault::Blocks) => simulator.fault(Shown::Slow { ms: 3_000 }.on(On::Signing)),
            Some(Fault::LosesAnswer) => simulator.fault(Shown::AnswerLost.on(On::Signing)),
            Some(Fault::Fails) => always(Shown::InnerError { code: 9 }),
            Some(Fault::LogFull) => always(Shown::InnerError { code: 0x0a }),
            Some(Fault::FlipsBit) => always(Shown::WrongSignature),
            Some(Fault::SignsOtherBytes) => return false,
        }
        true
    }
}

fn conforms(firmware: Firmware, algorithms: &[KeyAlgorithm]) {
    let back_end = YubiHsm::new(firmware, algorithms);
    let report = conformance::run(&back_end, &OpenSslEngine).unwrap();
    assert_eq!(report.not_tried.into_iter().collect::<Vec<_>>(), [Fault::SignsOtherBytes]);
    assert_eq!(report.held.len(), 13, "{:?}", report.held);
}

#[test]
fn p256_conforms_with_old_firmware() {
    conforms(Firmware::V2_2_0, &[KeyAlgorithm::P256]);
}

#[test]
fn p256_conforms_with_new_firmware() {
    conforms(Firmware::V2_4_1, &[KeyAlgorithm::P256]);
}

#[test]
fn p384_conforms() {
    conforms(Firmware::V2_4_1, &[KeyAlgorithm::P384]);
}

#[test]
fn ed25519_conforms_up_to_a_frame() {
    conforms(Firmware::V2_2_0, &[KeyAlgorithm::Ed25519]);
}

#[test]
fn rsa_conforms() {
    conforms(Firmware::V2_4_1, &[KeyAlgorithm::Rsa { bits: 3072 }]);
}

#[test]
fn signs_with_what_the_client_has_and_refuses_the_rest() {
    let back_end = YubiHsm::new(Firmware::V2_4_1, &[]);
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa { bits: 4096 }] {
        let key = back_end.make(algorithm, Purpose::Seal).unwrap();
        assert_eq!((key.protection(), key.lanes()), (Protection::Device, 1));
        let mut signer = key.open().unwrap();
        for asked in SignatureAlgorithm::ALL.into_iter().filter(|asked| algorithm.fits(*asked)) {
            let answer = signer.sign(Prepared::new(Purpose::Seal, asked, b"message"));
            let rsa = matches!(algorithm, KeyAlgorithm::Rsa { .. });
            if rsa && asked != SignatureAlgorithm::RsaPkcs1Sha256 {
                assert_eq!(answer.unwrap_err().code(), "key.wrong-algorithm", "{asked}");
                continue;
            }
            let verdict = OpenSslEngine.verify(asked, key.public_key(), b"message", &answer.unwrap());
            assert_eq!(verdict, Ok(()), "{algorithm} {asked}");
        }
    }
    for algorithm in [KeyAlgorithm::P521, KeyAlgorithm::Rsa { bits: 2048 }, KeyAlgorithm::MlDsa65] {
        let refused = back_end.make(algorithm, Purpose::Seal).unwrap_err();
        assert!(refused.contains("PKCS#11"), "{refused}");
    }
}
