//! Which entries somebody wants to see.

use crate::{
    entry::{Digest, Entry, EntryError, Intent, Kind, LogTime, Outcome, Serial},
    name::{LeafIndex, TreeSize},
    storage::{LogRead, StorageError},
};

/// Entries looked at in one read.
const CHUNK: u64 = 1024;

/// Conditions that an entry must all meet; those absent are met by every entry.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Filter {
    /// Not before this time.
    pub from: Option<LogTime>,
    /// Before this time.
    pub to: Option<LogTime>,
    /// Of one of these kinds; empty: of any.
    pub kinds: Vec<Kind>,
    /// About this token or seal, its intent and outcome included.
    pub serial: Option<Serial>,
    /// With this digest: of an object, of its signature value or signed attributes, of a certificate, configuration, audit record or marked root.
    pub digest: Option<Digest>,
    /// Not before this place.
    pub first: Option<LeafIndex>,
    /// Not after this place.
    pub last: Option<LeafIndex>,
}

impl Filter {
    /// Whether `entry` at `index` meets every condition.
    #[must_use]
    pub fn takes(&self, index: LeafIndex, entry: &Entry) -> bool {
        self.first.is_none_or(|first| index >= first)
            && self.last.is_none_or(|last| index <= last)
            && self.from.is_none_or(|from| entry.time() >= from)
            && self.to.is_none_or(|to| entry.time() < to)
            && (self.kinds.is_empty() || self.kinds.contains(&entry.kind()))
            && self.serial.as_ref().is_none_or(|serial| about(entry) == Some(serial))
            && self.digest.is_none_or(|digest| digests(entry).contains(&Some(digest)))
    }

    /// The places worth looking at in a log of `size`.
    fn range(&self, size: TreeSize) -> std::ops::Range<u64> {
        let first = self.first.map_or(0, |first| first.0);
        let last = self.last.map_or(size.0, |last| last.0.saturating_add(1).min(size.0));
        first.min(last)..last
    }
}

/// The token or seal that an entry is about.
const fn about(entry: &Entry) -> Option<&Serial> {
    match entry {
        Entry::Intent(Intent { serial, .. }) | Entry::Outcome(Outcome { serial, .. }) => Some(serial),
        Entry::Erasure(erasure) => Some(&erasure.serial),
        Entry::Tst(_)
        | Entry::Seal(_)
        | Entry::LogOpen(_)
        | Entry::ServiceStart(_)
        | Entry::ServiceStop(_)
        | Entry::Config(_)
        | Entry::Certificate(_)
        | Entry::ClockState(_)
        | Entry::ClockReading(_)
        | Entry::Refusals(_)
        | Entry::KeyState(_)
        | Entry::SelfTest(_)
        | Entry::Admin(_)
        | Entry::ClockSource(_)
        | Entry::TimeMark(_)
        | Entry::TimeAudit(_)
        | Entry::Batch(_)
        | Entry::Pruning(_)
        | Entry::DeviceLog(_)
        | Entry::Accounts(_) => entry.serial(),
    }
}

/// Every digest that an entry holds.
fn digests(entry: &Entry) -> [Option<Digest>; 3] {
    match entry {
        Entry::Tst(tst) => [Some(tst.digest), Some(tst.sig), Some(tst.attrs)],
        Entry::Seal(seal) => [Some(seal.digest), Some(seal.sig), Some(seal.attrs)],
        Entry::Config(config) => [Some(config.sha256), None, None],
        Entry::Certificate(certificate) => [Some(certificate.sha256), None, None],
        Entry::Outcome(outcome) => [outcome.sig, None, None],
        Entry::Batch(batch) => [Some(batch.digest), Some(batch.sig), Some(batch.attrs)],
        Entry::TimeMark(mark) => [Some(mark.digest), Some(mark.signer), Some(mark.root)],
        Entry::TimeAudit(audit) => [Some(audit.digest), Some(audit.signer), None],
        Entry::LogOpen(_)
        | Entry::ServiceStart(_)
        | Entry::ServiceStop(_)
        | Entry::ClockState(_)
        | Entry::ClockReading(_)
        | Entry::Refusals(_)
        | Entry::KeyState(_)
        | Entry::SelfTest(_)
        | Entry::Admin(_)
        | Entry::Intent(_)
        | Entry::ClockSource(_)
        | Entry::Pruning(_)
        | Entry::Erasure(_)
        | Entry::DeviceLog(_)
        | Entry::Accounts(_) => [None; 3],
    }
}

/// An entry as found in a store.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Found {
    /// Where.
    pub index: LeafIndex,
    /// The stored bytes.
    pub body: Vec<u8>,
    /// What they say, if they are an entry. Damaged ones are always shown: a filter must not hide them.
    pub entry: Result<Entry, EntryError>,
}

/// Calls `each` with every entry that `filter` takes, in order, until it returns false. Places are scanned: only the serial of a token or seal
/// has an index, and [`LogRead::index_of_serial`] uses it.
///
/// # Errors
/// [`StorageError`].
pub fn scan(read: &dyn LogRead, filter: &Filter, mut each: impl FnMut(Found) -> bool) -> Result<(), StorageError> {
    let range = filter.range(read.size()?);
    let mut at = range.start;
    while at < range.end {
        let bodies = read.entries(at..range.end.min(at + CHUNK))?;
        if bodies.is_empty() {
            return Ok(());
        }
        for body in bodies {
            let index = LeafIndex(at);
            let entry = Entry::parse(&body);
            at += 1;
            if entry.as_ref().map_or(true, |entry| filter.takes(index, entry)) && !each(Found { index, body, entry }) {
                return Ok(());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
