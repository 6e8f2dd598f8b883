//! What closing a log says.

use super::*;
use crate::{
    storage::{StoredCheckpoint, StoredState},
    tile::FullTile,
};

/// A store in which a fault of ours ends the writer's thread at the second append.
struct Broken(MemoryStore);

impl LogStore for Broken {
    fn load_state(&mut self) -> Result<StoredState, StorageError> {
        self.0.load_state()
    }

    fn append(&mut self, first: LeafIndex, rows: &[Encoded], tiles: &[FullTile]) -> Result<(), StorageError> {
        assert_eq!(first, LeafIndex(0), "told to panic");
        self.0.append(first, rows, tiles)
    }

    fn save_checkpoint(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StorageError> {
        self.0.save_checkpoint(checkpoint)
    }
}

#[test]
fn closing_a_log_whose_writer_panicked_is_an_error() {
    let store = MemoryStore::new();
    let broken = Box::new(Broken(store.clone()));
    let log = Log::open(options(1_000_000), broken, Arc::new(store.clone()), Box::new(store)).unwrap();
    drop(log.append(&admin("a")).unwrap());
    assert_eq!(log.close().unwrap_err().code(), "audit.writer-gone");
    assert_eq!(log.close().unwrap_err().code(), "audit.writer-gone", "and stays one");
    assert!(!log.is_writable());
}

#[test]
fn closing_twice_is_no_error() {
    let log = open(&MemoryStore::new()).unwrap();
    log.close().unwrap();
    log.close().unwrap();
}
