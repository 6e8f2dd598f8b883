//! Batches: every digest has its record, and no record fits another digest.

use kokuin_asn1::Asn1Error;
use kokuin_evidence::{Batch, BatchError, Digests, EvidenceRecord, StampedBatch, batch::MAX_DIGESTS};
use kokuin_suite::{DigestAlgorithm, digest};
use proptest::prelude::*;

use crate::made::{SHA256, SHA512, token};

fn digests(algorithm: DigestAlgorithm, count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|number| digest(algorithm, &number.to_be_bytes())).collect()
}

fn batch(algorithm: DigestAlgorithm, digests: &[Vec<u8>], secret: [u8; 32]) -> Batch {
    Batch::new(Digests::collect(algorithm, digests.iter().map(Vec::as_slice)).expect("digests"), &secret)
}

fn stamped(algorithm: DigestAlgorithm, digests: &[Vec<u8>]) -> StampedBatch {
    let batch = batch(algorithm, digests, [9; 32]);
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
        let batch = stamped(algorithm, &digests);
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
        let record = stamped(SHA256, &digests).record(leaf).expect("a record");
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
    let (first, second) = (batch(SHA256, &one, [3; 32]), batch(SHA256, &twice, [3; 32]));
    assert_eq!(first.root(), second.root());
    assert_eq!((first.digests().len(), second.digests().len()), (5, 5));
}

#[test]
fn another_secret_makes_another_root_and_a_batch_of_one_is_salted_too() {
    let root = |secret| batch(SHA256, &digests(SHA256, 1), secret).root().to_vec();
    assert_ne!(root([1; 32]), root([2; 32]));
    assert_ne!(root([1; 32]), digests(SHA256, 1)[0]);
}

#[test]
fn a_leaf_is_the_digest_alone_and_the_second_list_random_octets_of_its_length() {
    for algorithm in [SHA256, DigestAlgorithm::Sha384, SHA512, DigestAlgorithm::Sha3_256] {
        let digests = digests(algorithm, 10);
        let batch = stamped(algorithm, &digests);
        let mut salts = std::collections::BTreeSet::new();
        for digest in &digests {
            let record = batch.record(digest).expect("a record");
            let parsed = EvidenceRecord::parse(&record).expect("a record");
            let tree = parsed.chains[0].stamps[0].reduced_tree.clone().expect("a tree");
            assert_eq!(tree[0], [digest.as_slice()]);
            assert_eq!((tree[1].len(), tree[1][0].len()), (1, algorithm.output_len()));
            assert!(tree.len() <= 2 + 4, "a tree of 10 leaves is 4 levels high");
            salts.insert(tree[1][0].to_vec());
        }
        assert_eq!(salts.len(), 10);
    }
}

/// What a neighbour's record shows of a digest must not let anybody check a guess of it: not the digest's hash, not with what stands beside the own.
#[test]
fn no_record_tells_whether_a_guess_of_a_neighbour_is_right_jp_lt_08() {
    let digests = digests(SHA256, 2);
    let record = stamped(SHA256, &digests).record(&digests[0]).expect("a record");
    let parsed = EvidenceRecord::parse(&record).expect("a record");
    let tree = parsed.chains[0].stamps[0].reduced_tree.clone().expect("a tree");
    let (own, neighbour) = (tree[1][0], tree[2][0]);
    let guess = digests[1].as_slice();
    for known in [own, digests[0].as_slice(), &[]] {
        for guessed in [[known, guess].concat(), [guess, known].concat()] {
            assert_ne!(digest(SHA256, &guessed), neighbour);
        }
    }
}

#[test]
fn a_hundred_thousand_digests_have_records_17_levels_high() {
    let digests = digests(SHA256, 100_000);
    let batch = stamped(SHA256, &digests);
    let token = batch.token().len();
    for digest in digests.iter().step_by(9_999) {
        let record = batch.record(digest).expect("a record");
        assert!(covers(&record, digest));
        assert!(record.len() <= token + 19 * 36 + 64, "{} octets beside the token", record.len() - token);
    }
}

#[test]
fn refuses_what_is_no_batch() {
    let refused = |algorithm, digests: Vec<Vec<u8>>| {
        Digests::collect(algorithm, digests.iter().map(Vec::as_slice)).expect_err("no batch")
    };
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
    let batch = || batch(SHA256, &digests(SHA256, 3), [0; 32]);
    let other = batch().stamped(token(SHA256, &[1; 32])).expect_err("another imprint");
    assert_eq!(other, BatchError::OtherImprint(SHA256));
    let sha3 = DigestAlgorithm::Sha3_256;
    let other = batch().stamped(token(sha3, batch().root())).expect_err("another algorithm");
    assert_eq!(other, BatchError::OtherImprint(SHA256));
    assert!(matches!(batch().stamped(vec![0x30, 0]), Err(BatchError::Token(Asn1Error::Missing { .. }))));
}
