//! A key that fails when it is told to.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use kokuin_key::{KeyError, KeyId, KeyState, Prepared, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::KeyAlgorithm;

/// What goes wrong at the next signatures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    None,
    /// No signature.
    SessionLost,
    /// A signature with one bit changed. The back end of a device finds that itself, as its contract says.
    WrongAnswer,
    /// No answer; nobody knows whether there is a signature.
    AnswerLost,
    /// A signature that takes so long.
    Slow(Duration),
}

#[derive(Debug)]
struct Switches {
    state: KeyState,
    fault: Fault,
}

/// A real key behind switches.
#[derive(Debug)]
pub(crate) struct FaultyKey {
    inner: Arc<dyn SigningKey>,
    protection: Protection,
    switches: Arc<Mutex<Switches>>,
    signatures: Arc<AtomicU32>,
}

impl FaultyKey {
    pub(crate) fn new(inner: Arc<dyn SigningKey>, protection: Protection) -> Self {
        let switches = Switches { state: KeyState::Active, fault: Fault::None };
        Self { inner, protection, switches: Arc::new(Mutex::new(switches)), signatures: Arc::default() }
    }

    pub(crate) fn set_state(&self, state: KeyState) {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner).state = state;
    }

    pub(crate) fn set_fault(&self, fault: Fault) {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner).fault = fault;
    }

    /// Signatures made so far.
    pub(crate) fn signatures(&self) -> u32 {
        self.signatures.load(Ordering::Relaxed)
    }
}

impl SigningKey for FaultyKey {
    fn id(&self) -> &KeyId {
        self.inner.id()
    }

    fn algorithm(&self) -> KeyAlgorithm {
        self.inner.algorithm()
    }

    fn public_key(&self) -> &[u8] {
        self.inner.public_key()
    }

    fn purpose(&self) -> Purpose {
        self.inner.purpose()
    }

    fn state(&self) -> KeyState {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner).state
    }

    fn protection(&self) -> Protection {
        self.protection
    }

    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        Ok(Box::new(FaultySigner {
            inner: self.inner.open()?,
            protection: self.protection,
            switches: Arc::clone(&self.switches),
            signatures: Arc::clone(&self.signatures),
        }))
    }
}

struct FaultySigner {
    inner: Box<dyn Signer>,
    protection: Protection,
    switches: Arc<Mutex<Switches>>,
    signatures: Arc<AtomicU32>,
}

impl Signer for FaultySigner {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        let fault = self.switches.lock().unwrap_or_else(PoisonError::into_inner).fault;
        self.signatures.fetch_add(1, Ordering::Relaxed);
        match fault {
            Fault::None => self.inner.sign(prepared),
            Fault::SessionLost => Err(KeyError::SessionLost),
            Fault::AnswerLost => Err(KeyError::AnswerLost),
            Fault::WrongAnswer if self.protection == Protection::Device => Err(KeyError::WrongAnswer),
            Fault::WrongAnswer => self.inner.sign(prepared).map(|mut signature| {
                *signature.last_mut().unwrap() ^= 1;
                signature
            }),
            Fault::Slow(by) => {
                std::thread::sleep(by);
                self.inner.sign(prepared)
            }
        }
    }
}
