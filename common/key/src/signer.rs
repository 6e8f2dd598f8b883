//! The two traits every back end implements.

use std::fmt::Debug;

use kokuin_suite::KeyAlgorithm;

use crate::error::KeyError;
use crate::id::KeyId;
use crate::prepared::Prepared;
use crate::purpose::{KeyState, Protection, Purpose};

/// A key that can sign, shared by all workers. How it came to be is its back end's matter.
pub trait SigningKey: Send + Sync + Debug {
    /// Its name.
    fn id(&self) -> &KeyId;

    /// Kind and size.
    fn algorithm(&self) -> KeyAlgorithm;

    /// `SubjectPublicKeyInfo`, DER.
    fn public_key(&self) -> &[u8];

    /// What it may sign.
    fn purpose(&self) -> Purpose;

    /// Whether it may sign now, at most a second old (THR-65).
    fn state(&self) -> KeyState;

    /// Where the private key is.
    fn protection(&self) -> Protection;

    /// How many signers sign at a time: the number of devices that have the key. More threads than these only wait.
    fn lanes(&self) -> usize {
        1
    }

    /// Opens a signer for one worker, with a session or context of its own.
    ///
    /// # Errors
    /// [`KeyError`] if the back end cannot be reached or the key may not sign.
    fn open(&self) -> Result<Box<dyn Signer>, KeyError>;
}

/// One worker's access to a key.
pub trait Signer: Send {
    /// The raw signature value as CMS and X.509 hold it: for ECDSA the DER SEQUENCE of r and s.
    ///
    /// Where the key is in a device ([`Protection::Device`]), each signature has been verified under its public key when it is given out: nobody verifies it again
    /// (THR-66). Of a software key that is the caller's matter.
    ///
    /// # Errors
    /// [`KeyError`]: nothing was signed, or what was signed is not known to be right and was not released.
    fn sign(&mut self, prepared: Prepared<'_>) -> Result<Vec<u8>, KeyError>;
}
