//! Verifier keys: `name+hash+base64` (TLOG-11, TLOG-12).

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_suite::{SignatureAlgorithm, Verify};
use sha2::{Digest as _, Sha256};

use super::NoteError;
use crate::name::{Origin, is_key_name};

/// Type octet of Ed25519 keys.
pub const KEY_ED25519: u8 = 0x01;
/// What goes before the 32 octets of an Ed25519 key to make a `SubjectPublicKeyInfo` (RFC 8410).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The first four octets of SHA-256(name, LF, type, key).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct KeyHash(pub [u8; 4]);

/// An Ed25519 key and its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct VerifierKey {
    name: String,
    key_hash: KeyHash,
    public_key: [u8; 32],
}

impl VerifierKey {
    /// Names a key.
    #[must_use]
    pub fn new(origin: &Origin, public_key: [u8; 32]) -> Self {
        Self::named(origin.as_str(), public_key)
    }

    /// Names a key given as `SubjectPublicKeyInfo`.
    ///
    /// # Errors
    /// [`NoteError::NotEd25519`] for keys of another algorithm.
    pub fn from_spki(origin: &Origin, spki: &[u8]) -> Result<Self, NoteError> {
        let key = spki.strip_prefix(&SPKI_PREFIX).and_then(|key| key.try_into().ok());
        key.map(|key| Self::new(origin, key)).ok_or(NoteError::NotEd25519)
    }

    fn named(name: &str, public_key: [u8; 32]) -> Self {
        let hashed =
            Sha256::new().chain_update(name).chain_update([b'\n', KEY_ED25519]).chain_update(public_key).finalize();
        Self { name: name.to_owned(), key_hash: KeyHash([hashed[0], hashed[1], hashed[2], hashed[3]]), public_key }
    }

    /// Reads a verifier key; white space around it is ignored, since it comes from a file.
    ///
    /// # Errors
    /// [`NoteError::VerifierKey`] or [`NoteError::KeyType`].
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let wrong = || NoteError::VerifierKey { found: text.chars().take(120).collect() };
        let (name, rest) = text.trim().split_once('+').ok_or_else(wrong)?;
        let (hash, key) = rest.split_once('+').ok_or_else(wrong)?;
        let key = STANDARD.decode(key).map_err(|_| wrong())?;
        let (kind, key) = key.split_first().ok_or_else(wrong)?;
        if *kind != KEY_ED25519 {
            return Err(NoteError::KeyType { found: *kind });
        }
        let made = Self::named(name, key.try_into().map_err(|_| wrong())?);
        if is_key_name(name) && made.to_string() == text.trim() && hash.len() == 8 { Ok(made) } else { Err(wrong()) }
    }

    /// The key's name; for a log its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Hash of name and key.
    #[must_use]
    pub const fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    /// The key as `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn spki(&self) -> Vec<u8> {
        [SPKI_PREFIX.as_slice(), self.public_key.as_slice()].concat()
    }

    /// Checks one signature.
    ///
    /// # Errors
    /// [`NoteError::BadSignature`].
    pub fn check(&self, message: &[u8], signature: &[u8], engine: &dyn Verify) -> Result<(), NoteError> {
        engine
            .verify(SignatureAlgorithm::Ed25519, &self.spki(), message, signature)
            .map_err(|_| NoteError::BadSignature { key: self.name.clone() })
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut key = vec![KEY_ED25519];
        key.extend_from_slice(&self.public_key);
        write!(f, "{}+{}+{}", self.name, hex::encode(self.key_hash.0), STANDARD.encode(key))
    }
}
