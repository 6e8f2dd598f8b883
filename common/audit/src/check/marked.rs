//! What the marks of a log amount to.

use crate::{
    entry::{LogTime, TimeMark},
    name::{LeafIndex, TreeSize},
};

/// Foreign tokens over checkpoints.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Marked {
    /// Whether there was anything to trust: without trust anchors no token is verified.
    pub judged: bool,
    /// How many there are.
    pub count: u64,
    /// How many of them lead to a trust anchor that was given.
    pub trusted: u64,
    /// Of these, how many because a later one shows that they existed while their certificates were good.
    pub by_later: u64,
    /// The one of those that covers most.
    pub last: Option<UpperBound>,
    /// How many could be neither trusted nor shown to be wrong.
    pub undecided: u64,
    /// The first of those, and why.
    pub untrusted: Option<(LeafIndex, String)>,
}

/// Entries that existed before a time, by somebody else's word.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UpperBound {
    /// The first so many entries.
    pub size: TreeSize,
    /// They existed before this time, its accuracy included.
    pub before: LogTime,
    /// Whose word: subject of the certificate.
    pub tsa: String,
    /// The entry that holds the token.
    pub mark: LeafIndex,
}

impl Marked {
    /// One line for each thing to know about the marks, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.count == 0 {
            return lines;
        }
        if let Some(UpperBound { size, before, tsa, mark }) = &self.last {
            let last = size.0.saturating_sub(1);
            lines.push(format!("entries 0..{last} existed before {before} (foreign TSA {tsa}, entry {mark})"));
        }
        lines.push(if self.judged {
            format!("time marks: {}, {} of them verified under the anchors given", self.count, self.trusted)
        } else {
            format!("time marks: {}, none of them verified: no trust anchors were given", self.count)
        });
        if self.by_later > 0 {
            lines.push(format!(
                "{} of these have certificates that are no longer good, and existed before that by the word of a later mark",
                self.by_later
            ));
        }
        if let Some((index, reason)) = &self.untrusted {
            lines.push(format!(
                "time marks undecided: {}; nothing rests on them; the first, at entry {index}: {reason}",
                self.undecided
            ));
        }
        lines
    }

    pub(super) fn trusted(&mut self, index: LeafIndex, mark: &TimeMark, before: LogTime) {
        self.trusted += 1;
        if self.last.as_ref().is_none_or(|last| (last.size, before) < (mark.size, last.before)) {
            self.last = Some(UpperBound { size: mark.size, before, tsa: mark.tsa.as_str().to_owned(), mark: index });
        }
    }

    pub(super) fn trusted_by_later(&mut self, index: LeafIndex, mark: &TimeMark, before: LogTime) {
        self.by_later += 1;
        self.trusted(index, mark, before);
    }

    pub(super) fn untrusted(&mut self, index: LeafIndex, reason: String) {
        self.undecided += 1;
        self.untrusted.get_or_insert((index, reason));
    }
}
