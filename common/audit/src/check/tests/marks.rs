//! Time marks: what they bound, and in which direction.

use super::*;
use crate::entry::{Text, TimeMark, TokenDer};

/// Believes every mark of the authority that it is named after.
#[derive(Debug)]
struct Judge(Result<(), MarkFlaw>);

impl MarkJudge for Judge {
    fn judge(&self, _: &TimeMark, text: &str, _: Option<LogTime>) -> Result<(), MarkFlaw> {
        assert!(text.starts_with("log.example\n"), "{text}");
        self.0.clone()
    }
}

fn mark(size: TreeSize, root: Hash, seconds: i64) -> Entry {
    Entry::TimeMark(TimeMark {
        time: LogTime::from_unix_seconds(seconds),
        size,
        root: Digest::from_bytes(*root.as_bytes()),
        gen_time: LogTime::from_unix_seconds(seconds),
        accuracy_us: Some(500_000),
        policy: PolicyOid::new("2.999.1").unwrap(),
        tsa: Text::new("CN=Foreign").unwrap(),
        signer: Digest::of(b"certificate"),
        digest: Digest::of(b"token"),
        token: Some(TokenDer::new(b"token").unwrap()),
    })
}

/// A log whose tokens are made at `before`, then a mark of 1000 s over them, then tokens at `after`, in seconds.
fn marked(before: &[i64], after: &[i64]) -> (MemoryStore, VerifierKey) {
    let store = MemoryStore::new();
    let log = open(&store);
    prologue().iter().for_each(|entry| drop(log.append(entry).unwrap()));
    let fill = |log: &Log, first: u64, times: &[i64]| {
        for (serial, seconds) in (first..).zip(times) {
            log.append_encoded(tst_at(serial, seconds * 1_000_000)).wait().unwrap();
        }
    };
    fill(&log, 0, before);
    log.close().unwrap();
    let log = open(&store);
    let covered = log.checkpoint().clone();
    log.append(&mark(covered.size(), covered.root(), 1000)).unwrap().wait().unwrap();
    fill(&log, 100, after);
    log.close().unwrap();
    (store, log.vkey().clone())
}

fn check_marks(store: &MemoryStore, key: &VerifierKey, judged: Option<Result<(), MarkFlaw>>) -> CheckReport {
    let marks: Option<Arc<dyn MarkJudge>> = match judged {
        Some(judged) => Some(Arc::new(Judge(judged))),
        None => None,
    };
    let options = CheckOptions { marks, order_tolerance: Duration::from_secs(1), ..CheckOptions::default() };
    check_store(store, None, key, &TestEngine, &options).unwrap()
}

#[test]
fn a_trusted_mark_bounds_everything_before_it() {
    let (store, key) = marked(&[900, 1000], &[1000, 1100]);
    let report = check_marks(&store, &key, Some(Ok(())));
    assert!(report.is_good(), "{report}");
    let last = report.marks.last.clone().unwrap();
    assert_eq!((last.size, last.before), (TreeSize(5), LogTime::from_unix_micros(1_000_500_000)));
    let said = "entries 0..4 existed before 1970-01-01T00:16:40.500000Z (foreign TSA CN=Foreign, entry 5)";
    assert!(report.to_string().contains(said), "{report}");
}

/// Accuracies of both sides are on the side of the accused: token bound 1 us, mark 500 ms.
#[test]
fn a_time_after_the_mark_that_covers_it_is_post_dated() {
    let (store, key) = marked(&[900, 1001], &[1100]);
    let report = check_marks(&store, &key, Some(Ok(())));
    let by = Duration::from_micros(499_999);
    assert_eq!(report.faults, [Fault::PostDated { index: LeafIndex(4), mark: LeafIndex(5), by }]);
}

/// THR-37: the machine's clock is set back a day, and the service goes on with the same log. Other keys or none before: the order of one key's
/// tokens does not show it, the mark does.
#[test]
fn a_time_before_the_mark_that_precedes_it_is_back_dated_thr_37() {
    let (store, key) = marked(&[], &[998, 999]);
    let report = check_marks(&store, &key, None);
    let by = Duration::from_micros(1_499_999);
    assert_eq!(report.faults, [Fault::BackDated { index: LeafIndex(4), mark: LeafIndex(3), by }]);
    assert!(report.to_string().contains("entry 4 has a time 1499999 us before that of the time mark at entry 3"));
}

#[test]
fn refuses_a_mark_over_another_tree() {
    let (store, key) = marked(&[900], &[]);
    let log = open(&store);
    log.append(&mark(TreeSize(4), Hash::leaf(b"x"), 1000)).unwrap().wait().unwrap();
    log.append(&mark(TreeSize(4000), Hash::leaf(b"x"), 1000)).unwrap().wait().unwrap();
    log.close().unwrap();
    assert_eq!(codes(&check_marks(&store, &key, Some(Ok(())))), ["audit.mark-root", "audit.mark-size"]);
}

#[test]
fn an_untrusted_token_is_no_fault_and_a_wrong_one_is() {
    let (store, key) = marked(&[900], &[1100]);
    let reason = "no anchor".to_owned();
    let report = check_marks(&store, &key, Some(Err(MarkFlaw::Untrusted { reason: reason.clone() })));
    assert!(report.is_good() && report.marks.last.is_none(), "{report}");
    assert_eq!(report.marks.untrusted, Some((LeafIndex(4), reason.clone())));
    let report = check_marks(&store, &key, Some(Err(MarkFlaw::Wrong { reason })));
    assert_eq!(codes(&report), ["audit.mark-token"]);
    assert_eq!(report.marks.trusted, 0);
}

/// Believes a token while its certificate is good: for 100 s after its time. It is 1300 s now.
#[derive(Debug)]
struct Expiring;

impl MarkJudge for Expiring {
    fn judge(&self, mark: &TimeMark, _: &str, existed: Option<LogTime>) -> Result<(), MarkFlaw> {
        let at = existed.unwrap_or(LogTime::from_unix_seconds(1300)).unix_micros();
        let good_until = mark.gen_time.unix_micros() + 100_000_000;
        if at <= good_until { Ok(()) } else { Err(MarkFlaw::Untrusted { reason: "expired".to_owned() }) }
    }
}

/// A log that is marked at each of `times`, with one token before each.
fn marked_at(times: &[i64]) -> (MemoryStore, VerifierKey) {
    let (store, key) = marked(&[900], &[]);
    for (serial, seconds) in (200..).zip(times) {
        let log = open(&store);
        log.append_encoded(tst_at(serial, seconds * 1_000_000)).wait().unwrap();
        log.close().unwrap();
        let log = open(&store);
        let covered = log.checkpoint().clone();
        log.append(&mark(covered.size(), covered.root(), *seconds)).unwrap().wait().unwrap();
        log.close().unwrap();
    }
    (store, key)
}

fn check_expiring(store: &MemoryStore, key: &VerifierKey) -> CheckReport {
    let options = CheckOptions { marks: Some(Arc::new(Expiring)), ..CheckOptions::default() };
    check_store(store, None, key, &TestEngine, &options).unwrap()
}

/// Years later: each mark's certificate was good when the next mark was made, and the last one's is good now.
#[test]
fn marks_with_expired_certificates_are_carried_by_later_ones() {
    let (store, key) = marked_at(&[1090, 1180, 1270]);
    let report = check_expiring(&store, &key);
    assert!(report.is_good(), "{report}");
    assert_eq!((report.marks.count, report.marks.trusted, report.marks.by_later, report.marks.undecided), (4, 4, 3, 0));
    assert_eq!(report.marks.last.unwrap().before, LogTime::from_unix_micros(1_270_500_000), "the one that covers most");
}

/// Whoever has an old key makes old tokens: without a later mark in time, nothing rests on them, and the report says so.
#[test]
fn a_mark_whose_certificate_expired_before_the_next_mark_is_undecided() {
    let (store, key) = marked_at(&[1150, 1270]);
    let report = check_expiring(&store, &key);
    assert_eq!((report.marks.count, report.marks.trusted, report.marks.undecided), (3, 1, 2));
    assert!(report.to_string().contains("undecided: 2"), "{report}");
    let (store, key) = marked_at(&[]);
    let report = check_expiring(&store, &key);
    assert_eq!((report.marks.last.clone(), report.marks.undecided), (None, 1), "{report}");
}

/// A token over the empty tree can be had before there is a log: it bounds nothing, above all not entry 0.
#[test]
fn a_mark_over_nothing_is_no_mark() {
    let store = MemoryStore::new();
    let log = open(&store);
    let empty = crate::frontier::Frontier::new().root();
    log.append(&mark(TreeSize(0), empty, 1000)).unwrap().wait().unwrap();
    log.close().unwrap();
    let report = check_marks(&store, log.vkey(), Some(Ok(())));
    assert_eq!((codes(&report), report.marks.last.clone()), (vec!["audit.mark-size"], None));
}

/// A second mark that says an earlier time than the first speaks of the same entries.
#[test]
fn an_earlier_time_in_a_later_mark_counts_for_entries_that_the_first_found_good() {
    let (store, key) = marked(&[990], &[]);
    let log = open(&store);
    let covered = log.checkpoint().clone();
    log.append(&mark(covered.size(), covered.root(), 900)).unwrap().wait().unwrap();
    log.close().unwrap();
    assert_eq!(codes(&check_marks(&store, &key, Some(Ok(())))), ["audit.post-dated"]);
}

/// A seal has its time before a foreign authority is asked for a token over it; a mark may come in between.
#[test]
fn a_seal_that_waited_for_its_token_is_not_back_dated_and_one_from_yesterday_is() {
    let (store, key) = marked(&[], &[]);
    let log = open(&store);
    let secret = crate::commitment::TenantSecret::new([7; 32]);
    for (number, seconds) in [(1, 985), (2, 600)] {
        let Entry::Seal(mut seal) = public::seal(&secret, number, "a", "b") else { panic!() };
        seal.time = LogTime::from_unix_seconds(seconds);
        log.append(&Entry::Seal(seal)).unwrap().wait().unwrap();
    }
    log.close().unwrap();
    let report = check_marks(&store, &key, None);
    assert_eq!(codes(&report), ["audit.back-dated"], "{report}");
    assert_eq!(report.first_bad_entry(), Some(LeafIndex(5)));
}

#[test]
fn without_anchors_it_says_so() {
    let (store, key) = marked(&[900], &[1000]);
    let said = |judged| check_marks(&store, &key, judged).to_string();
    assert!(said(None).contains("time marks: 1, none of them verified: no trust anchors were given"));
    assert!(said(Some(Ok(()))).contains("time marks: 1, 1 of them verified under the anchors given"));
}
