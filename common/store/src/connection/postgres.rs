//! A connection to PostgreSQL, on a server that loses no commit.

use diesel::{
    Connection as _, ConnectionError, PgConnection, QueryableByName, RunQueryDsl as _,
    connection::SimpleConnection as _,
    sql_query,
    sql_types::{BigInt, Bool, Text},
};

use super::{Access, PostgresUrl};
use crate::error::{StoreError, Unreachable};

/// A statement or a lock that takes longer fails; so does a transaction that is left alone, so that a paused process holds no row.
pub(crate) const LIMITS: &str =
    "SET statement_timeout = '30s'; SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '5s';";
/// Reading a whole log may take its time; nothing is changed.
const READING: &str = "SET default_transaction_read_only = on; SET idle_in_transaction_session_timeout = '60s';";

#[derive(QueryableByName)]
struct Settings {
    #[diesel(sql_type = Text)]
    synchronous_commit: String,
    #[diesel(sql_type = Text)]
    fsync: String,
    #[diesel(sql_type = Text)]
    full_page_writes: String,
    #[diesel(sql_type = Text)]
    standby_names: String,
    #[diesel(sql_type = Bool)]
    may_see_standbys: bool,
    #[diesel(sql_type = Bool)]
    in_recovery: bool,
}

#[derive(QueryableByName)]
struct Confirmed {
    #[diesel(sql_type = Text)]
    lsn: String,
    #[diesel(sql_type = BigInt)]
    standbys: i64,
}

/// Opens a connection to a server with the right settings, or none. `standbys` must have what is committed.
pub(crate) fn connect(url: &PostgresUrl, access: Access, standbys: u32) -> Result<PgConnection, StoreError> {
    let mut connection = PgConnection::establish(url.expose()).map_err(|error| unreachable(&error))?;
    match access {
        Access::Write => {
            connection.batch_execute(LIMITS)?;
            check_settings(&mut connection, standbys)?;
        }
        Access::Read => connection.batch_execute(READING)?,
    }
    Ok(connection)
}

/// libpq quotes parts of the address, which after a slip may be parts of the password: only what kind of failure it was is told.
fn unreachable(error: &ConnectionError) -> StoreError {
    let text = error.to_string().to_ascii_lowercase();
    let kinds = Unreachable::ALL.into_iter().filter(|kind| kind.signs().iter().any(|sign| text.contains(sign)));
    StoreError::Unreachable { kinds: kinds.collect() }
}

/// Reads back what durability depends on (THR-46). Asked again with every renewal of a lease: the server's settings can be changed while it runs.
pub(crate) fn check_settings(connection: &mut PgConnection, standbys: u32) -> Result<(), StoreError> {
    let found: Settings = sql_query(
        "SELECT current_setting('synchronous_commit') AS synchronous_commit, current_setting('fsync') AS fsync, \
         current_setting('full_page_writes') AS full_page_writes, current_setting('synchronous_standby_names') AS standby_names, \
         pg_has_role('pg_read_all_stats', 'USAGE') AS may_see_standbys, pg_is_in_recovery() AS in_recovery",
    )
    .get_result(connection)?;
    let refused =
        |setting, found: &str, expected| Err(StoreError::Setting { setting, found: found.to_owned(), expected });
    if found.in_recovery {
        return refused("pg_is_in_recovery", "true", "false");
    }
    if !matches!(found.synchronous_commit.as_str(), "on" | "remote_apply") {
        return refused("synchronous_commit", &found.synchronous_commit, "on or remote_apply");
    }
    if found.fsync != "on" {
        return refused("fsync", &found.fsync, "on");
    }
    if found.full_page_writes != "on" {
        return refused("full_page_writes", &found.full_page_writes, "on");
    }
    if standbys > 0 && found.standby_names.is_empty() {
        return refused("synchronous_standby_names", "empty", "names of standbys");
    }
    if standbys > 0 && !found.may_see_standbys {
        return refused("role pg_read_all_stats", "not granted", "granted");
    }
    Ok(())
}

/// Whether `standbys` synchronous standbys have on disk everything that this server had on its own when the question was asked.
///
/// A COMMIT returns without waiting any longer when somebody cancels the wait (a warning, which libpq hands to nobody who could look) or
/// empties `synchronous_standby_names` (in silence). So no COMMIT's word is taken for it: where standbys are demanded, the position that
/// they report is compared after each. `at` is the position of an earlier answer; it never goes back.
pub(crate) fn confirmed(
    connection: &mut PgConnection,
    standbys: u32,
    at: &mut Option<String>,
) -> Result<bool, StoreError> {
    if standbys == 0 {
        return Ok(true);
    }
    let query = sql_query(
        "SELECT own.lsn::text AS lsn, (SELECT count(*) FROM pg_stat_get_wal_senders() AS s \
         WHERE s.sync_state IN ('sync', 'quorum') AND s.flush_lsn >= own.lsn) AS standbys \
         FROM (SELECT coalesce(nullif($1, '')::pg_lsn, pg_current_wal_flush_lsn()) AS lsn) AS own",
    );
    let found: Confirmed = query.bind::<Text, _>(at.clone().unwrap_or_default()).get_result(connection)?;
    *at = Some(found.lsn);
    Ok(found.standbys >= i64::from(standbys))
}
