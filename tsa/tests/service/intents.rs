//! Every signature of a device is announced before it is made, and explained after, whatever happens between (THR-44, THR-57, THR-65, THR-66).

use std::{
    collections::{BTreeMap, HashSet},
    pin::pin,
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant},
};

use kokuin_asn1::tsp::FailureInfo;
use kokuin_audit::{
    Entry, LeafIndex,
    entry::{KeyStateName, OutcomeResult, Serial},
};
use kokuin_key::{KeyState, Protection};
use kokuin_tsa::Worker;

use crate::{
    faulty_key::Fault,
    fixture::{Bench, Setup, request},
};

fn device() -> Setup {
    Setup { protection: Protection::Device, ..Setup::default() }
}

/// What ended the intents of a log; each is ended once, by an entry of its own key and number.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Ends {
    pub(crate) tokens: usize,
    pub(crate) tests: usize,
    pub(crate) outcomes: BTreeMap<String, usize>,
}

impl Ends {
    fn of(&self, result: OutcomeResult) -> usize {
        self.outcomes.get(&format!("{result:?}")).copied().unwrap_or(0)
    }

    /// Signatures that the device was asked for.
    fn asked(&self) -> usize {
        self.tokens + self.tests + self.outcomes.values().sum::<usize>() - self.of(OutcomeResult::Withdrawn)
    }
}

/// Reads the log to its end. Panics where it leaves a signature unexplained.
pub(crate) fn ends(bench: &Bench) -> Ends {
    let (mut open, mut ends): (BTreeMap<LeafIndex, Serial>, Ends) = Default::default();
    let by_serial = |open: &mut BTreeMap<LeafIndex, Serial>, serial: &Serial| {
        let index = open.iter().find(|(_, other)| *other == serial).map(|(index, _)| *index);
        open.remove(&index.expect("a token of a device has an intent")).unwrap()
    };
    for (entry, index) in bench.entries().into_iter().zip(0..) {
        match entry {
            Entry::Intent(intent) => drop(open.insert(LeafIndex(index), intent.serial)),
            Entry::Tst(tst) => {
                by_serial(&mut open, &tst.serial);
                ends.tokens += 1;
            }
            Entry::Batch(batch) => {
                by_serial(&mut open, &batch.serial);
                ends.tokens += 1;
            }
            Entry::SelfTest(test) => {
                open.remove(&test.intent.expect("a test of a device names its intent")).unwrap();
                ends.tests += 1;
            }
            Entry::Outcome(outcome) => {
                assert_eq!(open.remove(&outcome.intent), Some(outcome.serial));
                *ends.outcomes.entry(format!("{:?}", outcome.result)).or_default() += 1;
            }
            _ => {}
        }
    }
    assert_eq!(open, BTreeMap::new(), "each intent has its end");
    ends
}

/// The same once the log has all that is on its way.
fn settled(bench: &Bench) -> Ends {
    bench.service.stop().unwrap();
    ends(bench)
}

fn last_outcome(bench: &Bench) -> (OutcomeResult, Option<String>, bool) {
    let found = bench.entries().into_iter().rev().find_map(|entry| match entry {
        Entry::Outcome(outcome) => Some((outcome.result, outcome.code.map(|c| c.to_string()), outcome.sig.is_some())),
        _ => None,
    });
    found.unwrap()
}

fn system_failure(bench: &Bench) {
    assert_eq!(bench.refusal(&request().encode()).0, FailureInfo::SystemFailure);
}

#[test]
fn a_token_of_a_device_follows_its_intent_thr_44() {
    let bench = device().start();
    for _ in 0..5 {
        bench.token(&request().encode());
    }
    let ends = settled(&bench);
    assert_eq!((ends.tokens, ends.tests, ends.outcomes.len()), (5, 1, 0));
    assert_eq!(ends.asked(), usize::try_from(bench.key.signatures()).unwrap());
}

#[test]
fn a_soft_key_has_no_intents() {
    let bench = Setup::default().start();
    bench.token(&request().encode());
    assert!(!bench.entries().iter().any(|entry| matches!(entry, Entry::Intent(_))));
}

/// The reading may be taken anew while a request waits; the number that was announced stays.
#[test]
fn the_number_of_an_intent_stays_when_the_reading_is_renewed_thr_35_thr_44() {
    let bench = device().start();
    bench.clock.freeze(Duration::from_secs(10), 1);
    bench.token(&request().encode());
    let ends = settled(&bench);
    assert_eq!((ends.tokens, ends.outcomes.len()), (1, 0));
}

#[test]
fn a_signature_that_fails_is_explained_thr_44_thr_60() {
    let bench = device().start();
    for (fault, result, code) in [
        (Fault::SessionLost, OutcomeResult::Unknown, "key.session-lost"),
        (Fault::AnswerLost, OutcomeResult::Unknown, "key.answer-lost"),
    ] {
        bench.key.set_fault(fault);
        system_failure(&bench);
        bench.service.log().append(&Entry::ServiceStop(stop())).unwrap().wait().unwrap();
        assert_eq!(last_outcome(&bench), (result, Some(code.to_owned()), false));
    }
    bench.key.set_fault(Fault::None);
    bench.token(&request().encode());
    let ends = settled(&bench);
    assert_eq!(ends.asked(), usize::try_from(bench.key.signatures()).unwrap());
}

/// Any entry: once it is stored, what was appended before it is too.
fn stop() -> kokuin_audit::entry::Service {
    let label = |text| kokuin_audit::entry::Label::new(text).unwrap();
    kokuin_audit::entry::Service {
        time: kokuin_audit::entry::LogTime::system_now(),
        service: label("test"),
        version: label("0"),
    }
}

#[test]
fn a_token_that_took_too_long_is_discarded_with_its_signature_thr_35_thr_44() {
    let bench = device().start();
    bench.key.set_fault(Fault::Slow(Duration::from_millis(300)));
    let signatures = bench.key.signatures();
    thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let worker = Worker::new(&bench.service);
            let answer = actix_web::rt::System::new().block_on(worker.issue(&request().encode()));
            answer.map(drop).map_err(|refusal| refusal.code())
        });
        while bench.key.signatures() == signatures {
            thread::sleep(Duration::from_millis(1));
        }
        bench.clock.pass(Duration::from_secs(2));
        assert_eq!(asking.join().unwrap(), Err("tsa.reading-too-old"));
    });
    assert_eq!(settled(&bench).of(OutcomeResult::Discarded), 1);
    assert_eq!(last_outcome(&bench), (OutcomeResult::Discarded, Some("tsa.reading-too-old".to_owned()), true));
}

/// A client goes away after so many steps of its request, at a time of its own.
#[test]
fn a_client_that_goes_away_at_any_moment_leaves_an_outcome_thr_44() {
    let bench = device().start();
    bench.key.set_fault(Fault::Slow(Duration::from_micros(300)));
    let worker = Worker::new(&bench.service);
    let body = request().encode();
    let (mut granted, rounds) = (0, 300_u32);
    for round in 0..rounds {
        let mut asking = pin!(worker.issue(&body));
        let mut context = Context::from_waker(Waker::noop());
        let until = Instant::now() + Duration::from_micros(u64::from(round % 100) * 20);
        loop {
            if let Poll::Ready(answer) = asking.as_mut().poll(&mut context) {
                drop(answer.unwrap());
                granted += 1;
                break;
            }
            if Instant::now() >= until {
                break;
            }
            thread::yield_now();
        }
    }
    // The threads end what they have; what the log withdraws by itself comes after that.
    thread::sleep(Duration::from_millis(300));
    let ends = settled(&bench);
    assert!(ends.tokens >= granted, "a token that a client holds is logged");
    assert_eq!(ends.asked(), usize::try_from(bench.key.signatures()).unwrap(), "{ends:?}");
    assert_eq!(ends.tokens + ends.outcomes.values().sum::<usize>(), usize::try_from(rounds).unwrap(), "{ends:?}");
    assert!(ends.of(OutcomeResult::Withdrawn) > 0, "{ends:?}");
}

/// THR-65: what waits when the key is suspended is withdrawn, without a question to the device.
#[test]
fn nothing_that_waits_is_signed_once_the_key_is_suspended_thr_65() {
    let mut setup = device();
    setup.config.signing_queue = 1_000;
    let bench = setup.start();
    bench.key.set_fault(Fault::Slow(Duration::from_millis(20)));
    let body = request().encode();
    let (granted, refused) = thread::scope(|scope| {
        // Each thread asks many times at once: 1,000 requests in all.
        let askers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let worker = Worker::new(&bench.service);
                    let asking = (0..250).map(|_| worker.issue(&body));
                    let answers = actix_web::rt::System::new().block_on(futures_util::future::join_all(asking));
                    let granted = answers.iter().filter(|answer| answer.is_ok()).count();
                    (granted, answers.len() - granted)
                })
            })
            .collect();
        thread::sleep(Duration::from_millis(400));
        bench.key.set_state(KeyState::Suspended);
        let suspended = Instant::now();
        let signatures = bench.key.signatures();
        let answers: Vec<_> = askers.into_iter().map(|asker| asker.join().unwrap()).collect();
        assert!(suspended.elapsed() < Duration::from_secs(1), "{:?}", suspended.elapsed());
        assert!(bench.key.signatures() <= signatures + 1, "the one in the device");
        answers.into_iter().fold((0, 0), |sum, each| (sum.0 + each.0, sum.1 + each.1))
    });
    assert!(granted >= 1 && refused >= 900, "{granted} {refused}");
    let ends = settled(&bench);
    assert_eq!((ends.tokens, ends.tokens + ends.of(OutcomeResult::Withdrawn)), (granted, 1_000), "{ends:?}");
    assert_eq!(ends.asked(), usize::try_from(bench.key.signatures()).unwrap());
}

#[test]
fn what_finds_the_queue_full_is_not_announced() {
    let mut setup = device();
    setup.config.signing_queue = 3;
    let bench = setup.start();
    bench.key.set_fault(Fault::Slow(Duration::from_millis(50)));
    let (worker, body) = (Worker::new(&bench.service), request().encode());
    let asking = (0..20).map(|_| worker.issue(&body));
    let answers = actix_web::rt::System::new().block_on(futures_util::future::join_all(asking));
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    assert!(refused.clone().all(|refusal| refusal.code() == "tsa.queue-full"));
    let granted = 20 - refused.count();
    let ends = settled(&bench);
    assert_eq!((ends.tokens, ends.outcomes.len()), (granted, 0));
}

/// Each in its turn: the device signs in the order in which the requests came.
#[test]
fn requests_are_served_in_the_order_they_came() {
    let bench = device().start();
    bench.key.set_fault(Fault::Slow(Duration::from_millis(1)));
    let (worker, body) = (Worker::new(&bench.service), request().encode());
    let asking = (0..50).map(|_| worker.issue(&body));
    actix_web::rt::System::new().block_on(futures_util::future::join_all(asking));
    let serials = |kind: fn(Entry) -> Option<Serial>| bench.entries().into_iter().filter_map(kind).collect::<Vec<_>>();
    let intents = serials(|entry| match entry {
        Entry::Intent(intent) => Some(intent.serial),
        _ => None,
    });
    let tokens = serials(|entry| match entry {
        Entry::Tst(tst) => Some(tst.serial),
        _ => None,
    });
    assert_eq!((intents[1..].to_vec(), tokens.len()), (tokens.clone(), 50), "the first intent is the self-test's");
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 50);
}

/// THR-66: a wrong answer is never released; the key signs nothing more until an operator has suspended and resumed it.
#[test]
fn a_device_that_answers_wrongly_is_suspended_thr_66() {
    let bench = device().start();
    bench.token(&request().encode());
    bench.key.set_fault(Fault::WrongAnswer);
    system_failure(&bench);
    bench.key.set_fault(Fault::None);
    let signatures = bench.key.signatures();
    for _ in 0..3 {
        system_failure(&bench);
    }
    assert_eq!(bench.key.signatures(), signatures, "nothing more is asked of it");
    assert_eq!(last_outcome(&bench), (OutcomeResult::Discarded, Some("key.wrong-answer".to_owned()), false));
    let states = || {
        let states = bench.entries().into_iter().filter_map(|entry| match entry {
            Entry::KeyState(change) => Some((change.state, change.reason.map(|reason| reason.to_string()))),
            _ => None,
        });
        states.collect::<Vec<_>>()
    };
    let wait_for = |state: KeyStateName| {
        let deadline = Instant::now() + Duration::from_secs(10);
        while states().last().is_none_or(|(last, _)| *last != state) {
            assert!(Instant::now() < deadline, "{:?}", states());
            thread::sleep(Duration::from_millis(20));
        }
    };
    wait_for(KeyStateName::Suspended);
    assert_eq!(states(), [(KeyStateName::Suspended, Some("key.wrong-answer".to_owned()))]);
    bench.key.set_state(KeyState::Suspended);
    thread::sleep(Duration::from_millis(2_200));
    bench.key.set_state(KeyState::Active);
    wait_for(KeyStateName::Active);
    bench.token(&request().encode());
    let ends = settled(&bench);
    assert_eq!((ends.tokens, ends.asked()), (2, usize::try_from(bench.key.signatures()).unwrap()));
}
