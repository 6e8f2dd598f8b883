//! What the log holds of a token, of a start, and of what was refused (THR-44, TSP-69).

use std::time::Duration;

use kokuin_asn1::{
    cms::SignedData,
    tsp::{FailureInfo, TstInfo},
};
use kokuin_audit::{
    Entry, Kind, ReceiptAnswer, Wanted,
    entry::{Digest, KeyStateName},
};
use kokuin_key::KeyState;

use crate::{
    fixture::{Bench, Setup, request},
    moved_clock::NOON,
};

fn kinds(bench: &Bench) -> Vec<Kind> {
    bench.entries().iter().map(Entry::kind).collect()
}

#[test]
fn records_the_start_before_the_first_token() {
    let bench = Setup::default().start();
    let start = [
        Kind::LogOpen,
        Kind::ServiceStart,
        Kind::Config,
        Kind::Certificate,
        Kind::SelfTest,
        Kind::ClockState,
        Kind::ClockReading,
    ];
    assert_eq!(kinds(&bench), start);
    bench.token(&request().encode());
    bench.service.stop().unwrap();
    assert_eq!(kinds(&bench)[start.len()..], [Kind::Tst, Kind::ServiceStop]);
}

#[test]
fn commits_to_the_token_its_signature_and_its_attributes() {
    let bench = Setup::default().start();
    let token = bench.token(&request().encode());
    let signed = SignedData::parse(&token).unwrap();
    let signer = signed.only_signer().unwrap();
    let info = TstInfo::parse(signed.content.unwrap()).unwrap();
    let entries = bench.entries();
    let Some(Entry::Tst(entry)) = entries.last() else { panic!("the token's entry comes last") };
    assert_eq!(entry.serial.as_bytes(), info.serial);
    assert_eq!(entry.time.unix_micros(), NOON);
    assert_eq!((entry.key.as_str(), entry.policy.as_str()), ("tsu", "2.999.3161.1"));
    assert_eq!((entry.bound_us, entry.measured), (1_000_000, true));
    assert_eq!(entry.digest, Digest::of(&token));
    assert_eq!(entry.sig, Digest::of(signer.signature));
    let attributes = signer.signed_attrs.as_ref().unwrap().as_set_of();
    assert_eq!((attributes[0], entry.attrs), (0x31, Digest::of(&attributes)));
    let at = |index: u64| entries[usize::try_from(index).unwrap()].clone();
    assert!(matches!(at(entry.clock.0), Entry::ClockReading(_)));
    let Entry::Certificate(certificate) = at(entry.cert.0) else { panic!("the certificate's entry") };
    assert_eq!(certificate.sha256, Digest::of(bench.certificate.der()));
    assert_eq!(certificate.not_after.unix_micros(), bench.certificate.not_after() * 1_000_000);
}

#[test]
fn gives_a_receipt_once_a_checkpoint_covers_the_token() {
    let bench = Setup::default().start();
    let token = bench.token(&request().encode());
    let info = SignedData::parse(&token).unwrap();
    let serial = TstInfo::parse(info.content.unwrap()).unwrap().serial;
    let serial = kokuin_audit::entry::Serial::new(serial).unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        match bench.service.log().receipt(Wanted::Serial(&serial)).unwrap() {
            ReceiptAnswer::Receipt(_) => break,
            ReceiptAnswer::NotYetCovered { retry_after } => std::thread::sleep(retry_after),
            ReceiptAnswer::Unknown => panic!("the token left before it was stored"),
        }
        assert!(std::time::Instant::now() < deadline);
    }
}

#[test]
fn lets_no_token_leave_that_is_not_recorded_and_stops_thr_44_thr_54() {
    let bench = Setup::default().start();
    bench.token(&request().encode());
    let before = (bench.entries().len(), bench.key.signatures());
    bench.store.set_failing(true);
    assert_eq!(bench.refusal(&request().encode()).0, FailureInfo::SystemFailure);
    assert!(!bench.service.log().is_writable());
    for _ in 0..5 {
        assert_eq!(bench.refusal(&request().encode()).0, FailureInfo::SystemFailure);
    }
    assert_eq!((bench.entries().len(), bench.key.signatures()), (before.0, before.1 + 1), "one attempt, then none");
    bench.store.set_failing(false);
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    while !bench.service.log().is_writable() {
        assert!(std::time::Instant::now() < deadline, "the log tries again by itself");
        std::thread::sleep(Duration::from_millis(20));
    }
    bench.token(&request().encode());
}

#[test]
fn counts_refusals_by_class_and_not_one_by_one() {
    let bench = Setup::default().start();
    let before = bench.entries().len();
    for _ in 0..100 {
        bench.answer(&[]);
    }
    bench.answer(&[0x30]);
    let grown = bench.entries().len() - before;
    bench.service.stop().unwrap();
    let refusals: Vec<_> = bench.entries()[before..]
        .iter()
        .filter_map(|entry| match entry {
            Entry::Refusals(refusals) => Some((refusals.class.to_string(), refusals.count)),
            _ => None,
        })
        .collect();
    let of = |class: &str| refusals.iter().filter(|(name, _)| name == class).map(|(_, count)| count).sum::<u64>();
    assert_eq!((of("tsa.body-empty"), of("tsa.malformed")), (100, 1));
    assert!(grown <= 4 && refusals.len() <= 4, "a minute may end in between: {refusals:?}");
}

#[test]
fn records_that_a_key_was_suspended_and_tests_it_when_it_comes_back_thr_65() {
    let bench = Setup::default().start();
    let last = |kind| {
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while kinds(&bench).last() != Some(&kind) {
            assert!(std::time::Instant::now() < deadline);
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    bench.key.set_state(KeyState::Suspended);
    last(Kind::KeyState);
    bench.key.set_state(KeyState::Active);
    last(Kind::SelfTest);
    let states: Vec<_> = bench
        .entries()
        .into_iter()
        .filter_map(|entry| if let Entry::KeyState(change) = entry { Some(change.state) } else { None })
        .collect();
    assert_eq!(states, [KeyStateName::Suspended, KeyStateName::Active]);
}
