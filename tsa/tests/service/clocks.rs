//! What a token's time may be (TSP-13, TSP-60 to TSP-64, THR-31, THR-35, THR-36).

use std::{sync::Arc, time::Duration};

use kokuin_asn1::{
    cms::SignedData,
    tsp::{FailureInfo, PkiStatus, TimeStampResp, TstInfo},
};
use kokuin_audit::Entry;
use kokuin_clock::{Clock as _, SystemClock};
use kokuin_suite::CryptoPolicy;
use kokuin_web::Readiness as _;

use crate::{
    fixture::{Bench, Setup, ca, certify, certify_from, keys, request},
    moved_clock::{MovedClock, NOON},
};

fn gen_time(bench: &Bench) -> i64 {
    let token = bench.token(&request().encode());
    TstInfo::parse(SignedData::parse(&token).unwrap().content.unwrap()).unwrap().gen_time.unix_micros()
}

fn time_not_available(bench: &Bench) {
    assert_eq!(bench.refusal(&request().encode()).0, FailureInfo::TimeNotAvailable);
}

#[test]
fn refuses_a_reading_worse_than_the_policy_promises_tsp_51() {
    let mut setup = Setup::default();
    setup.config.tsu[0].accuracy_ms = 500;
    setup.clock.set_uncertainty(500_000);
    let bench = setup.start();
    bench.token(&request().encode());
    bench.clock.set_uncertainty(500_001);
    time_not_available(&bench);
}

/// A clock that is an hour ahead and says that it may be: no token, and none missing once it is right again (TSP-62).
#[test]
fn goes_on_after_a_reading_too_uncertain_to_use() {
    let bench = Setup::default().start();
    bench.clock.step(3_600_000_000);
    bench.clock.set_uncertainty(3_600_000_000);
    time_not_available(&bench);
    bench.clock.step(-3_600_000_000);
    bench.clock.set_uncertainty(1_000_000);
    assert_eq!(gen_time(&bench), NOON);
}

#[test]
fn issues_again_only_after_the_recovery_is_in_the_log_jp_ts_09() {
    let bench = Setup::default().start();
    let deadline = std::time::Instant::now() + Duration::from_secs(60);
    let states = |bench: &Bench| bench.entries().iter().filter(|entry| matches!(entry, Entry::ClockState(_))).count();
    bench.clock.refuse(true);
    while states(&bench) < 2 {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    // The journal's thread forgets the reading right after that entry.
    std::thread::sleep(Duration::from_millis(300));
    bench.clock.refuse(false);
    loop {
        assert!(std::time::Instant::now() < deadline);
        let answer = bench.answer(&request().encode());
        if TimeStampResp::parse(&answer).unwrap().status == PkiStatus::Granted {
            break;
        }
    }
    let entries = bench.entries();
    let newest = |is: fn(&Entry) -> bool| entries.iter().rposition(is).unwrap();
    let (recovery, reading) =
        (newest(|e| matches!(e, Entry::ClockState(_))), newest(|e| matches!(e, Entry::ClockReading(_))));
    let token = entries.iter().position(|e| matches!(e, Entry::Tst(_))).unwrap();
    assert!(recovery < reading && reading < token, "{recovery}, {reading}, {token}");
}

#[test]
fn never_goes_back_thr_36() {
    let bench = Setup::default().start();
    assert_eq!(gen_time(&bench), NOON);
    bench.clock.step(-2_000_000);
    time_not_available(&bench);
    bench.clock.step(2_000_001);
    assert_eq!(gen_time(&bench), NOON + 1);
}

#[test]
fn never_goes_back_across_a_restart_thr_36_thr_37() {
    let first = Setup::default().start();
    first.clock.pass(Duration::from_secs(60));
    assert_eq!(gen_time(&first), NOON + 60_000_000);
    let store = first.store.clone();
    first.service.stop().unwrap();
    first.service.log().close().unwrap();
    drop(first);
    let again = |clock: Arc<MovedClock>| Setup { store: store.clone(), clock, ..Setup::default() }.try_start();
    let behind = |seconds: i64| {
        let clock = Arc::new(MovedClock::at_noon());
        clock.step(seconds * 1_000_000);
        clock
    };
    // The clock is known to 1 s: what lies further behind is refused at once (THR-37), a day too.
    for seconds in [58, 0, -86_400, -NOON / 1_000_000] {
        assert_eq!(again(behind(seconds)).err().map(|error| error.code()), Some("tsa.start.clock-behind"), "{seconds}");
    }
    let close = again(behind(59)).unwrap();
    time_not_available(&close);
    close.clock.pass(Duration::from_secs(1));
    // The journal's thread looks each second.
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while close.service.check().is_err() {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(gen_time(&close), NOON + 60_000_000);
}

/// The end of NTP's first era and of 32-bit seconds, and years before and after the certificate.
#[test]
fn stamps_dates_of_rollovers_and_none_outside_the_certificate_thr_36() {
    // 2036-02-07T06:28:16Z and 2038-01-19T03:14:08Z.
    for date in [2_085_978_496, 2_147_483_648] {
        let mut store = None;
        for restart in 0..2 {
            let mut setup = Setup::default();
            setup.store = store.take().unwrap_or(setup.store);
            setup.clock.step((date - 1 + restart) * 1_000_000 - NOON);
            setup.certificates = vec![certify_from(keys().p256.as_ref(), date - 86_400), ca().certificate().clone()];
            let bench = setup.start();
            assert_eq!(gen_time(&bench), (date - 1 + restart) * 1_000_000);
            bench.clock.pass(Duration::from_micros(1_000_000));
            assert_eq!(gen_time(&bench), (date + restart) * 1_000_000);
            store = Some(bench.store.clone());
            bench.service.stop().unwrap();
            bench.service.log().close().unwrap();
        }
    }
    let certificate = certify(keys().p256.as_ref());
    for date in [0, 1, 86_400, certificate.not_before() - 1, certificate.not_after() + 1] {
        let mut setup = Setup::default();
        setup.clock.step(date * 1_000_000 - NOON);
        setup.certificates.truncate(1);
        let bench = setup.start();
        let before = bench.key.signatures();
        assert_eq!(bench.refusal(&request().encode()).0, FailureInfo::SystemFailure, "{date}");
        assert_eq!(bench.key.signatures(), before);
    }
}

#[test]
fn reads_anew_when_frozen_between_reading_and_signing_thr_35() {
    let bench = Setup::default().start();
    bench.clock.freeze(Duration::from_secs(30), 1);
    let made = gen_time(&bench);
    assert_eq!(made, NOON + 30_000_000, "the time of the second reading");
}

#[test]
fn refuses_when_each_reading_is_too_old_thr_35() {
    let bench = Setup::default().start();
    bench.clock.freeze(Duration::from_millis(251), u32::MAX);
    time_not_available(&bench);
    bench.clock.freeze(Duration::from_millis(250), u32::MAX);
    bench.token(&request().encode());
}

#[test]
fn refuses_outside_the_certificate_and_the_key_period_tsp_64() {
    let certificate = certify(keys().p256.as_ref());
    let period = certificate.private_key_usage_period().unwrap();
    let (until, after) = (period.not_after.unwrap(), certificate.not_after());
    assert!(until < after, "TSP-68: the key's life is shorter than the certificate's");
    for end in [until, after] {
        let bench = Setup::default().start();
        bench.clock.step(end * 1_000_000 - NOON);
        if end == until {
            assert_eq!(gen_time(&bench), end * 1_000_000, "the last second counts");
        }
        bench.clock.pass(Duration::from_secs(1));
        let (failure, text) = bench.refusal(&request().encode());
        assert_eq!((failure, text.as_str()), (FailureInfo::SystemFailure, "the time-stamping unit is not in service"));
    }
    let mut setup = Setup::default();
    setup.certificates[0] = certify_from(keys().p256.as_ref(), NOON / 1_000_000 + 1);
    assert_eq!(setup.start().refusal(&request().encode()).0, FailureInfo::SystemFailure);
}

/// A process that runs past a date of the policy signs no more; its readiness says so.
#[test]
fn refuses_once_an_algorithm_has_ended_tsp_50() {
    let text = include_str!("../../../common/suite/policy/ts-119-312.toml");
    let end = NOON + 12 * 3_600_000_000;
    for name in ["ecdsa", "sha256", "sha3-512"] {
        let row = format!("name = \"{name}\"\n");
        let ending = text.replace(&row, &format!("{row}sign_end = 2026-11-24\n"));
        let crypto_policy = CryptoPolicy::from_toml(&[&ending]).unwrap();
        let bench = Setup { crypto_policy, ..Setup::default() }.start();
        bench.clock.step(end - 1_000_000 - NOON);
        assert_eq!(gen_time(&bench), end - 1_000_000, "{name}: the last second counts");
        assert!(bench.service.check().is_ok());
        bench.clock.pass(Duration::from_secs(1));
        let signatures = bench.key.signatures();
        let (failure, text) = bench.refusal(&request().encode());
        assert_eq!((failure, text.as_str()), (FailureInfo::SystemFailure, "the time-stamping unit is not in service"));
        assert_eq!(bench.service.check().unwrap_err().code, "tsa.algorithm-ended");
        assert_eq!(bench.key.signatures(), signatures, "{name}: nothing is signed");
        bench.service.stop().unwrap();
        let counted = |entry: &Entry| matches!(entry, Entry::Refusals(counted) if counted.class.as_str() == "tsa.algorithm-ended");
        assert_eq!(bench.entries().iter().filter(|entry| counted(entry)).count(), 1);
    }
}

#[test]
fn says_in_the_log_that_the_clock_is_not_measured() {
    let clock = SystemClock::undisciplined_for_development();
    assert!(!clock.read().unwrap().measured());
    let bench = Setup::default().start();
    bench.token(&request().encode());
    let readings: Vec<_> =
        bench.entries().into_iter().filter(|entry| matches!(entry, Entry::ClockReading(_))).collect();
    let [Entry::ClockReading(reading)] = &readings[..] else { panic!("one reading at the start") };
    assert_eq!((reading.source.as_str(), reading.bound_us, reading.measured), ("a-test", 1_000_000, true));
}

#[test]
fn issues_nothing_until_a_reading_is_in_the_log() {
    let setup = Setup::default();
    setup.clock.refuse(true);
    let bench = setup.start();
    time_not_available(&bench);
    bench.clock.refuse(false);
    time_not_available(&bench);
    // The journal's thread looks each second.
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !bench.entries().iter().any(|entry| matches!(entry, Entry::ClockReading(_))) {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(20));
    bench.token(&request().encode());
    let states: Vec<_> = bench
        .entries()
        .into_iter()
        .filter_map(|entry| match entry {
            Entry::ClockState(state) => Some((state.from.map(String::from), state.to.to_string())),
            _ => None,
        })
        .collect();
    let refusing = || "refusing".to_owned();
    assert_eq!(states, [(None, refusing()), (Some(refusing()), "undisciplined".to_owned())]);
}

#[test]
fn goes_on_without_a_source_that_is_outvoted_and_names_it_in_the_log_thr_31() {
    let bench = Setup::default().start();
    bench.clock.doubt(Some("ntp.example"));
    let reasons = |bench: &Bench| -> Vec<_> {
        let states = bench.entries().into_iter().filter_map(|entry| match entry {
            Entry::ClockState(state) => Some((state.to.to_string(), state.reason.map(String::from))),
            _ => None,
        });
        states.collect()
    };
    let outvoted = ("outvoted".to_owned(), Some("ntp.example".to_owned()));
    // The journal's thread looks each second.
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while !reasons(&bench).contains(&outvoted) {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    bench.token(&request().encode());
}
