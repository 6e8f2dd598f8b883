//! Prepared, active, retired; and the key that takes over (TSP-64, TSP-65, TSP-68, TSP-71).

use std::{path::PathBuf, sync::Arc, time::Duration};

use kokuin_asn1::{Certificate, oids, tsp::FailureInfo};
use kokuin_audit::{Entry, entry::KeyStateName};
use kokuin_devca::{Subject, Validity, hostile::TestCertificate};
use kokuin_profile::{Profile, add_months};
use kokuin_suite::CryptoPolicy;
use kokuin_tsa::{
    KeyParts,
    config::{ConfiguredState, Moment, NextKey},
    unit::Standing,
};

use crate::{
    fixture::{Bench, Setup, ca, certify, certify_from, keys, request},
    moved_clock::NOON,
    units::{certify_as, signer},
};

const NOW: i64 = NOON / 1_000_000;

fn at(seconds: i64) -> Moment {
    Moment::from_unix_seconds(NOW + seconds)
}

fn not_in_service(bench: &Bench) {
    let (failure, text) = bench.refusal(&request().encode());
    assert_eq!((failure, text.as_str()), (FailureInfo::SystemFailure, "the time-stamping unit is not in service"));
}

/// A TSU whose next key begins in so many seconds.
fn with_next(seconds: i64) -> Setup {
    let mut setup = Setup::default();
    let (key, certificate) = ("soft:next".to_owned(), PathBuf::from("next.pem"));
    setup.config.tsu[0].next = Some(NextKey { key, certificate, active_from: at(seconds) });
    let key = &keys().p384;
    setup.next = Some(KeyParts { key: Some(Arc::clone(key)), certificates: certify_as(key.as_ref(), "Next TSU") });
    setup
}

fn refused(setup: Setup) -> &'static str {
    setup.try_start().map_or_else(|error| error.code(), |_| "started")
}

#[test]
fn signs_from_its_first_second_to_its_last_tsp_64() {
    let mut setup = Setup::default();
    (setup.config.tsu[0].active_from, setup.config.tsu[0].active_until) = (Some(at(10)), Some(at(20)));
    setup.config.tsu[0].state = ConfiguredState::Prepared;
    let bench = setup.start();
    bench.clock.pass(Duration::from_micros(9_999_999));
    not_in_service(&bench);
    bench.clock.pass(Duration::from_micros(1));
    bench.token(&request().encode());
    bench.clock.pass(Duration::from_micros(9_999_999));
    bench.token(&request().encode());
    let signatures = bench.key.signatures();
    bench.clock.pass(Duration::from_micros(1));
    not_in_service(&bench);
    assert_eq!(bench.key.signatures(), signatures, "nothing is signed");
}

#[test]
fn a_prepared_one_without_a_date_waits_and_a_retired_one_needs_no_key_tsp_71() {
    let mut setup = Setup::default();
    setup.config.tsu[0].state = ConfiguredState::Prepared;
    not_in_service(&setup.start());
    let mut setup = Setup::default();
    setup.config.tsu[0].state = ConfiguredState::Retired;
    let bench = setup.start();
    not_in_service(&bench);
    let unit = bench.service.default_unit();
    assert_eq!(unit.chains()[0][0].der(), bench.certificate.der(), "stays published");
    assert!(unit.seats().is_empty() && bench.key.signatures() == 0, "not even a self-test");
}

/// TSP-65, TSP-68: one active key at each instant, the next before the old one ends, no restart.
#[test]
fn hands_over_once_and_in_order_tsp_65_tsp_68() {
    let bench = with_next(10).start();
    let (old, new) = (keys().p256.public_key(), keys().p384.public_key());
    let step = Duration::from_micros(2_500_000);
    let signers = (0..8).map(|_| {
        let signer = signer(&bench, "tsu-1").unwrap();
        bench.clock.pass(step);
        signer
    });
    let signers: Vec<_> = signers.collect();
    assert!(signers[..4].iter().all(|signer| *signer == old) && signers[4..].iter().all(|signer| *signer == new));
}

/// TSP-69: what the log says of it.
#[test]
fn the_log_holds_the_states_of_both_keys_tsp_69() {
    let bench = with_next(10).start();
    let states = || -> Vec<_> {
        let states = bench.entries().into_iter().filter_map(|entry| match entry {
            Entry::KeyState(change) => Some((change.key.to_string(), change.state)),
            _ => None,
        });
        states.collect()
    };
    let of = |name: &str, state| (name.to_owned(), state);
    assert_eq!(states(), [of("tsu-p384", KeyStateName::Prepared)]);
    bench.clock.pass(Duration::from_secs(10));
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while states().len() < 3 {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(states()[1..], [of("tsu", KeyStateName::Retired), of("tsu-p384", KeyStateName::Active)]);
}

#[test]
fn the_successor_is_there_after_a_restart_too_tsp_68() {
    let mut setup = with_next(-10);
    setup.config.tsu[0].active_from = Some(at(-20));
    let bench = setup.start();
    assert_eq!(signer(&bench, "tsu-1").unwrap(), keys().p384.public_key());
    assert_eq!(bench.key.signatures(), 0, "the old key is not even tested");
    assert_eq!(bench.service.default_unit().chains().len(), 2, "its certificate stays published (TSP-71)");
}

#[test]
fn refuses_a_take_over_that_cannot_be_tsp_68() {
    assert_eq!(refused(with_next(10)), "started");
    let period = certify(keys().p256.as_ref()).private_key_usage_period().unwrap();
    let end = period.not_after.unwrap() - NOW;
    assert_eq!(refused(with_next(end + 2)), "tsa.start.begin", "the next key's own period has ended");
    let early = certify_from(keys().p256.as_ref(), NOW - 100 * 86_400);
    let end = early.private_key_usage_period().unwrap().not_after.unwrap() - NOW;
    for (begin, expected) in [(end + 2, "tsa.start.gap"), (end + 1, "started"), (end, "started")] {
        let mut setup = with_next(begin);
        setup.certificates[0] = early.clone();
        assert_eq!(refused(setup), expected);
    }
    let mut setup = with_next(10);
    setup.config.tsu[0].active_until = Some(at(5));
    assert_eq!(refused(setup), "tsa.config.period");
    let mut setup = with_next(10);
    setup.config.tsu[0].state = ConfiguredState::Prepared;
    assert_eq!(refused(setup), "tsa.config.next");
    let mut setup = with_next(10);
    setup.next = None;
    assert_eq!(refused(setup), "tsa.start.no-certificate");
    let mut setup = with_next(10);
    let key = Arc::clone(&keys().p256);
    setup.next = Some(KeyParts { certificates: vec![certify(key.as_ref())], key: Some(key) });
    assert_eq!(refused(setup), "tsa.start.key-twice");
}

/// A clock that cannot vouch for the time moves no key through its life, whatever the machine's clock says meanwhile.
#[test]
fn no_key_ends_while_the_clock_refuses_tsp_69() {
    let bench = with_next(10).start();
    let states = || bench.entries().iter().filter(|entry| matches!(entry, Entry::KeyState(_))).count();
    let clocks = || bench.entries().iter().filter(|entry| matches!(entry, Entry::ClockState(_))).count();
    let before = (states(), clocks());
    bench.clock.refuse(true);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while clocks() == before.1 {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(2_500));
    assert_eq!(states(), before.0, "the machine's clock is hours or more ahead of the test's");
    bench.clock.refuse(false);
    while clocks() == before.1 + 1 {
        assert!(std::time::Instant::now() < deadline + Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(bench.service.default_unit().standing(), Standing::Active);
}

/// Self-tests come at their time by the monotonic clock: setting the machine's clock back does not put them off (TSP-65).
#[test]
fn tests_a_key_every_five_minutes_of_any_clock_tsp_65() {
    let bench = Setup::default().start();
    let tests = || bench.entries().iter().filter(|entry| matches!(entry, Entry::SelfTest(_))).count();
    let before = tests();
    bench.clock.pass(Duration::from_secs(301));
    bench.clock.step(-301_000_000);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while tests() == before {
        assert!(std::time::Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// TSP-68: a key whose algorithm ends has ended.
#[test]
fn refuses_a_gap_that_an_algorithm_leaves_tsp_68() {
    let text = include_str!("../../../common/suite/policy/ts-119-312.toml");
    let row = "name = \"ecdsa\"\n";
    let ended = text.replace(row, &format!("{row}sign_end = 2026-12-01\n"));
    let day = 86_400;
    for (begin, expected) in [(7 * day, "started"), (30 * day, "tsa.start.gap")] {
        let mut setup = with_next(begin);
        let key = &keys().ed25519;
        setup.next = Some(KeyParts { key: Some(Arc::clone(key)), certificates: certify_as(key.as_ref(), "Next TSU") });
        setup.crypto_policy = CryptoPolicy::from_toml(&[&ended]).unwrap();
        assert_eq!(refused(setup), expected);
    }
}

/// A certificate for `key` that says nothing of a key-usage period, of so many months.
fn without_period(months: u32) -> Certificate {
    let profile = Profile::by_name("tsu").unwrap();
    let not_before = NOW - 86_400;
    let validity = Validity::months(not_before, months);
    let subject = Subject::demo_organization("Test TSU");
    let made = TestCertificate::new(&ca(), profile, &subject, keys().p256.public_key(), validity).unwrap();
    Certificate::parse(&made.without(&oids::PRIVATE_KEY_USAGE_PERIOD).sign(&ca()).unwrap()).unwrap()
}

/// JP-TS-16, TSP-68: a key is used for 15 months at most, and a token lives for 120, also where the certificate does not say so.
#[test]
fn a_key_ends_before_its_certificate_tsp_68_jp_ts_16() {
    let begin = NOW - 86_400;
    for (months, used) in [(135, 15), (126, 6), (120, 0), (36, 0)] {
        let certificate = without_period(months);
        let setup = Setup { certificates: vec![certificate.clone(), ca().certificate().clone()], ..Setup::default() };
        if used == 0 {
            assert_eq!(refused(setup), "tsa.start.key-period", "{months}");
            continue;
        }
        let bench = setup.start();
        let end = add_months(begin, used);
        assert!(end < certificate.not_after() && add_months(end, 120) <= certificate.not_after());
        bench.clock.pass(Duration::from_secs(u64::try_from(end - NOW).unwrap()));
        bench.token(&request().encode());
        bench.clock.pass(Duration::from_secs(1));
        not_in_service(&bench);
    }
}
