//! A device that does as it is told, and a log in memory.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use kokuin_audit::{
    Entry, LeafIndex, Log, LogName, LogOptions, LogRead as _, Origin,
    entry::{Commitment, DeviceLog as DeviceEntry, Digest, Intent, KeyName, LogTime, PolicyOid, Serial, Tst},
    storage::memory::MemoryStore,
};
use kokuin_key::{DeviceExtract, DeviceLog, DeviceSignatures, KeyError, KeyId};

#[path = "../../audit/src/testing.rs"]
mod keys;

use keys::{TestEngine, TestKey};

/// Lines that the device holds.
pub(crate) const MOST: u16 = 8;

/// What a line of four octets is about: number, command, whose.
const SIGN: u8 = 1;
const OTHER: u8 = 2;

#[derive(Debug, Default)]
struct Held {
    lines: Vec<[u8; 4]>,
    number: u16,
    anchor: u16,
    start: u16,
    unlogged: u32,
}

/// The device. Its lines say whether this service asked, so that pairing needs no list of calls.
#[derive(Debug)]
pub(crate) struct Scripted {
    name: KeyId,
    key: KeyId,
    held: Mutex<Held>,
    pub(crate) gone: AtomicBool,
    pub(crate) keeps: AtomicBool,
    pub(crate) reads: AtomicU64,
}

impl Scripted {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            name: KeyId::new("hsm").unwrap(),
            key: KeyId::new("tsu").unwrap(),
            held: Mutex::default(),
            gone: AtomicBool::new(false),
            keeps: AtomicBool::new(false),
            reads: AtomicU64::new(0),
        })
    }

    fn add(&self, command: u8, ours: bool) -> bool {
        let mut held = self.held.lock().unwrap();
        if held.lines.len() >= usize::from(MOST) {
            held.unlogged += 1;
            return false;
        }
        held.number += 1;
        let [high, low] = held.number.to_be_bytes();
        held.lines.push([high, low, command, u8::from(ours)]);
        true
    }

    /// `false`: its log is full, nothing is signed.
    pub(crate) fn sign(&self) -> bool {
        self.add(SIGN, true)
    }

    pub(crate) fn rogue(&self) -> bool {
        self.add(SIGN, false)
    }

    /// Somebody opens a session.
    pub(crate) fn session(&self) -> bool {
        self.add(OTHER, false)
    }

    /// The service's process is another from here on.
    pub(crate) fn new_process(&self) {
        let mut held = self.held.lock().unwrap();
        (held.start, held.anchor) = (held.number, 0);
    }

    pub(crate) fn lines(&self) -> usize {
        self.held.lock().unwrap().lines.len()
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    fn filled(&self, lines: usize) -> (u16, u16) {
        (u16::try_from(lines).unwrap(), MOST)
    }

    /// A line is lost.
    pub(crate) fn lose(&self) {
        self.held.lock().unwrap().lines.clear();
    }
}

impl DeviceLog for Scripted {
    fn name(&self) -> &KeyId {
        &self.name
    }

    fn device(&self) -> &str {
        "scripted 1"
    }

    fn fill(&self) -> (u16, u16) {
        self.filled(self.lines())
    }

    fn read(&self) -> Result<DeviceExtract, KeyError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        if self.gone.load(Ordering::Relaxed) {
            return Err(KeyError::Unavailable);
        }
        let mut held = self.held();
        let number = |line: &[u8; 4]| u16::from_be_bytes([line[0], line[1]]);
        let lines: Vec<[u8; 4]> = held.lines.iter().filter(|line| number(line) > held.anchor).copied().collect();
        let made = lines.iter().filter(|line| line[2] == SIGN).count() as u64;
        let rogue = lines.iter().filter(|line| line[2] == SIGN && line[3] == 0 && number(line) > held.start);
        let unexplained: Vec<String> = rogue.map(|line| format!("line {}: nobody asked", number(line))).collect();
        Ok(DeviceExtract {
            count: lines.len() as u64,
            last: lines.last().map_or(held.anchor, number),
            signatures: vec![DeviceSignatures { key: self.key.clone(), made, doubtful: 0, refused: 0 }],
            unexplained,
            begins: lines.iter().any(|line| number(line) <= held.start),
            unlogged: std::mem::take(&mut held.unlogged),
            fill: self.filled(held.lines.len()),
            lines: lines.concat(),
        })
    }

    fn acknowledge(&self, extract: &DeviceExtract) -> Result<(), KeyError> {
        let mut held = self.held();
        held.anchor = extract.last;
        if self.keeps.load(Ordering::Relaxed) {
            return Err(KeyError::SessionLost);
        }
        held.lines.retain(|line| u16::from_be_bytes([line[0], line[1]]) > extract.last);
        Ok(())
    }
}

pub(crate) fn open(store: &MemoryStore) -> Log {
    let options = LogOptions {
        origin: Origin::new("log.example").unwrap(),
        name: LogName::new("main").unwrap(),
        key: Arc::new(TestKey::new(1)),
        engine: Arc::new(TestEngine),
        checkpoint_interval: LogOptions::DEFAULT_INTERVAL,
    };
    Log::open(options, Box::new(store.clone()), Arc::new(store.clone()), Box::new(store.clone())).unwrap()
}

pub(crate) fn key() -> KeyName {
    KeyName::new("tsu").unwrap()
}

pub(crate) fn intend(log: &Log, number: u8) -> LeafIndex {
    let (time, serial) = (LogTime::from_unix_seconds(0), Serial::new(&[number]).unwrap());
    let imprint = Commitment::from_bytes([0; 32]);
    log.append(&Entry::Intent(Intent { time, serial, key: key(), imprint })).unwrap().wait().unwrap()
}

pub(crate) fn issue(log: &Log, number: u8) {
    let token = Tst {
        time: LogTime::from_unix_seconds(0),
        serial: Serial::new(&[number]).unwrap(),
        key: key(),
        policy: PolicyOid::new("2.999").unwrap(),
        bound_us: 1,
        measured: true,
        clock: LeafIndex(0),
        cert: LeafIndex(0),
        digest: Digest::of(b"a"),
        sig: Digest::of(b"b"),
        attrs: Digest::of(b"c"),
    };
    log.append(&Entry::Tst(token)).unwrap().wait().unwrap();
}

/// What the log says of the device.
pub(crate) fn said(store: &MemoryStore) -> Vec<DeviceEntry> {
    let bodies = store.entries(0..u64::MAX).unwrap();
    let device = |body: &Vec<u8>| match Entry::parse(body).unwrap() {
        Entry::DeviceLog(entry) => Some(entry),
        _ => None,
    };
    bodies.iter().filter_map(device).collect()
}
