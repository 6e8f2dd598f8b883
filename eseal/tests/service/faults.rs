//! What happens when something that a seal needs fails: no seal leaves, and the caller is told.

use actix_web::http::StatusCode;
use kokuin_audit::Entry;

use crate::{
    fake_tsa::Mood,
    fixture::{Bench, SEALER, Setup, ca, multipart},
};

async fn problem(bench: &Bench, level: &str) -> (u16, String) {
    let request = format!(r#"{{"format":"cades","level":"{level}"}}"#);
    let answer = bench.call(multipart(SEALER, &[("document", b"x"), ("request", request.as_bytes())])).await;
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        assert!(answer.header("retry-after").is_some());
    }
    let recorded = bench.entries().iter().any(|entry| matches!(entry, Entry::Seal(_)));
    assert!(!recorded, "nothing that did not leave is recorded as a seal");
    answer.problem()
}

#[actix_web::test]
async fn refuses_tokens_that_are_not_for_this_seal_or_do_not_hold() {
    let bench = Setup::default().start();
    for (mood, status, code) in [
        (Mood::Busy, 503, "eseal.tsa"),
        (Mood::OtherImprint, 502, "eseal.tsa"),
        (Mood::BrokenSignature, 502, "eseal.tsa-token"),
    ] {
        bench.tsa.set(mood);
        assert_eq!(problem(&bench, "B-T").await, (status, code.to_owned()), "{mood:?}");
    }
}

#[actix_web::test]
async fn refuses_a_tsa_that_nobody_configured_to_trust() {
    let other = ca("other-ca").certificate().clone();
    let bench = Setup { tsa_root: other, ..Setup::default() }.start();
    assert_eq!(problem(&bench, "B-T").await, (502, "eseal.tsa-token".to_owned()));
}

#[actix_web::test]
async fn releases_nothing_that_does_not_hold_when_read_back() {
    let bench = Setup::default().start();
    bench.key.answer_wrongly();
    assert_eq!(problem(&bench, "B-B").await, (500, "eseal.read-back".to_owned()));
}

#[actix_web::test]
async fn refuses_while_the_key_is_suspended_thr_65() {
    let bench = Setup::default().start();
    bench.key.suspend();
    assert_eq!(problem(&bench, "B-B").await, (503, "eseal.key-not-active".to_owned()));
    let ready = bench.call(actix_web::test::TestRequest::get().uri("/readyz")).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[actix_web::test]
async fn releases_nothing_that_is_not_recorded() {
    let bench = Setup::default().start();
    bench.store.set_failing(true);
    assert_eq!(problem(&bench, "B-B").await, (503, "eseal.log".to_owned()));
    bench.store.set_failing(false);
}
