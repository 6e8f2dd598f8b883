//! Many digests under one token: the tree, its root, and one record a digest.
//!
//! A leaf is the digest alone, in a list of its own. The second list holds nothing but a salt that nobody can guess, and only what comes of the
//! two is joined with other leaves: no record discloses a neighbour's digest (JP-LT-08).

use std::fmt;

use kokuin_asn1::{Asn1Error, Place};
use kokuin_suite::DigestAlgorithm;

use crate::{encode, record, tree};

/// Digests of one batch.
pub const MAX_DIGESTS: usize = 100_000;

/// Why a batch cannot be made.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum BatchError {
    /// Nothing to stamp.
    #[error("a batch needs a digest")]
    Empty,
    /// More than [`MAX_DIGESTS`].
    #[error("{found} digests, a batch has at most {MAX_DIGESTS}")]
    TooMany {
        /// Digests given.
        found: usize,
    },
    /// A digest cannot come from the batch's algorithm.
    #[error("digest {index} has {found} octets, {algorithm} makes {expected}")]
    DigestLength {
        /// Its place, from 0.
        index: usize,
        /// Of the batch.
        algorithm: DigestAlgorithm,
        /// Octets that it makes.
        expected: usize,
        /// Octets given.
        found: usize,
    },
    /// The algorithm is there for reading the past only (ALG-03).
    #[error("{0} is not used for anything new")]
    AlgorithmOfThePast(DigestAlgorithm),
    /// The token cannot be read.
    #[error("{0}")]
    Token(#[from] Asn1Error),
    /// The token is over something else than the root.
    #[error("the token's imprint is not the {0} root of the batch")]
    OtherImprint(DigestAlgorithm),
}

impl BatchError {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "batch.empty",
            Self::TooMany { .. } => "batch.too-many",
            Self::DigestLength { .. } => "batch.digest-length",
            Self::AlgorithmOfThePast(_) => "batch.algorithm-of-the-past",
            Self::Token(_) => "batch.token",
            Self::OtherImprint(_) => "batch.other-imprint",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Empty | Self::TooMany { .. } => "RFC 4998 4.2",
            Self::DigestLength { .. } => "RFC 3161 2.4.2",
            Self::AlgorithmOfThePast(_) => "TS 119 312",
            Self::Token(_) => "RFC 4998 4.1",
            Self::OtherImprint(_) => "RFC 4998 4.3",
        }
    }
}

/// A hash tree over the digests of a batch, all by one algorithm. Equal digests share a leaf.
pub struct Batch {
    algorithm: DigestAlgorithm,
    /// Sorted, each once.
    digests: Vec<Vec<u8>>,
    secret: [u8; 32],
    /// From the salted leaves to the root.
    levels: Vec<Vec<Vec<u8>>>,
}

impl Batch {
    /// Builds the tree. `secret` is 32 random octets made for this batch: the salts come from it, so whoever keeps digests, `secret` and token can
    /// write every record again.
    ///
    /// # Errors
    /// [`BatchError`] for no digest, too many, one that is not as long as `algorithm` makes it, or an algorithm of the past.
    pub fn new(algorithm: DigestAlgorithm, mut digests: Vec<Vec<u8>>, secret: [u8; 32]) -> Result<Self, BatchError> {
        if algorithm == DigestAlgorithm::Sha1 {
            return Err(BatchError::AlgorithmOfThePast(algorithm));
        }
        if digests.is_empty() {
            return Err(BatchError::Empty);
        }
        if digests.len() > MAX_DIGESTS {
            return Err(BatchError::TooMany { found: digests.len() });
        }
        let expected = algorithm.output_len();
        if let Some((index, digest)) = digests.iter().enumerate().find(|(_, digest)| digest.len() != expected) {
            return Err(BatchError::DigestLength { index, algorithm, expected, found: digest.len() });
        }
        digests.sort_unstable();
        digests.dedup();
        let mut level: Vec<Vec<u8>> =
            digests.iter().map(|digest| tree::join(algorithm, &[digest, &salt(algorithm, &secret, digest)])).collect();
        let mut levels = Vec::new();
        while level.len() > 1 {
            let above = level.chunks(2).map(|pair| {
                let pair: Vec<&[u8]> = pair.iter().map(Vec::as_slice).collect();
                tree::join(algorithm, &pair)
            });
            let above = above.collect();
            levels.push(std::mem::replace(&mut level, above));
        }
        levels.push(level);
        Ok(Self { algorithm, digests, secret, levels })
    }

    /// What made the digests and makes the tree: the token must be asked for by the same.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// How many different digests there are, at least one.
    #[expect(clippy::len_without_is_empty, reason = "no batch is empty")]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.digests.len()
    }

    /// The imprint that the token must carry.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        self.levels.last().and_then(|top| top.first()).map(Vec::as_slice).unwrap_or_default()
    }

    /// The batch with its token, a `ContentInfo` in DER, whose imprint is the root.
    ///
    /// # Errors
    /// [`BatchError::Token`] or [`BatchError::OtherImprint`].
    pub fn stamped(self, token: Vec<u8>) -> Result<StampedBatch, BatchError> {
        let info = record::read_info(&token, Place { field: "timeStamp", offset: 0 })?;
        if info.imprint.algorithm.oid != self.algorithm.oid() || info.imprint.digest != self.root() {
            return Err(BatchError::OtherImprint(self.algorithm));
        }
        Ok(StampedBatch { batch: self, token })
    }

    /// The lists that lead from a digest to the root, without the digest itself.
    fn siblings(&self, mut position: usize) -> Vec<&[u8]> {
        let mut siblings = Vec::with_capacity(self.levels.len());
        for level in &self.levels {
            siblings.extend(level.get(position ^ 1).map(Vec::as_slice));
            position /= 2;
        }
        siblings
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("algorithm", &self.algorithm)
            .field("digests", &self.len())
            .finish_non_exhaustive()
    }
}

/// A batch whose root a token is over.
#[derive(Debug)]
pub struct StampedBatch {
    batch: Batch,
    token: Vec<u8>,
}

impl StampedBatch {
    /// The token on the root.
    #[must_use]
    pub fn token(&self) -> &[u8] {
        &self.token
    }

    /// The evidence record of one digest, in DER; `None` for a digest that is not in the batch.
    #[must_use]
    pub fn record(&self, digest: &[u8]) -> Option<Vec<u8>> {
        let batch = &self.batch;
        let position = batch.digests.binary_search_by(|each| each.as_slice().cmp(digest)).ok()?;
        let salt = salt(batch.algorithm, &batch.secret, digest);
        let mut lists = vec![vec![digest], vec![salt.as_slice()]];
        lists.extend(batch.siblings(position).into_iter().map(|sibling| vec![sibling]));
        let stamp = encode::archive_time_stamp(batch.algorithm, &lists, &self.token);
        Some(encode::record(&[batch.algorithm], &[&encode::chain(&[&stamp])]))
    }
}

/// As long as a digest, like everything in a tree, and random to whoever does not know `secret`: both parts have one length in a batch.
fn salt(algorithm: DigestAlgorithm, secret: &[u8; 32], digest: &[u8]) -> Vec<u8> {
    tree::concatenated(algorithm, &[secret, digest])
}
