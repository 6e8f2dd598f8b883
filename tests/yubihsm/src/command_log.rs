//! The command log: 62 entries, each with a digest over itself and the digest before it (yubihsm.md section 6).

use std::collections::VecDeque;

use openssl::sha::Sha256;
use serde::{Deserialize, Serialize};

use crate::wire::Command;

/// Entries that the device stores.
pub const CAPACITY: usize = 62;
/// Where no id applies.
pub const NO_ID: u16 = 0xffff;

/// One line of the log: 32 bytes on the wire.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Entry {
    /// Counts up, and wraps.
    pub number: u16,
    /// The command; 0 for a start of the device, ff for a factory reset.
    pub command: u8,
    /// Bytes of its payload.
    pub length: u16,
    /// Id of the authentication key whose session it was.
    pub session_key: u16,
    /// The object it was about.
    pub target: u16,
    /// The second object it was about.
    pub second: u16,
    /// The command with its high bit set, or the device's error code.
    pub result: u8,
    /// The device's own time.
    pub tick: u32,
    /// Half of SHA-256 over the fields above and the digest before.
    pub digest: [u8; 16],
}

impl Entry {
    /// The fields before the digest, as they are hashed.
    #[must_use]
    pub fn data(&self) -> [u8; 16] {
        let mut data = [0; 16];
        data[..2].copy_from_slice(&self.number.to_be_bytes());
        data[2] = self.command;
        data[3..5].copy_from_slice(&self.length.to_be_bytes());
        data[5..7].copy_from_slice(&self.session_key.to_be_bytes());
        data[7..9].copy_from_slice(&self.target.to_be_bytes());
        data[9..11].copy_from_slice(&self.second.to_be_bytes());
        data[11] = self.result;
        data[12..].copy_from_slice(&self.tick.to_be_bytes());
        data
    }

    /// The digest this entry must have after one with `previous`: 16 bytes, or the 32 random ones that a log begins with.
    #[must_use]
    pub fn chained(&self, previous: &[u8]) -> [u8; 16] {
        let mut hash = Sha256::new();
        hash.update(&self.data());
        hash.update(previous);
        let whole = hash.finish();
        std::array::from_fn(|index| whole[index])
    }
}

/// What an entry says, before it has a number and a digest.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// The command.
    pub command: Command,
    /// Bytes of its payload.
    pub length: u16,
    /// Id of the session's authentication key.
    pub session_key: u16,
    /// The object it was about.
    pub target: u16,
    /// The second object.
    pub second: u16,
    /// As in [`Entry::result`].
    pub result: u8,
}

/// The store of entries and its two counters.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct CommandLog {
    entries: VecDeque<Entry>,
    number: u16,
    digest: Vec<u8>,
    /// Starts that a full log under force-audit could not take.
    pub unlogged_boots: u16,
    /// Openings of sessions that it could not take.
    pub unlogged_logins: u16,
}

impl CommandLog {
    /// The log of a device that was just reset: the reset's line and the start's. `seed` is random.
    #[must_use]
    pub fn after_reset(seed: [u8; 32]) -> Self {
        let mut log =
            Self { entries: VecDeque::new(), number: 0, digest: seed.to_vec(), unlogged_boots: 0, unlogged_logins: 0 };
        let reset = Event {
            command: Command(0xff),
            length: u16::MAX,
            session_key: NO_ID,
            target: NO_ID,
            second: NO_ID,
            result: 0xff,
        };
        log.push(reset, u32::MAX);
        log.boot(0);
        log
    }

    /// The line of a start.
    pub fn boot(&mut self, tick: u32) {
        let boot = Event { command: Command(0), length: 0, session_key: NO_ID, target: 0, second: 0, result: 0 };
        self.push(boot, tick);
    }

    /// Adds a line; the oldest goes if there is no room.
    pub fn push(&mut self, event: Event, tick: u32) {
        self.number = self.number.wrapping_add(1);
        let mut entry = Entry {
            number: self.number,
            command: event.command.0,
            length: event.length,
            session_key: event.session_key,
            target: event.target,
            second: event.second,
            result: event.result,
            tick,
            digest: [0; 16],
        };
        entry.digest = entry.chained(&self.digest);
        self.digest = entry.digest.to_vec();
        if self.is_full() {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Whether the next line would push one out.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= CAPACITY
    }

    /// How many lines there are.
    #[must_use]
    pub fn used(&self) -> u8 {
        u8::try_from(self.entries.len()).unwrap_or(u8::MAX)
    }

    /// The lines, oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Forgets the lines up to `number`, it included; false if there is no such line.
    pub fn forget(&mut self, number: u16) -> bool {
        let Some(index) = self.entries.iter().position(|entry| entry.number == number) else { return false };
        self.entries.drain(..=index);
        true
    }

    /// The answer to `GetLogEntries`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.unlogged_boots.to_be_bytes());
        bytes.extend(self.unlogged_logins.to_be_bytes());
        bytes.push(self.used());
        for entry in &self.entries {
            bytes.extend(entry.data());
            bytes.extend(entry.digest);
        }
        bytes
    }

    /// Takes the newest line away, as a faulty device would: the chain breaks.
    pub fn lose_last(&mut self) {
        self.entries.pop_back();
    }

    /// Flips a bit in the newest line's digest.
    pub fn break_last(&mut self) {
        if let Some(entry) = self.entries.back_mut() {
            entry.digest[0] ^= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line of the example on Yubico's page `Get_Log_Entries`: what a real device said.
    fn line(number: u16, command: u8, length: u16, ids: [u16; 3], result: u8, tick: u32, digest: &str) -> Entry {
        let [session_key, target, second] = ids;
        let digest = hex::decode(digest).unwrap().try_into().unwrap();
        Entry { number, command, length, session_key, target, second, result, tick, digest }
    }

    #[test]
    fn the_chain_of_a_real_device_comes_out() {
        let lines = [
            line(46, 0x4b, 234, [1, 0xcf94, 0x997e], 0xcb, 335_725, "415f51f1f035a1b713e730e4464e4033"),
            line(47, 0x4c, 77, [1, 0xaff7, 0xffff], 0xcc, 351_714, "5496a60d478c2b9c801d8d32ca66b554"),
            line(48, 0x00, 0, [0xffff, 0, 0], 0, 0, "14ac7747ba9bbb243cfc70befeb5349b"),
            line(49, 0x03, 10, [0xffff, 1, 0xffff], 0x83, 139, "b20a8f25c025e693a8e869b433294a20"),
            line(50, 0x04, 17, [0xffff, 1, 0xffff], 0x84, 139, "ebfae425c319ac7a0afbb8b92597de7c"),
            line(51, 0x67, 2, [1, 0xffff, 0xffff], 0xe7, 697, "2e395d1b706668737e1d2215813db47e"),
        ];
        for pair in lines.windows(2) {
            assert_eq!(pair[1].chained(&pair[0].digest), pair[1].digest, "entry {}", pair[1].number);
        }
    }

    #[test]
    fn a_log_begins_with_the_reset_and_the_start() {
        let log = CommandLog::after_reset([7; 32]);
        let entries: Vec<_> = log.entries().copied().collect();
        assert_eq!(hex::encode(entries[0].data()), format!("0001{}", "ff".repeat(14)));
        assert_eq!(hex::encode(entries[1].data()), "0002000000ffff000000000000000000");
        assert_eq!(entries[1].digest, entries[1].chained(&entries[0].digest));
    }

    #[test]
    fn the_sixty_third_line_takes_the_first_ones_place() {
        let mut log = CommandLog::after_reset([7; 32]);
        for _ in 0..61 {
            log.boot(9);
        }
        let entries: Vec<_> = log.entries().copied().collect();
        assert_eq!((entries.len(), entries[0].number, entries[61].number), (62, 2, 63));
        assert!(entries.windows(2).all(|pair| pair[1].digest == pair[1].chained(&pair[0].digest)));
        assert!(log.forget(62));
        assert_eq!(log.used(), 1);
        assert!(!log.forget(62));
    }
}
