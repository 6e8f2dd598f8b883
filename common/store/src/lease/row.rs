//! The lease's row.

use std::time::{Duration, Instant};

use diesel::{
    OptionalExtension as _, PgConnection, QueryableByName, RunQueryDsl as _, sql_query,
    sql_types::{BigInt, Text},
};

use crate::{connection::postgres::confirmed, error::StoreError};

/// The right to write a log, as every write names it. Epochs of two servers that lost sight of each other may be equal; grants never are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Grant {
    pub(crate) log_no: i64,
    pub(crate) epoch: i64,
    pub(crate) token: String,
}

/// What came of asking for it.
#[derive(Debug)]
pub(super) enum Taken {
    Granted(Grant),
    Held { holder: String, left: Duration, expires: i64 },
}

#[derive(QueryableByName)]
struct Granted {
    #[diesel(sql_type = BigInt)]
    epoch: i64,
    #[diesel(sql_type = Text)]
    token: String,
}

#[derive(QueryableByName)]
struct HeldRow {
    #[diesel(sql_type = Text)]
    holder: String,
    #[diesel(sql_type = BigInt)]
    left_us: i64,
    #[diesel(sql_type = BigInt)]
    expires: i64,
}

/// The database's clock in microseconds since 1970.
const NOW: &str = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

/// Takes a lease that is new, or over.
pub(super) fn take(
    connection: &mut PgConnection,
    log_no: i64,
    holder: &str,
    lease: Duration,
    standbys: u32,
) -> Result<Taken, StoreError> {
    let taken: Option<Granted> = sql_query(format!(
        "INSERT INTO lease (log_no, epoch, \"grant\", holder, expires) VALUES ($1, 1, gen_random_uuid()::text, $2, {NOW} + $3) \
         ON CONFLICT (log_no) DO UPDATE SET epoch = lease.epoch + 1, \"grant\" = excluded.\"grant\", holder = excluded.holder, \
         expires = {NOW} + $3 WHERE lease.expires <= {NOW} RETURNING epoch, \"grant\" AS token"
    ))
    .bind::<BigInt, _>(log_no)
    .bind::<Text, _>(holder)
    .bind::<BigInt, _>(micros(lease))
    .get_result(connection)
    .optional()?;
    if let Some(Granted { epoch, token }) = taken {
        wait_for_standbys(connection, standbys, Instant::now() + lease / 2)?;
        return Ok(Taken::Granted(Grant { log_no, epoch, token }));
    }
    let held: HeldRow =
        sql_query(format!("SELECT holder, expires - {NOW} AS left_us, expires FROM lease WHERE log_no = $1"))
            .bind::<BigInt, _>(log_no)
            .get_result(connection)?;
    let left = Duration::from_micros(u64::try_from(held.left_us).unwrap_or(0));
    Ok(Taken::Held { holder: held.holder, left, expires: held.expires })
}

/// Prolongs a lease that is still this grant's, over or not: nobody has written in between.
///
/// # Errors
/// [`StoreError::LeaseLost`] if it is another's.
pub(crate) fn renew(connection: &mut PgConnection, grant: &Grant, lease: Duration) -> Result<(), StoreError> {
    let changed =
        sql_query(format!("UPDATE lease SET expires = {NOW} + $4 WHERE log_no = $1 AND epoch = $2 AND \"grant\" = $3"))
            .bind::<BigInt, _>(grant.log_no)
            .bind::<BigInt, _>(grant.epoch)
            .bind::<Text, _>(&grant.token)
            .bind::<BigInt, _>(micros(lease))
            .execute(connection)?;
    if changed == 1 { Ok(()) } else { Err(StoreError::LeaseLost { epoch: grant.epoch }) }
}

/// Closes the log for good. The lease's row is locked until that is committed, so that nobody takes the log over in between.
///
/// # Errors
/// [`StoreError::LeaseLost`] if the lease is another's.
pub(super) fn retire(connection: &mut PgConnection, grant: &Grant) -> Result<(), StoreError> {
    let changed = sql_query(
        "WITH held AS MATERIALIZED (SELECT log_no FROM lease WHERE log_no = $1 AND epoch = $2 AND \"grant\" = $3 FOR SHARE) \
         UPDATE log SET state = 'retired' FROM held WHERE log.log_no = held.log_no",
    )
    .bind::<BigInt, _>(grant.log_no)
    .bind::<BigInt, _>(grant.epoch)
    .bind::<Text, _>(&grant.token)
    .execute(connection)?;
    if changed == 1 { Ok(()) } else { Err(StoreError::LeaseLost { epoch: grant.epoch }) }
}

/// Gives it back: the next writer need not wait.
pub(super) fn release(connection: &mut PgConnection, grant: &Grant) -> Result<(), StoreError> {
    sql_query("UPDATE lease SET expires = 0 WHERE log_no = $1 AND epoch = $2 AND \"grant\" = $3")
        .bind::<BigInt, _>(grant.log_no)
        .bind::<BigInt, _>(grant.epoch)
        .bind::<Text, _>(&grant.token)
        .execute(connection)?;
    Ok(())
}

/// Waits until the standbys demanded have what was committed.
pub(crate) fn wait_for_standbys(
    connection: &mut PgConnection,
    standbys: u32,
    deadline: Instant,
) -> Result<(), StoreError> {
    let mut at = None;
    while !confirmed(connection, standbys, &mut at)? {
        if Instant::now() >= deadline {
            return Err(StoreError::Unconfirmed { demanded: standbys });
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok(())
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
