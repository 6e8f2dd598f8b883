//! The conformance suite passes a back end that keeps every rule, and catches each rule broken alone.

#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex};

use ed25519_dalek::Signer as _;
use kokuin_key::conformance::{self, Backend, Fault, Rule};
use kokuin_key::{KeyError, KeyId, KeyState, Prepared, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::KeyAlgorithm;
use kokuin_suite_rustcrypto::RustCryptoEngine;

/// A rule that a fake back end breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Defect {
    None,
    PublicKeyOfAnother,
    AnotherPurpose,
    IgnoresPurpose,
    IgnoresAlgorithm,
    SignsTheSameBytesAlways,
    OneSignerOnly,
    ReleasesWrongAnswers,
    HidesFaults,
    NeverRecovers,
    IgnoresSuspension,
    LeavesSignersOpenWhenSuspended,
}

/// What the fake device shows, shared by its keys.
#[derive(Debug)]
struct Device {
    defect: Defect,
    fault: Mutex<Option<Fault>>,
    had_fault: AtomicBool,
    open_signers: AtomicU8,
}

struct Fake {
    device: Arc<Device>,
    keys: Mutex<Vec<Arc<FakeKey>>>,
}

#[derive(Debug)]
struct FakeKey {
    device: Arc<Device>,
    id: KeyId,
    purpose: Purpose,
    secret: ed25519_dalek::SigningKey,
    spki: Vec<u8>,
    suspended: AtomicBool,
}

struct FakeSigner {
    key: Arc<FakeKey>,
}

impl Drop for FakeSigner {
    fn drop(&mut self) {
        self.key.device.open_signers.fetch_sub(1, Ordering::SeqCst);
    }
}

/// The handle that is shared; signers keep the key alive.
#[derive(Debug)]
struct Handle(Arc<FakeKey>);

impl Fake {
    fn new(defect: Defect) -> Self {
        let device = Device {
            defect,
            fault: Mutex::new(None),
            had_fault: AtomicBool::new(false),
            open_signers: AtomicU8::new(0),
        };
        Self { device: Arc::new(device), keys: Mutex::new(Vec::new()) }
    }
}

impl Backend for Fake {
    fn algorithms(&self) -> Vec<KeyAlgorithm> {
        vec![KeyAlgorithm::Ed25519]
    }

    fn make(&self, _: KeyAlgorithm, purpose: Purpose) -> Result<Arc<dyn SigningKey>, String> {
        let mut keys = self.keys.lock().unwrap();
        let number = u8::try_from(keys.len() + 1).unwrap();
        let secret = ed25519_dalek::SigningKey::from_bytes(&[number; 32]);
        let shown = match self.device.defect {
            Defect::PublicKeyOfAnother => ed25519_dalek::SigningKey::from_bytes(&[0xee; 32]).verifying_key(),
            _ => secret.verifying_key(),
        };
        // RFC 8410 section 4.
        let mut spki = vec![0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        spki.extend_from_slice(shown.as_bytes());
        let purpose = if self.device.defect == Defect::AnotherPurpose { Purpose::Tst } else { purpose };
        let id = KeyId::new(&format!("key-{number}")).unwrap();
        let suspended = AtomicBool::new(false);
        let key = Arc::new(FakeKey { device: Arc::clone(&self.device), id, purpose, secret, spki, suspended });
        keys.push(Arc::clone(&key));
        Ok(Arc::new(Handle(key)))
    }

    fn suspend(&self, id: &KeyId, suspended: bool) -> Result<(), String> {
        let keys = self.keys.lock().unwrap();
        let key = keys.iter().find(|key| key.id == *id).ok_or("no such key")?;
        key.suspended.store(suspended, Ordering::SeqCst);
        Ok(())
    }

    fn show(&self, fault: Option<Fault>) -> bool {
        *self.device.fault.lock().unwrap() = fault;
        self.device.had_fault.fetch_or(fault.is_some(), Ordering::SeqCst);
        true
    }
}

impl FakeKey {
    fn is_stopped(&self) -> bool {
        self.suspended.load(Ordering::SeqCst) && self.device.defect != Defect::IgnoresSuspension
    }
}

impl SigningKey for Handle {
    fn id(&self) -> &KeyId {
        &self.0.id
    }
    fn algorithm(&self) -> KeyAlgorithm {
        KeyAlgorithm::Ed25519
    }
    fn public_key(&self) -> &[u8] {
        &self.0.spki
    }
    fn purpose(&self) -> Purpose {
        self.0.purpose
    }
    fn state(&self) -> KeyState {
        if self.0.is_stopped() { KeyState::Suspended } else { KeyState::Active }
    }
    fn protection(&self) -> Protection {
        Protection::Software
    }
    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        if self.0.is_stopped() {
            return Err(KeyError::Suspended);
        }
        let open = self.0.device.open_signers.fetch_add(1, Ordering::SeqCst);
        let signer = FakeSigner { key: Arc::clone(&self.0) };
        if self.0.device.defect == Defect::OneSignerOnly && open > 0 {
            return Err(KeyError::Unavailable);
        }
        Ok(Box::new(signer))
    }
}

impl Signer for FakeSigner {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        let device = &self.key.device;
        let defect = device.defect;
        match prepared.check(self.key.purpose, KeyAlgorithm::Ed25519) {
            Err(KeyError::WrongPurpose { .. }) if defect == Defect::IgnoresPurpose => {}
            Err(KeyError::WrongAlgorithm { .. }) if defect == Defect::IgnoresAlgorithm => {}
            checked => checked?,
        }
        if self.key.is_stopped() && defect != Defect::LeavesSignersOpenWhenSuspended {
            return Err(KeyError::Suspended);
        }
        let message = if defect == Defect::SignsTheSameBytesAlways { b"always" } else { prepared.message() };
        let right = self.key.secret.sign(message).to_bytes().to_vec();
        let fault = *device.fault.lock().unwrap();
        if defect == Defect::NeverRecovers && device.had_fault.load(Ordering::SeqCst) {
            return Err(fault.map_or(KeyError::Unavailable, told));
        }
        match fault {
            None => Ok(right),
            Some(Fault::FlipsBit | Fault::SignsOtherBytes) if defect == Defect::ReleasesWrongAnswers => {
                Ok(self.key.secret.sign(b"other bytes").to_bytes().to_vec())
            }
            Some(_) if defect == Defect::HidesFaults => Ok(right),
            Some(fault) => Err(told(fault)),
        }
    }
}

fn told(fault: Fault) -> KeyError {
    match fault {
        Fault::Gone => KeyError::Unavailable,
        Fault::LosesSession => KeyError::SessionLost,
        Fault::Blocks => KeyError::TimedOut,
        Fault::LosesAnswer => KeyError::AnswerLost,
        Fault::Fails => KeyError::Refused(7),
        Fault::LogFull => KeyError::LogFull,
        Fault::FlipsBit | Fault::SignsOtherBytes => KeyError::WrongAnswer,
    }
}

fn broken(defect: Defect) -> Option<Rule> {
    conformance::run(&Fake::new(defect), &RustCryptoEngine).err().map(|broken| broken.rule)
}

#[test]
fn a_back_end_that_keeps_the_rules_passes_with_every_rule_tried() {
    let report = conformance::run(&Fake::new(Defect::None), &RustCryptoEngine).unwrap();
    assert_eq!(report.not_tried, BTreeSet::new());
    let rules = [
        Rule::OffersKeys,
        Rule::KeyAsAsked,
        Rule::SelfTest,
        Rule::SignatureVerifies,
        Rule::OnlyTheseBytes,
        Rule::WrongPurpose,
        Rule::WrongAlgorithm,
        Rule::SignsAfterRefusing,
        Rule::TwoThreads,
        Rule::WrongAnswer,
        Rule::FaultIsAnError,
        Rule::Recovers,
        Rule::Suspends,
    ];
    assert_eq!(report.held, BTreeSet::from(rules));
}

#[test]
fn each_broken_rule_is_caught() {
    for (defect, rule) in [
        (Defect::PublicKeyOfAnother, Rule::SelfTest),
        (Defect::AnotherPurpose, Rule::KeyAsAsked),
        (Defect::IgnoresPurpose, Rule::WrongPurpose),
        (Defect::IgnoresAlgorithm, Rule::WrongAlgorithm),
        (Defect::SignsTheSameBytesAlways, Rule::SelfTest),
        (Defect::OneSignerOnly, Rule::TwoThreads),
        (Defect::ReleasesWrongAnswers, Rule::WrongAnswer),
        (Defect::HidesFaults, Rule::WrongAnswer),
        (Defect::NeverRecovers, Rule::Recovers),
        (Defect::IgnoresSuspension, Rule::Suspends),
        (Defect::LeavesSignersOpenWhenSuspended, Rule::Suspends),
    ] {
        assert_eq!(broken(defect), Some(rule), "{defect:?}");
    }
}
