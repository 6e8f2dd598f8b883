//! C2SP signed notes: a text and signature lines below it (TLOG-10).
//!
//! Lines by keys we do not know are kept as they came, so that witnesses may add theirs.

mod error;
mod key;

use base64::{Engine as _, engine::general_purpose::STANDARD};
pub use error::NoteError;
pub use key::{KEY_ED25519, KeyHash, VerifierKey};
use kokuin_suite::Verify;

use crate::name::is_key_name;

/// Longest note that is looked at, in octets.
pub const MAX_NOTE: usize = 256 * 1024;
/// Longest line of a note, in octets: an ML-DSA-44 cosignature has 3.3 thousand.
pub const MAX_LINE: usize = 8 * 1024;
/// Most signature lines; a verifier must take at least 16.
pub const MAX_SIGNATURES: usize = 64;

/// One signature line.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignatureLine {
    name: String,
    key_hash: KeyHash,
    signature: Vec<u8>,
}

impl SignatureLine {
    /// A signature made by the key `name`.
    #[must_use]
    pub fn new(name: &str, key_hash: KeyHash, signature: Vec<u8>) -> Self {
        Self { name: name.to_owned(), key_hash, signature }
    }

    /// Name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Hash of name and key.
    #[must_use]
    pub const fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    /// The signature's octets.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn line(&self) -> String {
        let mut blob = self.key_hash.0.to_vec();
        blob.extend_from_slice(&self.signature);
        format!("\u{2014} {} {}\n", self.name, STANDARD.encode(blob))
    }

    fn parse(line: &str) -> Option<Self> {
        let (name, blob) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let blob = STANDARD.decode(blob).ok()?;
        let (key_hash, signature) = blob.split_first_chunk::<4>()?;
        (is_key_name(name) && !signature.is_empty()).then(|| Self::new(name, KeyHash(*key_hash), signature.to_vec()))
    }
}

/// A text with the signatures below it. Nothing about the signatures has been checked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedNote {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl SignedNote {
    /// Puts signatures below a text that ends with a line feed.
    #[must_use]
    pub const fn new(text: String, signatures: Vec<SignatureLine>) -> Self {
        Self { text, signatures }
    }

    /// Reads a note (THR-53).
    ///
    /// # Errors
    /// [`NoteError`] for the first rule broken.
    pub fn parse(note: &[u8]) -> Result<Self, NoteError> {
        if note.len() > MAX_NOTE {
            return Err(NoteError::TooLong { found: note.len() });
        }
        let note = std::str::from_utf8(note).map_err(|_| NoteError::NotUtf8)?;
        if let Some(at) = note.find(|c: char| c.is_control() && c != '\n') {
            return Err(NoteError::ControlCharacter { at });
        }
        if let Some(line) = note.split('\n').find(|line| line.len() > MAX_LINE) {
            return Err(NoteError::LineTooLong { found: line.len() });
        }
        let at = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = (&note[..=at], &note[at + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignatures)?;
        let count = lines.split('\n').count();
        if count > MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures { found: count });
        }
        let mut signatures = Vec::with_capacity(count);
        for (number, line) in lines.split('\n').enumerate() {
            signatures.push(SignatureLine::parse(line).ok_or(NoteError::SignatureLine { number: number + 1 })?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, its last line feed included: what is signed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in their order.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Checks the signature of `key`. Lines of other keys say nothing here; two lines of this key must both be good.
    ///
    /// # Errors
    /// [`NoteError::NotSignedBy`] without a line of this key, [`NoteError::BadSignature`] if one does not verify.
    pub fn check_signed_by(&self, key: &VerifierKey, engine: &dyn Verify) -> Result<(), NoteError> {
        let mut lines =
            self.signatures.iter().filter(|line| line.name == key.name() && line.key_hash == key.key_hash()).peekable();
        if lines.peek().is_none() {
            return Err(NoteError::NotSignedBy { key: key.to_string() });
        }
        lines.try_for_each(|line| key.check(self.text.as_bytes(), &line.signature, engine))
    }
}

impl std::fmt::Display for SignedNote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| f.write_str(&line.line()))
    }
}

#[cfg(test)]
mod tests;
