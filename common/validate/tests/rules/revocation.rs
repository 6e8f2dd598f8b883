//! Revocation lists: VAL-08, VAL-09, VAL-37, VAL-38, VAL-43; THR-91 as far as lists go.

use kokuin_asn1::Crl;
use kokuin_devca::{DevCa, Reason, Revoked};
use kokuin_validate::{Purpose, RevocationRule};

use crate::material::{Asked, DATA, DAY, HOUR, NOW, World, has_check, verdict, world};

fn list(ca: &DevCa, from: i64, to: i64, revoked: &[Revoked]) -> Crl {
    Crl::parse(&ca.crl(from, to, revoked, 7).expect("a list")).expect("a list")
}

fn with(a: &World, crls: &[Crl]) -> String {
    let token = a.token(DATA, NOW - 60).build();
    verdict(&Asked::new(&token, &a.trust(Purpose::Tsa), crls).run())
}

#[test]
fn val_43_without_lists_the_answer_is_try_later() {
    let a = world("a");
    assert_eq!(with(&a, &[]), "INDETERMINATE TRY_LATER");
    // Every CA needs one, not only the signer.
    assert_eq!(with(&a, &a.crls()[1..]), "INDETERMINATE TRY_LATER");
    assert_eq!(with(&a, &a.crls()), "TOTAL-PASSED");
}

#[test]
fn val_08_a_list_past_its_next_update_settles_nothing() {
    let a = world("a");
    let stale = [list(&a.root, NOW - HOUR, NOW + DAY, &[]), list(&a.ca, NOW - 2 * DAY, NOW - DAY, &[])];
    assert_eq!(with(&a, &stale), "INDETERMINATE TRY_LATER");
}

#[test]
fn val_37_a_revoked_signer_does_not_pass() {
    let a = world("a");
    for reason in [None, Some(Reason::KeyCompromise), Some(Reason::Superseded), Some(Reason::CessationOfOperation)] {
        let revoked = [Revoked { serial: a.tsu.serial().to_vec(), at: NOW - DAY, reason }];
        assert_eq!(with(&a, &a.crls_with(&revoked)), "INDETERMINATE REVOKED_NO_POE", "{reason:?}");
    }
}

#[test]
fn val_37_a_revocation_counts_from_a_stale_list_too() {
    let a = world("a");
    let revoked = [Revoked { serial: a.tsu.serial().to_vec(), at: NOW - 3 * DAY, reason: None }];
    let mut crls = a.crls();
    crls.push(list(&a.ca, NOW - 2 * DAY, NOW - DAY, &revoked));
    assert_eq!(with(&a, &crls), "INDETERMINATE REVOKED_NO_POE");
}

#[test]
fn val_38_a_revoked_authority_does_not_pass() {
    let a = world("a");
    let revoked = [Revoked { serial: a.ca.certificate().serial().to_vec(), at: NOW - DAY, reason: None }];
    let crls = [list(&a.root, NOW - HOUR, NOW + DAY, &revoked), list(&a.ca, NOW - HOUR, NOW + DAY, &[])];
    assert_eq!(with(&a, &crls), "INDETERMINATE REVOKED_CA_NO_POE");
}

#[test]
fn thr_91_a_list_by_another_key_settles_nothing() {
    // The same names, other keys: a list that only claims to be the issuer's.
    let (a, b) = (world("a"), world("b"));
    let forged = DevCa::load(a.ca.certificate().clone(), b.ca.key().clone(), "http://127.0.0.1/crl");
    assert!(forged.is_err(), "the development CA does not forge");
    let mut der = a.ca.crl(NOW - HOUR, NOW + DAY, &[], 1).expect("a list");
    *der.last_mut().expect("octets") ^= 1;
    let crls = [a.crls()[0].clone(), Crl::parse(&der).expect("well formed")];
    assert_eq!(with(&a, &crls), "INDETERMINATE TRY_LATER");
}

#[test]
fn reading_back_needs_no_list_and_says_so() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let report = Asked::new(&token, &a.trust(Purpose::Tsa), &[])
        .run_with(|request| request.revocation = RevocationRule::WhereGiven);
    assert_eq!(verdict(&report), "TOTAL-PASSED");
    assert!(has_check(&report, "revocation.signer", "note"), "{report:#?}");
    let revoked = [Revoked { serial: a.tsu.serial().to_vec(), at: NOW - DAY, reason: None }];
    let report = Asked::new(&token, &a.trust(Purpose::Tsa), &a.crls_with(&revoked))
        .run_with(|request| request.revocation = RevocationRule::WhereGiven);
    assert_eq!(verdict(&report), "INDETERMINATE REVOKED_NO_POE");
}

#[test]
fn uses_lists_inside_the_artefact() {
    let a = world("a");
    let token = a.token(DATA, NOW - 60).build();
    let lists = a.crls();
    let ders: Vec<&[u8]> = lists.iter().map(Crl::der).collect();
    let with_lists = kokuin_asn1::cms::add_validation_material(&token, &[], &ders).expect("a token");
    assert_eq!(verdict(&Asked::new(&with_lists, &a.trust(Purpose::Tsa), &[]).run()), "TOTAL-PASSED");
}
