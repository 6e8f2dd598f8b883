//! Which database it is, its schema, and which logs it holds.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use diesel::{
    Connection as _, ExpressionMethods as _, OptionalExtension as _, PgConnection, QueryDsl as _, QueryableByName,
    RunQueryDsl as _,
    connection::SimpleConnection as _,
    migration::{Migration, MigrationSource as _},
    pg::Pg,
    sql_types::BigInt,
};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use kokuin_audit::{LogName, VerifierKey, entry::LogTime};

use crate::{
    connection::{Access, AnyConnection, postgres, sqlite},
    error::StoreError,
    lease::{Lease, PostgresOptions, wait_for_standbys},
    lock::WriterLock,
    log_reader::LogReader,
    log_store::{Inner as Writer, LogWriter, PostgresLogStore, SqliteLogStore},
    schema::log,
    session::Session,
};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");
/// Key of the advisory lock under which a PostgreSQL's schema is changed: "kokuin".
const MIGRATING: i64 = 0x6b6f_6b75_696e;
/// Logs of one database: the entry key has 63 bits, 40 of which are the index.
const MAX_LOGS: i64 = 1 << 22;

/// Connections kept for the next reader. More were only needed at once, and each holds files and a cache.
const KEPT: usize = 8;
/// How long a PostgreSQL is read from, and how long it is waited for when something was changed.
const READING: Duration = Duration::from_secs(10);
const STORING: Duration = Duration::from_secs(30);
/// Threads that speak with a PostgreSQL at one time. With as many waiting on one that is frozen, nobody else begins to.
const CALLS: usize = 128;
/// How long standbys have for what is committed.
const CONFIRMING: Duration = Duration::from_secs(5);

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
    place: Place,
    access: Access,
    idle: Mutex<Idle>,
    /// Calls that a thread is making, those that nobody waits for any more included.
    calls: AtomicUsize,
}

/// Connections that wait for the next reader.
#[derive(Default)]
struct Idle {
    connections: Vec<AnyConnection>,
    /// Grows when they are forgotten: those in use are then not kept either.
    generation: u64,
}

/// Which database.
enum Place {
    Sqlite(PathBuf),
    Postgres(PostgresOptions),
}

impl Place {
    fn connect(&self, access: Access) -> Result<AnyConnection, StoreError> {
        Ok(match self {
            Self::Sqlite(path) => AnyConnection::Sqlite(sqlite::connect(path, access)?),
            Self::Postgres(options) => {
                AnyConnection::Postgres(postgres::connect(&options.url, access, options.standbys)?)
            }
        })
    }
}

type LogRow = (i64, String, String, String, String, i64);

/// One of [`CALLS`].
struct Call(Database);

impl Call {
    fn begin(database: &Database) -> Result<Self, StoreError> {
        // Counted before it is looked at, so that two that come together do not both take the last place.
        let call = Self(database.clone());
        if database.0.calls.fetch_add(1, Ordering::AcqRel) >= CALLS {
            return Err(StoreError::TimedOut { waited: Duration::ZERO });
        }
        Ok(call)
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.0.0.calls.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Database {
    /// Opens an SQLite database for reading and writing; makes it, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`], above all if a setting is not taken (THR-46).
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        // Only the service's own user may read: seals and token hashes are in it. SQLite gives its other files the same mode.
        let made = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path);
        drop(made.map_err(|error| StoreError::file(path, error))?);
        let mut connection = sqlite::connect(path, Access::Write)?;
        connection.run_pending_migrations(SQLITE).map_err(|error| StoreError::Migration(error.to_string()))?;
        Ok(Self::with_connection(Place::Sqlite(path.to_owned()), Access::Write, AnyConnection::Sqlite(connection)))
    }

    /// Opens a PostgreSQL database for reading and writing, and brings its schema up to date.
    ///
    /// # Errors
    /// [`StoreError`], above all if the server may lose commits (THR-46).
    pub fn open_postgres(options: PostgresOptions) -> Result<Self, StoreError> {
        let mut connection = postgres::connect(&options.url, Access::Write, options.standbys)?;
        let failed = |error: &dyn std::fmt::Display| StoreError::Migration(error.to_string());
        // Several instances start at one time: one after the other. What a large database needs to change is waited for.
        connection.batch_execute(&format!(
            "SET statement_timeout = 0; SET lock_timeout = '60s'; SELECT pg_advisory_lock({MIGRATING})"
        ))?;
        connection.run_pending_migrations(POSTGRES).map_err(|error| failed(&error))?;
        connection.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATING}); {}", postgres::LIMITS))?;
        Ok(Self::with_connection(Place::Postgres(options), Access::Write, AnyConnection::Postgres(connection)))
    }

    /// Where batches are kept: in SQLite, which has one writer at a time, in a file beside this one, so that a large batch never makes the log's
    /// writer wait; in PostgreSQL here.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn for_batches(&self) -> Result<Self, StoreError> {
        match &self.0.place {
            Place::Sqlite(path) => Self::open(&path.with_file_name("batches.db")),
            Place::Postgres(_) => Ok(self.clone()),
        }
    }

    /// Opens an SQLite database that is there, for reading only; it may be in use.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        let mut connection = sqlite::connect(path, Access::Read)?;
        check_schema(connection.has_pending_migration(SQLITE))?;
        Ok(Self::with_connection(Place::Sqlite(path.to_owned()), Access::Read, AnyConnection::Sqlite(connection)))
    }

    /// Opens a PostgreSQL database that is there, for reading only; it may be in use.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open_postgres_read_only(options: PostgresOptions) -> Result<Self, StoreError> {
        let mut connection = postgres::connect(&options.url, Access::Read, options.standbys)?;
        check_schema(postgres_is_behind(&mut connection))?;
        Ok(Self::with_connection(Place::Postgres(options), Access::Read, AnyConnection::Postgres(connection)))
    }

    fn with_connection(place: Place, access: Access, connection: AnyConnection) -> Self {
        let idle = Mutex::new(Idle { connections: vec![connection], generation: 0 });
        Self(Arc::new(Inner { place, access, idle, calls: AtomicUsize::new(0) }))
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work` on a connection of its own; one that failed is not used again.
    pub(crate) fn with<T, E: From<StoreError>>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let (kept, generation) = {
            let mut idle = self.idle();
            (idle.connections.pop(), idle.generation)
        };
        let mut connection = match kept {
            Some(connection) => connection,
            None => self.0.place.connect(self.0.access)?,
        };
        let result = work(&mut connection);
        let mut idle = self.idle();
        if result.is_ok() && idle.generation == generation && idle.connections.len() < KEPT {
            idle.connections.push(connection);
        }
        result
    }

    /// Reads. A PostgreSQL that is frozen is waited for no longer than [`READING`], and its connections are not used again.
    pub(crate) fn fetch<T, E>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.within(READING, work)
    }

    /// Writes; done, or refused for what is there already, only when the standbys demanded have on disk what this server has (THR-46). No longer
    /// than [`STORING`] is waited; after that it may be done or not.
    pub(crate) fn store<T, E>(
        &self,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let standbys = match &self.0.place {
            Place::Sqlite(_) => 0,
            Place::Postgres(options) => options.standbys,
        };
        self.within(STORING, move |connection| {
            let result = work(connection);
            if let AnyConnection::Postgres(connection) = connection {
                wait_for_standbys(connection, standbys, Instant::now() + CONFIRMING)?;
            }
            result
        })
    }

    /// Libpq's calls have no deadline: a thread makes them. It ends when its server wakes or is given up.
    fn within<T, E>(
        &self,
        patience: Duration,
        work: impl FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        if matches!(self.0.place, Place::Sqlite(_)) {
            return self.with(work);
        }
        let call = Call::begin(self)?;
        let (answer, outcome) = mpsc::channel();
        let started = thread::Builder::new().name("database".to_owned()).spawn(move || {
            let result = call.0.with(work);
            drop(call);
            drop(answer.send(result));
        });
        drop(started.map_err(|error| StoreError::file("thread of the database", error))?);
        outcome.recv_timeout(patience).unwrap_or_else(|_| {
            self.forget_connections();
            Err(StoreError::TimedOut { waited: patience }.into())
        })
    }

    /// Uses none of the connections that are open now again: the server behind them may no longer be the one that counts.
    pub(crate) fn forget_connections(&self) {
        let mut idle = self.idle();
        idle.generation += 1;
        let forgotten = std::mem::take(&mut idle.connections);
        drop(idle);
        drop(forgotten);
    }

    /// Takes a log for writing: nobody else can until the store is dropped. It is entered in the database if it is new.
    ///
    /// # Errors
    /// [`StoreError::Locked`] or [`StoreError::Leased`], [`StoreError::Retired`], [`StoreError::OtherLog`], or a failure.
    pub fn open_log(&self, name: &LogName, vkey: &VerifierKey) -> Result<(LogWriter, LogReader), StoreError> {
        let (writer, log_no) = match &self.0.place {
            Place::Sqlite(path) => {
                let lock = WriterLock::take(path, name)?;
                let log_no = self.enter(name, vkey)?;
                (Writer::Sqlite(SqliteLogStore::open(path.clone(), log_no, lock)?), log_no)
            }
            Place::Postgres(options) => {
                let log_no = self.enter(name, vkey)?;
                let session = Session::open(&options.url, options.standbys)?;
                let lease = Lease::take(options, &session, log_no, name)?;
                // It may have been closed while the lease was waited for.
                self.enter(name, vkey)?;
                let store = PostgresLogStore::new(self.clone(), options.clone(), session, log_no, lease);
                (Writer::Postgres(store), log_no)
            }
        };
        Ok((LogWriter(writer), LogReader::new(self.clone(), log_no)))
    }

    fn enter(&self, name: &LogName, vkey: &VerifierKey) -> Result<i64, StoreError> {
        let (name, vkey) = (name.clone(), vkey.clone());
        self.store(move |connection| enter(connection, &name, &vkey))
    }

    /// The reading side of a log.
    ///
    /// # Errors
    /// [`StoreError::NoLog`] or a failure.
    pub fn log_reader(&self, name: &LogName) -> Result<LogReader, StoreError> {
        Ok(LogReader::new(self.clone(), self.log_no(name)?))
    }

    pub(crate) fn log_no(&self, name: &LogName) -> Result<i64, StoreError> {
        let of = name.clone();
        let row = self.fetch(move |connection| find(connection, &of))?;
        row.map(|(log_no, ..)| log_no).ok_or_else(|| StoreError::NoLog(name.clone()))
    }

    /// Every log, in the order in which they were made: none can be hidden.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn logs(&self) -> Result<Vec<LogRecord>, StoreError> {
        let rows: Vec<LogRow> =
            self.fetch(|connection| Ok::<_, StoreError>(log::table.order(log::log_no).load(connection)?))?;
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
    /// [`StoreError::NoLog`], [`StoreError::Locked`], [`StoreError::Leased`], [`StoreError::LeaseLost`] or a failure.
    pub fn retire_log(&self, name: &LogName) -> Result<(), StoreError> {
        match &self.0.place {
            Place::Sqlite(path) => {
                let _lock = WriterLock::take(path, name)?;
                let of = log::table.filter(log::name.eq(name.as_str().to_owned()));
                let changed = self.store(move |connection| {
                    Ok::<_, StoreError>(diesel::update(of).set(log::state.eq("retired")).execute(connection)?)
                })?;
                if changed == 1 { Ok(()) } else { Err(StoreError::NoLog(name.clone())) }
            }
            Place::Postgres(options) => {
                let log_no = self.log_no(name)?;
                let session = Session::open(&options.url, options.standbys)?;
                Lease::take(options, &session, log_no, name)?.retire(&session, Instant::now() + STORING)
            }
        }
    }
}

fn check_schema(pending: Result<bool, Box<dyn std::error::Error + Send + Sync>>) -> Result<(), StoreError> {
    match pending {
        Ok(false) => Ok(()),
        Ok(true) => Err(StoreError::Migration("its schema is older than this program".to_owned())),
        Err(error) => Err(StoreError::Migration(error.to_string())),
    }
}

/// Asked without writing: whoever reads may not be allowed to.
fn postgres_is_behind(connection: &mut PgConnection) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let wanted: Vec<Box<dyn Migration<Pg>>> = POSTGRES.migrations()?;
    let applied: i64 = diesel::sql_query("SELECT count(*) AS value FROM __diesel_schema_migrations")
        .get_result::<Count>(connection)?
        .value;
    Ok(applied < i64::try_from(wanted.len())?)
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

fn find(connection: &mut AnyConnection, name: &LogName) -> Result<Option<LogRow>, StoreError> {
    Ok(log::table.filter(log::name.eq(name.as_str())).first(connection).optional()?)
}

/// The number of a log that may be written, which is entered if it is new.
fn enter(connection: &mut AnyConnection, name: &LogName, vkey: &VerifierKey) -> Result<i64, StoreError> {
    let work = |connection: &mut AnyConnection| match find(connection, name)? {
        Some((_, _, _, _, state, _)) if state != "open" => Err(StoreError::Retired(name.clone())),
        Some((log_no, _, _, found, _, _)) if found == vkey.to_string() => Ok(log_no),
        Some((_, _, _, found, _, _)) => {
            Err(StoreError::OtherLog { name: name.clone(), found, expected: vkey.to_string() })
        }
        None => insert(connection, name, vkey),
    };
    match connection {
        // Two processes that enter logs at one time get two numbers.
        AnyConnection::Sqlite(_) => {
            connection.batch_execute("BEGIN IMMEDIATE")?;
            let entered = work(connection);
            connection.batch_execute(if entered.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
            entered
        }
        AnyConnection::Postgres(_) => connection.transaction(|connection| {
            connection.batch_execute("LOCK TABLE log IN SHARE ROW EXCLUSIVE MODE")?;
            work(connection)
        }),
    }
}

fn insert(connection: &mut AnyConnection, name: &LogName, vkey: &VerifierKey) -> Result<i64, StoreError> {
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
        let place: &dyn std::fmt::Debug = match &self.0.place {
            Place::Sqlite(path) => path,
            Place::Postgres(options) => options,
        };
        f.debug_struct("Database").field("place", place).field("access", &self.0.access).finish_non_exhaustive()
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
        assert_eq!(database.idle().connections.len(), KEPT);
    }

    /// THR-54: a PostgreSQL that is frozen holds so many threads, not one for each request that comes meanwhile.
    #[test]
    fn begins_no_call_while_as_many_as_may_are_under_way_thr_54() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("a.db")).unwrap();
        let mut calls: Vec<Call> = (0..CALLS).map(|_| Call::begin(&database).unwrap()).collect();
        assert!(matches!(Call::begin(&database), Err(StoreError::TimedOut { .. })));
        calls.pop();
        drop(Call::begin(&database).unwrap());
        drop(Call::begin(&database).unwrap());
    }
}
