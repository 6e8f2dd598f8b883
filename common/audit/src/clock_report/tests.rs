use super::*;
use crate::{
    entry::{
        ClockReading, ClockState, Digest, LeapSign, PolicyOid, ReferenceId, Serial, SourceSample, Text, TokenDer, Tst,
    },
    name::TreeSize,
};

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

fn at(seconds: i64) -> LogTime {
    LogTime::from_unix_seconds(seconds)
}

fn reading(seconds: i64) -> Entry {
    Entry::ClockReading(ClockReading { time: at(seconds), source: label("ntp"), bound_us: 900, measured: true })
}

fn token(seconds: i64, bound_us: u64, clock: u64) -> Entry {
    Entry::Tst(Tst {
        time: at(seconds),
        serial: Serial::new(&[1]).unwrap(),
        key: KeyName::new("tsu-1").unwrap(),
        policy: PolicyOid::new("2.999.1").unwrap(),
        bound_us,
        measured: true,
        clock: LeafIndex(clock),
        cert: LeafIndex(0),
        digest: Digest::of(b"a"),
        sig: Digest::of(b"b"),
        attrs: Digest::of(b"c"),
    })
}

fn source(name: &str, seconds: i64, used: bool, offset_us: i64) -> Entry {
    Entry::ClockSource(ClockSource {
        time: at(seconds),
        source: label(name),
        authenticated: Authentication::Nts,
        used,
        reason: (!used).then(|| label("clock.outvoted")),
        sample: Some(SourceSample {
            offset_us: Some(offset_us),
            system_us: 7,
            bound_us: 40,
            delay_us: 1,
            root_delay_us: 1,
            root_dispersion_us: 1,
            stratum: 1,
            leap: LeapSign::None,
            reference: ReferenceId::new(*b"NICT"),
            age_us: 0,
        }),
    })
}

fn report(period: ClockPeriod, entries: &[Entry]) -> ClockReport {
    let mut report = ClockReport::new(period);
    entries.iter().zip(0..).for_each(|(entry, index)| report.entry(LeafIndex(index), entry));
    report
}

fn codes(report: &ClockReport) -> Vec<(u64, &'static str)> {
    report.anomalies.iter().map(|(index, _, anomaly)| (index.0, anomaly.code())).collect()
}

#[test]
fn tells_smallest_and_largest_offset_and_bound_jp_ts_11() {
    let entries = [
        source("a", 0, true, -300),
        source("b", 0, true, 200),
        source("b", 64, true, 450),
        source("c", 64, false, 900_000),
        reading(65),
        token(66, 1_200, 4),
    ];
    let report = report(ClockPeriod::default(), &entries);
    assert_eq!(
        report.offset_us.ends(),
        Some((-300, 450)),
        "a source that did not count does not move the clock's figures"
    );
    assert_eq!(report.sources[&label("b")].offset_us.ends(), Some((200, 450)));
    assert_eq!(report.sources[&label("c")].left_out, 1);
    assert_eq!(report.reading_bound_us.ends(), Some((900, 900)));
    assert_eq!((report.issued, report.issued_bound_us.ends()), (1, Some((1_200, 1_200))));
    assert_eq!(codes(&report), [(3, "source-left-out")]);
}

#[test]
fn names_every_anomaly_jp_ts_11() {
    let state = ClockState { time: at(1), from: Some(label("synchronised")), to: label("stepped"), reason: None };
    let entries = [
        reading(0),
        Entry::ClockState(state),
        source("a", 2, true, 500_001),
        token(299, 10, 0),
        token(301, 10, 0),
        token(302, 1_000_001, 0),
        token(300, 10, 0),
        token(302, 10, 0),
    ];
    let found = report(ClockPeriod::default(), &entries);
    assert_eq!(
        codes(&found),
        [(1, "clock-state"), (2, "source-offset"), (4, "reading-gap"), (5, "bound-exceeded"), (6, "out-of-order")]
    );
    assert_eq!(found.small_inversions, 0);
}

/// THR-37: what came before the period decides what is out of order in it.
#[test]
fn a_period_does_not_hide_that_time_went_back_thr_37() {
    let entries = [reading(0), token(100, 10, 0), token(50, 10, 0)];
    let period = ClockPeriod { to: Some(at(60)), ..ClockPeriod::default() };
    let found = report(period, &entries);
    assert_eq!(codes(&found), [(2, "out-of-order")]);
    assert_eq!((found.entries, found.issued), (2, 1));
}

/// The machine's clock is stepped back six years: the entry that says so has a time of then, and belongs to the period all the same (JP-TS-11).
#[test]
fn a_clock_that_lies_about_its_own_anomaly_does_not_hide_it() {
    let stepped = ClockState { time: at(5), from: Some(label("synchronised")), to: label("stepped"), reason: None };
    let entries =
        [reading(1_000), token(1_001, 10, 0), Entry::ClockState(stepped), source("a", 6, false, 1), token(990, 10, 0)];
    let period = ClockPeriod { from: Some(at(1_000)), to: Some(at(2_000)), ..ClockPeriod::default() };
    let found = report(period, &entries);
    assert_eq!(codes(&found), [(2, "clock-state"), (3, "source-left-out"), (4, "out-of-order")]);
    let before = ClockPeriod { from: None, to: Some(at(900)), ..ClockPeriod::default() };
    assert_eq!(
        codes(&report(before, &entries)),
        [(2, "clock-state"), (3, "source-left-out")],
        "and to the one that it says"
    );
}

/// A source that nobody takes down fills no list in which a token beyond its bound would have to stand.
#[test]
fn many_anomalies_of_one_kind_hide_no_other() {
    let mut entries = vec![reading(0)];
    entries.extend((0..2_000).map(|seconds| source("dead", seconds, false, 1)));
    entries.push(token(100, 1_000_001, 0));
    let found = report(ClockPeriod::default(), &entries);
    assert_eq!(found.anomaly_count, 2_001);
    assert_eq!(codes(&found).last(), Some(&(2_001, "bound-exceeded")));
    assert_eq!(found.anomalies.len(), MAX_ANOMALIES + 1);
}

/// A mark an hour for ten years, with a token of up to 46,080 octets each: what a report keeps of them is short.
#[test]
fn keeps_no_token_of_a_time_mark() {
    let mark = TimeMark {
        time: at(10),
        size: TreeSize(1),
        root: Digest::of(b"root"),
        gen_time: at(9),
        accuracy_us: None,
        policy: PolicyOid::new("2.999.1").unwrap(),
        tsa: Text::new("CN=TSA").unwrap(),
        signer: Digest::of(b"signer"),
        digest: Digest::of(b"token"),
        token: Some(TokenDer::new(&[0x30, 0]).unwrap()),
    };
    let report = report(ClockPeriod::default(), &[Entry::TimeMark(mark.clone())]);
    assert_eq!(report.marks, [(LeafIndex(0), TimeMark { token: None, ..mark })]);
}
