//! Another configuration for a service that runs: whole or not at all.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use actix_web::rt::System;
use kokuin_asn1::{
    Certificate,
    cms::{CertificateChoice, SignedData},
    tsp::{TimeStampResp, TstInfo},
};
use kokuin_audit::{
    Entry, Kind,
    entry::{Digest, KeyStateName},
};
use kokuin_key::{Protection, SigningKey};
use kokuin_tsa::{
    Changed, Config, KeyParts, Reload, ReloadError, TsuConfig, TsuParts, Worker,
    config::{ConfiguredState, PolicyId},
};

use crate::{
    faulty_key::{Fault, FaultyKey},
    fixture::{Bench, Setup, keys, request},
    units::{certify_as, signer},
};

const OTHER: &str = "1.2.3.4";

fn config() -> Config {
    Config::development("tsu-1", "soft:tsu", PathBuf::from("tsu.pem"))
}

/// The parts of the unit that the bench started with.
fn first(bench: &Bench) -> TsuParts {
    parts("tsu-1", bench.key.clone(), bench.certificates.clone())
}

fn parts(name: &str, key: Arc<dyn SigningKey>, certificates: Vec<Certificate>) -> TsuParts {
    TsuParts {
        name: name.to_owned(),
        current: KeyParts { key: Some(key), certificates },
        next: None,
        access: kokuin_web::Access::default(),
    }
}

fn reload(bench: &Bench, config: Config, tsus: Vec<TsuParts>) -> Result<Changed, ReloadError> {
    bench.service.reload(Reload { config, config_digest: Digest::of(b"another configuration"), tsus })
}

fn configs(bench: &Bench) -> Vec<(Digest, Vec<String>)> {
    let entries = bench.entries().into_iter().filter_map(|entry| match entry {
        Entry::Config(config) => Some((config.sha256, config.changed.into_iter().map(String::from).collect())),
        _ => None,
    });
    entries.collect()
}

fn count(bench: &Bench, kind: Kind) -> usize {
    bench.entries().iter().filter(|entry| entry.kind() == kind).count()
}

#[test]
fn takes_a_changed_configuration_and_says_in_the_log_what_changed_tsp_69() {
    let bench = Setup::default().start();
    let mut changed = config();
    changed.tsu[0].policies.push(PolicyId(OTHER.parse().unwrap()));
    changed.tsu.push(TsuConfig::development("tsu-2", "soft:second", PathBuf::from("second.pem")));
    let key = &keys().p384;
    let second = parts("tsu-2", Arc::clone(key), certify_as(key.as_ref(), "Second TSU"));
    let told = reload(&bench, changed, vec![second, first(&bench)]).unwrap();
    assert_eq!(told.names(), ["tsu.tsu-1.policies", "tsu.tsu-2"]);
    let (digest, names) = configs(&bench).pop().unwrap();
    assert_eq!((digest, names), (Digest::of(b"another configuration"), told.names().to_vec()));
    assert_eq!(count(&bench, Kind::Certificate), 2, "one that the log has is not introduced again");
    bench.token(&request().policy(&OTHER.parse().unwrap()).encode());
    assert_eq!(signer(&bench, "tsu-2").unwrap(), keys().p384.public_key());
    assert_eq!(signer(&bench, "tsu-1").unwrap(), keys().p256.public_key());
}

#[test]
fn refuses_a_configuration_whole_and_goes_on() {
    let bench = Setup::default().start();
    let entries = bench.entries().len();
    let broken = |change: fn(&mut Config, &mut Vec<TsuParts>)| {
        let (mut config, mut tsus) = (config(), vec![first(&bench)]);
        config.tsu[0].policies.push(PolicyId(OTHER.parse().unwrap()));
        change(&mut config, &mut tsus);
        let error = reload(&bench, config, tsus).unwrap_err();
        assert!(!error.clause().is_empty());
        error.code()
    };
    assert_eq!(broken(|config, _| config.tsu.clear()), "tsa.config.no-tsu");
    assert_eq!(broken(|config, _| config.signing_queue = 0), "tsa.config.no-queue");
    assert_eq!(broken(|_, tsus| tsus.clear()), "tsa.start.no-certificate");
    assert_eq!(broken(|_, tsus| tsus[0].current.certificates.rotate_left(1)), "tsa.start.key-mismatch");
    assert_eq!(bench.entries().len(), entries, "the log heard of none of them");
    bench.token(&request().encode());
    assert!(bench.service.default_unit().offer().unwrap().find(&OTHER.parse().unwrap()).is_none());
}

#[test]
fn refuses_a_new_key_that_does_not_sign_tsp_65() {
    let bench = Setup::default().start();
    let key = Arc::new(FaultyKey::new(Arc::clone(&keys().p384), Protection::Software));
    key.set_fault(Fault::WrongAnswer);
    let parts = parts("tsu-1", key.clone(), certify_as(key.as_ref(), "Second TSU"));
    assert_eq!(reload(&bench, config(), vec![parts]).unwrap_err().code(), "tsa.reload.key");
    assert_eq!(signer(&bench, "tsu-1").unwrap(), keys().p256.public_key());
}

#[test]
fn retires_a_unit_and_says_so_tsp_71() {
    let bench = Setup::default().start();
    let mut retired = config();
    retired.tsu[0].state = ConfiguredState::Retired;
    let told = reload(&bench, retired, vec![first(&bench)]).unwrap();
    assert_eq!(told.names(), ["tsu.tsu-1.state"]);
    assert_eq!(signer(&bench, "tsu-1"), None);
    let retired = |entry: &Entry| matches!(entry, Entry::KeyState(change) if change.state == KeyStateName::Retired);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !bench.entries().iter().any(retired) {
        assert!(Instant::now() < deadline);
        std::thread::sleep(Duration::from_millis(20));
    }
    bench.service.stop().unwrap();
    assert_eq!(reload(&bench, config(), vec![first(&bench)]).unwrap_err().code(), "tsa.reload.stopped");
}

/// Which configuration a token was made by: its policy, its key, and whether it names the TSU.
fn made_by(answer: &[u8]) -> (String, Vec<u8>, bool) {
    let response = TimeStampResp::parse(answer).unwrap();
    let signed = SignedData::parse(response.token.unwrap_or_else(|| panic!("{:?}", response.status_text))).unwrap();
    let info = TstInfo::parse(signed.content.unwrap()).unwrap();
    let [CertificateChoice::Certificate(own), ..] = signed.certificates[..] else { panic!("asked for") };
    let key = Certificate::parse(own).unwrap().spki().to_vec();
    (info.policy.to_string(), key, info.tsa.is_some())
}

/// Tokens race the change: none is refused, and each is of one configuration or of the other.
#[test]
fn requests_that_race_a_reload_see_one_configuration() {
    let bench = Setup::default().start();
    let other_key = &keys().p384;
    let other_chain = certify_as(other_key.as_ref(), "Second TSU");
    let one = (kokuin_tsa::DEVELOPMENT_POLICY.to_string(), keys().p256.public_key().to_vec(), true);
    let other = (OTHER.to_owned(), other_key.public_key().to_vec(), false);
    let done = AtomicBool::new(false);
    let made = std::thread::scope(|scope| {
        let work = || {
            let (worker, system) = (Worker::new(&bench.service), System::new());
            let mut made = Vec::new();
            while !done.load(Ordering::Relaxed) {
                let answer = system.block_on(worker.answer(&request().cert_req(true).encode()));
                made.push(made_by(&answer.into_bytes()));
            }
            made
        };
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(work)).collect();
        for round in 0..40 {
            let mut config = config();
            let parts = if round % 2 == 0 {
                config.tsu[0].policies = vec![PolicyId(OTHER.parse().unwrap())];
                (config.tsu[0].key, config.tsu[0].tsa_name) = ("soft:other".to_owned(), false);
                parts("tsu-1", Arc::clone(other_key), other_chain.clone())
            } else {
                first(&bench)
            };
            reload(&bench, config, vec![parts]).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(made.contains(&one) && made.contains(&other));
    assert!(made.iter().all(|made| *made == one || *made == other));
    assert_eq!(count(&bench, Kind::Tst), made.len());
}

/// The last states that the log has of the key of this name, the newest last.
fn states(bench: &Bench, key: &str) -> Vec<KeyStateName> {
    let states = bench.entries().into_iter().filter_map(|entry| match entry {
        Entry::KeyState(change) if change.key.to_string() == key => Some(change.state),
        _ => None,
    });
    states.collect()
}

fn await_states(bench: &Bench, key: &str, expected: &[KeyStateName]) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while states(bench, key) != expected {
        assert!(Instant::now() < deadline, "{:?}", states(bench, key));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// TSP-69: the log's last word about a key that signs is not that it is retired.
#[test]
fn a_key_that_comes_back_is_active_in_the_log_tsp_69() {
    let bench = Setup::default().start();
    let mut retired = config();
    retired.tsu[0].state = ConfiguredState::Retired;
    reload(&bench, retired, vec![first(&bench)]).unwrap();
    await_states(&bench, "tsu", &[KeyStateName::Retired]);
    reload(&bench, config(), vec![first(&bench)]).unwrap();
    await_states(&bench, "tsu", &[KeyStateName::Retired, KeyStateName::Active]);
    bench.token(&request().encode());
}

/// TSP-69: a stop right after a reload loses nothing of it.
#[test]
fn says_that_a_key_is_retired_before_it_stops_tsp_69() {
    let bench = Setup::default().start();
    let mut retired = config();
    retired.tsu[0].state = ConfiguredState::Retired;
    reload(&bench, retired, vec![first(&bench)]).unwrap();
    bench.service.stop().unwrap();
    assert_eq!(states(&bench, "tsu"), [KeyStateName::Retired]);
    assert_eq!(bench.entries().last().map(Entry::kind), Some(Kind::ServiceStop));
}

/// TSP-69: what a key signs for a reload is in the log too.
#[test]
fn records_the_self_tests_of_a_reload_tsp_69() {
    let bench = Setup::default().start();
    let before = (count(&bench, Kind::SelfTest), bench.key.signatures());
    let key = &keys().p384;
    let mut changed = config();
    changed.tsu.push(TsuConfig::development("tsu-2", "soft:second", PathBuf::from("second.pem")));
    let second = parts("tsu-2", Arc::clone(key), certify_as(key.as_ref(), "Second TSU"));
    reload(&bench, changed, vec![first(&bench), second]).unwrap();
    assert_eq!((count(&bench, Kind::SelfTest), bench.key.signatures()), (before.0 + 2, before.1 + 1));
}

/// TSP-65: a key that was one TSU's is no other's after a reload.
#[test]
fn a_key_stays_with_its_tsu_tsp_65() {
    let bench = Setup::default().start();
    let mut renamed = config();
    renamed.tsu[0].name = "tsu-2".to_owned();
    let moved = parts("tsu-2", bench.key.clone(), bench.certificates.clone());
    assert_eq!(reload(&bench, renamed, vec![moved]).map_err(|error| error.code()), Err("tsa.start.key-twice"));
    bench.token(&request().encode());
}

/// TSP-72: what stamped without the statement does not stamp with it under the same name.
#[test]
fn a_tsu_does_not_become_qualified_under_its_name_tsp_72() {
    let bench = Setup::default().start();
    let mut qualified = config();
    qualified.tsu[0].qualified = true;
    let same = reload(&bench, qualified.clone(), vec![first(&bench)]);
    assert_eq!(same.map_err(|error| error.code()), Err("tsa.start.subject-shared"));
    let key = &keys().p384;
    let other = parts("tsu-1", Arc::clone(key), certify_as(key.as_ref(), "Qualified TSU"));
    reload(&bench, qualified, vec![other]).unwrap();
    assert_eq!(signer(&bench, "tsu-1").unwrap(), key.public_key());
}

/// TSP-65, TSP-72: nor over two reloads, of which the first takes the key or the subject away.
#[test]
fn what_a_key_and_a_subject_were_is_known_over_two_reloads_tsp_65_tsp_72() {
    let bench = Setup::default().start();
    let key = &keys().p384;
    let chain = certify_as(key.as_ref(), "Second TSU");
    let without = || parts("tsu-1", Arc::clone(key), chain.clone());
    reload(&bench, config(), vec![without()]).unwrap();
    let mut moved = config();
    moved.tsu.push(TsuConfig::development("tsu-2", "soft:tsu", PathBuf::from("tsu.pem")));
    let second = || parts("tsu-2", bench.key.clone(), bench.certificates.clone());
    assert_eq!(reload(&bench, moved.clone(), vec![without(), second()]).unwrap_err().code(), "tsa.start.key-twice");
    let mut qualified = config();
    qualified.tsu[0].qualified = true;
    assert_eq!(reload(&bench, qualified, vec![first(&bench)]).unwrap_err().code(), "tsa.start.subject-shared");
    reload(&bench, config(), vec![first(&bench)]).unwrap();
}

/// A worker that is the last to know a unit does not wait for the unit's device.
#[test]
fn whoever_lets_a_unit_go_waits_for_no_device_thr_95() {
    let bench = Setup { protection: Protection::Device, ..Setup::default() }.start();
    let (unit, slow) = (bench.service.default_unit(), Duration::from_secs(4));
    bench.key.set_fault(Fault::Slow(slow));
    System::new().block_on(async {
        let (body, short) = (request().encode(), Duration::from_millis(200));
        let given_up = actix_web::rt::time::timeout(short, bench.worker.answer_at(&unit, &body)).await;
        assert!(given_up.is_err(), "the device is at work");
    });
    let key = &keys().p384;
    let other = parts("tsu-1", Arc::clone(key), certify_as(key.as_ref(), "Second TSU"));
    reload(&bench, config(), vec![other]).unwrap();
    let begun = Instant::now();
    drop(unit);
    assert!(begun.elapsed() < slow / 4, "{:?}", begun.elapsed());
}
