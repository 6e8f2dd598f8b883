//! The file, its schema, and which logs it holds.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use diesel::{ExpressionMethods as _, QueryDsl as _, RunQueryDsl as _, SqliteConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use kokuin_audit::{LogName, VerifierKey, entry::LogTime};

use crate::{
    connection::{Access, connect},
    error::StoreError,
    lock::WriterLock,
    log_reader::SqliteLogReader,
    log_store::SqliteLogStore,
    schema::log,
};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!();
/// Logs of one database: the entry key has 63 bits, 40 of which are the index.
const MAX_LOGS: i64 = 1 << 22;

/// Connections kept for the next reader. More were only needed at once, and each holds files and a cache.
const KEPT: usize = 8;

/// Whether a log is written to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LogState {
    /// It is.
    Open,
    /// Never again.
    Retired,
}

/// A log of this database.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogRecord {
    /// Short name.
    pub name: String,
    /// Origin.
    pub origin: String,
    /// Verifier key.
    pub vkey: String,
    /// Whether it is written to.
    pub state: LogState,
    /// When it was made.
    pub created: LogTime,
}

/// A database; clones are the same one.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    path: PathBuf,
    access: Access,
    idle: Mutex<Vec<SqliteConnection>>,
}

type LogRow = (i64, String, String, String, String, i64);

impl Database {
    /// Opens a database for reading and writing; makes it, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`], above all if a setting is not taken (THR-46).
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Only the service's own user may read: seals and token hashes are in it. SQLite gives its other files the same mode.
        let made = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        drop(made.map_err(|error| StoreError::file(path, error))?);
        let mut connection = connect(path, Access::Write)?;
        connection.run_pending_migrations(MIGRATIONS).map_err(|error| StoreError::Migration(error.to_string()))?;
        Ok(Self(Arc::new(Inner { path: path.to_owned(), access: Access::Write, idle: Mutex::new(vec![connection]) })))
    }

    /// Opens a database that is there, for reading only; it may be in use.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let mut connection = connect(path, Access::Read)?;
        let pending =
            connection.has_pending_migration(MIGRATIONS).map_err(|error| StoreError::Migration(error.to_string()))?;
        if pending {
            return Err(StoreError::Migration("its schema is older than this program".to_owned()));
        }
        Ok(Self(Arc::new(Inner { path: path.to_owned(), access: Access::Read, idle: Mutex::new(vec![connection]) })))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Runs `work` on a connection of its own; one that failed is not used again.
    pub(crate) fn with<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let idle = || self.0.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let mut connection = match kept {
            Some(connection) => connection,
            None => connect(&self.0.path, self.0.access)?,
        };
        let result = work(&mut connection);
        let mut idle = idle();
        if result.is_ok() && idle.len() < KEPT {
            idle.push(connection);
        }
        result
    }

    /// Takes a log for writing: nobody else can until the store is dropped. It is entered in the database if it is new.
    ///
    /// # Errors
    /// [`StoreError::Locked`], [`StoreError::Retired`], [`StoreError::OtherLog`], or a failure.
    pub fn open_log(
        &self,
        name: &LogName,
        vkey: &VerifierKey,
    ) -> Result<(SqliteLogStore, SqliteLogReader), StoreError> {
        let lock = WriterLock::take(&self.0.path, name)?;
        let mut connection = connect(&self.0.path, Access::Write)?;
        let log_no = connection.immediate_transaction(|connection| match find(connection, name)? {
            Some((_, _, _, _, state, _)) if state != "open" => Err(StoreError::Retired(name.clone())),
            Some((log_no, _, _, found, _, _)) if found == vkey.to_string() => Ok(log_no),
            Some((_, _, _, found, _, _)) => {
                Err(StoreError::OtherLog { name: name.clone(), found, expected: vkey.to_string() })
            }
            None => enter(connection, name, vkey),
        })?;
        let store = SqliteLogStore::new(self.0.path.clone(), connection, log_no, lock);
        Ok((store, SqliteLogReader::new(self.clone(), log_no)))
    }

    /// The reading side of a log.
    ///
    /// # Errors
    /// [`StoreError::NoLog`] or a failure.
    pub fn log_reader(&self, name: &LogName) -> Result<SqliteLogReader, StoreError> {
        let row = self.with(|connection| find(connection, name))?;
        let (log_no, ..) = row.ok_or_else(|| StoreError::NoLog(name.clone()))?;
        Ok(SqliteLogReader::new(self.clone(), log_no))
    }

    /// Every log, in the order in which they were made: none can be hidden.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn logs(&self) -> Result<Vec<LogRecord>, StoreError> {
        let rows: Vec<LogRow> =
            self.with(|connection| Ok::<_, StoreError>(log::table.order(log::log_no).load(connection)?))?;
        rows.into_iter()
            .map(|(_, name, origin, vkey, state, created)| {
                let state = match state.as_str() {
                    "open" => LogState::Open,
                    "retired" => LogState::Retired,
                    _ => return Err(StoreError::Damaged { what: "log state" }),
                };
                Ok(LogRecord { name, origin, vkey, state, created: LogTime::from_unix_micros(created) })
            })
            .collect()
    }

    /// Closes a log for good. Its entries stay, and are served; nobody may be writing it.
    ///
    /// # Errors
    /// [`StoreError::NoLog`], [`StoreError::Locked`] or a failure.
    pub fn retire_log(&self, name: &LogName) -> Result<(), StoreError> {
        let _lock = WriterLock::take(&self.0.path, name)?;
        let changed = self.with(|connection| {
            let of = log::table.filter(log::name.eq(name.as_str()));
            Ok::<_, StoreError>(diesel::update(of).set(log::state.eq("retired")).execute(connection)?)
        })?;
        if changed == 1 { Ok(()) } else { Err(StoreError::NoLog(name.clone())) }
    }
}

fn find(connection: &mut SqliteConnection, name: &LogName) -> Result<Option<LogRow>, StoreError> {
    use diesel::OptionalExtension as _;
    Ok(log::table.filter(log::name.eq(name.as_str())).first(connection).optional()?)
}

fn enter(connection: &mut SqliteConnection, name: &LogName, vkey: &VerifierKey) -> Result<i64, StoreError> {
    let highest: Option<i64> = log::table.select(diesel::dsl::max(log::log_no)).first(connection)?;
    let log_no = highest.map_or(0, |highest| highest + 1);
    if log_no >= MAX_LOGS {
        return Err(StoreError::Exists { what: "the last log number" });
    }
    let row = (
        log::log_no.eq(log_no),
        log::name.eq(name.as_str()),
        log::origin.eq(vkey.name()),
        log::vkey.eq(vkey.to_string()),
        log::state.eq("open"),
        log::created.eq(LogTime::system_now().unix_micros()),
    );
    diesel::insert_into(log::table).values(row).execute(connection)?;
    Ok(log_no)
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("path", &self.0.path).field("access", &self.0.access).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many ask at once, files and memory are given back after it.
    #[test]
    fn keeps_few_connections_after_many_readers() {
        fn nested(database: &Database, depth: usize) -> Result<(), StoreError> {
            database.with(|_| if depth == 0 { Ok(()) } else { nested(database, depth - 1) })
        }
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("a.db")).unwrap();
        nested(&database, 20).unwrap();
        assert_eq!(database.0.idle.lock().unwrap().len(), KEPT);
    }
}
