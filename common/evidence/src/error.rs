//! Why a record is refused, or does not cover what it is said to cover: one variant per broken rule.

use kokuin_asn1::{Asn1Error, Oid};
use kokuin_suite::DigestAlgorithm;

/// A rule of RFC 4998 that a record broke. Chains and stamps are counted from 1.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EvidenceError {
    /// It is not the syntax of an evidence record (ERS-01).
    #[error("{0}")]
    Syntax(#[from] Asn1Error),
    /// A version that nobody defined.
    #[error("version {found}, only 1 is defined")]
    Version {
        /// In the record.
        found: i64,
    },
    /// A sequence that must have something in it has nothing.
    #[error("{what} is empty")]
    Empty {
        /// Which one.
        what: &'static str,
    },
    /// More than is looked at.
    #[error("more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are looked at.
        limit: usize,
    },
    /// An algorithm that cannot be computed here.
    #[error("digest algorithm {0} is not known here")]
    UnknownDigest(Oid),
    /// The tree is by another algorithm than the imprint of its token (RFC 4998 4.3).
    #[error("chain {chain}, time-stamp {stamp}: the tree is by {tree}, the token's imprint by {imprint}")]
    ImprintAlgorithm {
        /// Which chain.
        chain: usize,
        /// Which stamp of the chain.
        stamp: usize,
        /// Of the tree.
        tree: Oid,
        /// Of the imprint.
        imprint: Oid,
    },
    /// Two algorithms in one chain (ERS-07).
    #[error("chain {chain}, time-stamp {stamp}: by {found}, the chain by {expected}")]
    ChainAlgorithm {
        /// Which chain.
        chain: usize,
        /// Which stamp of the chain.
        stamp: usize,
        /// Of the chain's first stamp.
        expected: Oid,
        /// Of this one.
        found: Oid,
    },
    /// A hash of another size than the algorithm makes: what is joined could be cut at another place.
    #[error("chain {chain}, time-stamp {stamp}: a hash of {found} octets, {algorithm} makes {expected}")]
    HashLength {
        /// Which chain.
        chain: usize,
        /// Which stamp of the chain.
        stamp: usize,
        /// Of the tree.
        algorithm: DigestAlgorithm,
        /// Octets that it makes.
        expected: usize,
        /// Octets in the list.
        found: usize,
    },
    /// Nobody gave the data, or its digest by this algorithm.
    #[error("the {algorithm} digest of the data is needed")]
    DigestNeeded {
        /// Needed by one of the chains.
        algorithm: DigestAlgorithm,
    },
    /// The data is not under the first stamp of a chain (ERS-02, ERS-05, ERS-07).
    #[error("chain {chain} does not cover the data{}", .after_renewal.then_some(" together with the chains before it").unwrap_or_default())]
    DataNotCovered {
        /// Which chain.
        chain: usize,
        /// Whether the chain renews others, so that it must cover those as well.
        after_renewal: bool,
    },
    /// The first list has more in it than the data group (ERS-03).
    #[error("chain {chain} covers more than the {documents} documents of the group")]
    GroupIncomplete {
        /// Which chain.
        chain: usize,
        /// How many were given.
        documents: usize,
    },
    /// A stamp does not cover the one that it renews (ERS-04).
    #[error("chain {chain}, time-stamp {stamp}: does not cover the one before it")]
    PredecessorNotCovered {
        /// Which chain.
        chain: usize,
        /// Which stamp of the chain.
        stamp: usize,
    },
}

impl EvidenceError {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Syntax(_) => "evidence.syntax",
            Self::Version { .. } => "evidence.version",
            Self::Empty { .. } => "evidence.empty",
            Self::TooMany { .. } => "evidence.too-many",
            Self::UnknownDigest(_) => "evidence.unknown-digest",
            Self::ImprintAlgorithm { .. } => "evidence.imprint-algorithm",
            Self::ChainAlgorithm { .. } => "evidence.chain-algorithm",
            Self::HashLength { .. } => "evidence.hash-length",
            Self::DigestNeeded { .. } => "evidence.digest-needed",
            Self::DataNotCovered { .. } => "evidence.data-not-covered",
            Self::GroupIncomplete { .. } => "evidence.group-incomplete",
            Self::PredecessorNotCovered { .. } => "evidence.predecessor-not-covered",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Syntax(_) | Self::Version { .. } => "RFC 4998 3.1",
            Self::Empty { .. } | Self::TooMany { .. } | Self::UnknownDigest(_) => "RFC 4998 4.1",
            Self::HashLength { .. } | Self::GroupIncomplete { .. } => "RFC 4998 4.2",
            Self::ImprintAlgorithm { .. } => "RFC 4998 4.3",
            Self::ChainAlgorithm { .. }
            | Self::DigestNeeded { .. }
            | Self::DataNotCovered { .. }
            | Self::PredecessorNotCovered { .. } => "RFC 4998 5.3",
        }
    }
}
