//! A connection to an SQLite file: every commit is on disk before it returns.

use std::path::Path;

use diesel::{
    Connection as _, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{BigInt, Integer, Text},
};

use super::Access;
use crate::error::StoreError;

/// How long a statement waits for another process's lock, in milliseconds.
const BUSY_TIMEOUT_MS: i64 = 5_000;
/// Pages of the write-ahead log before it is folded into the database: 16 MB, so that it is not done several times a second under load.
pub(crate) const WAL_PAGES: usize = 4_000;
/// Pages at which the log's own writer folds it, in its commit: 64 MB. Until then another thread does.
const WAL_LIMIT: usize = 16_000;
/// Octets to which a longer write-ahead log is cut when it is used again from its beginning.
const WAL_KEPT: usize = 64 * 1024 * 1024;
/// `PRAGMA synchronous`: every commit is on disk before it returns.
const FULL: i64 = 2;

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

#[derive(QueryableByName)]
struct Word {
    #[diesel(sql_type = Text)]
    value: String,
}

#[derive(QueryableByName)]
struct Autocheckpoint {
    #[diesel(sql_type = BigInt, column_name = wal_autocheckpoint)]
    value: i64,
}

#[derive(QueryableByName)]
struct SizeLimit {
    #[diesel(sql_type = BigInt, column_name = journal_size_limit)]
    value: i64,
}

/// Opens a connection with the right settings, or none.
pub(crate) fn connect(path: &Path, access: Access) -> Result<SqliteConnection, StoreError> {
    let failed = |error: &dyn std::fmt::Display| StoreError::Open { path: path.to_owned(), reason: error.to_string() };
    let mut connection = SqliteConnection::establish(&url(path, access)?).map_err(|error| failed(&error))?;
    let settings = match access {
        Access::Write => format!(
            "PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = {WAL_PAGES};"
        ),
        Access::Read => {
            format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA foreign_keys = ON; PRAGMA query_only = ON;")
        }
    };
    connection.batch_execute(&settings).map_err(|error| failed(&error))?;
    check_settings(&mut connection, access)?;
    Ok(connection)
}

#[derive(QueryableByName)]
struct Checkpointed {
    #[diesel(sql_type = Integer)]
    busy: i32,
}

/// Folds the write-ahead log into the database and cuts it off; `false`: somebody is reading from it.
pub(crate) fn truncate_wal(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    let done: Checkpointed = sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(connection)?;
    Ok(done.busy == 0)
}

/// Opens the connection of a log's writer: as durable, but its commits fold nothing before the limit.
pub(crate) fn connect_writer(path: &Path) -> Result<SqliteConnection, StoreError> {
    let mut connection = connect(path, Access::Write)?;
    connection
        .batch_execute(&format!("PRAGMA wal_autocheckpoint = {WAL_LIMIT}; PRAGMA journal_size_limit = {WAL_KEPT};"))?;
    check_number(&mut connection, "wal_autocheckpoint", "16000", |value| usize::try_from(value) == Ok(WAL_LIMIT))?;
    check_number(&mut connection, "journal_size_limit", "67108864", |value| usize::try_from(value) == Ok(WAL_KEPT))?;
    Ok(connection)
}

fn check_settings(connection: &mut SqliteConnection, access: Access) -> Result<(), StoreError> {
    let mode: Word = sql_query("SELECT journal_mode AS value FROM pragma_journal_mode").get_result(connection)?;
    if mode.value != "wal" {
        return Err(StoreError::Setting { setting: "journal_mode", found: mode.value, expected: "wal" });
    }
    check_number(connection, "foreign_keys", "1", |value| value == 1)?;
    check_number(connection, "busy_timeout", "5000", |value| value == BUSY_TIMEOUT_MS)?;
    match access {
        Access::Write => {
            // Off, nothing but the log's writer would bound the write-ahead log.
            check_number(connection, "wal_autocheckpoint", "1 or more", |value| value >= 1)?;
            // What is erased is overwritten (JP-ES-18).
            check_number(connection, "secure_delete", "1", |value| value == 1)?;
            check_number(connection, "synchronous", "2 (FULL)", |value| value == FULL)
        }
        Access::Read => check_number(connection, "query_only", "1", |value| value == 1),
    }
}

/// Reads a setting back.
fn check_number(
    connection: &mut SqliteConnection,
    setting: &'static str,
    expected: &'static str,
    fits: fn(i64) -> bool,
) -> Result<(), StoreError> {
    let value = match setting {
        // The two that SQLite shows in no table.
        "wal_autocheckpoint" => sql_query("PRAGMA wal_autocheckpoint").get_result::<Autocheckpoint>(connection)?.value,
        "journal_size_limit" => sql_query("PRAGMA journal_size_limit").get_result::<SizeLimit>(connection)?.value,
        _ => {
            let name = column(setting);
            let query = format!("SELECT CAST(\"{name}\" AS INTEGER) AS value FROM pragma_{setting}");
            sql_query(query).get_result::<Number>(connection)?.value
        }
    };
    if fits(value) { Ok(()) } else { Err(StoreError::Setting { setting, found: value.to_string(), expected }) }
}

/// The one pragma whose column is not called like it.
fn column(setting: &'static str) -> &'static str {
    if setting == "busy_timeout" { "timeout" } else { setting }
}

/// SQLite's URI form, so that no path means anything else than a file.
fn url(path: &Path, access: Access) -> Result<String, StoreError> {
    let text = path.to_str().ok_or_else(|| StoreError::Path(path.to_owned()))?;
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '%' => "%25".to_owned(),
            '?' => "%3f".to_owned(),
            '#' => "%23".to_owned(),
            c => c.to_string(),
        })
        .collect();
    let mode = match access {
        Access::Write => "rwc",
        Access::Read => "ro",
    };
    Ok(format!("file:{escaped}?mode={mode}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// THR-46: a connection that somebody has set to lose commits is refused.
    #[test]
    fn refuses_settings_that_lose_commits() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut connection = connect(&path, Access::Write).unwrap();
        for (change, setting) in [
            ("PRAGMA synchronous = NORMAL", "synchronous"),
            ("PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF", "foreign_keys"),
            ("PRAGMA foreign_keys = ON; PRAGMA busy_timeout = 1", "busy_timeout"),
            ("PRAGMA busy_timeout = 5000; PRAGMA wal_autocheckpoint = 0", "wal_autocheckpoint"),
            ("PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_mode = DELETE", "journal_mode"),
        ] {
            connection.batch_execute(change).unwrap();
            match check_settings(&mut connection, Access::Write) {
                Err(StoreError::Setting { setting: found, .. }) => assert_eq!(found, setting),
                other => panic!("{change}: {other:?}"),
            }
        }
        connection.batch_execute("PRAGMA journal_mode = WAL").unwrap();
        check_settings(&mut connection, Access::Write).unwrap();
    }

    #[test]
    fn paths_mean_files_whatever_they_look_like() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a?mode=memory#b%41.db");
        drop(connect(&path, Access::Write).unwrap());
        assert!(path.exists());
    }

    #[test]
    fn reading_makes_no_file_and_writes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        assert!(matches!(connect(&path, Access::Read), Err(StoreError::Open { .. })));
        assert!(!path.exists());
        let mut writer = connect(&path, Access::Write).unwrap();
        writer.batch_execute("CREATE TABLE t (x INTEGER)").unwrap();
        let mut reader = connect(&path, Access::Read).unwrap();
        assert!(reader.batch_execute("INSERT INTO t VALUES (1)").is_err());
    }
}
