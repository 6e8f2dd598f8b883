//! Kinds of key: what a device calls them, how it is asked to sign with them, and what their public keys look like outside.

use kokuin_key::{KeyError, Prepared};
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm};
use yubihsm::asymmetric::{Algorithm, PublicKey};
use yubihsm::{Capability, Client, client};

use crate::public::DeviceKey;
use crate::yubihsm::manage::spki::encode;

/// Longest message for Ed25519: what fits into a frame of every firmware. Longer ones make the crate panic.
const LONGEST: usize = 2019;
/// The device's code for what does not fit.
const WRONG_LENGTH: u32 = 0x08;

/// Commands that sign, in the device's log.
pub(super) const SIGN_PKCS1: u8 = 0x47;
pub(super) const SIGN_ECDSA: u8 = 0x56;
pub(super) const SIGN_EDDSA: u8 = 0x6a;

/// What a new key of this kind is for the device, and the one thing that it may do. `None`: this client cannot use such keys.
pub(super) const fn made(algorithm: KeyAlgorithm) -> Option<(Algorithm, Capability)> {
    Some(match algorithm {
        KeyAlgorithm::P256 => (Algorithm::EcP256, Capability::SIGN_ECDSA),
        KeyAlgorithm::P384 => (Algorithm::EcP384, Capability::SIGN_ECDSA),
        KeyAlgorithm::Ed25519 => (Algorithm::Ed25519, Capability::SIGN_EDDSA),
        KeyAlgorithm::Rsa { bits: 3072 } => (Algorithm::Rsa3072, Capability::SIGN_PKCS),
        KeyAlgorithm::Rsa { bits: 4096 } => (Algorithm::Rsa4096, Capability::SIGN_PKCS),
        KeyAlgorithm::P521
        | KeyAlgorithm::Rsa { .. }
        | KeyAlgorithm::MlDsa44
        | KeyAlgorithm::MlDsa65
        | KeyAlgorithm::MlDsa87 => return None,
    })
}

/// The public key as certificates hold it; `None` if it is none of ours.
pub(super) fn public(found: &PublicKey) -> Option<DeviceKey> {
    DeviceKey::new(encode(found)?).ok()
}

/// What a device is asked to sign.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) command: u8,
    data: Vec<u8>,
}

impl Question {
    /// What to ask for, with digests made here.
    pub(super) fn new(key: KeyAlgorithm, prepared: &Prepared<'_>) -> Result<Self, KeyError> {
        let asked = prepared.algorithm();
        match asked {
            SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 | SignatureAlgorithm::EcdsaSha512 => {
                let mut data = prepared.digest();
                // FIPS 186-5 6.4.1: the leftmost octets, as many as the curve's order has.
                data.truncate(if key == KeyAlgorithm::P256 { 32 } else { 48 });
                Ok(Self { command: SIGN_ECDSA, data })
            }
            SignatureAlgorithm::Ed25519 if prepared.message().len() > LONGEST => Err(KeyError::Refused(WRONG_LENGTH)),
            SignatureAlgorithm::Ed25519 => Ok(Self { command: SIGN_EDDSA, data: prepared.message().to_vec() }),
            // The crate makes the digest itself, of whatever length the message is.
            SignatureAlgorithm::RsaPkcs1Sha256 => Ok(Self { command: SIGN_PKCS1, data: prepared.message().to_vec() }),
            // The crate has no other digest for PKCS#1, and its PSS does not work: such keys belong in a PKCS#11 token.
            SignatureAlgorithm::RsaPkcs1Sha384
            | SignatureAlgorithm::RsaPkcs1Sha512
            | SignatureAlgorithm::RsaPssSha256
            | SignatureAlgorithm::RsaPssSha384
            | SignatureAlgorithm::RsaPssSha512
            | SignatureAlgorithm::RsaPkcs1Sha1
            | SignatureAlgorithm::MlDsa44
            | SignatureAlgorithm::MlDsa65
            | SignatureAlgorithm::MlDsa87 => Err(KeyError::WrongAlgorithm { key, asked }),
        }
    }

    /// Puts it to the device.
    pub(super) fn put(self, client: &Client, object: u16) -> Result<Vec<u8>, client::Error> {
        match self.command {
            SIGN_PKCS1 => {
                client.sign_rsa_pkcs1v15_sha256(object, &self.data).map(yubihsm::rsa::pkcs1::Signature::into_vec)
            }
            SIGN_EDDSA => client.sign_ed25519(object, self.data).map(|signature| signature.to_bytes().to_vec()),
            _ => client.sign_ecdsa_prehash_raw(object, self.data),
        }
    }
}
