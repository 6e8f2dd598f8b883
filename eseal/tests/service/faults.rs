//! What happens when something that a seal needs fails: no seal leaves, and the caller is told.

use std::time::Duration;

use actix_web::http::StatusCode;
use futures_util::future::{join, join_all};
use kokuin_audit::Entry;

use crate::{
    fake_tsa::Mood,
    fixture::{Bench, SEALER, Setup, ca, get, multipart},
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

#[actix_web::test]
async fn goes_on_while_the_tsa_is_slow_thr_39() {
    let bench = Setup::default().start();
    bench.tsa.set(Mood::Silent);
    let stamped = join_all((0..40).map(|_| {
        let parts: [(&str, &[u8]); 2] = [("document", b"x"), ("request", br#"{"format":"cades","level":"B-T"}"#)];
        bench.call(multipart(SEALER, &parts))
    }));
    let others = async {
        actix_web::rt::time::sleep(Duration::from_millis(500)).await;
        let sealed = bench.seal(r#"{"format":"cades","level":"B-B"}"#, b"x").await;
        let receipt = format!("{}/receipt", sealed.header("location").unwrap());
        let receipt = bench.call(get(SEALER, &receipt)).await.status;
        bench.tsa.set(Mood::Good);
        assert!([StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE].contains(&receipt), "not covered yet, or there");
    };
    let (stamped, ()) = join(stamped, others).await;
    let (sealed, refused): (Vec<_>, Vec<_>) = stamped.iter().partition(|answer| answer.status == StatusCode::CREATED);
    assert_eq!((sealed.len(), refused.len()), (32, 8));
    assert!(refused.iter().all(|answer| answer.problem() == (503, "eseal.tsa-busy".to_owned())));
}

#[actix_web::test]
async fn a_defect_ends_one_request_and_no_other() {
    let bench = Setup::default().start();
    let signed_once = problem_after(&bench).await;
    assert_eq!(signed_once, (500, "eseal.defect".to_owned()));
    assert_eq!(problem(&bench, "B-B").await, (500, "eseal.defect".to_owned()), "every desk was given back");
}

/// As many requests as there are desks, and more, all of which meet a panic.
async fn problem_after(bench: &Bench) -> (u16, String) {
    bench.key.panic();
    let all = join_all((0..30).map(|_| problem(bench, "B-B"))).await;
    all.into_iter().next_back().unwrap()
}

/// A clock that is an hour ahead and says that it may be: no seal, and none missing once it is right again.
#[actix_web::test]
async fn goes_on_after_a_reading_too_uncertain_to_use() {
    let setup = Setup::default();
    let clock = setup.clock.clone();
    let bench = setup.start();
    clock.set(3_600_000_000, 3_600_000_000);
    assert_eq!(problem(&bench, "B-B").await, (503, "eseal.clock-too-uncertain".to_owned()));
    let ready = bench.call(actix_web::test::TestRequest::get().uri("/readyz")).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    clock.set(0, 1_000_001);
    assert_eq!(problem(&bench, "B-B").await, (503, "eseal.clock-too-uncertain".to_owned()));
    clock.set(0, 1_000_000);
    bench.seal(r#"{"format":"cades","level":"B-B"}"#, b"x").await;
}
