//! Stores whose answer is not the truth, second writers, and a writer that dies.

use super::*;
use crate::{
    Encoded,
    storage::{StoredCheckpoint, StoredState},
    tile::FullTile,
};

/// What goes wrong with the next append.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// It is stored, and said not to be.
    Doubt,
    Panic,
}

struct Faulty(MemoryStore, Arc<Mutex<Option<Next>>>);

impl LogStore for Faulty {
    fn load_state(&mut self) -> Result<StoredState, StorageError> {
        self.0.load_state()
    }

    fn append(&mut self, first: LeafIndex, rows: &[Encoded], tiles: &[FullTile]) -> Result<(), StorageError> {
        let next = self.1.lock().unwrap_or_else(PoisonError::into_inner).take();
        assert!(!matches!(next, Some(Next::Panic)), "told to");
        self.0.append(first, rows, tiles)?;
        match next {
            Some(_) => Err(StorageError::failed(std::io::Error::other("the answer was lost"))),
            None => Ok(()),
        }
    }

    fn save_checkpoint(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StorageError> {
        self.0.save_checkpoint(checkpoint)
    }
}

fn faulty() -> (MemoryStore, Log, Arc<Mutex<Option<Next>>>) {
    let (store, next) = (MemoryStore::new(), Arc::default());
    let faulty = Faulty(store.clone(), Arc::clone(&next));
    let log = Log::open(options(10), Box::new(faulty), Arc::new(store.clone()), Box::new(store.clone())).unwrap();
    (store, log, next)
}

fn becomes_writable(log: &Log) -> bool {
    (0..500).any(|_| {
        thread::sleep(Duration::from_millis(5));
        log.is_writable()
    })
}

/// THR-54: the token is refused though its entry is there; the log goes on after that entry.
#[test]
fn goes_on_after_an_append_whose_answer_was_lost() {
    let (store, log, next) = faulty();
    *next.lock().unwrap() = Some(Next::Doubt);
    assert_eq!(log.append_encoded(tst(1)).wait().unwrap_err().code(), "audit.storage-failed");
    assert!(!log.is_writable());
    assert!(becomes_writable(&log));
    assert_eq!(log.append_encoded(tst(2)).wait().unwrap(), LeafIndex(3), "after the doubtful entry and the test");
    log.close().unwrap();
    assert_eq!(log.checkpoint().root(), stored_root(&store));
}

/// THR-43: what another writer has put behind the tail is never signed for.
#[test]
fn never_signs_for_entries_of_another_writer() {
    let store = MemoryStore::new();
    let (first, second) = (open(&store).unwrap(), open(&store).unwrap());
    first.append_encoded(tst(1)).wait().unwrap();
    assert_eq!(second.append_encoded(tst(2)).wait().unwrap_err().code(), "audit.index-taken");
    assert!(!becomes_writable(&second), "a second look does not make it the only writer");
    assert_eq!(second.checkpoint().size(), TreeSize(1));
}

/// THR-43: the same where the answer of the last append was lost and somebody wrote in its place.
#[test]
fn never_signs_for_entries_in_the_place_of_a_lost_one() {
    let (store, log, _) = faulty();
    store.set_failing(true);
    assert_eq!(log.append_encoded(tst(1)).wait().unwrap_err().code(), "audit.storage-failed");
    store.set_failing(false);
    let forged = [tst(9)];
    store.clone().append(LeafIndex(1), &forged, &[]).unwrap();
    assert!(!becomes_writable(&log));
    assert_eq!(log.checkpoint().size(), TreeSize(1));
}

#[test]
fn is_not_writable_when_its_writer_has_died() {
    let (_, log, next) = faulty();
    *next.lock().unwrap() = Some(Next::Panic);
    assert!(matches!(log.append_encoded(tst(1)).wait(), Err(LogError::Closed)));
    assert!((0..200).any(|_| {
        thread::sleep(Duration::from_millis(5));
        !log.is_writable()
    }));
}
