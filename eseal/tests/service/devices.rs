//! Every signature of a device is announced before it is made, and explained after (THR-44, THR-57, THR-66).

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use kokuin_audit::{
    Entry, LeafIndex,
    entry::{OutcomeResult, Serial},
};

use crate::{
    fake_tsa::Mood,
    fixture::{Bench, SEALER, Setup, multipart},
};

fn device() -> Setup {
    let setup = Setup::default();
    setup.key.be_in_a_device();
    setup
}

async fn refused(bench: &Bench, level: &str) -> String {
    let request = format!(r#"{{"format":"cades","level":"{level}"}}"#);
    let answer = bench.call(multipart(SEALER, &[("document", b"x"), ("request", request.as_bytes())])).await;
    assert_ne!(answer.status, StatusCode::CREATED);
    answer.problem().1
}

/// Result, code and whether a signature is named.
type Said = (OutcomeResult, Option<String>, bool);

/// Seals, tests, and outcomes by result, code and whether a signature is named. Panics where the log leaves an intent open, or ends one twice.
fn ends(bench: &Bench) -> (usize, usize, Vec<Said>) {
    let mut open: BTreeMap<LeafIndex, Serial> = BTreeMap::new();
    let (mut seals, mut tests, mut outcomes) = (0, 0, Vec::new());
    for (entry, index) in bench.entries().into_iter().zip(0..) {
        match entry {
            Entry::Intent(intent) => drop(open.insert(LeafIndex(index), intent.serial)),
            Entry::Seal(seal) => {
                let intent = open.iter().find(|(_, serial)| **serial == seal.serial).map(|(index, _)| *index);
                open.remove(&intent.expect("a seal of a device has an intent")).unwrap();
                seals += 1;
            }
            Entry::SelfTest(test) => {
                open.remove(&test.intent.expect("a test of a device names its intent")).unwrap();
                tests += 1;
            }
            Entry::Outcome(outcome) => {
                assert_eq!(open.remove(&outcome.intent), Some(outcome.serial));
                let code = outcome.code.map(|code| code.to_string());
                outcomes.push((outcome.result, code, outcome.sig.is_some()));
            }
            _ => {}
        }
    }
    assert_eq!(open, BTreeMap::new());
    (seals, tests, outcomes)
}

#[actix_web::test]
async fn a_seal_of_a_device_follows_its_intent_thr_44() {
    let bench = device().start();
    bench.seal(r#"{"format":"cades","level":"B-B"}"#, b"x").await;
    bench.seal(r#"{"format":"cades","level":"B-T"}"#, b"x").await;
    assert_eq!(ends(&bench), (2, 1, Vec::new()));
}

#[actix_web::test]
async fn a_signature_that_no_seal_comes_of_is_discarded_thr_44() {
    let bench = device().start();
    bench.tsa.set(Mood::OtherImprint);
    assert_eq!(refused(&bench, "B-T").await, "eseal.tsa");
    bench.service.stop().unwrap();
    assert_eq!(ends(&bench), (0, 1, vec![(OutcomeResult::Discarded, None, true)]));
}

#[actix_web::test]
async fn a_signer_that_panics_leaves_an_unknown_outcome_thr_44() {
    let bench = device().start();
    bench.key.panic();
    assert_eq!(refused(&bench, "B-B").await, "eseal.defect");
    bench.service.stop().unwrap();
    assert_eq!(ends(&bench), (0, 1, vec![(OutcomeResult::Unknown, None, false)]));
}

#[actix_web::test]
async fn a_device_that_answers_wrongly_is_suspended_thr_66() {
    let bench = device().start();
    bench.key.answer_wrongly();
    refused(&bench, "B-B").await;
    assert_eq!(refused(&bench, "B-B").await, "eseal.key-not-active", "and is not asked again");
    bench.service.stop().unwrap();
    let wrong = (OutcomeResult::Discarded, Some("key.wrong-answer".to_owned()), false);
    assert_eq!(ends(&bench), (0, 1, vec![wrong]));
}
