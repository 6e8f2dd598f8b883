//! Syntax and limits: ERS-01, ERS-06.

use kokuin_asn1::{Asn1Error, ber, enc, tsp::RequestBuilder};
use kokuin_evidence::{EvidenceError, EvidenceRecord, encode};
use kokuin_suite::digest;

use crate::made::{SHA256, plain, record, token};

fn refusal(bytes: &[u8]) -> EvidenceError {
    EvidenceRecord::parse(bytes).expect_err("no record")
}

fn stamp() -> Vec<u8> {
    plain(SHA256, &digest(SHA256, b"data"))
}

#[test]
fn ers_01_reads_what_it_wrote_and_every_optional_field() {
    let bytes = record(&[&stamp()]);
    let parsed = EvidenceRecord::parse(&bytes).expect("a record");
    assert_eq!((parsed.raw, parsed.chains.len(), parsed.stamps().count()), (bytes.as_slice(), 1, 1));
    assert_eq!((parsed.crypto_infos, parsed.encryption_info), (None, None));
    let algorithms = enc::sequence(&[&SHA256.algorithm_id_der()]);
    let (crypto, encryption) = (enc::implicit_constructed(0, &[5, 0]), enc::implicit_constructed(1, &[5, 0]));
    let attributes = enc::implicit_constructed(1, &[]);
    let imprint_alone = enc::sequence(&[&attributes, &token(SHA256, &digest(SHA256, b"data"))]);
    let chains = enc::sequence(&[&enc::sequence(&[&imprint_alone])]);
    let full = enc::sequence(&[&enc::uint_u64(1), &algorithms, &crypto, &encryption, &chains]);
    let parsed = EvidenceRecord::parse(&full).expect("a record");
    assert_eq!((parsed.crypto_infos, parsed.encryption_info), (Some(crypto.as_slice()), Some(encryption.as_slice())));
    let stamp = &parsed.chains[0].stamps[0];
    assert_eq!(stamp.attributes, Some(attributes.as_slice()));
    assert_eq!((stamp.digest_algorithm.is_none(), stamp.algorithm()), (true, &SHA256.oid()));
}

#[test]
fn refuses_other_versions_and_empty_sequences() {
    let algorithms = enc::sequence(&[&SHA256.algorithm_id_der()]);
    let with = |version, chains: &[u8]| enc::sequence(&[&enc::uint_u64(version), &algorithms, chains]);
    let chains = enc::sequence(&[&encode::chain(&[&stamp()])]);
    assert_eq!(refusal(&with(2, &chains)), EvidenceError::Version { found: 2 });
    let empty = |what| EvidenceError::Empty { what };
    assert_eq!(refusal(&with(1, &enc::sequence(&[]))), empty("archiveTimeStampSequence"));
    assert_eq!(refusal(&record(&[])), empty("ArchiveTimeStampChain"));
    let token = token(SHA256, &[1; 32]);
    let no_list = enc::sequence(&[&enc::implicit_constructed(2, &[]), &token]);
    assert_eq!(refusal(&record(&[&no_list])), empty("reducedHashtree"));
    let no_hash = encode::archive_time_stamp(SHA256, &[vec![]], &token);
    assert_eq!(refusal(&record(&[&no_hash])), empty("PartialHashtree"));
}

#[test]
fn refuses_more_than_the_limits() {
    let token = token(SHA256, &[1; 32]);
    let hash = [2_u8; 32];
    let deep = encode::archive_time_stamp(SHA256, &vec![vec![hash.as_slice()]; 65], &token);
    assert_eq!(refusal(&record(&[&deep])), EvidenceError::TooMany { what: "lists in a reduced hash tree", limit: 64 });
    let stamp = stamp();
    let long = record(&vec![stamp.as_slice(); 33]);
    assert_eq!(refusal(&long), EvidenceError::TooMany { what: "time-stamps of one chain", limit: 32 });
    let chain = encode::chain(&[&stamp]);
    let many = encode::record(&[SHA256], &vec![chain.as_slice(); 33]);
    assert_eq!(refusal(&many), EvidenceError::TooMany { what: "chains", limit: 32 });
    let named = encode::record(&[SHA256; 33], &[&chain]);
    assert_eq!(refusal(&named), EvidenceError::TooMany { what: "digest algorithms", limit: 32 });
}

#[test]
fn refuses_a_time_stamp_that_is_no_token_and_octets_that_follow() {
    let other = enc::sequence(&[&enc::sequence(&[])]);
    assert!(matches!(refusal(&record(&[&other])), EvidenceError::Syntax(Asn1Error::Missing { .. })));
    let mut longer = record(&[&stamp()]);
    longer.push(0);
    assert!(matches!(refusal(&longer), EvidenceError::Syntax(Asn1Error::TrailingBytes { .. })));
}

#[test]
fn ers_06_a_record_in_ber_is_the_same_record_in_der() {
    let der = record(&[&stamp()]);
    let header = if der[1] == 0x82 { 4 } else { 3 };
    let streamed = [&[0x30, 0x80], &der[header..], &[0, 0]].concat();
    assert!(matches!(refusal(&streamed), EvidenceError::Syntax(Asn1Error::IndefiniteLength { .. })));
    assert_eq!(ber::to_der(&streamed, ber::Limits::default()).expect("BER"), der);
}

#[test]
fn tells_a_record_from_what_else_begins_with_a_version() {
    let request = RequestBuilder::new(&SHA256.oid(), &[1; 32]).cert_req(true).encode();
    let key = enc::sequence(&[&enc::uint_u64(0), &SHA256.algorithm_id_der(), &enc::octet_string(&[1])]);
    assert!(EvidenceRecord::is_outlined(&record(&[&stamp()])));
    for other in [request, key, enc::sequence(&[&enc::uint_u64(1)]), Vec::new()] {
        assert!(!EvidenceRecord::is_outlined(&other), "{other:02x?}");
    }
}
