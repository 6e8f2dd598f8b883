//! Proving that a key signs, without making anything that could be taken for a signed object.

use kokuin_suite::Verify;

use crate::error::KeyError;
use crate::prepared::Prepared;
use crate::signer::SigningKey;

/// What a self-test signs (THR-57 d). It begins with no DER SET or SEQUENCE, and holds octets that no text has, so that
/// it is no signed attributes, no certificate and no note, whatever follows; nor can a signature over it be asked for
/// through any interface that hashes.
pub const SELF_TEST: &[u8] = b"Kokuin key self-test, version 1: this signature says nothing.\x00\xff\xfe";

/// Lets `key` sign [`SELF_TEST`] and checks the signature with `engine` against the key's own public key.
///
/// # Errors
/// [`KeyError::WrongAnswer`] if the signature is not right; what [`SigningKey::open`] and signing refuse.
pub fn self_test(key: &dyn SigningKey, engine: &dyn Verify) -> Result<(), KeyError> {
    let algorithm = key.algorithm().signature_algorithm();
    let signature = key.open()?.sign(Prepared::new(key.purpose(), algorithm, SELF_TEST))?;
    engine.verify(algorithm, key.public_key(), SELF_TEST, &signature).map_err(|_| KeyError::WrongAnswer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_self_test_is_no_der_and_no_note() {
        assert!(![0x30, 0x31].contains(&SELF_TEST[0]), "neither SEQUENCE nor SET (THR-57)");
        assert!(String::from_utf8(SELF_TEST.to_vec()).is_err(), "a note is UTF-8 text");
        assert_ne!(SELF_TEST.last(), Some(&b'\n'), "a note's text ends with a newline");
    }
}
