//! Where the monotonic guard starts (THR-36): nothing that is signed by nobody may lower it.

use std::{
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

use super::*;
use crate::storage::StoredCheckpoint;

/// A closed log of an opening entry and `count` tokens, the last of them at `count` microseconds.
fn closed(count: u64) -> MemoryStore {
    let store = MemoryStore::new();
    let log = open(&store).unwrap();
    for number in 1..=count {
        drop(log.append_encoded(tst(number)));
    }
    log.close().unwrap();
    store
}

/// The same store, its row saying another time.
fn with_row_time(mut store: MemoryStore, last_time: Option<LogTime>) -> MemoryStore {
    let row = LogRead::checkpoint(&store).unwrap().unwrap();
    store.save_checkpoint(&StoredCheckpoint { last_time, ..row }).unwrap();
    store
}

#[test]
fn a_lowered_row_does_not_lower_the_last_time_thr_36() {
    for count in [1, 254, 255, 256, 300, 511, 512, 600] {
        for lowered in [None, Some(LogTime::from_unix_micros(0))] {
            let log = open(&with_row_time(closed(count), lowered)).unwrap();
            let last = LogTime::from_unix_micros(i64::try_from(count).unwrap());
            assert_eq!(log.last_time(), Some(last), "{count} tokens");
        }
    }
}

/// The last token lies 256 entries back: the newest 256 entries are always looked at.
#[test]
fn finds_the_time_among_the_newest_256_entries_thr_36() {
    let store = closed(100);
    let log = open(&store).unwrap();
    for _ in 0..255 {
        drop(log.append(&admin("a")).unwrap());
    }
    log.close().unwrap();
    drop(log);
    let log = open(&with_row_time(store, None)).unwrap();
    assert_eq!(log.last_time(), Some(LogTime::from_unix_micros(100)));
}

#[test]
fn a_row_later_than_the_newest_entries_counts() {
    let later = Some(LogTime::from_unix_seconds(1));
    assert_eq!(open(&with_row_time(closed(10), later)).unwrap().last_time(), later);
}

/// 401 entries: 145 in the partial tile, 256 in the tile before.
#[test]
fn refuses_newest_entries_that_are_not_the_trees_thr_36() {
    for index in [1, 255, 256, 399] {
        let store = closed(400);
        store.tamper(index, |body| *body = tst(0).body().to_vec());
        assert_eq!(open(&store).unwrap_err().code(), "audit.tail-differs", "entry {index}");
    }
}

/// A reader that counts the entries it gives.
pub(super) struct Counting(pub(super) MemoryStore, pub(super) AtomicU64);

impl LogRead for Counting {
    fn size(&self) -> Result<TreeSize, StorageError> {
        LogRead::size(&self.0)
    }

    fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, StorageError> {
        LogRead::checkpoint(&self.0)
    }

    fn entries(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StorageError> {
        let entries = self.0.entries(range)?;
        self.1.fetch_add(entries.len() as u64, Ordering::Relaxed);
        Ok(entries)
    }

    fn index_of_serial(&self, serial: &Serial) -> Result<Option<LeafIndex>, StorageError> {
        self.0.index_of_serial(serial)
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<Hash>>, StorageError> {
        self.0.tile(level, index)
    }
}

#[test]
fn opening_reads_two_tiles_of_entries_at_most() {
    let store = closed(2302);
    // The accounts read a log without a statement of them twice, back to its begin and forth; and take nothing from what is counted here.
    let accounts = 2 * 2303;
    let reader = Arc::new(Counting(store.clone(), AtomicU64::new(0)));
    drop(Log::open(options(1_000_000), Box::new(store.clone()), reader.clone(), Box::new(store)).unwrap());
    // 255 of the partial tile, 256 of the one before, and the first and the last entry by themselves.
    assert_eq!(reader.1.load(Ordering::Relaxed), 255 + 256 + 2 + accounts);
}
