//! Groups and renewals: ERS-03 to ERS-07, THR-111.

use kokuin_asn1::enc;
use kokuin_evidence::{EvidenceError, EvidenceRecord, Renewal, encode};
use kokuin_suite::{DigestAlgorithm, digest};

use crate::made::{SHA256, SHA512, plain, record, token};

const DATA: &[u8] = b"kept for a long time";

/// The first rule that does not hold, or why each stamp is there, of a record over these documents.
fn covered(record: &[u8], documents: &[&[u8]]) -> Result<Vec<Renewal>, EvidenceError> {
    let record = EvidenceRecord::parse(record)?;
    let digests = |algorithm| Some(documents.iter().map(|document| digest(algorithm, document)).collect());
    let steps = record.cover(&digests)?;
    assert!(steps.iter().all(kokuin_evidence::Step::is_stamped), "a root is not stamped");
    Ok(steps.iter().map(kokuin_evidence::Step::renewal).collect())
}

/// Two lists, and the stamp on what comes of them.
fn group(documents: &[&[u8]], beside: &[u8]) -> Vec<u8> {
    let hashes: Vec<Vec<u8>> = documents.iter().map(|document| digest(SHA256, document)).collect();
    let first: Vec<&[u8]> = hashes.iter().map(Vec::as_slice).collect();
    let mut sorted = first.clone();
    sorted.sort_unstable();
    let below = if sorted.len() == 1 { sorted.concat() } else { digest(SHA256, &sorted.concat()) };
    let mut pair = [below.as_slice(), beside];
    pair.sort_unstable();
    let root = digest(SHA256, &pair.concat());
    encode::archive_time_stamp(SHA256, &[first, vec![beside]], &token(SHA256, &root))
}

#[test]
fn ers_03_a_group_is_covered_whole_and_by_member() {
    let (a, b): (&[u8], &[u8]) = (b"a", b"b");
    let record = record(&[&group(&[b, a], &[5; 32])]);
    assert_eq!(covered(&record, &[a, b]), Ok(vec![Renewal::None]));
    assert_eq!(covered(&record, &[b, a]), Ok(vec![Renewal::None]));
    assert_eq!(covered(&record, &[a]), Ok(vec![Renewal::None]));
    let missing = EvidenceError::DataNotCovered { chain: 1, after_renewal: false };
    assert_eq!(covered(&record, &[a, b"c"]), Err(missing.clone()));
    assert_eq!(covered(&record, &[b"c"]), Err(missing));
    assert_eq!(covered(&record, &[]), Err(EvidenceError::DigestNeeded { algorithm: SHA256 }));
}

#[test]
fn ers_03_refuses_a_group_with_a_stranger_in_it() {
    let record = record(&[&group(&[b"a", b"b", b"stranger"], &[5; 32])]);
    let refused = covered(&record, &[b"a", b"b"]);
    assert_eq!(refused, Err(EvidenceError::GroupIncomplete { chain: 1, documents: 2 }));
}

#[test]
fn a_value_of_a_later_list_is_not_covered() {
    let beside = digest(SHA256, DATA);
    let record = record(&[&group(&[b"a"], &beside)]);
    let refused = covered(&record, &[DATA]);
    assert_eq!(refused, Err(EvidenceError::DataNotCovered { chain: 1, after_renewal: false }));
}

#[test]
fn ers_07_a_record_of_one_object_needs_no_tree() {
    let bytes = record(&[&plain(SHA256, &digest(SHA256, DATA))]);
    assert_eq!(covered(&bytes, &[DATA]), Ok(vec![Renewal::None]));
    let parsed = EvidenceRecord::parse(&bytes).expect("a record");
    let foreign = parsed.cover(&|algorithm| Some(vec![digest(algorithm, b"foreign")])).expect("steps");
    assert!(!foreign[0].is_stamped());
    let two = EvidenceError::DataNotCovered { chain: 1, after_renewal: false };
    assert_eq!(covered(&bytes, &[DATA, b"another"]), Err(two));
}

#[test]
fn ers_04_a_renewal_covers_the_token_before_it() {
    let first = plain(SHA256, &digest(SHA256, DATA));
    let renewed = |covers: &[u8]| plain(SHA256, &digest(SHA256, covers));
    let second = renewed(&token(SHA256, &digest(SHA256, DATA)));
    let bytes = record(&[&first, &second]);
    assert_eq!(covered(&bytes, &[DATA]), Ok(vec![Renewal::None, Renewal::TimeStamp]));
    // With a tree, the token must be in its first list.
    let listed = |covers: &[u8]| group(&[covers], &[6; 32]);
    let old = token(SHA256, &digest(SHA256, DATA));
    assert_eq!(covered(&record(&[&first, &listed(&old)]), &[DATA]), Ok(vec![Renewal::None, Renewal::TimeStamp]));
    let refused = covered(&record(&[&first, &listed(b"another token")]), &[DATA]);
    assert_eq!(refused, Err(EvidenceError::PredecessorNotCovered { chain: 1, stamp: 2 }));
}

#[test]
fn thr_111_refuses_stamps_in_another_order() {
    let first = plain(SHA256, &digest(SHA256, DATA));
    let old = token(SHA256, &digest(SHA256, DATA));
    let second = group(&[&old], &[6; 32]);
    let refused = covered(&record(&[&second, &first]), &[DATA]);
    assert_eq!(refused, Err(EvidenceError::DataNotCovered { chain: 1, after_renewal: false }));
}

/// A second chain by SHA-512 over `value`.
fn renewed_tree(first: &[u8], value: &[u8]) -> Vec<u8> {
    let beside = [7; 64];
    let mut pair = [value, &beside];
    pair.sort_unstable();
    let root = digest(SHA512, &pair.concat());
    let stamp = encode::archive_time_stamp(SHA512, &[vec![value], vec![&beside]], &token(SHA512, &root));
    encode::record(&[SHA256, SHA512], &[first, &encode::chain(&[&stamp])])
}

#[test]
fn ers_05_a_new_tree_covers_data_and_earlier_chains_in_that_order() {
    let first = encode::chain(&[&plain(SHA256, &digest(SHA256, DATA))]);
    let (data, earlier) = (digest(SHA512, DATA), digest(SHA512, &enc::sequence(&[&first])));
    let joined = digest(SHA512, &[data.clone(), earlier.clone()].concat());
    let good = renewed_tree(&first, &joined);
    assert_eq!(covered(&good, &[DATA]), Ok(vec![Renewal::None, Renewal::HashTree]));
    let not_covered = Err(EvidenceError::DataNotCovered { chain: 2, after_renewal: true });
    let swapped = digest(SHA512, &[earlier.clone(), data.clone()].concat());
    let without_sequence = digest(SHA512, &[data.clone(), digest(SHA512, &first)].concat());
    for wrong in [swapped, without_sequence, data, earlier] {
        assert_eq!(covered(&renewed_tree(&first, &wrong), &[DATA]), not_covered);
    }
    // THR-111: the renewal of another document's chain.
    let other = encode::chain(&[&group(&[DATA], &[8; 32])]);
    assert_eq!(covered(&renewed_tree(&other, &joined), &[DATA]), not_covered);
}

#[test]
fn a_digest_that_is_not_given_is_asked_for() {
    let first = encode::chain(&[&plain(SHA256, &digest(SHA256, DATA))]);
    let bytes = renewed_tree(&first, &[1; 64]);
    let record = EvidenceRecord::parse(&bytes).expect("a record");
    let only_sha256 = |algorithm| (algorithm == SHA256).then(|| vec![digest(algorithm, DATA)]);
    let refused = record.cover(&only_sha256).expect_err("no SHA-512 digest");
    assert_eq!(refused, EvidenceError::DigestNeeded { algorithm: SHA512 });
}

#[test]
fn ers_07_refuses_two_algorithms_in_one_chain_or_one_stamp() {
    let first = plain(SHA256, &digest(SHA256, DATA));
    let old = token(SHA256, &digest(SHA256, DATA));
    let second = plain(SHA512, &digest(SHA512, &old));
    let refused = covered(&record(&[&first, &second]), &[DATA]);
    let (expected, found) = (SHA256.oid(), SHA512.oid());
    assert_eq!(refused, Err(EvidenceError::ChainAlgorithm { chain: 1, stamp: 2, expected, found }));
    let mixed = encode::archive_time_stamp(SHA256, &[], &token(SHA512, &digest(SHA512, DATA)));
    let refused = covered(&record(&[&mixed]), &[DATA]);
    let (tree, imprint) = (SHA256.oid(), SHA512.oid());
    assert_eq!(refused, Err(EvidenceError::ImprintAlgorithm { chain: 1, stamp: 1, tree, imprint }));
}

#[test]
fn refuses_hashes_of_another_length() {
    let value = digest(SHA256, DATA);
    for length in [31, 33, 64] {
        let beside = vec![1; length];
        let mut pair = [value.as_slice(), &beside];
        pair.sort_unstable();
        let root = digest(SHA256, &pair.concat());
        let lists = [vec![value.as_slice()], vec![beside.as_slice()]];
        let stamp = encode::archive_time_stamp(SHA256, &lists, &token(SHA256, &root));
        let algorithm = DigestAlgorithm::Sha256;
        let expected = EvidenceError::HashLength { chain: 1, stamp: 1, algorithm, expected: 32, found: length };
        assert_eq!(covered(&record(&[&stamp]), &[DATA]), Err(expected));
    }
}
