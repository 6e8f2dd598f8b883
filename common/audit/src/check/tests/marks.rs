//! Time marks: what they bound, and in which direction.

use super::*;
use crate::entry::{Text, TimeMark, TokenDer};

/// Believes every mark of the authority that it is named after.
#[derive(Debug)]
struct Judge(Result<(), MarkFlaw>);

impl MarkJudge for Judge {
    fn judge(&self, _: &TimeMark, text: &str) -> Result<(), MarkFlaw> {
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
