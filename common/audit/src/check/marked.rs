//! What the marks of a log amount to.

use crate::{
    entry::{LogTime, TimeMark},
    name::{LeafIndex, TreeSize},
};

/// Foreign tokens over checkpoints.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Marked {
    /// How many there are.
    pub count: u64,
    /// How many of them lead to a trust anchor that was given.
    pub trusted: u64,
    /// The last of those.
    pub last: Option<UpperBound>,
    /// The first that could not be trusted, and why.
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
        lines.push(format!("time marks: {}, {} of them verified under the anchors given", self.count, self.trusted));
        if let Some((index, reason)) = &self.untrusted {
            lines.push(format!("time mark at entry {index} is not trusted: {reason}"));
        }
        lines
    }

    pub(super) fn trusted(&mut self, index: LeafIndex, mark: &TimeMark, before: LogTime) {
        self.trusted += 1;
        self.last = Some(UpperBound { size: mark.size, before, tsa: mark.tsa.as_str().to_owned(), mark: index });
    }

    pub(super) fn untrusted(&mut self, index: LeafIndex, reason: String) {
        self.untrusted.get_or_insert((index, reason));
    }
}
