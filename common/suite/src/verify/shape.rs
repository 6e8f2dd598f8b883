//! What every engine is asked in the same words: key and signature value checked before any arithmetic, so that
//! two engines differ in arithmetic only (THR-10).

use kokuin_asn1::{Asn1Error, Reader, integer, tag};

use crate::key::{PublicKey, is_strong_edwards_point};
use crate::signature::SignatureAlgorithm;
use crate::verify::VerifyError;

/// A question whose parts have the right shape. Holding one means: key parsed, key allows the algorithm, signature
/// value of the right length and strictly encoded.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    algorithm: SignatureAlgorithm,
    key: PublicKey<'a>,
    signature: &'a [u8],
}

impl<'a> Question<'a> {
    /// Checks the parts against each other.
    ///
    /// # Errors
    /// Every [`VerifyError`] that needs no arithmetic.
    pub fn new(alg: SignatureAlgorithm, spki: &'a [u8], signature: &'a [u8]) -> Result<Self, VerifyError> {
        let key = PublicKey::parse(spki)?;
        if !key.allows(alg) {
            return Err(VerifyError::WrongKey { algorithm: alg, key: key.algorithm() });
        }
        match key {
            PublicKey::P256(_) => check_ecdsa(signature, 32)?,
            PublicKey::P384(_) => check_ecdsa(signature, 48)?,
            PublicKey::P521(_) => check_ecdsa(signature, 66)?,
            PublicKey::Rsa(rsa) => check_len(alg, signature, rsa.modulus.len())?,
            PublicKey::Ed25519(_) => {
                check_len(alg, signature, 64)?;
                if !signature.first_chunk().is_some_and(is_strong_edwards_point) {
                    return Err(VerifyError::WeakCommitment);
                }
            }
            PublicKey::MlDsa44(_) => check_len(alg, signature, 2420)?,
            PublicKey::MlDsa65(_) => check_len(alg, signature, 3309)?,
            PublicKey::MlDsa87(_) => check_len(alg, signature, 4627)?,
        }
        Ok(Self { algorithm: alg, key, signature })
    }

    /// The algorithm asked about.
    #[must_use]
    pub const fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The key, taken apart.
    #[must_use]
    pub const fn key(&self) -> PublicKey<'a> {
        self.key
    }

    /// The signature value.
    #[must_use]
    pub const fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// The answer of an engine that does not know this algorithm or kind of key.
    #[must_use]
    pub fn unsupported(&self, engine: &'static str) -> VerifyError {
        VerifyError::Unsupported { engine, algorithm: self.algorithm, key: self.key.algorithm() }
    }
}

fn check_len(algorithm: SignatureAlgorithm, signature: &[u8], expected: usize) -> Result<(), VerifyError> {
    if signature.len() != expected {
        return Err(VerifyError::Length { algorithm, expected, found: signature.len() });
    }
    Ok(())
}

/// The two numbers of an ECDSA value, big-endian, each left-padded to `order_len` octets.
///
/// # Errors
/// [`VerifyError::EcdsaEncoding`] unless it is exactly SEQUENCE { r INTEGER, s INTEGER } in DER, both positive and
/// neither longer than the group's order. That they are below the order is for the engine to see.
pub fn split_ecdsa(signature: &[u8], order_len: usize) -> Result<(Vec<u8>, Vec<u8>), VerifyError> {
    let (r, s) = ecdsa_numbers(signature).map_err(|_| VerifyError::EcdsaEncoding)?;
    Ok((padded(r, order_len)?, padded(s, order_len)?))
}

/// The content octets of `r` in an ECDSA value; none of a value of another kind.
#[must_use]
pub fn ecdsa_r(signature: &[u8]) -> Option<&[u8]> {
    ecdsa_numbers(signature).ok().map(|(r, _)| r)
}

fn check_ecdsa(signature: &[u8], order_len: usize) -> Result<(), VerifyError> {
    split_ecdsa(signature, order_len).map(drop)
}

fn ecdsa_numbers(signature: &[u8]) -> Result<(&[u8], &[u8]), Asn1Error> {
    let mut numbers = Reader::enter_only(signature, tag::SEQUENCE, "ECDSA-Sig-Value")?;
    let r = numbers.integer("r")?;
    let s = numbers.integer("s")?;
    numbers.finish()?;
    Ok((r, s))
}

fn padded(content: &[u8], order_len: usize) -> Result<Vec<u8>, VerifyError> {
    let magnitude = integer::magnitude(content).filter(|m| !m.is_empty()).ok_or(VerifyError::EcdsaEncoding)?;
    let padding = order_len.checked_sub(magnitude.len()).ok_or(VerifyError::EcdsaEncoding)?;
    let mut number = vec![0; padding];
    number.extend_from_slice(magnitude);
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_ecdsa_values_that_are_not_strict_der() {
        let good = [0x30, 6, 2, 1, 1, 2, 1, 1];
        assert_eq!(check_ecdsa(&good, 32), Ok(()));
        let bad: [&[u8]; 14] = [
            &[],
            &[0x30, 0x80, 2, 1, 1, 2, 1, 1, 0, 0],
            &[0x30, 0x81, 6, 2, 1, 1, 2, 1, 1],
            &[0x31, 6, 2, 1, 1, 2, 1, 1],
            &[0x30, 7, 2, 1, 1, 2, 1, 1],
            &[0x30, 6, 2, 1, 1, 2, 1, 1, 0],
            &[0x30, 8, 2, 1, 1, 2, 1, 1, 5, 0],
            &[0x30, 6, 2, 1, 0, 2, 1, 1],
            &[0x30, 6, 2, 1, 1, 2, 1, 0],
            &[0x30, 6, 2, 1, 0x81, 2, 1, 1],
            &[0x30, 7, 2, 2, 0, 1, 2, 1, 1],
            &[0x30, 5, 2, 0, 2, 1, 1],
            &[0x30, 3, 2, 1, 1],
            &[0x30, 7, 2, 0x81, 1, 1, 2, 1, 1],
        ];
        for value in bad {
            assert_eq!(check_ecdsa(value, 32), Err(VerifyError::EcdsaEncoding), "{value:02x?}");
        }
    }

    #[test]
    fn finds_r_behind_either_form_of_length() {
        assert_eq!(ecdsa_r(&[0x30, 6, 2, 1, 7, 2, 1, 8]), Some(&[7][..]));
        let long = [&[0x30, 0x81, 0x88, 2, 66][..], &[1; 66], &[2, 66], &[2; 66]].concat();
        assert_eq!(ecdsa_r(&long), Some(&[1; 66][..]));
        assert_eq!([ecdsa_r(&[]), ecdsa_r(&[0x30, 6, 2, 9, 7]), ecdsa_r(&[7; 64])], [None; 3]);
    }

    #[test]
    fn refuses_ecdsa_numbers_longer_than_the_order() {
        let mut value = vec![0x30, 38, 2, 33];
        value.extend([0x01; 33]);
        value.extend([2, 1, 1]);
        assert_eq!(check_ecdsa(&value, 32), Err(VerifyError::EcdsaEncoding));
        assert_eq!(check_ecdsa(&value, 48), Ok(()));
    }
}
