//! A log in SQLite: one connection, one lock, one transaction for each group.

use std::path::PathBuf;

use diesel::{
    ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _, SqliteConnection,
    result::{DatabaseErrorKind, Error as DieselError},
};
use kokuin_audit::{
    Encoded, FullTile, LeafIndex, LogStore, StorageError, StoredCheckpoint, StoredState, entry::Serial,
};

use crate::{
    connection::sqlite::connect_writer,
    error::StoreError,
    lock::WriterLock,
    log_reader::{
        entry_key, number, signed,
        sqlite::{load_checkpoint, load_size},
    },
    schema::{checkpoint, entry, tile},
};

use super::folding::Folding;

/// A log of the database, held for writing.
pub(crate) struct SqliteLogStore {
    path: PathBuf,
    /// Ends before the writer's connection does.
    folding: Folding,
    connection: SqliteConnection,
    /// Whether a write has failed on this connection.
    suspect: bool,
    log_no: i64,
    _lock: WriterLock,
}

impl SqliteLogStore {
    /// # Errors
    /// [`StoreError`], above all if a setting is not taken (THR-46).
    pub(crate) fn open(path: PathBuf, log_no: i64, lock: WriterLock) -> Result<Self, StoreError> {
        let connection = connect_writer(&path)?;
        let folding = Folding::start(&path)?;
        Ok(Self { path, folding, connection, suspect: false, log_no, _lock: lock })
    }

    fn insert(&mut self, first: LeafIndex, rows: &[Encoded], tiles: &[FullTile]) -> Result<(), StorageError> {
        let log_no = self.log_no;
        self.connection
            .immediate_transaction::<_, Aborted, _>(|connection| {
                for (position, row) in rows.iter().enumerate() {
                    let key = entry_key(log_no, first.0 + position as u64)?;
                    let values = (
                        entry::key.eq(key),
                        entry::serial.eq(row.serial().map(Serial::as_bytes)),
                        entry::body.eq(row.body()),
                    );
                    match diesel::insert_into(entry::table).values(values).execute(connection) {
                        Ok(_) => {}
                        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                            let taken =
                                entry::table.find(key).select(entry::key).first::<i64>(connection).optional()?;
                            return Err(Aborted(match taken {
                                Some(_) => StorageError::IndexTaken { index: LeafIndex(first.0 + position as u64) },
                                None => StorageError::DuplicateSerial { position },
                            }));
                        }
                        Err(error) => return Err(error.into()),
                    }
                }
                for full in tiles {
                    let id = full.id();
                    let values = (
                        tile::log_no.eq(log_no),
                        tile::level.eq(i32::from(id.level())),
                        tile::n.eq(signed(id.index())?),
                        tile::hashes.eq(full.bytes()),
                    );
                    diesel::insert_into(tile::table).values(values).execute(connection)?;
                }
                Ok(())
            })
            .map_err(|Aborted(error)| error)
    }
}

/// Why a transaction was given up.
struct Aborted(StorageError);

impl From<DieselError> for Aborted {
    fn from(error: DieselError) -> Self {
        Self(StoreError::from(error).into())
    }
}

impl From<StorageError> for Aborted {
    fn from(error: StorageError) -> Self {
        Self(error)
    }
}

impl LogStore for SqliteLogStore {
    fn load_state(&mut self) -> Result<StoredState, StorageError> {
        if self.suspect {
            self.connection = connect_writer(&self.path)?;
            self.suspect = false;
        }
        let (connection, log_no) = (&mut self.connection, self.log_no);
        Ok(StoredState { size: load_size(connection, log_no)?, checkpoint: load_checkpoint(connection, log_no)? })
    }

    fn append(&mut self, first: LeafIndex, rows: &[Encoded], tiles: &[FullTile]) -> Result<(), StorageError> {
        self.folding.finish(&mut self.connection);
        let result = self.insert(first, rows, tiles);
        match &result {
            Ok(()) => self.folding.stored(rows.len(), tiles.len()),
            Err(_) => self.suspect = true,
        }
        result
    }

    fn save_checkpoint(&mut self, saved: &StoredCheckpoint) -> Result<(), StorageError> {
        let values = (
            checkpoint::log_no.eq(self.log_no),
            checkpoint::size.eq(signed(saved.size.0)?),
            checkpoint::note.eq(&saved.note),
            checkpoint::frontier.eq(&saved.frontier),
            checkpoint::last_time.eq(saved.last_time.map(number)),
        );
        let result = diesel::replace_into(checkpoint::table).values(values).execute(&mut self.connection);
        self.suspect |= result.is_err();
        result.map(drop).map_err(|error| StoreError::from(error).into())
    }
}

impl std::fmt::Debug for SqliteLogStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteLogStore").field("path", &self.path).field("log_no", &self.log_no).finish_non_exhaustive()
    }
}
