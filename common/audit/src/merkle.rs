//! Inclusion and consistency proofs (RFC 9162 2.1.3 and 2.1.4; TLOG-02 to TLOG-04).

mod prove;

pub use prove::{NodeSource, consistency_proof, inclusion_proof, root_at};

use crate::{
    hash::Hash,
    name::{LeafIndex, TreeSize},
};

/// Most hashes of a proof that is looked at (TLOG-04).
pub const MAX_PROOF: usize = 63;

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ProofError {
    /// The tree has no such entry.
    #[error("entry {index} is not in a tree of {size}")]
    IndexBeyondSize {
        /// Place claimed.
        index: LeafIndex,
        /// Size of the tree.
        size: TreeSize,
    },
    /// A later tree is not smaller.
    #[error("tree of {later} cannot follow a tree of {earlier}")]
    Shrunk {
        /// Size of the tree that came first.
        earlier: TreeSize,
        /// Size of the tree that followed.
        later: TreeSize,
    },
    /// Missing or extra hashes.
    #[error("proof has {found} hashes, not the number these sizes need")]
    Length {
        /// Hashes in the proof.
        found: usize,
    },
    /// The hashes lead elsewhere.
    #[error("proof leads to root {computed}, not {expected}")]
    Root {
        /// What the proof leads to.
        computed: Hash,
        /// What was signed.
        expected: Hash,
    },
}

impl ProofError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::IndexBeyondSize { .. } => "audit.proof-index",
            Self::Shrunk { .. } => "audit.proof-shrunk",
            Self::Length { .. } => "audit.proof-length",
            Self::Root { .. } => "audit.proof-root",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::IndexBeyondSize { .. } => "RFC 9162 2.1.3.2",
            Self::Shrunk { .. } => "RFC 9162 2.1.4.2",
            Self::Length { .. } | Self::Root { .. } => "RFC 9162 2.1.3.2, 2.1.4.2",
        }
    }
}

/// Checks that `leaf` is entry `index` of the tree with `root` (TLOG-02).
///
/// # Errors
/// [`ProofError`] if it is not proven.
pub fn check_inclusion(
    index: LeafIndex,
    size: TreeSize,
    leaf: Hash,
    proof: &[Hash],
    root: Hash,
) -> Result<(), ProofError> {
    if !size.covers(index) {
        return Err(ProofError::IndexBeyondSize { index, size });
    }
    let wrong_length = ProofError::Length { found: proof.len() };
    if proof.len() > MAX_PROOF {
        return Err(wrong_length);
    }
    let (mut place, mut last, mut computed) = (index.0, size.0 - 1, leaf);
    for sibling in proof {
        if last == 0 {
            return Err(wrong_length);
        }
        if place & 1 == 1 || place == last {
            computed = Hash::node(sibling, &computed);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            computed = Hash::node(&computed, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last != 0 {
        return Err(wrong_length);
    }
    if computed == root { Ok(()) } else { Err(ProofError::Root { computed, expected: root }) }
}

/// Checks that the tree with `later_root` begins with all of the tree with `earlier_root` (TLOG-03).
///
/// # Errors
/// [`ProofError`] if it is not proven.
pub fn check_consistency(
    earlier: TreeSize,
    later: TreeSize,
    proof: &[Hash],
    earlier_root: Hash,
    later_root: Hash,
) -> Result<(), ProofError> {
    if earlier > later {
        return Err(ProofError::Shrunk { earlier, later });
    }
    let wrong_length = ProofError::Length { found: proof.len() };
    if earlier == later || earlier.0 == 0 {
        if !proof.is_empty() {
            return Err(wrong_length);
        }
        if earlier.0 == 0 {
            same(earlier_root, Hash::empty_root())?;
        }
        return if earlier == later { same(later_root, earlier_root) } else { Ok(()) };
    }
    let (first, rest) = if earlier.0.is_power_of_two() {
        (earlier_root, proof)
    } else {
        let (first, rest) = proof.split_first().ok_or(wrong_length)?;
        (*first, rest)
    };
    if rest.is_empty() || rest.len() > MAX_PROOF {
        return Err(wrong_length);
    }
    let (mut place, mut last) = (earlier.0 - 1, later.0 - 1);
    while place & 1 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut old, mut new) = (first, first);
    for sibling in rest {
        if last == 0 {
            return Err(wrong_length);
        }
        if place & 1 == 1 || place == last {
            old = Hash::node(sibling, &old);
            new = Hash::node(sibling, &new);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            new = Hash::node(&new, sibling);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last != 0 {
        return Err(wrong_length);
    }
    same(old, earlier_root)?;
    same(new, later_root)
}

fn same(computed: Hash, expected: Hash) -> Result<(), ProofError> {
    if computed == expected { Ok(()) } else { Err(ProofError::Root { computed, expected }) }
}

/// The recursive definition of RFC 6962 2.1, to test everything else against.
#[cfg(test)]
pub(crate) fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Hash::node(&naive_root(left), &naive_root(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_index_at_size_and_sizes_near_the_end_of_u64() {
        let leaf = Hash::leaf(b"x");
        let beyond = |index, size| {
            check_inclusion(LeafIndex(index), TreeSize(size), leaf, &[], leaf)
                == Err(ProofError::IndexBeyondSize { index: LeafIndex(index), size: TreeSize(size) })
        };
        assert!(beyond(0, 0) && beyond(1, 1) && beyond(u64::MAX, u64::MAX));
        let long = vec![leaf; 64];
        assert_eq!(
            check_inclusion(LeafIndex(0), TreeSize(1 << 63), leaf, &long, leaf),
            Err(ProofError::Length { found: 64 })
        );
    }

    #[test]
    fn refuses_extra_and_missing_hashes() {
        let leaves: Vec<Hash> = (0..5_u8).map(|n| Hash::leaf(&[n])).collect();
        let root = naive_root(&leaves);
        let proof = [leaves[3], naive_root(&leaves[..2]), leaves[4]];
        let check = |proof: &[Hash]| check_inclusion(LeafIndex(2), TreeSize(5), leaves[2], proof, root);
        assert_eq!(check(&proof), Ok(()));
        assert_eq!(check(&proof[..2]), Err(ProofError::Length { found: 2 }));
        assert_eq!(check(&[proof[0], proof[1], proof[2], root]), Err(ProofError::Length { found: 4 }));
    }
}
