//! A key in one or several devices, as services see it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kokuin_key::{KeyError, KeyId, KeyState, Prepared, Protection, Purpose, Signer, SigningKey};
use kokuin_suite::KeyAlgorithm;

use crate::answers::Answers;
use crate::marker::Marker;
use crate::public::DeviceKey;
use crate::yubihsm::device::Device;
use crate::yubihsm::kind::Question;

/// An opened key.
pub(super) struct YubiHsmKey(pub(super) Arc<Shared>);

/// What signers share.
pub(super) struct Shared {
    pub(super) id: KeyId,
    pub(super) purpose: Purpose,
    pub(super) public: DeviceKey,
    pub(super) object: u16,
    /// At least one.
    pub(super) devices: Vec<Arc<Device>>,
    pub(super) next: AtomicUsize,
    pub(super) marker: Marker,
    pub(super) answers: Answers,
}

/// One worker's device.
struct YubiHsmSigner {
    key: Arc<Shared>,
    device: Arc<Device>,
}

impl SigningKey for YubiHsmKey {
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
        if self.0.devices.iter().all(|device| device.is_stopped()) {
            return KeyState::Suspended;
        }
        self.0.marker.state()
    }

    fn protection(&self) -> Protection {
        Protection::Device
    }

    fn lanes(&self) -> usize {
        self.0.devices.len()
    }

    /// Signers take turns with the devices; one that is away is passed over.
    fn open(&self) -> Result<Box<dyn Signer>, KeyError> {
        let key = &self.0;
        key.marker.check()?;
        let first = key.next.fetch_add(1, Ordering::Relaxed);
        let mut failed = KeyError::Unavailable;
        for turn in 0..key.devices.len() {
            let device = &key.devices[first.wrapping_add(turn) % key.devices.len()];
            match device.open() {
                Ok(()) => return Ok(Box::new(YubiHsmSigner { key: Arc::clone(key), device: Arc::clone(device) })),
                Err(error) => failed = error.as_key_error(),
            }
        }
        Err(failed)
    }
}

impl Signer for YubiHsmSigner {
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError> {
        let Shared { purpose, public, object, .. } = &*self.key;
        prepared.check(*purpose, public.algorithm)?;
        self.key.marker.check()?;
        let question = Question::new(public.algorithm, &prepared)?;
        let signature = self.device.sign(*object, &question)?;
        self.key.answers.check(public, &prepared, &signature)?;
        Ok(signature)
    }
}

impl fmt::Debug for YubiHsmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("YubiHsmKey")
            .field("id", &self.0.id)
            .field("algorithm", &self.0.public.algorithm)
            .field("purpose", &self.0.purpose)
            .field("object", &self.0.object)
            .finish_non_exhaustive()
    }
}
