//! Evidence records: a batch under one token, renewals, and what breaks them (ERS-02 to ERS-07, THR-111).

use kokuin_asn1::{Crl, Reader, cms::SignedData, enc, oids, tsp};
use kokuin_devca::{DevCa, Reason, Revoked, Validity};
use kokuin_evidence::{Batch, Digests, encode};
use kokuin_suite::{DigestAlgorithm, digest};
use kokuin_validate::{
    ArtifactKind, DetachedData, Purpose, Purposes, TrustStore, ValidationReport, signed_parts,
    validate_evidence_record, validate_tst,
};

use crate::{
    material::{Asked, Cms, DATA, DAY, HOUR, NOW, SignerSpec, World, has_check, tst_info, verdict, world},
    mutation::{check, framing, place, survivors},
};

const SHA256: DigestAlgorithm = DigestAlgorithm::Sha256;
const SHA512: DigestAlgorithm = DigestAlgorithm::Sha512;

/// A token by `a` with this imprint.
fn token_on(a: &World, algorithm: DigestAlgorithm, imprint: &[u8], gen_time: i64) -> Vec<u8> {
    let info = tst_info(&tsp::MessageImprint::encode(&algorithm.oid(), imprint), gen_time);
    Cms {
        signers: vec![SignerSpec::new(&a.tsu_key, &a.tsu, &oids::ID_CT_TST_INFO, &info)],
        content: Some(info),
        ..a.token(DATA, gen_time)
    }
    .build()
}

fn document(number: u8) -> Vec<u8> {
    [DATA, &[number]].concat()
}

/// Ten documents under one token, and the record of each.
fn batch(a: &World, gen_time: i64) -> Vec<Vec<u8>> {
    let digests: Vec<_> = (0..10).map(|number| digest(SHA256, &document(number))).collect();
    let batch = Batch::new(Digests::collect(SHA256, digests.iter().map(Vec::as_slice)).expect("digests"), &[5; 32]);
    let token = token_on(a, SHA256, batch.root(), gen_time);
    let stamped = batch.stamped(token).expect("its token");
    digests.iter().map(|digest| stamped.record(digest).expect("a record")).collect()
}

fn judged(a: &World, record: &[u8], data: &[u8]) -> ValidationReport {
    let (trust, crls) = (a.trust(Purpose::Tsa), a.crls());
    Asked { data: Some(data), ..Asked::new(record, &trust, &crls) }.run()
}

#[test]
fn ers_02_each_of_ten_records_passes_for_its_own_document_only() {
    let a = world("a");
    for (record, number) in batch(&a, NOW - HOUR).iter().zip(0..) {
        let report = judged(&a, record, &document(number));
        assert_eq!(verdict(&report), "TOTAL-PASSED", "{report:#?}");
        assert_eq!(report.kind.map(ArtifactKind::name), Some("evidence-record"));
        assert_eq!(report.overall.best_signature_time.as_deref(), Some("2026-11-23T11:00:00Z"));
        assert_eq!((report.overall.timestamps.len(), report.signatures.len()), (1, 0));
        assert_eq!(report.overall.valid_until, report.overall.timestamps[0].valid_until);
        assert_eq!(verdict(&judged(&a, record, &document(number + 1))), "TOTAL-FAILED HASH_FAILURE");
    }
}

#[test]
fn a_digest_is_enough_and_nothing_is_not() {
    let a = world("a");
    let (trust, crls) = (a.trust(Purpose::Tsa), a.crls());
    let record = batch(&a, NOW - HOUR).remove(3);
    let asked = Asked::new(&record, &trust, &crls);
    let with = |data| verdict(&asked.run_with(|request| request.data = data));
    let given = |algorithm| Some(DetachedData::Digest { algorithm, value: digest(algorithm, &document(3)) });
    assert_eq!(with(given(SHA256)), "TOTAL-PASSED");
    assert_eq!(with(given(SHA512)), "INDETERMINATE SIGNED_DATA_NOT_FOUND");
    assert_eq!(with(None), "INDETERMINATE SIGNED_DATA_NOT_FOUND");
}

#[test]
fn a_record_is_known_in_ber_too_and_not_taken_for_a_token() {
    let a = world("a");
    let record = batch(&a, NOW - HOUR).remove(0);
    let inner = Reader::new(&record, "record").next().expect("a record").value;
    let streamed = [&[0x30, 0x80], inner, &[0, 0]].concat();
    assert_eq!(verdict(&judged(&a, &streamed, &document(0))), "TOTAL-PASSED");
    let (trust, crls) = (a.trust(Purpose::Tsa), a.crls());
    let asked = Asked::new(&record, &trust, &crls);
    asked.run_with(|request| {
        assert_eq!(verdict(&validate_tst(request)), "INDETERMINATE FORMAT_FAILURE");
        request.data = None;
        assert_eq!(verdict(&validate_evidence_record(request)), "INDETERMINATE SIGNED_DATA_NOT_FOUND");
    });
}

#[test]
fn no_flip_inside_a_record_passes() {
    let a = world("a");
    let record = batch(&a, NOW - HOUR).remove(7);
    let (trust, crls, data) = (a.trust(Purpose::Tsa), a.crls(), document(7));
    let judge = |artifact: &[u8]| Asked { data: Some(&data), ..Asked::new(artifact, &trust, &crls) }.run();
    let parsed = kokuin_evidence::EvidenceRecord::parse(&record).expect("a record");
    let token = parsed.chains[0].stamps[0].token;
    let start = place(&record, token).start;
    let mut unprotected = framing(token);
    for (range, _) in &mut unprotected {
        *range = range.start + start..range.end + start;
    }
    // A list of what is used below; each stamp and each token names its own (RFC 4998 3.1).
    unprotected.push((place(&record, parsed.digest_algorithms[0].raw), "digestAlgorithms of the record"));
    check(&survivors(&record, judge), &unprotected);
}

#[test]
fn thr_02_the_token_of_an_untrusted_tsa_makes_no_record() {
    let (a, stranger) = (world("a"), world("stranger"));
    let record = batch(&stranger, NOW - HOUR).remove(0);
    let report = judged(&a, &record, &document(0));
    assert_eq!(verdict(&report), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND");
    assert_eq!(report.overall.best_signature_time, None);
    assert!(has_check(&report, "ers.time-stamp", "indeterminate"));
}

#[test]
fn receipts_of_a_record_are_those_of_its_first_token() {
    let a = world("a");
    let record = batch(&a, NOW - HOUR).remove(0);
    let parsed = kokuin_evidence::EvidenceRecord::parse(&record).expect("a record");
    let token = SignedData::parse(parsed.chains[0].stamps[0].token).expect("a token");
    let parts = signed_parts(&record).expect("parts");
    assert_eq!((parts.len(), parts[0].signature.as_slice()), (1, token.signer_infos[0].signature));
    let (trust, crls, data) = (a.trust(Purpose::Tsa), a.crls(), document(0));
    let asked = Asked { data: Some(&data), ..Asked::new(&record, &trust, &crls) };
    let report = asked.run_with(|request| request.require_receipt = true);
    assert_eq!(verdict(&report), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
}

/// Two authorities: the TSU of the old one has ended an hour ago.
struct Ages {
    old: World,
    new: World,
    trust: TrustStore,
    crls: Vec<Crl>,
}

impl Ages {
    fn new() -> Self {
        let ended = Validity { not_before: NOW - 300 * DAY, not_after: NOW - HOUR };
        let old = world("old").with_tsu(|certificate| certificate.valid(ended).expect("times"));
        let new = world("new");
        let mut trust = new.trust(Purpose::Tsa);
        trust.add(old.root.certificate().clone(), Purposes::only(Purpose::Tsa));
        // Lists from before the end tell that it was not revoked until then.
        let list =
            |ca: &DevCa| Crl::parse(&ca.crl(NOW - 2 * HOUR, NOW + DAY, &[], 1).expect("a list")).expect("a list");
        let crls = [vec![list(&old.root), list(&old.ca)], new.crls()].concat();
        Self { old, new, trust, crls }
    }

    /// The first stamp: a token by the old TSU on the data itself.
    fn first(&self, gen_time: i64) -> Vec<u8> {
        token_on(&self.old, SHA256, &digest(SHA256, DATA), gen_time)
    }

    fn judged(&self, record: &[u8]) -> ValidationReport {
        Asked::new(record, &self.trust, &self.crls).run()
    }
}

fn plain(algorithm: DigestAlgorithm, token: &[u8]) -> Vec<u8> {
    encode::archive_time_stamp(algorithm, &[], token)
}

fn one_chain(tokens: &[&[u8]]) -> Vec<u8> {
    let stamps: Vec<_> = tokens.iter().map(|token| plain(SHA256, token)).collect();
    let stamps: Vec<_> = stamps.iter().map(Vec::as_slice).collect();
    encode::record(&[SHA256], &[&encode::chain(&stamps)])
}

#[test]
fn ers_04_a_renewal_in_time_keeps_the_first_token_alive() {
    let ages = Ages::new();
    let first = ages.first(NOW - 5 * HOUR);
    let renewed = |gen_time| {
        let second = token_on(&ages.new, SHA256, &digest(SHA256, &first), gen_time);
        ages.judged(&one_chain(&[&first, &second]))
    };
    let alone = ages.judged(&one_chain(&[&first]));
    assert_eq!(verdict(&alone), "INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED");
    let in_time = renewed(NOW - 3 * HOUR);
    assert_eq!(verdict(&in_time), "TOTAL-PASSED", "{in_time:#?}");
    assert_eq!(in_time.overall.best_signature_time.as_deref(), Some("2026-11-23T07:00:00Z"));
    assert_eq!(in_time.overall.valid_until, in_time.overall.timestamps[1].valid_until);
    // THR-111: after the end of the certificate nothing is proved any more.
    let too_late = renewed(NOW - 60);
    assert_eq!(verdict(&too_late), "INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED");
}

#[test]
fn ers_07_a_renewal_by_a_stranger_proves_nothing() {
    let (ages, stranger) = (Ages::new(), world("stranger"));
    let first = ages.first(NOW - 5 * HOUR);
    let second = token_on(&stranger, SHA256, &digest(SHA256, &first), NOW - 3 * HOUR);
    let report = ages.judged(&one_chain(&[&first, &second]));
    assert_eq!(verdict(&report), "INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED");
    assert_eq!(report.overall.best_signature_time, None);
}

#[test]
fn a_tsu_revoked_after_the_renewal_stays_good_and_before_it_does_not() {
    let ages = Ages::new();
    let first = token_on(&ages.new, SHA256, &digest(SHA256, DATA), NOW - 5 * HOUR);
    let other = world("other");
    let second = token_on(&other, SHA256, &digest(SHA256, &first), NOW - 3 * HOUR);
    let record = one_chain(&[&first, &second]);
    let mut trust = ages.trust.clone();
    trust.add(other.root.certificate().clone(), Purposes::only(Purpose::Tsa));
    let judged = |at| {
        let revoked = [Revoked { serial: ages.new.tsu.serial().to_vec(), at, reason: Some(Reason::KeyCompromise) }];
        let crls = [ages.new.crls_with(&revoked), other.crls()].concat();
        verdict(&Asked::new(&record, &trust, &crls).run())
    };
    assert_eq!(judged(NOW - 2 * HOUR), "TOTAL-PASSED");
    assert_eq!(judged(NOW - 4 * HOUR), "INDETERMINATE REVOKED_NO_POE");
}

#[test]
fn thr_111_refuses_a_renewal_that_is_older_than_what_it_renews() {
    let a = world("a");
    let first = token_on(&a, SHA256, &digest(SHA256, DATA), NOW - HOUR);
    let second = token_on(&a, SHA256, &digest(SHA256, &first), NOW - 2 * HOUR);
    let report = judged(&a, &one_chain(&[&first, &second]), DATA);
    assert_eq!(verdict(&report), "INDETERMINATE TIMESTAMP_ORDER_FAILURE");
    assert!(has_check(&report, "ers.order", "indeterminate"));
}

#[test]
fn thr_111_refuses_a_renewal_over_another_token_and_a_token_over_another_root() {
    let a = world("a");
    let first = token_on(&a, SHA256, &digest(SHA256, DATA), NOW - 2 * HOUR);
    let other = token_on(&a, SHA256, &digest(SHA256, b"other"), NOW - 2 * HOUR);
    let second = token_on(&a, SHA256, &digest(SHA256, &other), NOW - HOUR);
    let report = judged(&a, &one_chain(&[&first, &second]), DATA);
    assert_eq!(verdict(&report), "TOTAL-FAILED HASH_FAILURE");
    assert!(report.overall.reason.contains("archive time-stamp 2"), "{}", report.overall.reason);
    assert_eq!(verdict(&judged(&a, &one_chain(&[&other]), DATA)), "TOTAL-FAILED HASH_FAILURE");
}

#[test]
fn ers_05_a_new_hash_tree_over_data_and_record_passes_and_over_another_document_fails() {
    let ages = Ages::new();
    let chain = encode::chain(&[&plain(SHA256, &ages.first(NOW - 5 * HOUR))]);
    let renewed = |document: &[u8], gen_time| {
        let earlier = digest(SHA512, &enc::sequence(&[&chain]));
        let covered = digest(SHA512, &[digest(SHA512, document), earlier].concat());
        let second = encode::chain(&[&plain(SHA512, &token_on(&ages.new, SHA512, &covered, gen_time))]);
        ages.judged(&encode::record(&[SHA256, SHA512], &[&chain, &second]))
    };
    let good = renewed(DATA, NOW - 3 * HOUR);
    assert_eq!(verdict(&good), "TOTAL-PASSED", "{good:#?}");
    let trees: Vec<_> = good.overall.algorithms.iter().map(|algorithm| algorithm.name.as_str()).collect();
    assert_eq!(trees, ["sha256", "sha512"]);
    assert_eq!(verdict(&renewed(b"other", NOW - 3 * HOUR)), "TOTAL-FAILED HASH_FAILURE");
    assert_eq!(verdict(&renewed(DATA, NOW - 60)), "INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED");
}

#[test]
fn thr_111_refuses_a_chain_that_was_renewed_after_the_end_of_its_algorithm() {
    let a = world("a");
    let sha1 = DigestAlgorithm::Sha1;
    let chain = encode::chain(&[&plain(sha1, &token_on(&a, sha1, &digest(sha1, DATA), NOW - 2 * HOUR))]);
    let covered = [digest(SHA256, DATA), digest(SHA256, &enc::sequence(&[&chain]))].concat();
    let second = token_on(&a, SHA256, &digest(SHA256, &covered), NOW - HOUR);
    let second = encode::chain(&[&plain(SHA256, &second)]);
    let report = judged(&a, &encode::record(&[sha1, SHA256], &[&chain, &second]), DATA);
    assert_eq!(verdict(&report), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE");
}

#[test]
fn thr_111_refuses_a_missing_leaf_and_a_list_that_is_not_of_digests() {
    let a = world("a");
    let value = digest(SHA256, DATA);
    let with = |lists: &[Vec<&[u8]>], root: &[u8]| {
        let stamp = encode::archive_time_stamp(SHA256, lists, &token_on(&a, SHA256, root, NOW - HOUR));
        verdict(&judged(&a, &encode::record(&[SHA256], &[&encode::chain(&[&stamp])]), DATA))
    };
    assert_eq!(with(&[vec![&value]], &value), "TOTAL-PASSED");
    assert_eq!(with(&[vec![&[1; 32]]], &[1; 32]), "TOTAL-FAILED HASH_FAILURE");
    let mut pair = [value.as_slice(), &[1; 31]];
    pair.sort_unstable();
    let root = digest(SHA256, &pair.concat());
    assert_eq!(with(&[vec![&value], vec![&[1; 31]]], &root), "TOTAL-FAILED FORMAT_FAILURE");
}

#[test]
fn thr_90_looks_at_so_many_time_stamps_and_no_more() {
    let a = world("a");
    let token = token_on(&a, SHA256, &digest(SHA256, DATA), NOW - HOUR);
    let stamp = plain(SHA256, &token);
    let chain = encode::chain(&[stamp.as_slice(); 13]);
    let report = judged(&a, &encode::record(&[SHA256], &[chain.as_slice(); 5]), DATA);
    assert_eq!(verdict(&report), "INDETERMINATE FORMAT_FAILURE");
    assert!(report.overall.reason.contains("more than 64"), "{}", report.overall.reason);
}
