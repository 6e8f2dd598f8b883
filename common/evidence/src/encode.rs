//! Writes `EvidenceRecord` and its parts, in DER.

use kokuin_asn1::{enc, tag};
use kokuin_suite::DigestAlgorithm;

/// `ArchiveTimeStamp`: the tree by `algorithm` from the leaf upwards (none where the token is over the one value itself), and the token.
#[must_use]
pub fn archive_time_stamp(algorithm: DigestAlgorithm, lists: &[Vec<&[u8]>], token: &[u8]) -> Vec<u8> {
    let named = enc::implicit_constructed(0, &enc::oid(&algorithm.oid()));
    let lists: Vec<Vec<u8>> = lists.iter().map(|list| partial_tree(list)).collect();
    let tree = if lists.is_empty() { Vec::new() } else { enc::implicit_constructed(2, &lists.concat()) };
    enc::sequence(&[&named, &tree, token])
}

/// `ArchiveTimeStampChain` of stamps, oldest first.
#[must_use]
pub fn chain(stamps: &[&[u8]]) -> Vec<u8> {
    enc::sequence(stamps)
}

/// `EvidenceRecord` of chains, oldest first, that use `algorithms`.
#[must_use]
pub fn record(algorithms: &[DigestAlgorithm], chains: &[&[u8]]) -> Vec<u8> {
    let algorithms: Vec<Vec<u8>> = algorithms.iter().map(|algorithm| algorithm.algorithm_id_der()).collect();
    let algorithms = enc::constructed(tag::SEQUENCE, &[&algorithms.concat()]);
    enc::sequence(&[&enc::uint_u64(1), &algorithms, &enc::sequence(chains)])
}

fn partial_tree(list: &[&[u8]]) -> Vec<u8> {
    let hashes: Vec<Vec<u8>> = list.iter().map(|hash| enc::octet_string(hash)).collect();
    enc::constructed(tag::SEQUENCE, &[&hashes.concat()])
}
