//! Seals with time-stamps: CAD-12, VAL-04, VAL-05, THR-30.

use kokuin_asn1::{cades, oids};
use kokuin_devca::{Reason, Revoked, Validity};
use kokuin_validate::{ControlTime, Purpose, Purposes, SubIndication, TrustStore};

use crate::material::{Asked, Cms, DATA, DAY, HOUR, NOW, World, has_check, verdict, world};

/// Trusts one world for seals and another for tokens.
fn trust(seals: &World, tokens: &World) -> TrustStore {
    let mut trust = seals.trust(Purpose::Seal);
    trust.add(tokens.root.certificate().clone(), Purposes::only(Purpose::Tsa));
    trust
}

fn lists(a: &World, b: &World) -> Vec<kokuin_asn1::Crl> {
    [a.crls(), b.crls()].concat()
}

#[test]
fn cad_12_a_trusted_token_makes_it_b_t() {
    let (a, t) = (world("a"), world("t"));
    let seal = a.cades_t(DATA, &t, NOW - 30 * 60).build();
    let report = Asked::new(&seal, &trust(&a, &t), &lists(&a, &t)).run();
    assert_eq!(verdict(&report), "TOTAL-PASSED", "{report:#?}");
    assert_eq!(report.overall.level, Some("B-T"));
    assert_eq!(report.overall.best_signature_time.as_deref(), Some("2026-11-23T11:30:00Z"));
    assert_eq!(report.overall.timestamps.len(), 1);
    assert_eq!(report.overall.valid_until, report.overall.timestamps[0].valid_until);
}

#[test]
fn thr_30_a_token_of_an_untrusted_tsa_proves_nothing_and_takes_nothing_away() {
    let (a, stranger) = (world("a"), world("stranger"));
    let seal = a.cades_t(DATA, &stranger, NOW - 30 * 60).build();
    let report = Asked::new(&seal, &a.trust_both(), &lists(&a, &stranger)).run();
    assert_eq!(verdict(&report), "TOTAL-PASSED");
    assert_eq!(report.overall.level, Some("B-B"));
    assert_eq!(report.overall.best_signature_time, None);
    assert!(has_check(&report, "cades.signature-time-stamp", "note"));
}

#[test]
fn thr_30_an_untrusted_token_neither_raises_nor_lowers_the_best_time() {
    let (a, t, stranger) = (world("a"), world("t"), world("stranger"));
    let mut seal = a.cades_t(DATA, &t, NOW - 30 * 60);
    let value = seal.signers[0].signature();
    for gen_time in [NOW - 50 * 60, NOW - 60] {
        let token = stranger.token(&value, gen_time).build();
        seal.signers[0].unsigned.push(cades::attribute(&oids::SIGNATURE_TIME_STAMP, &token));
    }
    let report = Asked::new(&seal.build(), &trust(&a, &t), &lists(&a, &t)).run();
    assert_eq!(verdict(&report), "TOTAL-PASSED");
    assert_eq!(report.overall.best_signature_time.as_deref(), Some("2026-11-23T11:30:00Z"));
}

#[test]
fn thr_30_a_stripped_token_leaves_b_b() {
    let (a, t) = (world("a"), world("t"));
    let mut seal = a.cades_t(DATA, &t, NOW - 30 * 60);
    seal.signers[0].unsigned.clear();
    let report = Asked::new(&seal.build(), &trust(&a, &t), &lists(&a, &t)).run();
    assert_eq!((verdict(&report).as_str(), report.overall.level), ("TOTAL-PASSED", Some("B-B")));
}

#[test]
fn a_token_over_another_signature_proves_nothing() {
    let (a, t) = (world("a"), world("t"));
    let mut seal = a.cades(DATA);
    let token = t.token(b"another signature value", NOW - 60).build();
    seal.signers[0].unsigned.push(cades::attribute(&oids::SIGNATURE_TIME_STAMP, &token));
    let report = Asked::new(&seal.build(), &trust(&a, &t), &lists(&a, &t)).run();
    assert_eq!(report.overall.level, Some("B-B"));
    assert_eq!(report.overall.timestamps[0].sub_indication.map(SubIndication::name), Some("HASH_FAILURE"));
}

#[test]
fn val_05_revoked_after_the_proof_of_existence_passes_with_a_note() {
    let (a, t) = (world("a"), world("t"));
    let seal = a.cades_t(DATA, &t, NOW - 3 * HOUR).build();
    let revoked = |at| [Revoked { serial: a.seal.serial().to_vec(), at, reason: Some(Reason::KeyCompromise) }];
    let judged = |at| {
        let crls = [a.crls_with(&revoked(at)), t.crls()].concat();
        Asked::new(&seal, &trust(&a, &t), &crls).run()
    };
    let later = judged(NOW - 2 * HOUR);
    assert_eq!(verdict(&later), "TOTAL-PASSED", "{later:#?}");
    assert!(has_check(&later, "revocation.signer", "note"));
    assert_eq!(verdict(&judged(NOW - 4 * HOUR)), "INDETERMINATE REVOKED_NO_POE");
}

#[test]
fn a_proof_before_the_end_of_the_certificate_keeps_the_seal_alive() {
    let ended = Validity { not_before: NOW - 300 * DAY, not_after: NOW - HOUR };
    let a = world("a").with_seal(|certificate| certificate.valid(ended).expect("times"));
    let t = world("t");
    // A list from before the end tells that it was not revoked until then.
    let crl = |ca: &kokuin_devca::DevCa| {
        kokuin_asn1::Crl::parse(&ca.crl(NOW - 2 * HOUR, NOW + DAY, &[], 1).expect("a list")).expect("a list")
    };
    let crls = [vec![crl(&a.root), crl(&a.ca)], t.crls()].concat();
    let before = a.cades_t(DATA, &t, NOW - 3 * HOUR).build();
    assert_eq!(verdict(&Asked::new(&before, &trust(&a, &t), &crls).run()), "TOTAL-PASSED");
    let after = a.cades_t(DATA, &t, NOW - 60).build();
    assert_eq!(verdict(&Asked::new(&after, &trust(&a, &t), &crls).run()), "INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED");
    let without = a.cades(DATA).build();
    assert_eq!(verdict(&Asked::new(&without, &trust(&a, &t), &crls).run()), "INDETERMINATE OUT_OF_BOUNDS_NOT_REVOKED");
}

#[test]
fn val_25_a_proof_before_the_beginning_of_the_certificate_fails() {
    let later = Validity { not_before: NOW - HOUR, not_after: NOW + DAY };
    let a = world("a").with_seal(|certificate| certificate.valid(later).expect("times"));
    let t = world("t");
    let seal = a.cades_t(DATA, &t, NOW - 2 * HOUR).build();
    let report = Asked::new(&seal, &trust(&a, &t), &lists(&a, &t)).run();
    assert_eq!(verdict(&report), "TOTAL-FAILED NOT_YET_VALID");
}

#[test]
fn a_token_from_the_future_is_no_proof() {
    let a = world("a");
    let token = a.token(DATA, NOW + HOUR).build();
    let (trust, crls) = (a.trust(Purpose::Tsa), a.crls());
    let asked = Asked::new(&token, &trust, &crls);
    assert_eq!(verdict(&asked.run()), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    let chosen = Asked { at: ControlTime::chosen(NOW + 2 * HOUR), ..asked };
    assert_eq!(verdict(&chosen.run()), "TOTAL-PASSED");
}

/// A seal by `a` that carries a signed time-stamp of `gen_time` by `t` over its content.
fn with_content_stamp(a: &World, t: &World, gen_time: i64) -> Cms {
    let mut seal = a.cades(DATA);
    let token = t.token(DATA, gen_time).build();
    seal.signers[0].attributes.push(cades::attribute(&oids::CONTENT_TIME_STAMP, &token));
    seal
}

#[test]
fn val_23_signed_after_the_revocation_fails() {
    let (a, t) = (world("a"), world("t"));
    let revoked = [Revoked { serial: a.seal.serial().to_vec(), at: NOW - 2 * HOUR, reason: None }];
    let crls = [a.crls_with(&revoked), t.crls()].concat();
    let judged = |gen_time| {
        let seal = with_content_stamp(&a, &t, gen_time).build();
        verdict(&Asked::new(&seal, &trust(&a, &t), &crls).run())
    };
    assert_eq!(judged(NOW - HOUR), "TOTAL-FAILED REVOKED");
    assert_eq!(judged(NOW - 3 * HOUR), "INDETERMINATE REVOKED_NO_POE");
}

#[test]
fn val_24_signed_after_the_end_of_the_certificate_fails() {
    let ended = Validity { not_before: NOW - 300 * DAY, not_after: NOW - 2 * HOUR };
    let a = world("a").with_seal(|certificate| certificate.valid(ended).expect("times"));
    let t = world("t");
    let seal = with_content_stamp(&a, &t, NOW - HOUR).build();
    assert_eq!(verdict(&Asked::new(&seal, &trust(&a, &t), &lists(&a, &t)).run()), "TOTAL-FAILED EXPIRED");
}

#[test]
fn val_33_a_stamp_inside_that_is_younger_than_one_over_it_contradicts_it() {
    let (a, t) = (world("a"), world("t"));
    let mut seal = with_content_stamp(&a, &t, NOW - HOUR);
    let token = t.token(&seal.signers[0].signature(), NOW - 2 * HOUR).build();
    seal.signers[0].unsigned.push(cades::attribute(&oids::SIGNATURE_TIME_STAMP, &token));
    let report = Asked::new(&seal.build(), &trust(&a, &t), &lists(&a, &t)).run();
    assert_eq!(verdict(&report), "INDETERMINATE TIMESTAMP_ORDER_FAILURE");
}
