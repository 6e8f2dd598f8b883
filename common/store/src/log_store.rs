//! The writing side of a log: one connection, one holder, one transaction for each group.

mod folding;
mod group;
mod postgres;
mod sqlite;

use std::time::Instant;

use kokuin_audit::{Encoded, FullTile, LeafIndex, LogStore, StorageError, StoredCheckpoint, StoredState};
pub(crate) use postgres::PostgresLogStore;
pub(crate) use sqlite::SqliteLogStore;

/// A log of a database, held for writing: by a file lock beside an SQLite file, by a lease in PostgreSQL.
#[derive(Debug)]
pub struct LogWriter(pub(crate) Inner);

#[derive(Debug)]
pub(crate) enum Inner {
    Sqlite(SqliteLogStore),
    Postgres(PostgresLogStore),
}

impl LogWriter {
    fn store(&mut self) -> &mut dyn LogStore {
        match &mut self.0 {
            Inner::Sqlite(store) => store,
            Inner::Postgres(store) => store,
        }
    }
}

impl LogStore for LogWriter {
    fn load_state(&mut self) -> Result<StoredState, StorageError> {
        self.store().load_state()
    }

    fn append(&mut self, first: LeafIndex, rows: &[Encoded], tiles: &[FullTile]) -> Result<(), StorageError> {
        self.store().append(first, rows, tiles)
    }

    fn save_checkpoint(&mut self, checkpoint: &StoredCheckpoint) -> Result<(), StorageError> {
        self.store().save_checkpoint(checkpoint)
    }

    fn held_until(&self) -> Result<Option<Instant>, StorageError> {
        match &self.0 {
            Inner::Sqlite(store) => store.held_until(),
            Inner::Postgres(store) => store.held_until(),
        }
    }
}
