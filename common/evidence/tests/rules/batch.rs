//! Batches: every digest has its record, and no record fits another digest.

use kokuin_asn1::Asn1Error;
use kokuin_evidence::{Batch, BatchError, EvidenceRecord, StampedBatch, batch::MAX_DIGESTS};
use kokuin_suite::{DigestAlgorithm, digest};
use proptest::prelude::*;

use crate::made::{SHA256, SHA512, token};

fn digests(algorithm: DigestAlgorithm, count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|number| digest(algorithm, &number.to_be_bytes())).collect()
}

fn stamped(algorithm: DigestAlgorithm, digests: Vec<Vec<u8>>) -> StampedBatch {
    let batch = Batch::new(algorithm, digests, [9; 32]).expect("a batch");
    let token = token(algorithm, batch.root());
    batch.stamped(token).expect("its token")
}

/// Whether `record` leads from `digest` to the imprint of its token.
fn covers(record: &[u8], digest: &[u8]) -> bool {
    EvidenceRecord::parse(record).is_ok_and(|record| {
        let steps = record.cover(&|_| Some(vec![digest.to_vec()]));
        steps.is_ok_and(|steps| steps.len() == 1 && steps.iter().all(kokuin_evidence::Step::is_stamped))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ers_02_every_digest_of_a_batch_has_a_record_that_covers_it_and_no_other(
        count in 1_u32..70,
        algorithm in prop::sample::select(vec![SHA256, SHA512, DigestAlgorithm::Sha384, DigestAlgorithm::Sha3_256]),
    ) {
        let digests = digests(algorithm, count);
        let batch = stamped(algorithm, digests.clone());
        let foreign = digest(algorithm, b"foreign");
        prop_assert_eq!(batch.record(&foreign), None);
        for each in &digests {
            let record = batch.record(each).expect("a record");
            prop_assert!(covers(&record, each));
            prop_assert!(!covers(&record, &foreign));
            for other in digests.iter().filter(|other| *other != each) {
                prop_assert!(!covers(&record, other));
                prop_assert!(!record.windows(other.len()).any(|window| window == other), "a neighbour is disclosed");
            }
        }
    }

    #[test]
    fn ers_02_no_flip_in_digest_or_tree_is_covered(count in 1_u32..40, at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let digests = digests(SHA256, count);
        let leaf = &digests[at.index(digests.len())];
        let record = stamped(SHA256, digests.clone()).record(leaf).expect("a record");
        let mut flipped = leaf.clone();
        let octet = at.index(flipped.len());
        flipped[octet] ^= 1 << bit;
        prop_assert!(!covers(&record, &flipped));
        // The tree lies before the token; the list of algorithms in front is a hint that nothing rests on.
        let parsed = EvidenceRecord::parse(&record).expect("a record");
        let stamp = parsed.chains[0].stamps[0].raw;
        let start = stamp.as_ptr() as usize - record.as_ptr() as usize;
        let end = parsed.chains[0].stamps[0].token.as_ptr() as usize - record.as_ptr() as usize;
        for octet in start..end {
            let mut broken = record.clone();
            broken[octet] ^= 1 << bit;
            prop_assert!(!covers(&broken, leaf), "a flip at {octet} is not seen");
        }
    }
}

#[test]
fn equal_digests_share_a_proof_and_order_means_nothing() {
    let one = digests(SHA256, 5);
    let twice: Vec<_> = one.iter().rev().chain(&one).cloned().collect();
    let (first, second) = (Batch::new(SHA256, one.clone(), [3; 32]), Batch::new(SHA256, twice, [3; 32]));
    let (first, second) = (first.expect("a batch"), second.expect("a batch"));
    assert_eq!(first.root(), second.root());
    assert_eq!((first.len(), second.len()), (5, 5));
}

#[test]
fn another_secret_makes_another_root_and_a_batch_of_one_is_salted_too() {
    let root = |secret| Batch::new(SHA256, digests(SHA256, 1), secret).expect("a batch").root().to_vec();
    assert_ne!(root([1; 32]), root([2; 32]));
    assert_ne!(root([1; 32]), digests(SHA256, 1)[0]);
}

#[test]
fn a_leaf_is_the_digest_alone_and_the_second_list_a_salt_of_32_octets() {
    let digests = digests(SHA256, 10);
    let batch = stamped(SHA256, digests.clone());
    let mut salts = std::collections::BTreeSet::new();
    for digest in &digests {
        let record = batch.record(digest).expect("a record");
        let parsed = EvidenceRecord::parse(&record).expect("a record");
        let tree = parsed.chains[0].stamps[0].reduced_tree.clone().expect("a tree");
        assert_eq!(tree[0], [digest.as_slice()]);
        assert_eq!((tree[1].len(), tree[1][0].len()), (1, 32));
        assert!(tree.len() <= 2 + 4, "a tree of 10 leaves is 4 levels high");
        salts.insert(tree[1][0].to_vec());
    }
    assert_eq!(salts.len(), 10);
}

#[test]
fn refuses_what_is_no_batch() {
    let refused = |algorithm, digests| Batch::new(algorithm, digests, [0; 32]).expect_err("no batch");
    assert_eq!(refused(SHA256, Vec::new()), BatchError::Empty);
    assert_eq!(refused(SHA256, vec![vec![0; 32]; MAX_DIGESTS + 1]), BatchError::TooMany { found: MAX_DIGESTS + 1 });
    assert_eq!(
        refused(SHA256, vec![vec![0; 32], vec![0; 31]]),
        BatchError::DigestLength { index: 1, algorithm: SHA256, expected: 32, found: 31 }
    );
    let past = DigestAlgorithm::Sha1;
    assert_eq!(refused(past, vec![vec![0; 20]]), BatchError::AlgorithmOfThePast(past));
}

#[test]
fn refuses_a_token_on_something_else() {
    let batch = || Batch::new(SHA256, digests(SHA256, 3), [0; 32]).expect("a batch");
    let other = batch().stamped(token(SHA256, &[1; 32])).expect_err("another imprint");
    assert_eq!(other, BatchError::OtherImprint(SHA256));
    let sha3 = DigestAlgorithm::Sha3_256;
    let other = batch().stamped(token(sha3, batch().root())).expect_err("another algorithm");
    assert_eq!(other, BatchError::OtherImprint(SHA256));
    assert!(matches!(batch().stamped(vec![0x30, 0]), Err(BatchError::Token(Asn1Error::Missing { .. }))));
}
