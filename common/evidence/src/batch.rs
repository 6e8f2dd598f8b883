//! Many digests under one token: the tree, its root, and one record a digest.
//!
//! A leaf is the digest alone, in a list of its own. The second list holds nothing but random octets, drawn for this digest and this batch, and only
//! what comes of the two is joined with other leaves: no record discloses a neighbour's digest, not even to who can guess it (JP-LT-08).

use std::fmt;

use kokuin_asn1::{Asn1Error, Place};
use kokuin_suite::DigestAlgorithm;

use crate::{digests::Digests, encode, record, salt::Salts, tree};

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
    digests: Digests,
    salts: Salts,
    /// From the salted leaves to the root, each level in one piece.
    levels: Vec<Vec<u8>>,
}

impl Batch {
    /// Builds the tree. `secret` is 32 random octets made for this batch: the second lists come from it, so whoever keeps digests, `secret` and
    /// token can write every record again.
    #[must_use]
    pub fn new(digests: Digests, secret: &[u8; 32]) -> Self {
        let algorithm = digests.algorithm();
        let (len, salts) = (algorithm.output_len(), Salts::new(algorithm, secret));
        let mut level = Vec::with_capacity(digests.as_bytes().len());
        for digest in digests.iter() {
            level.extend_from_slice(&tree::join(algorithm, &[digest, &salts.of(digest)]));
        }
        let mut levels = Vec::new();
        while level.len() > len {
            let mut above = Vec::with_capacity(level.len().div_ceil(2 * len) * len);
            for pair in level.chunks(2 * len) {
                let pair: Vec<&[u8]> = pair.chunks(len).collect();
                above.extend_from_slice(&tree::join(algorithm, &pair));
            }
            levels.push(std::mem::replace(&mut level, above));
        }
        levels.push(level);
        Self { digests, salts, levels }
    }

    /// What made the digests and makes the tree: the token must be asked for by the same.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.digests.algorithm()
    }

    /// What the tree is over.
    #[must_use]
    pub const fn digests(&self) -> &Digests {
        &self.digests
    }

    /// The imprint that the token must carry.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        self.levels.last().map(Vec::as_slice).unwrap_or_default()
    }

    /// The batch with its token, a `ContentInfo` in DER, whose imprint is the root.
    ///
    /// # Errors
    /// [`BatchError::Token`] or [`BatchError::OtherImprint`].
    pub fn stamped(self, token: Vec<u8>) -> Result<StampedBatch, BatchError> {
        let info = record::read_info(&token, Place { field: "timeStamp", offset: 0 })?;
        if info.imprint.algorithm.oid != self.algorithm().oid() || info.imprint.digest != self.root() {
            return Err(BatchError::OtherImprint(self.algorithm()));
        }
        Ok(StampedBatch { batch: self, token })
    }

    /// The lists that lead from a digest to the root, without the digest itself.
    fn siblings(&self, mut position: usize) -> Vec<&[u8]> {
        let mut siblings = Vec::with_capacity(self.levels.len());
        for level in &self.levels {
            siblings.extend(level.chunks_exact(self.algorithm().output_len()).nth(position ^ 1));
            position /= 2;
        }
        siblings
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("digests", &self.digests).finish_non_exhaustive()
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

    /// The tree under the token.
    #[must_use]
    pub const fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The evidence record of one digest, in DER; `None` for a digest that is not in the batch.
    #[must_use]
    pub fn record(&self, digest: &[u8]) -> Option<Vec<u8>> {
        let (batch, algorithm) = (&self.batch, self.batch.algorithm());
        let position = batch.digests.position(digest)?;
        let salt = batch.salts.of(digest);
        let mut lists = vec![vec![digest], vec![salt.as_slice()]];
        lists.extend(batch.siblings(position).into_iter().map(|sibling| vec![sibling]));
        let stamp = encode::archive_time_stamp(algorithm, &lists, &self.token);
        Some(encode::record(&[algorithm], &[&encode::chain(&[&stamp])]))
    }
}
