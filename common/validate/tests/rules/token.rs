//! What RFC 3161 and EN 319 422 want of the token itself: TSP-33, TSP-38, TSP-39, TSP-58, THR-109.

use kokuin_asn1::{Extension, enc, oids, tsp};
use kokuin_devca::Validity;
use kokuin_suite::{DigestAlgorithm, digest};
use kokuin_validate::{Purpose, ValidationReport};

use crate::material::{Asked, Cms, DATA, DAY, HOUR, NOW, SignerSpec, World, has_check, verdict, world};

fn imprint() -> Vec<u8> {
    tsp::MessageImprint::encode(&oids::SHA256, &digest(DigestAlgorithm::Sha256, DATA))
}

/// A token by `a` whose `TSTInfo` is this.
fn token_of(a: &World, info: &[u8]) -> Cms {
    let mut token = a.token(DATA, NOW - 60);
    token.content = Some(info.to_vec());
    token.signers = vec![SignerSpec::new(&a.tsu_key, &a.tsu, &oids::ID_CT_TST_INFO, info)];
    token
}

fn info(change: impl FnOnce(&mut tsp::TstInfoParts<'_>)) -> Vec<u8> {
    let policy = "2.999.3161.1".parse().expect("an OID");
    let imprint = imprint();
    let mut parts = tsp::TstInfoParts {
        policy: &policy,
        imprint: &imprint,
        serial: &[7],
        gen_time: tsp::GenTime::from_unix_micros((NOW - 60) * 1_000_000).expect("a time"),
        accuracy: None,
        ordering: false,
        nonce: None,
        tsa: None,
        extensions: &[],
    };
    change(&mut parts);
    parts.encode()
}

fn judged(a: &World, token: &Cms) -> ValidationReport {
    Asked::new(&token.build(), &a.trust(Purpose::Tsa), &a.crls()).run()
}

#[test]
fn tsp_39_the_tsa_name_is_the_certificate_s() {
    let (a, b) = (world("a"), world("b"));
    for (named, expected) in [(&a, "TOTAL-PASSED"), (&b, "INDETERMINATE SIG_CONSTRAINTS_FAILURE")] {
        let name = enc::explicit(4, named.tsu.subject());
        // `tsa [0] EXPLICIT GeneralName`; the parts take the GeneralName.
        let report = judged(&a, &token_of(&a, &info(|parts| parts.tsa = Some(leak(&name)))));
        assert_eq!(verdict(&report), expected, "{report:#?}");
        assert!(has_check(
            &report,
            "tst.tsa-name",
            if expected == "TOTAL-PASSED" { "passed" } else { "indeterminate" }
        ));
    }
}

/// Parts borrow for as long as their closure's argument lives; a test may let a name live for ever.
fn leak(bytes: &[u8]) -> &'static [u8] {
    Box::leak(bytes.to_vec().into_boxed_slice())
}

#[test]
fn refuses_a_critical_extension_that_nobody_knows() {
    let a = world("a");
    let oid = "2.999.7".parse().expect("an OID");
    for (critical, expected) in [(false, "TOTAL-PASSED"), (true, "INDETERMINATE SIG_CONSTRAINTS_FAILURE")] {
        let extension = Extension::encode(&oid, critical, &[5, 0]);
        let report = judged(&a, &token_of(&a, &info(|parts| parts.extensions = leak(&extension))));
        assert_eq!(verdict(&report), expected, "{report:#?}");
    }
}

#[test]
fn tsp_58_refuses_a_time_outside_the_certificate() {
    let young = Validity { not_before: NOW - HOUR, not_after: NOW + DAY };
    let a = world("a").with_tsu(|certificate| certificate.valid(young).expect("times"));
    let report = judged(&a, &a.token(DATA, NOW - 2 * HOUR));
    assert_eq!(verdict(&report), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    assert!(has_check(&report, "tst.gen-time", "indeterminate"));
}

#[test]
fn tsp_30_refuses_a_token_without_tst_info() {
    let a = world("a");
    let report = judged(&a, &token_of(&a, b"no TSTInfo"));
    assert_eq!(verdict(&report), "TOTAL-FAILED FORMAT_FAILURE");
}

#[test]
fn thr_109_refuses_an_imprint_by_sha_1() {
    let a = world("a");
    let imprint = tsp::MessageImprint::encode(&oids::SHA1, &digest(DigestAlgorithm::Sha1, DATA));
    let report = judged(&a, &token_of(&a, &info(|parts| parts.imprint = leak(&imprint))));
    assert_eq!(verdict(&report), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE");
    assert!(report.overall.reason.contains("message imprint"), "{}", report.overall.reason);
}
