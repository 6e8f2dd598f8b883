use super::*;
use crate::entry::{Commitment, DeviceLines, DeviceSignatures, Intent, Outcome, OutcomeResult, Serial, Text};

fn at(seconds: i64) -> LogTime {
    LogTime::from_unix_seconds(seconds)
}

fn key() -> KeyName {
    KeyName::new("tsu").unwrap()
}

fn device() -> Label {
    Label::new("yubihsm-1").unwrap()
}

fn intent(seconds: i64) -> Entry {
    let (serial, imprint) = (Serial::new(&[1]).unwrap(), Commitment::from_bytes([0; 32]));
    Entry::Intent(Intent { time: at(seconds), serial, key: key(), imprint })
}

fn outcome(seconds: i64, intent: u64, result: OutcomeResult) -> Entry {
    let serial = Serial::new(&[1]).unwrap();
    let (time, key, intent) = (at(seconds), key(), LeafIndex(intent));
    Entry::Outcome(Outcome { time, serial, key, intent, result, code: None, sig: None })
}

fn lines(seconds: i64, made: u64) -> DeviceLog {
    DeviceLog {
        time: at(seconds),
        device: device(),
        last: 1,
        count: made,
        lines: DeviceLines::new(&[]).unwrap(),
        begins: false,
        signatures: vec![DeviceSignatures { key: key(), made, doubtful: 0, refused: 0 }],
        unexplained: 0,
        reasons: Vec::new(),
        unlogged: 0,
    }
}

fn report(period: (Option<i64>, Option<i64>), entries: &[Entry]) -> DeviceReport {
    let mut report = DeviceReport::new(period.0.map(at), period.1.map(at));
    (0..).zip(entries).for_each(|(index, entry)| report.entry(LeafIndex(index), entry, &mut |_| Vec::new()));
    report
}

fn codes(report: &DeviceReport) -> Vec<&'static str> {
    report.findings().iter().map(|(_, finding)| finding.code()).collect()
}

#[test]
fn lost_answers_are_explained_by_nobody_knowing() {
    let entries = [intent(0), outcome(1, 0, OutcomeResult::Unknown), Entry::DeviceLog(lines(2, 1))];
    let report = report((None, None), &entries);
    assert_eq!(codes(&report), Vec::<&str>::new());
    assert!(report.is_explained());
}

/// Whether the entry of a signature says failed or discarded: neither is taken from the service alone (THR-56).
#[test]
fn a_signature_behind_failed_or_discarded_is_not_explained_thr_56() {
    for (result, code) in [(OutcomeResult::Failed, "surplus"), (OutcomeResult::Discarded, "word-alone")] {
        let entries = [intent(0), outcome(1, 0, result), Entry::DeviceLog(lines(2, 1))];
        assert_eq!(codes(&report((None, None), &entries)), [code]);
    }
    let refused = [intent(0), outcome(1, 0, OutcomeResult::Failed), Entry::DeviceLog(lines(2, 0))];
    assert!(report((None, None), &refused).is_explained(), "the device agrees");
}

#[test]
fn names_what_the_service_found_and_what_it_could_not_know() {
    let entry = DeviceLog { unexplained: 3, reasons: vec![Text::new("line 7").unwrap()], unlogged: 2, ..lines(0, 0) };
    let mut report = DeviceReport::new(None, None);
    report.entry(LeafIndex(0), &Entry::DeviceLog(entry), &mut |_| vec!["line 9 follows line 7".to_owned()]);
    assert_eq!(codes(&report), ["unexplained", "unexplained", "chain-broken", "unlogged"]);
    let expected = DeviceTotals { entries: 1, lines: 0, unexplained: 3, unlogged: 2, breaks: 1 };
    assert_eq!(report.devices[&device()], expected);
}

/// What was found last year is in last year's report.
#[test]
fn a_period_counts_its_own_only() {
    let entries = [
        intent(0),
        outcome(1, 0, OutcomeResult::Failed),
        Entry::DeviceLog(lines(2, 1)),
        intent(10),
        outcome(11, 3, OutcomeResult::Unknown),
        intent(20),
    ];
    let all = report((None, None), &entries);
    assert_eq!(codes(&all), ["surplus"], "an answer lost later is no explanation");
    assert_eq!(codes(&report((None, Some(5)), &entries)), ["surplus"]);
    let later = report((Some(10), Some(20)), &entries);
    assert_eq!(codes(&later), Vec::<&str>::new());
    let (account, open) = later.keys().remove(0);
    assert_eq!((account.intents, account.failed, account.unknown, open), (1, 0, 1, 0));
    assert_eq!(account.device.map(|device| device.made), Some(0));
    assert!(report((Some(100), None), &entries).keys().is_empty());
}
