//! Folds the write-ahead log into the database beside the log's writer: a commit that does it waits for some ten thousand pages to reach the disk.
//!
//! A thread with a connection of its own does the long part while the writer goes on, twice, so that little has come since. The writer then folds that little
//! between two groups: only then is the whole write-ahead log folded, and used again from its beginning.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use diesel::{SqliteConnection, connection::SimpleConnection as _};

use crate::{
    connection::{
        Access,
        sqlite::{WAL_PAGES, connect},
    },
    error::StoreError,
};

/// What a transaction writes besides its entries: pages of the table, of its index, and above them.
const PAGES_A_GROUP: usize = 4;
/// Entries of a page, and as many keys of the index.
const ENTRIES_A_PAGE: usize = 8;

/// The thread, and how much there is for it to do.
pub(super) struct Folding {
    ask: Option<SyncSender<()>>,
    /// The thread has done its part.
    ready: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    /// About as many pages were written since the writer last folded.
    pages: usize,
}

impl Folding {
    /// # Errors
    /// If there is no second connection, or no thread.
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connect(path, Access::Write)?;
        let (ask, asked) = sync_channel(1);
        let ready = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&ready);
        let thread = thread::Builder::new()
            .name("log-fold".to_owned())
            .spawn(move || serve(&mut connection, &asked, &done))
            .map_err(|error| StoreError::file(path, error))?;
        Ok(Self { ask: Some(ask), ready, thread: Some(thread), pages: 0 })
    }

    /// A group of `entries` has been stored.
    pub(super) fn stored(&mut self, entries: usize, tiles: usize) {
        let before = self.pages;
        self.pages += PAGES_A_GROUP + 2 * entries.div_ceil(ENTRIES_A_PAGE) + 3 * tiles;
        // Once in so many pages: should it have failed, it is tried again.
        if before / WAL_PAGES != self.pages / WAL_PAGES
            && let Some(ask) = &self.ask
        {
            // Full, it has been asked already.
            let _ = ask.try_send(());
        }
    }

    /// The writer's part, between two groups.
    pub(super) fn finish(&mut self, connection: &mut SqliteConnection) {
        if self.ready.swap(false, Ordering::Acquire) {
            fold(connection);
            self.pages = 0;
        }
    }
}

impl Drop for Folding {
    fn drop(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            // It holds nothing that a panic could have damaged.
            drop(thread.join());
        }
    }
}

fn serve(connection: &mut SqliteConnection, asked: &Receiver<()>, ready: &AtomicBool) {
    while asked.recv().is_ok() {
        fold(connection);
        fold(connection);
        ready.store(true, Ordering::Release);
    }
}

/// Folds what no reader needs, and waits for nobody. Nothing is lost where it fails: entries stay in the write-ahead log, which SQLite itself folds
/// in the commit that reaches the limit.
fn fold(connection: &mut SqliteConnection) {
    drop(connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)"));
}
