//! Shown to be logged, or said not to be: G1, THR-41.

use kokuin_suite::{DigestAlgorithm, digest};
use kokuin_validate::{LogEvidence, LoggedSignature, Purpose};

use crate::material::{Asked, Cms, DATA, NOW, has_check, verdict, world};

fn logged(cms: &Cms) -> LoggedSignature {
    let sha256 = |bytes: &[u8]| digest(DigestAlgorithm::Sha256, bytes).try_into().expect("32 octets");
    LoggedSignature {
        origin: "log.example/kokuin".to_owned(),
        index: 4,
        signature: sha256(&cms.signers[0].signature()),
        attributes: sha256(&cms.signers[0].set()),
    }
}

#[test]
fn thr_41_without_receipt_the_report_says_so_and_passes_only_where_none_is_required() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let (trust, crls) = (a.trust(Purpose::Tsa), a.crls());
    let asked = Asked::new(&token, &trust, &crls);
    let report = asked.run();
    assert_eq!(verdict(&report), "TOTAL-PASSED");
    let line = report.overall.checks.iter().find(|check| check.id == "log.receipt").expect("a line");
    assert_eq!(line.detail, "Not shown to be logged: no receipt was given.");
    let report = asked.run_with(|request| request.require_receipt = true);
    assert_eq!(verdict(&report), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    assert!(has_check(&report, "log.receipt", "indeterminate"));
}

#[test]
fn a_receipt_is_matched_by_signature_and_signed_attributes() {
    let a = world("a");
    let cms = a.token(DATA, NOW - 60);
    let token = cms.build();
    let (trust, crls) = (a.trust(Purpose::Tsa), a.crls());
    let with = |entry: LoggedSignature| {
        Asked::new(&token, &trust, &crls).run_with(|request| {
            request.require_receipt = true;
            request.log = LogEvidence::Verified(vec![entry]);
        })
    };
    let report = with(logged(&cms));
    assert_eq!(verdict(&report), "TOTAL-PASSED");
    assert!(has_check(&report, "log.receipt", "passed"));
    let other_signature = LoggedSignature { signature: [0; 32], ..logged(&cms) };
    let other_attributes = LoggedSignature { attributes: [0; 32], ..logged(&cms) };
    for entry in [other_signature, other_attributes] {
        assert_eq!(verdict(&with(entry)), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
    }
}

#[test]
fn a_receipt_stays_true_when_the_seal_is_augmented() {
    let (a, t) = (world("a"), world("t"));
    let before = a.cades(DATA);
    let after = a.cades_t(DATA, &t, NOW - 60).build();
    let report = Asked::new(&after, &a.trust_both(), &a.crls()).run_with(|request| {
        request.require_receipt = true;
        request.log = LogEvidence::Verified(vec![logged(&before)]);
    });
    assert_eq!(verdict(&report), "TOTAL-PASSED");
}

#[test]
fn of_several_signatures_the_others_are_not_shown_to_be_logged() {
    let (a, b) = (world("a"), world("b"));
    let mut both = a.cades(DATA);
    let second = b.cades(DATA);
    both.signers.extend(second.signers.clone());
    both.certificates.extend(second.certificates.clone());
    let mut trust = a.trust_both();
    for anchor in b.trust_both().anchors() {
        trust.add(anchor.certificate().clone(), anchor.purposes());
    }
    let crls = [a.crls(), b.crls()].concat();
    let bytes = both.build();
    let judged = |require| {
        Asked::new(&bytes, &trust, &crls).run_with(|request| {
            request.require_receipt = require;
            request.log = LogEvidence::Verified(vec![logged(&second)]);
        })
    };
    let report = judged(false);
    assert_eq!(verdict(&report), "TOTAL-PASSED");
    let lines: Vec<_> = report
        .signatures
        .iter()
        .filter_map(|signature| signature.checks.iter().find(|check| check.id == "log.receipt"))
        .map(|check| check.detail.as_str())
        .collect();
    assert_eq!(
        lines,
        [
            "Not shown to be logged: the receipt given is that of another signature of this file.",
            "Logged as entry 4 of log.example/kokuin."
        ]
    );
    assert_eq!(verdict(&judged(true)), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
}

#[test]
fn a_receipt_that_does_not_hold_is_not_passed_over() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let report = Asked::new(&token, &a.trust(Purpose::Tsa), &a.crls())
        .run_with(|request| request.log = LogEvidence::Refused("its proof is wrong".to_owned()));
    assert_eq!(verdict(&report), "INDETERMINATE SIG_CONSTRAINTS_FAILURE");
}
