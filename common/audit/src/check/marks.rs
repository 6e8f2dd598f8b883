//! What foreign tokens over checkpoints say about when entries came to be.
//!
//! A mark at entry `m` covers the first `n` entries, and its token says `T`, give or take its accuracy `a`. Two things follow, each by itself:
//!
//! - Entries before `n` existed at `T + a`: an upper bound. A token among them with a later time was post-dated.
//! - Entries after `m` were put into the log after `T - a`: whatever tree holds them holds the mark too, and the mark could not be made
//!   before its token was. A token among them with an earlier time was logged later than it says: back-dated, or kept back.
//!
//! Of the entries from `n` to `m` neither is said. An upper bound does not show that a token is not older than it says.

use std::{collections::VecDeque, fmt, sync::Arc, time::Duration};

use super::{Fault, marked::Marked};
use crate::{
    entry::{Entry, LogTime, TimeMark},
    frontier::Frontier,
    hash::Hash,
    name::{LeafIndex, TreeSize},
};

/// How far a mark may lie behind its own place: older entries are not kept while a log is read.
pub const MARK_WINDOW: u64 = 1 << 19;

/// What a token is believed to be off by where it does not say, in microseconds.
const UNSTATED_ACCURACY_US: u64 = 1_000_000;

/// What a seal may take from its time to its entry: between the two a foreign authority is asked for a token over it.
const SEAL_TAKES: Duration = Duration::from_secs(120);

/// Tokens kept until a later mark shows that they existed while their certificates were good; of more, the oldest stay in doubt.
const MAX_DOUBTFUL: usize = 1 << 14;

/// What is wrong with a mark's token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum MarkFlaw {
    /// It may be good, but the trust anchors given do not show it.
    Untrusted {
        /// Why.
        reason: String,
    },
    /// It is not what the entry says.
    Wrong {
        /// Why.
        reason: String,
    },
}

/// Verifies the tokens of marks: needs trust anchors and ASN.1, which are none of this crate's business.
pub trait MarkJudge: fmt::Debug + Send + Sync {
    /// Whether the token in `mark` is a trusted authority's over `text`, the checkpoint's text. `existed`: it is known to have existed then, so
    /// that its certificates need not be good any longer; `None`: they must be good now.
    ///
    /// # Errors
    /// [`MarkFlaw`].
    fn judge(&self, mark: &TimeMark, text: &str, existed: Option<LogTime>) -> Result<(), MarkFlaw>;
}

/// One entry, as long as a mark may still speak of it.
#[derive(Clone, Copy, Debug)]
struct Recent {
    found: Hash,
    stored: Hash,
    /// The earliest that its time can mean, in Unix microseconds.
    earliest: Option<i64>,
}

/// A mark that is not trusted by itself: its certificates may have expired since.
#[derive(Debug)]
struct Doubtful {
    index: LeafIndex,
    mark: TimeMark,
    text: String,
    reason: String,
}

/// Gathers entries until a mark speaks of them.
#[derive(Debug)]
pub(super) struct Marks {
    origin: String,
    judge: Option<Arc<dyn MarkJudge>>,
    tolerance: Duration,
    recent: VecDeque<Recent>,
    by_entries: Frontier,
    by_hashes: Frontier,
    /// The latest time among entries that are no longer in `recent`.
    before: Option<(i64, LeafIndex)>,
    /// Nothing after this entry was logged before this time.
    since: Option<(i64, LeafIndex)>,
    doubtful: VecDeque<Doubtful>,
    /// Size and latest time of each trusted mark.
    bounds: Vec<(TreeSize, LogTime)>,
    found: Marked,
}

impl Marks {
    pub(super) fn new(origin: String, judge: Option<Arc<dyn MarkJudge>>, tolerance: Duration) -> Self {
        let found = Marked { judged: judge.is_some(), ..Marked::default() };
        Self {
            origin,
            judge,
            tolerance,
            recent: VecDeque::new(),
            by_entries: Frontier::new(),
            by_hashes: Frontier::new(),
            before: None,
            since: None,
            doubtful: VecDeque::new(),
            bounds: Vec::new(),
            found,
        }
    }

    /// Takes the next entry with the hash of what is there and the one stored beside it.
    pub(super) fn entry(&mut self, found: Hash, stored: Hash, entry: Option<&Entry>, fault: &mut impl FnMut(Fault)) {
        let index = LeafIndex(self.by_entries.size() + self.recent.len() as u64);
        if let Some(Entry::TimeMark(mark)) = entry {
            self.mark(index, mark, fault);
        }
        let vouched = entry.and_then(Entry::vouched);
        if let (Some((time, bound)), Some((since, mark))) = (vouched, self.since) {
            let latest = time.unix_micros().saturating_add_unsigned(bound);
            let takes =
                if matches!(entry, Some(Entry::Seal(_))) { self.tolerance.max(SEAL_TAKES) } else { self.tolerance };
            let allowed = latest.saturating_add(i64::try_from(takes.as_micros()).unwrap_or(i64::MAX));
            if allowed < since {
                fault(Fault::BackDated { index, mark, by: micros(since.abs_diff(latest)) });
            }
        }
        let earliest = vouched.map(|(time, bound)| time.unix_micros().saturating_sub_unsigned(bound));
        self.recent.push_back(Recent { found, stored, earliest });
        if self.recent.len() as u64 > MARK_WINDOW {
            self.settle(None, &mut |_| {});
        }
    }

    fn mark(&mut self, index: LeafIndex, mark: &TimeMark, fault: &mut impl FnMut(Fault)) {
        self.found.count += 1;
        if mark.size.0 == 0 || mark.size.0 > index.0 || mark.size.0 < self.by_entries.size() {
            fault(Fault::MarkSize { index, size: mark.size });
            return;
        }
        let accuracy = mark.accuracy_us.unwrap_or(UNSTATED_ACCURACY_US);
        let until = latest(mark).unix_micros();
        let late = |at: LeafIndex, earliest: i64| {
            (earliest > until).then(|| Fault::PostDated {
                index: at,
                mark: index,
                by: micros(earliest.abs_diff(until)),
            })
        };
        // It is named once; as long as it is good it stays, for a later mark may say an earlier time.
        let known = self.before.and_then(|(earliest, at)| late(at, earliest));
        if known.is_some() {
            self.before = None;
        }
        let mut faults: Vec<Fault> = known.into_iter().collect();
        while self.by_entries.size() < mark.size.0 {
            self.settle(Some(&late), &mut |fault| faults.push(fault));
        }
        let (computed, logged) = (self.by_entries.root(), self.by_hashes.root());
        let named = Hash::from_bytes(*mark.root.as_bytes());
        if named != computed && named != logged {
            fault(Fault::MarkRoot { index, size: mark.size, computed, named });
            return;
        }
        let text = mark_text(&self.origin, mark.size, named);
        match self.judge.as_ref().map(|judge| judge.judge(mark, &text, None)) {
            None => {}
            Some(Ok(())) => {
                self.bounds.push((mark.size, latest(mark)));
                self.found.trusted(index, mark, latest(mark));
            }
            Some(Err(MarkFlaw::Untrusted { reason })) => {
                self.doubt(Doubtful { index, mark: mark.clone(), text, reason });
            }
            Some(Err(MarkFlaw::Wrong { reason })) => {
                fault(Fault::MarkToken { index, reason });
                return;
            }
        }
        faults.into_iter().for_each(fault);
        let since = mark.gen_time.unix_micros().saturating_sub_unsigned(accuracy);
        if self.since.is_none_or(|(known, _)| known < since) {
            self.since = Some((since, index));
        }
    }

    fn doubt(&mut self, doubtful: Doubtful) {
        if self.doubtful.len() == MAX_DOUBTFUL
            && let Some(oldest) = self.doubtful.pop_front()
        {
            self.found.untrusted(oldest.index, oldest.reason);
        }
        self.doubtful.push_back(doubtful);
    }

    /// What the marks amount to.
    ///
    /// A mark whose certificates have expired says nothing by itself: whoever has the key by now could have made its token yesterday. But a later mark
    /// that is trusted covers the entry with the token, which therefore existed by then, when the certificates may still have been good. So it goes on,
    /// from the last mark to the first.
    pub(super) fn finish(mut self) -> Marked {
        let Some(judge) = self.judge.take() else { return self.found };
        let mut undecided = Vec::new();
        for Doubtful { index, mark, text, reason } in self.doubtful.into_iter().rev() {
            let existed = self.bounds.iter().filter(|(size, _)| size.covers(index)).map(|(_, until)| *until).min();
            match existed.map(|existed| judge.judge(&mark, &text, Some(existed))) {
                Some(Ok(())) => {
                    self.bounds.push((mark.size, latest(&mark)));
                    self.found.trusted_by_later(index, &mark, latest(&mark));
                }
                Some(Err(_)) | None => undecided.push((index, reason)),
            }
        }
        undecided.into_iter().rev().for_each(|(index, reason)| self.found.untrusted(index, reason));
        self.found
    }

    /// Moves the oldest of the recent entries into the trees.
    fn settle(&mut self, late: Option<&dyn Fn(LeafIndex, i64) -> Option<Fault>>, fault: &mut dyn FnMut(Fault)) {
        let Some(oldest) = self.recent.pop_front() else { return };
        let index = LeafIndex(self.by_entries.size());
        let mut full = Vec::new();
        self.by_entries.push(oldest.found, &mut full);
        self.by_hashes.push(oldest.stored, &mut full);
        let Some(earliest) = oldest.earliest else { return };
        if let Some(found) = late.and_then(|late| late(index, earliest)) {
            fault(found);
        }
        if self.before.is_none_or(|(known, _)| known < earliest) {
            self.before = Some((earliest, index));
        }
    }
}

/// The latest that its token can have been made.
fn latest(mark: &TimeMark) -> LogTime {
    let accuracy = mark.accuracy_us.unwrap_or(UNSTATED_ACCURACY_US);
    LogTime::from_unix_micros(mark.gen_time.unix_micros().saturating_add_unsigned(accuracy))
}

fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// What a mark's token is over: the text of the checkpoint, as it stands in a note before the signatures.
#[must_use]
pub fn mark_text(origin: &str, size: TreeSize, root: Hash) -> String {
    format!("{origin}\n{size}\n{}\n", root.to_base64())
}
