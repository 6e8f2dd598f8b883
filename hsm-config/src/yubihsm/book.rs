//! What this process asked of a device, against what the device's log says of it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU16, Ordering};

use kokuin_key::{DeviceExtract, DeviceSignatures, KeyId};

use crate::yubihsm::calls::{Call, Match, Outcome, matching};
use crate::yubihsm::device_log::{Anchor, LogLine, breaks};

/// Lines that a device holds.
const CAPACITY: u16 = 62;

/// Lines that the device holds, as far as is known without asking.
#[derive(Debug, Default)]
pub(super) struct Fill(AtomicU16);

impl Fill {
    pub(super) fn add(&self, lines: u16) {
        self.set(self.lines().saturating_add(lines));
    }

    pub(super) fn set(&self, lines: u16) {
        self.0.store(lines, Ordering::Release);
    }

    fn lines(&self) -> u16 {
        self.0.load(Ordering::Acquire)
    }

    /// Lines, and the most there can be.
    pub(super) fn of(&self) -> (u16, u16) {
        (self.lines().min(CAPACITY), CAPACITY)
    }
}

/// What a device gave.
#[derive(Debug)]
pub(super) struct Dump {
    pub(super) lines: Vec<LogLine>,
    /// Lines that it has, which may be more than could be read.
    pub(super) count: u16,
    /// Starts and logins that it counted without a line.
    pub(super) unlogged: u32,
}

/// Calls of this process that no line was found for yet, and how far the lines were read.
#[derive(Debug, Default)]
pub(super) struct Book {
    calls: Vec<Call>,
    /// The last line from before this process.
    start: Option<u16>,
    /// The last line that our own log has.
    anchor: Option<Anchor>,
    pending: Option<Pending>,
    unlogged: u32,
}

/// What becomes true with an acknowledgement.
#[derive(Debug)]
struct Pending {
    last: u16,
    anchor: Option<Anchor>,
    settled: usize,
    unlogged: u32,
    forgets: bool,
}

/// Whose signatures a log is about.
pub(super) struct Keys<'a> {
    pub(super) session_key: u16,
    pub(super) identity_key: u16,
    pub(super) name: &'a dyn Fn(u16) -> Option<KeyId>,
}

impl Book {
    pub(super) fn note(&mut self, call: Call) {
        self.calls.push(call);
    }

    pub(super) const fn has_begun(&self) -> bool {
        self.start.is_some()
    }

    /// Lines up to now are of somebody before.
    pub(super) fn begin(&mut self, dump: &Dump) {
        self.start = Some(dump.lines.last().map_or(0, |line| line.number));
    }

    /// What the lines say that our own log does not have yet.
    pub(super) fn extract(&mut self, dump: &Dump, keys: &Keys<'_>) -> DeviceExtract {
        if !self.has_begun() {
            self.begin(dump);
        }
        let has = |line: &&LogLine| self.anchor.is_none_or(|(number, _)| is_after(line.number, number));
        let lines: Vec<LogLine> = dump.lines.iter().filter(has).copied().collect();
        let mut unexplained = breaks(self.anchor, &lines);
        let unlogged = dump.unlogged.checked_sub(self.unlogged).unwrap_or(dump.unlogged);
        if unlogged > 0 {
            unexplained
                .push(format!("the device counted {unlogged} starts and logins without a line: its log was full"));
        }
        let earlier = |line: &LogLine| self.start.is_some_and(|start| !is_after(line.number, start));
        let own: Vec<LogLine> = lines.iter().filter(|line| line.is_signing() && !earlier(line)).copied().collect();
        let matched = matching(&self.calls, &own, keys.session_key);
        let mut signatures = BTreeMap::new();
        for line in lines.iter().filter(|line| line.is_signing() && earlier(line)) {
            count(&mut signatures, keys, line, false);
        }
        for (line, found) in own.iter().zip(&matched.lines) {
            let Match::Call(call) = found else {
                unexplained.push(stranger(line));
                // It was made all the same.
                count(&mut signatures, keys, line, true);
                continue;
            };
            let line = LogLine { target: call.object, ..*line };
            count(&mut signatures, keys, &line, call.outcome != Outcome::Signed);
        }
        for call in &matched.missing {
            unexplained.push(format!(
                "command {:#04x} with object {:#06x} gave a signature, and the device's log has no line of it",
                call.command, call.object
            ));
        }
        let mut last = lines.last().map(|line| (line.number, line.digest));
        let mut last_number = last.or(self.anchor).map_or(0, |(number, _)| number);
        let skips = lines.is_empty() && dump.lines.len() < usize::from(dump.count);
        if skips {
            // Given up, so that the lines behind it can be read.
            last_number = last_number.wrapping_add(1);
            unexplained.push(format!("line {last_number} is about a command that this client cannot read"));
        } else if last.is_none() {
            last = self.anchor;
        }
        let forgets = skips || !lines.is_empty();
        let settled = matched.settled;
        self.pending = Some(Pending { last: last_number, anchor: last, settled, unlogged: dump.unlogged, forgets });
        DeviceExtract {
            count: lines.len() as u64,
            last: last_number,
            signatures: signatures.into_values().collect(),
            unexplained,
            begins: lines.iter().any(earlier),
            unlogged,
            fill: (dump.count, CAPACITY),
            lines: lines.iter().flat_map(LogLine::to_bytes).collect(),
        }
    }

    /// Our own log has everything up to `last`. Whether there is anything for the device to forget; `None`: that is not what was extracted last.
    pub(super) fn acknowledge(&mut self, last: u16) -> Option<bool> {
        let pending = self.pending.take_if(|pending| pending.last == last)?;
        self.anchor = pending.anchor;
        self.unlogged = pending.unlogged;
        self.calls.drain(..pending.settled.min(self.calls.len()));
        Some(pending.forgets)
    }

    /// The digest of the last line that our own log has.
    pub(super) const fn anchor(&self) -> Option<Anchor> {
        self.anchor
    }
}

/// Numbers wrap; a device holds 62 lines, so that half of the numbers is far.
const fn is_after(number: u16, other: u16) -> bool {
    let distance = number.wrapping_sub(other);
    distance != 0 && distance < 0x8000
}

fn stranger(line: &LogLine) -> String {
    let outcome = if line.succeeded() { "made a signature" } else { "was asked for a signature" };
    format!(
        "line {}: object {:#06x} {outcome} (command {:#04x}, session of key {:#06x}) that this service did not ask for",
        line.number, line.target, line.command, line.session_key
    )
}

/// Adds a line to what is said of its key, if it is a key of services. Signatures of the identity key are nobody's.
fn count(signatures: &mut BTreeMap<u16, DeviceSignatures>, keys: &Keys<'_>, line: &LogLine, doubtful: bool) {
    if line.target == keys.identity_key {
        return;
    }
    let Some(key) = (keys.name)(line.target) else { return };
    let of = signatures.entry(line.target).or_insert(DeviceSignatures { key, made: 0, doubtful: 0, refused: 0 });
    if line.succeeded() {
        of.made += 1;
        of.doubtful += u64::from(doubtful);
    } else {
        of.refused += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap() {
        assert!(is_after(1, 0xffff) && is_after(5, 4) && !is_after(4, 4) && !is_after(0xffff, 1));
    }
}
