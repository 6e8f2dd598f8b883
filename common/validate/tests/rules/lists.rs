//! Revocation lists that are not about the certificate asked about, or not all of the news: RFC 5280 5.2, 6.3.3; THR-91.

use kokuin_asn1::{Certificate, Crl, Extension, enc, oids, tag};
use kokuin_devca::hostile::TestCertificate;
use kokuin_key::Purpose as KeyPurpose;
use kokuin_suite::SignatureAlgorithm;
use kokuin_validate::Purpose;

use crate::material::{Asked, DATA, DAY, HOUR, NOW, World, key, verdict, world};

/// A list of the issuing CA, every part of which can be made wrong.
struct List {
    from: i64,
    to: i64,
    entries: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
    outer: SignatureAlgorithm,
}

impl List {
    fn new() -> Self {
        let outer = SignatureAlgorithm::EcdsaSha256;
        Self { from: NOW - HOUR, to: NOW + DAY, entries: Vec::new(), extensions: Vec::new(), outer }
    }

    fn naming(mut self, certificate: &Certificate, at: i64, extensions: &[Vec<u8>]) -> Self {
        let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
        let extensions = if extensions.is_empty() { Vec::new() } else { enc::sequence(&extensions) };
        let date = enc::time(at).expect("a time");
        self.entries.push(enc::sequence(&[&enc::integer(certificate.serial()), &date, &extensions]));
        self
    }

    fn with(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    fn sign(self, a: &World) -> Crl {
        let inner = SignatureAlgorithm::EcdsaSha256.algorithm_id_der();
        let parts = |parts: &[Vec<u8>]| enc::sequence(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let entries = if self.entries.is_empty() { Vec::new() } else { parts(&self.entries) };
        let extensions =
            if self.extensions.is_empty() { Vec::new() } else { enc::explicit(0, &parts(&self.extensions)) };
        let tbs = enc::sequence(&[
            &enc::uint_u64(1),
            &inner,
            a.ca.certificate().subject(),
            &enc::time(self.from).expect("a time"),
            &enc::time(self.to).expect("a time"),
            &entries,
            &extensions,
        ]);
        let signature = key(&format!("{}-ca", a.name), KeyPurpose::Ca).sign_bytes(&tbs);
        let der = enc::sequence(&[&tbs, &self.outer.algorithm_id_der(), &enc::bit_string(&signature, 0)]);
        Crl::parse(&der).expect("a list")
    }
}

fn uri(text: &str) -> Vec<u8> {
    enc::tlv(tag::context(6), text.as_bytes())
}

fn full_name(names: &[Vec<u8>]) -> Vec<u8> {
    let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
    enc::constructed(tag::context_constructed(0), &[&enc::constructed(tag::context_constructed(0), &names)])
}

fn scope(parts: &[Vec<u8>]) -> Vec<u8> {
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    Extension::encode(&oids::ISSUING_DISTRIBUTION_POINT, true, &enc::sequence(&parts))
}

fn flag(number: u8) -> Vec<u8> {
    enc::tlv(tag::context(number), &[0xff])
}

fn reason(code: u8) -> Vec<u8> {
    Extension::encode(&oids::CRL_REASON, false, &enc::tlv(tag::ENUMERATED, &[code]))
}

fn delta() -> Vec<u8> {
    Extension::encode(&oids::DELTA_CRL_INDICATOR, true, &enc::uint_u64(1))
}

fn judged(a: &World, lists: Vec<Crl>) -> String {
    let token = a.token(DATA, NOW - 60).build();
    let crls = [vec![a.crls()[0].clone()], lists].concat();
    verdict(&Asked::new(&token, &a.trust(Purpose::Tsa), &crls).run())
}

#[test]
fn thr_91_a_list_of_another_distribution_point_settles_nothing() {
    let a = world("a");
    let own = a.tsu.crl_distribution_points().first().expect("the development CA names one").clone();
    let of = |names: &[Vec<u8>]| vec![List::new().with(scope(&[full_name(names)])).sign(&a)];
    assert_eq!(judged(&a, of(&[uri(&own)])), "TOTAL-PASSED");
    assert_eq!(judged(&a, of(&[uri("http://127.0.0.1/other.crl"), uri(&own)])), "TOTAL-PASSED");
    assert_eq!(judged(&a, of(&[uri("http://127.0.0.1/other.crl")])), "INDETERMINATE TRY_LATER");
    let issuer = enc::explicit(4, a.ca.certificate().subject());
    assert_eq!(judged(&a, of(std::slice::from_ref(&issuer))), "INDETERMINATE TRY_LATER");
    // A name relative to the issuer's is one that this certificate does not have.
    let attribute = enc::sequence(&[&enc::oid(&oids::CN), &enc::utf8_string("1")]);
    let relative = enc::constructed(tag::context_constructed(1), &[&attribute]);
    let relative = enc::constructed(tag::context_constructed(0), &[&relative]);
    assert_eq!(judged(&a, vec![List::new().with(scope(&[relative])).sign(&a)]), "INDETERMINATE TRY_LATER");
    // A certificate without points is covered by the list for all of its issuer's (RFC 5280 6.3.3).
    let a = a.with_tsu(|tsu: TestCertificate| tsu.without(&oids::CRL_DP));
    assert_eq!(judged(&a, vec![List::new().with(scope(&[full_name(&[issuer])])).sign(&a)]), "TOTAL-PASSED");
    assert_eq!(
        judged(&a, vec![List::new().with(scope(&[full_name(&[uri(&own)])])).sign(&a)]),
        "INDETERMINATE TRY_LATER"
    );
}

#[test]
fn thr_91_a_partial_list_settles_nothing() {
    let a = world("a");
    let reasons = enc::tlv(tag::context(3), &[6, 0x40]);
    for scope in [scope(&[flag(2)]), scope(&[reasons]), scope(&[flag(4)]), scope(&[flag(5)]), delta()] {
        assert_eq!(judged(&a, vec![List::new().with(scope).sign(&a)]), "INDETERMINATE TRY_LATER");
    }
    assert_eq!(judged(&a, vec![List::new().with(scope(&[flag(1)])).sign(&a)]), "TOTAL-PASSED");
    let unknown = Extension::encode(&"2.999.1".parse().expect("an OID"), true, &enc::null());
    assert_eq!(judged(&a, vec![List::new().with(unknown).sign(&a)]), "INDETERMINATE TRY_LATER");
}

#[test]
fn thr_91_a_list_that_says_one_thing_twice_settles_nothing() {
    let a = world("a");
    let twice = List::new().with(scope(&[flag(1)])).with(scope(&[flag(2)])).sign(&a);
    assert_eq!(judged(&a, vec![twice]), "INDETERMINATE TRY_LATER");
    let other = List { outer: SignatureAlgorithm::EcdsaSha384, ..List::new() }.sign(&a);
    assert_eq!(judged(&a, vec![other]), "INDETERMINATE TRY_LATER");
}

#[test]
fn thr_91_a_revocation_counts_from_a_partial_list_too() {
    let a = world("a");
    let full = || List::new().sign(&a);
    let revoked = |list: List, extensions: &[Vec<u8>]| list.naming(&a.tsu, NOW - DAY, extensions).sign(&a);
    let reasons = enc::tlv(tag::context(3), &[6, 0x40]);
    for extension in [delta(), scope(&[reasons]), scope(&[full_name(&[uri("http://127.0.0.1/other.crl")])])] {
        let partial = revoked(List::new().with(extension), &[reason(1)]);
        for lists in [vec![full(), partial.clone()], vec![partial, full()]] {
            assert_eq!(judged(&a, lists), "INDETERMINATE REVOKED_NO_POE");
        }
    }
    // removeFromCRL in a delta list takes an entry away and adds none.
    let removed = revoked(List::new().with(delta()), &[reason(8)]);
    assert_eq!(judged(&a, vec![full(), removed]), "TOTAL-PASSED");
    // Entries of an indirect list may be another issuer's.
    let indirect = revoked(List::new().with(scope(&[flag(4)])), &[]);
    assert_eq!(judged(&a, vec![full(), indirect]), "TOTAL-PASSED");
}

#[test]
fn thr_91_no_number_of_lists_hides_a_revocation() {
    let a = world("a");
    let old = |age: i64| List { from: NOW - HOUR - age, ..List::new() }.sign(&a);
    let newest = List::new().naming(&a.tsu, NOW - DAY, &[reason(1)]).sign(&a);
    let mut lists: Vec<Crl> = (0..100).map(old).collect();
    lists.push(newest.clone());
    assert_eq!(judged(&a, lists), "INDETERMINATE REVOKED_NO_POE");
    // More than there is work allowed for: what was not read may be the one that matters.
    let mut lists = vec![old(0); 1_100];
    lists.push(newest);
    assert_eq!(judged(&a, lists), "INDETERMINATE TRY_LATER");
}

#[test]
fn val_37_a_key_compromised_before_the_time_stamp_does_not_pass() {
    let a = world("a");
    let seal = a.cades_t(DATA, &a, NOW - 2 * DAY).build();
    let invalid = |at: i64| {
        let time = enc::generalized_time(at).expect("a time");
        Extension::encode(&oids::INVALIDITY_DATE, false, &time)
    };
    let judged = |extensions: &[Vec<u8>]| {
        let list = List::new().naming(&a.seal, NOW - DAY, extensions).sign(&a);
        let report = Asked::new(&seal, &a.trust_both(), &[a.crls()[0].clone(), list]).run();
        verdict(&report)
    };
    assert_eq!(judged(&[reason(1)]), "TOTAL-PASSED");
    assert_eq!(judged(&[reason(1), invalid(NOW - DAY - HOUR)]), "TOTAL-PASSED");
    assert_eq!(judged(&[reason(1), invalid(NOW - 3 * DAY)]), "INDETERMINATE REVOKED_NO_POE");
}

#[test]
fn val_05_of_two_entries_for_one_certificate_the_earlier_counts() {
    let a = world("a");
    let seal = a.cades_t(DATA, &a, NOW - 2 * DAY).build();
    for (first, second) in [(3, 1), (1, 3)] {
        let list = List::new().naming(&a.seal, NOW - first * DAY, &[]).naming(&a.seal, NOW - second * DAY, &[]);
        let crls = [a.crls()[0].clone(), list.sign(&a)];
        let report = Asked::new(&seal, &a.trust_both(), &crls).run();
        assert_eq!(verdict(&report), "INDETERMINATE REVOKED_NO_POE");
    }
}
