//! The random octets of the second lists.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use kokuin_suite::DigestAlgorithm;
use sha2::Sha512;

/// Makes what stands beside each digest: HMAC-SHA-512 of the digest under 32 random octets of the batch, cut to the length of a digest. To whoever
/// does not have those it is random, and there is nothing to keep for each digest. As long as a digest, and not 32 octets for every algorithm,
/// because RFC 4998's trees do not tell a leaf from a node: one length in a tree is what keeps them apart (JP-LT-08).
#[derive(Clone)]
pub(crate) struct Salts {
    keyed: Hmac<Sha512>,
    len: usize,
}

impl Salts {
    /// Those of one batch.
    pub(crate) fn new(algorithm: DigestAlgorithm, secret: &[u8; 32]) -> Self {
        let keyed = Hmac::new_from_slice(secret).expect("invariant: HMAC takes keys of any length");
        Self { keyed, len: algorithm.output_len() }
    }

    /// What stands beside `digest`.
    pub(crate) fn of(&self, digest: &[u8]) -> Vec<u8> {
        let mut keyed = self.keyed.clone();
        keyed.update(digest);
        let mut salt = keyed.finalize().into_bytes().to_vec();
        salt.truncate(self.len);
        salt
    }
}

impl fmt::Debug for Salts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salts")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values made with Python's hmac: hmac.new(bytes(range(32)), bytes(32), "sha512"), and of bytes(64).
    #[test]
    fn is_the_documented_hmac() {
        let secret: [u8; 32] = std::array::from_fn(|octet| u8::try_from(octet).unwrap());
        let short = Salts::new(DigestAlgorithm::Sha256, &secret).of(&[0; 32]);
        assert_eq!(hex::encode(short), "478891e9123efddc262908d6308fccb6933058694e81ee9db60fc554e67c84c5");
        let long = Salts::new(DigestAlgorithm::Sha512, &secret).of(&[0; 64]);
        assert_eq!(
            hex::encode(long),
            "cf633ab62296c59375fd78a0aa97cbc8270807c531d9f6b3718b0ac338b2206b\
             b7cb5d816b6bff023cf34e882e0c2a9229d649cbac145ddfb8c84bae06b3edf9"
        );
    }
}
