//! The digests of a batch, as they are kept and read again.

use std::fmt;

use kokuin_suite::DigestAlgorithm;

use crate::batch::{BatchError, MAX_DIGESTS};

/// Digests by one algorithm: sorted, each once, at least one, in one piece.
#[derive(Clone, Eq, PartialEq)]
pub struct Digests {
    algorithm: DigestAlgorithm,
    octets: Vec<u8>,
}

impl Digests {
    /// Takes in digests that follow each other without anything between them, in any order and as often as they like.
    ///
    /// # Errors
    /// [`BatchError`] for an algorithm of the past, no digest, too many, or a last one that is not whole.
    pub fn new(algorithm: DigestAlgorithm, octets: &[u8]) -> Result<Self, BatchError> {
        check_algorithm(algorithm)?;
        let len = algorithm.output_len();
        let each = octets.chunks_exact(len);
        let (found, index) = (each.remainder().len(), octets.len() / len);
        if found > 0 {
            return Err(BatchError::DigestLength { index, algorithm, expected: len, found });
        }
        Self::sorted(algorithm, each.collect())
    }

    /// Takes in digests one by one.
    ///
    /// # Errors
    /// As [`Self::new`], each digest's length included.
    pub fn collect<'a>(
        algorithm: DigestAlgorithm,
        digests: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, BatchError> {
        check_algorithm(algorithm)?;
        let (expected, digests) = (algorithm.output_len(), digests.into_iter().collect::<Vec<_>>());
        if let Some((index, digest)) = digests.iter().enumerate().find(|(_, digest)| digest.len() != expected) {
            return Err(BatchError::DigestLength { index, algorithm, expected, found: digest.len() });
        }
        Self::sorted(algorithm, digests)
    }

    fn sorted(algorithm: DigestAlgorithm, mut digests: Vec<&[u8]>) -> Result<Self, BatchError> {
        match digests.len() {
            0 => return Err(BatchError::Empty),
            1..=MAX_DIGESTS => {}
            found => return Err(BatchError::TooMany { found }),
        }
        digests.sort_unstable();
        digests.dedup();
        Ok(Self { algorithm, octets: digests.concat() })
    }

    /// What made them.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// How many different digests there are, at least one.
    #[expect(clippy::len_without_is_empty, reason = "no batch is empty")]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.octets.len() / self.algorithm.output_len()
    }

    /// In ascending order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.octets.chunks_exact(self.algorithm.output_len())
    }

    /// One after the other: what [`Self::new`] takes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }

    /// Where `digest` is, from 0.
    #[must_use]
    pub fn position(&self, digest: &[u8]) -> Option<usize> {
        let len = self.algorithm.output_len();
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.octets[middle * len..(middle + 1) * len].cmp(digest) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Equal => return Some(middle),
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

impl fmt::Debug for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Digests").field("algorithm", &self.algorithm).field("len", &self.len()).finish()
    }
}

fn check_algorithm(algorithm: DigestAlgorithm) -> Result<(), BatchError> {
    match algorithm {
        DigestAlgorithm::Sha1 => Err(BatchError::AlgorithmOfThePast(algorithm)),
        DigestAlgorithm::Sha256
        | DigestAlgorithm::Sha384
        | DigestAlgorithm::Sha512
        | DigestAlgorithm::Sha3_256
        | DigestAlgorithm::Sha3_384
        | DigestAlgorithm::Sha3_512 => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;

    #[test]
    fn sorts_and_keeps_each_once() {
        let octets: Vec<u8> = [3_u8, 1, 2, 3, 1].iter().flat_map(|octet| [*octet; 32]).collect();
        let digests = Digests::new(SHA256, &octets).unwrap();
        assert_eq!(digests.iter().map(|digest| digest[0]).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(Digests::new(SHA256, digests.as_bytes()).unwrap(), digests);
        assert_eq!([[0_u8; 32], [2; 32], [4; 32]].map(|digest| digests.position(&digest)), [None, Some(1), None]);
        assert_eq!(digests.position(&[2; 31]), None);
    }

    #[test]
    fn refuses_a_last_digest_that_is_not_whole() {
        let refused = Digests::new(SHA256, &[0; 65]).unwrap_err();
        assert_eq!(refused, BatchError::DigestLength { index: 2, algorithm: SHA256, expected: 32, found: 1 });
        assert_eq!(Digests::new(SHA256, &[]).unwrap_err(), BatchError::Empty);
    }
}
