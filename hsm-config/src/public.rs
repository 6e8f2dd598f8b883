//! A device's public key, as certificates hold it.

use kokuin_suite::{KeyAlgorithm, KeyRefusal};

/// A public key that was read from a device and is one of ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct DeviceKey {
    pub(crate) algorithm: KeyAlgorithm,
    pub(crate) spki: Vec<u8>,
}

impl DeviceKey {
    pub(crate) fn new(spki: Vec<u8>) -> Result<Self, KeyRefusal> {
        Ok(Self { algorithm: KeyAlgorithm::from_spki(&spki)?, spki })
    }
}
