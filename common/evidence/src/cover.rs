//! The hash part of verification: which imprint each token must carry for the record to cover the data (RFC 4998 4.3, 5.3).

use kokuin_suite::{DigestAlgorithm, digest};

use crate::{
    error::EvidenceError,
    record::{ArchiveTimeStamp, EvidenceRecord},
    tree,
};

/// Why a stamp is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Renewal {
    /// The first one: it covers the data.
    None,
    /// It renews the stamp before it (RFC 4998 5.2, ERS-04).
    TimeStamp,
    /// It begins a chain by another algorithm, over the data and all chains before it (RFC 4998 5.2, ERS-05).
    HashTree,
}

/// One stamp whose tree leads from what it must cover to the imprint that its token must carry.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    stamp: &'a ArchiveTimeStamp<'a>,
    renewal: Renewal,
    algorithm: DigestAlgorithm,
    root: Vec<u8>,
}

impl<'a> Step<'a> {
    /// The stamp.
    #[must_use]
    pub const fn stamp(&self) -> &'a ArchiveTimeStamp<'a> {
        self.stamp
    }

    /// Why it is there.
    #[must_use]
    pub const fn renewal(&self) -> Renewal {
        self.renewal
    }

    /// What made the root.
    #[must_use]
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The imprint that the token must carry. Whether it does is for whoever verifies the token; [`Step::is_stamped`] looks at that alone.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        &self.root
    }

    /// Whether the token has the root as its imprint.
    #[must_use]
    pub fn is_stamped(&self) -> bool {
        self.stamp.info.imprint.digest == self.root
    }
}

impl EvidenceRecord<'_> {
    /// Follows the record from the data to each of its tokens, oldest first. `digests` gives the data's digest by an algorithm, or those of all
    /// documents of a data group; `None` where the caller cannot tell.
    ///
    /// # Errors
    /// The first rule that does not hold: the data or a predecessor is not covered, or algorithms do not fit together.
    pub fn cover(
        &self,
        digests: &dyn Fn(DigestAlgorithm) -> Option<Vec<Vec<u8>>>,
    ) -> Result<Vec<Step<'_>>, EvidenceError> {
        let mut steps: Vec<Step<'_>> = Vec::new();
        for (chain, number) in self.chains.iter().zip(1..) {
            let mut previous: Option<&ArchiveTimeStamp<'_>> = None;
            for (stamp, position) in chain.stamps.iter().zip(1..) {
                let algorithm = algorithm_of(chain.stamps.first().unwrap_or(stamp), stamp, number, position)?;
                check_lengths(algorithm, stamp, number, position)?;
                let (covered, renewal) = match previous {
                    Some(previous) => (vec![digest(algorithm, previous.token)], Renewal::TimeStamp),
                    None if number == 1 => (data(algorithm, digests)?, Renewal::None),
                    None => (self.renewed(algorithm, number - 1, digests)?, Renewal::HashTree),
                };
                let root = match (covers(&covered, stamp), renewal) {
                    (Coverage::Whole, _) => root_of(algorithm, &covered, stamp),
                    (Coverage::More, _) => {
                        return Err(EvidenceError::GroupIncomplete { chain: number, documents: covered.len() });
                    }
                    (Coverage::Nothing, Renewal::TimeStamp) => {
                        return Err(EvidenceError::PredecessorNotCovered { chain: number, stamp: position });
                    }
                    (Coverage::Nothing, Renewal::None | Renewal::HashTree) => {
                        let after_renewal = renewal == Renewal::HashTree;
                        return Err(EvidenceError::DataNotCovered { chain: number, after_renewal });
                    }
                };
                steps.push(Step { stamp, renewal, algorithm, root });
                previous = Some(stamp);
            }
        }
        Ok(steps)
    }

    /// What a hash-tree renewal covers: of each document its digest and the hash of the earlier chains, in this order (ERS-05).
    fn renewed(
        &self,
        algorithm: DigestAlgorithm,
        chains: usize,
        digests: &dyn Fn(DigestAlgorithm) -> Option<Vec<Vec<u8>>>,
    ) -> Result<Vec<Vec<u8>>, EvidenceError> {
        let earlier = digest(algorithm, &self.sequence_of(chains));
        let data = data(algorithm, digests)?;
        Ok(data.iter().map(|document| tree::concatenated(algorithm, &[document, &earlier])).collect())
    }
}

/// Whether what must be covered is in the first list.
enum Coverage {
    Whole,
    /// A group is there, with something else beside it.
    More,
    Nothing,
}

fn covers(wanted: &[Vec<u8>], stamp: &ArchiveTimeStamp<'_>) -> Coverage {
    let first = stamp.reduced_tree.as_ref().and_then(|tree| tree.first());
    match (wanted, first) {
        // The token is over the one value itself, which its imprint shows (ERS-07).
        ([_], None) => Coverage::Whole,
        (_, None) | ([], Some(_)) => Coverage::Nothing,
        ([one], Some(list)) if list.contains(&one.as_slice()) => Coverage::Whole,
        ([_], Some(_)) => Coverage::Nothing,
        (several, Some(list)) => {
            if several.iter().any(|document| !list.contains(&document.as_slice())) {
                Coverage::Nothing
            } else if list.iter().any(|hash| several.iter().all(|document| document != hash)) {
                Coverage::More
            } else {
                Coverage::Whole
            }
        }
    }
}

fn root_of(algorithm: DigestAlgorithm, covered: &[Vec<u8>], stamp: &ArchiveTimeStamp<'_>) -> Vec<u8> {
    match &stamp.reduced_tree {
        Some(lists) => tree::root(algorithm, lists),
        None => covered.first().cloned().unwrap_or_default(),
    }
}

/// The data's digests. A group of none covers nothing, so that it is as good as not given.
fn data(
    algorithm: DigestAlgorithm,
    digests: &dyn Fn(DigestAlgorithm) -> Option<Vec<Vec<u8>>>,
) -> Result<Vec<Vec<u8>>, EvidenceError> {
    digests(algorithm).filter(|data| !data.is_empty()).ok_or(EvidenceError::DigestNeeded { algorithm })
}

/// One algorithm for tree, imprint and the whole chain (ERS-07).
fn algorithm_of(
    first: &ArchiveTimeStamp<'_>,
    stamp: &ArchiveTimeStamp<'_>,
    chain: usize,
    position: usize,
) -> Result<DigestAlgorithm, EvidenceError> {
    let (found, expected, imprint) = (stamp.algorithm(), first.algorithm(), &stamp.info.imprint.algorithm.oid);
    if found != expected {
        let (expected, found) = (expected.clone(), found.clone());
        return Err(EvidenceError::ChainAlgorithm { chain, stamp: position, expected, found });
    }
    if found != imprint {
        let (tree, imprint) = (found.clone(), imprint.clone());
        return Err(EvidenceError::ImprintAlgorithm { chain, stamp: position, tree, imprint });
    }
    DigestAlgorithm::from_oid(found).ok_or_else(|| EvidenceError::UnknownDigest(found.clone()))
}

fn check_lengths(
    algorithm: DigestAlgorithm,
    stamp: &ArchiveTimeStamp<'_>,
    chain: usize,
    position: usize,
) -> Result<(), EvidenceError> {
    let expected = algorithm.output_len();
    let wrong = stamp.reduced_tree.iter().flatten().flatten().find(|hash| hash.len() != expected);
    wrong.map_or(Ok(()), |hash| {
        Err(EvidenceError::HashLength { chain, stamp: position, algorithm, expected, found: hash.len() })
    })
}
