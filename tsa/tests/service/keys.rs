//! Keys that block, fail and answer wrongly.

use std::{num::NonZeroU32, time::Duration};

use kokuin_asn1::tsp::FailureInfo;
use kokuin_key::{KeyState, Protection};

use crate::{
    faulty_key::Fault,
    fixture::{Bench, Setup, keys, request},
};

fn device() -> Setup {
    Setup { protection: Protection::Device, ..Setup::default() }
}

fn system_failure(bench: &Bench) {
    assert_eq!(bench.refusal(&request().encode()).0, FailureInfo::SystemFailure);
}

#[test]
fn signs_with_a_device_on_a_thread_of_its_own() {
    let bench = device().start();
    bench.token(&request().cert_req(true).encode());
}

#[test]
fn samples_the_signatures_of_a_soft_key() {
    let mut setup = Setup::default();
    setup.config.verify_every = NonZeroU32::new(4).unwrap();
    let bench = setup.start();
    bench.token(&request().encode());
    bench.key.set_fault(Fault::WrongAnswer);
    // The first of a desk is verified, then each fourth; after a wrong one each, until one is right.
    let granted = |bench: &Bench| {
        kokuin_asn1::tsp::TimeStampResp::parse(&bench.answer(&request().encode())).unwrap().token.is_some()
    };
    assert_eq!([(); 5].map(|()| granted(&bench)), [true, true, true, false, false]);
    bench.key.set_fault(Fault::None);
    assert!(granted(&bench));
}

#[test]
fn opens_a_new_signer_after_a_lost_session() {
    let bench = device().start();
    bench.key.set_fault(Fault::SessionLost);
    system_failure(&bench);
    bench.key.set_fault(Fault::None);
    bench.token(&request().encode());
}

#[test]
fn reads_the_clock_anew_when_a_device_was_slow_thr_35() {
    let bench = device().start();
    bench.clock.freeze(Duration::from_secs(10), 1);
    bench.token(&request().encode());
}

#[test]
fn signs_nothing_that_waited_while_the_key_was_suspended_thr_65() {
    let bench = device().start();
    let before = bench.key.signatures();
    bench.key.set_state(KeyState::Suspended);
    system_failure(&bench);
    assert_eq!(bench.key.signatures(), before);
}

#[test]
fn turns_requests_away_when_too_many_wait() {
    let mut setup = device();
    setup.config.signing_queue = 1;
    let bench = setup.start();
    bench.key.set_fault(Fault::Slow(Duration::from_millis(200)));
    let service = bench.service.clone();
    let body = request().encode();
    let (granted, refused) = std::thread::scope(|scope| {
        let ask = || {
            let worker = kokuin_tsa::Worker::new(&service);
            let answer = actix_web::rt::System::new().block_on(worker.issue(&body));
            answer.map(drop).map_err(|refusal| refusal.code())
        };
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(ask)).collect();
        let answers: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        let refused: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().err().copied()).collect();
        (answers.len() - refused.len(), refused)
    });
    assert!(granted >= 1 && !refused.is_empty());
    assert!(refused.iter().all(|code| *code == "tsa.queue-full"));
    assert!(!bench.service.default_unit().is_busy(), "all of them have been answered");
}

#[test]
fn makes_tokens_with_each_kind_of_key() {
    for key in [&keys().p256, &keys().p384, &keys().ed25519] {
        Setup::with_key(key).start().token(&request().cert_req(true).encode());
    }
}

/// THR-35, JP-TS-10: a device that holds its answer, or a process stopped while it signs, makes nothing that leaves.
#[test]
fn drops_what_took_too_long_to_sign_thr_35_jp_ts_10() {
    let bench = device().start();
    for (held, granted) in [(Duration::from_secs(1), true), (Duration::from_micros(1_000_001), false)] {
        let (tokens, signatures) = (tokens(&bench), bench.key.signatures());
        bench.key.set_fault(Fault::Slow(Duration::from_millis(500)));
        let service = bench.service.clone();
        let asking = std::thread::spawn(move || {
            let worker = kokuin_tsa::Worker::new(&service);
            let answer = actix_web::rt::System::new().block_on(worker.issue(&request().encode()));
            answer.map(drop).map_err(|refusal| refusal.code())
        });
        while bench.key.signatures() == signatures {
            std::thread::sleep(Duration::from_millis(1));
        }
        bench.clock.pass(held);
        let answer = asking.join().unwrap();
        assert_eq!(answer, if granted { Ok(()) } else { Err("tsa.reading-too-old") });
        assert_eq!(self::tokens(&bench) - tokens, usize::from(granted), "and none is in the log");
    }
}

fn tokens(bench: &Bench) -> usize {
    bench.entries().iter().filter(|entry| entry.kind() == kokuin_audit::Kind::Tst).count()
}
