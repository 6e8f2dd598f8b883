//! The reading side of a log: any number of threads, beside the writer.

use std::ops::Range;

use diesel::{ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _};
use kokuin_audit::{
    Hash, LeafIndex, LogRead, StorageError, StoredCheckpoint, TreeSize,
    entry::{LogTime, Serial},
    tile::{TILE_WIDTH, hashes_from_bytes},
};

use crate::{
    database::Database,
    error::StoreError,
    schema::{checkpoint, entry, tile},
};

/// Bits of the index in an entry's key.
const INDEX_BITS: u32 = 40;

/// A log of the database, for reading.
#[derive(Clone, Debug)]
pub struct LogReader {
    database: Database,
    log_no: i64,
}

impl LogReader {
    pub(crate) const fn new(database: Database, log_no: i64) -> Self {
        Self { database, log_no }
    }
}

/// `log_no << 40 | index`.
pub(crate) fn entry_key(log_no: i64, index: u64) -> Result<i64, StorageError> {
    let index = signed(index)?;
    if index >> INDEX_BITS == 0 {
        Ok(log_no << INDEX_BITS | index)
    } else {
        Err(StorageError::Damaged { what: "index", at: index.unsigned_abs() })
    }
}

/// What SQL calls a number.
pub(crate) fn signed(number: u64) -> Result<i64, StorageError> {
    i64::try_from(number).map_err(|_| StorageError::Damaged { what: "number", at: number })
}

/// A time as it is stored.
pub(crate) const fn number(time: LogTime) -> i64 {
    time.unix_micros()
}

fn failed(error: diesel::result::Error) -> StorageError {
    StoreError::from(error).into()
}

/// What a log's rows say, for each kind of connection: diesel's queries are typed by it.
macro_rules! state_queries {
    ($module:ident, $connection:ty) => {
        pub(crate) mod $module {
            use super::*;

            pub(crate) fn load_size(connection: &mut $connection, log_no: i64) -> Result<TreeSize, StorageError> {
                let first = log_no << INDEX_BITS;
                let highest: Option<i64> = entry::table
                    .filter(entry::key.ge(first))
                    .filter(entry::key.lt((log_no + 1) << INDEX_BITS))
                    .select(diesel::dsl::max(entry::key))
                    .first(connection)
                    .map_err(failed)?;
                Ok(TreeSize(highest.map_or(0, |highest| (highest - first).unsigned_abs() + 1)))
            }

            pub(crate) fn load_checkpoint(
                connection: &mut $connection,
                log_no: i64,
            ) -> Result<Option<StoredCheckpoint>, StorageError> {
                type Row = (i64, String, Vec<u8>, Option<i64>);
                let row: Option<Row> = checkpoint::table
                    .find(log_no)
                    .select((checkpoint::size, checkpoint::note, checkpoint::frontier, checkpoint::last_time))
                    .first(connection)
                    .optional()
                    .map_err(failed)?;
                row.map(|(size, note, frontier, last_time)| {
                    let size = u64::try_from(size)
                        .map_err(|_| StorageError::Damaged { what: "checkpoint size", at: size.unsigned_abs() })?;
                    Ok(StoredCheckpoint {
                        size: TreeSize(size),
                        note,
                        frontier,
                        last_time: last_time.map(LogTime::from_unix_micros),
                    })
                })
                .transpose()
            }
        }
    };
}

state_queries!(any, crate::connection::AnyConnection);
state_queries!(sqlite, diesel::SqliteConnection);
state_queries!(postgres, diesel::PgConnection);

impl LogRead for LogReader {
    fn size(&self) -> Result<TreeSize, StorageError> {
        let log_no = self.log_no;
        self.database.fetch(move |connection| any::load_size(connection, log_no))
    }

    fn checkpoint(&self) -> Result<Option<StoredCheckpoint>, StorageError> {
        let log_no = self.log_no;
        self.database.fetch(move |connection| any::load_checkpoint(connection, log_no))
    }

    fn entries(&self, range: Range<u64>) -> Result<Vec<Vec<u8>>, StorageError> {
        // What is beyond the last index a key can hold is not there.
        let limit = |index: u64| entry_key(self.log_no, index.min((1 << INDEX_BITS) - 1));
        let (from, to) = (limit(range.start)?, limit(range.end)?);
        let rows: Vec<(i64, Vec<u8>)> = self.database.fetch(move |connection| {
            entry::table
                .filter(entry::key.ge(from))
                .filter(entry::key.lt(to))
                .order(entry::key)
                .select((entry::key, entry::body))
                .load(connection)
                .map_err(failed)
        })?;
        rows.into_iter()
            .zip(from..)
            .map(|((key, body), expected)| {
                let at = range.start + (expected - from).unsigned_abs();
                if key == expected { Ok(body) } else { Err(StorageError::Damaged { what: "entry", at }) }
            })
            .collect()
    }

    fn index_of_serial(&self, serial: &Serial) -> Result<Option<LeafIndex>, StorageError> {
        let serial = serial.as_bytes().to_vec();
        let key: Option<i64> = self.database.fetch(move |connection| {
            let of = entry::table.filter(entry::serial.eq(serial)).select(entry::key);
            of.first(connection).optional().map_err(failed)
        })?;
        // A serial of another log in the same database is not in this one.
        let here = key.filter(|key| key >> INDEX_BITS == self.log_no);
        Ok(here.map(|key| LeafIndex((key - (self.log_no << INDEX_BITS)).unsigned_abs())))
    }

    fn tile(&self, level: u8, index: u64) -> Result<Option<Vec<Hash>>, StorageError> {
        let key = (self.log_no, i32::from(level), signed(index)?);
        let stored: Option<Vec<u8>> = self.database.fetch(move |connection| {
            tile::table.find(key).select(tile::hashes).first(connection).optional().map_err(failed)
        })?;
        stored
            .map(|bytes| {
                let hashes = hashes_from_bytes(&bytes).filter(|hashes| hashes.len() == TILE_WIDTH);
                hashes.ok_or(StorageError::Damaged { what: "tile", at: index })
            })
            .transpose()
    }
}
