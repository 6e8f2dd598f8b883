//! Batches: the digests of a hash tree and its token, so that every evidence record can be written again.

use diesel::{
    BoolExpressionMethods as _, Connection as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _,
    RunQueryDsl as _,
    dsl::sql,
    result::{DatabaseErrorKind, Error as DieselError},
    sql_types::BigInt,
};
use kokuin_audit::entry::LogTime;

use crate::{
    connection::AnyConnection,
    database::Database,
    error::StoreError,
    schema::{batch, submission},
};

/// Batches that one statement deletes.
const AT_ONCE: i64 = 100;

/// One hash tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BatchRecord {
    /// Its id.
    pub id: Vec<u8>,
    /// When its last digest had come.
    pub created: LogTime,
    /// Name of the log that its token is recorded in.
    pub log: String,
    /// Name of the TSU that signs.
    pub tsu: String,
    /// Digest algorithm.
    pub algorithm: String,
    /// What the random octets beside the digests come from.
    pub secret: Vec<u8>,
    /// How far it has come.
    pub state: BatchState,
}

/// How far a batch has come.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum BatchState {
    /// Its token is still to be made.
    Pending,
    /// It has its token, whose log entry is durable.
    Stamped(BatchStamp),
    /// It will have none.
    Failed {
        /// Code of the rule that keeps it from one.
        code: String,
    },
}

/// The token of a batch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BatchStamp {
    /// serialNumber, content octets.
    pub serial: Vec<u8>,
    /// `genTime`.
    pub gen_time: LogTime,
    /// `ContentInfo`, DER.
    pub token: Vec<u8>,
}

/// What one request brought to a batch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SubmissionRecord {
    /// Its id: the address of its answer.
    pub id: Vec<u8>,
    /// SHA-256 of the request.
    pub request_hash: Vec<u8>,
    /// The caller's own key for the request, unique.
    pub idempotency_key: Option<String>,
    /// Its digests, one after the other.
    pub digests: Vec<u8>,
}

/// Id and request hash of a submission.
type IdAndHash = (Vec<u8>, Vec<u8>);

type BatchRow =
    (Vec<u8>, i64, String, String, String, Vec<u8>, i64, Option<Vec<u8>>, Option<i64>, Option<Vec<u8>>, Option<String>);

fn record(row: BatchRow) -> Result<BatchRecord, StoreError> {
    let (id, created, log, tsu, algorithm, secret, _, serial, gen_time, token, failed) = row;
    let state = match (serial, gen_time, token, failed) {
        (None, None, None, None) => BatchState::Pending,
        (None, None, None, Some(code)) => BatchState::Failed { code },
        (Some(serial), Some(gen_time), Some(token), None) => {
            BatchState::Stamped(BatchStamp { serial, gen_time: LogTime::from_unix_micros(gen_time), token })
        }
        _ => return Err(StoreError::Damaged { what: "batch" }),
    };
    Ok(BatchRecord { id, created: LogTime::from_unix_micros(created), log, tsu, algorithm, secret, state })
}

/// The batches of a database.
#[derive(Clone, Debug)]
pub struct BatchRepository(Database);

impl BatchRepository {
    /// The batches of `database`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self(database)
    }

    /// Enters a pending batch with all that was brought to it. Durable when it returns.
    ///
    /// # Errors
    /// [`StoreError::IdempotencyKeyTaken`], or a failure; nothing is entered then.
    pub fn insert(&self, record: &BatchRecord, submissions: &[SubmissionRecord]) -> Result<(), StoreError> {
        let octets: usize = submissions.iter().map(|submission| submission.digests.len()).sum();
        let entered = (
            batch::batch_id.eq(record.id.clone()),
            batch::created.eq(record.created.unix_micros()),
            batch::log.eq(record.log.clone()),
            batch::tsu.eq(record.tsu.clone()),
            batch::algorithm.eq(record.algorithm.clone()),
            batch::secret.eq(record.secret.clone()),
            batch::octets.eq(i64::try_from(octets).unwrap_or(i64::MAX)),
        );
        let (batch_id, submissions) = (record.id.clone(), submissions.to_vec());
        self.0.store(move |connection| {
            connection
                .transaction(|connection| {
                    diesel::insert_into(batch::table).values(entered).execute(connection)?;
                    for each in &submissions {
                        let brought = (
                            submission::submission_id.eq(&each.id),
                            submission::batch_id.eq(&batch_id),
                            submission::request_hash.eq(&each.request_hash),
                            submission::idempotency_key.eq(&each.idempotency_key),
                            submission::digests.eq(&each.digests),
                        );
                        diesel::insert_into(submission::table).values(brought).execute(connection)?;
                    }
                    Ok(())
                })
                .map_err(|error| match error {
                    DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => {
                        StoreError::IdempotencyKeyTaken
                    }
                    error => error.into(),
                })
        })
    }

    /// Gives a pending batch its token.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is not pending, or a failure.
    pub fn set_stamped(&self, id: &[u8], stamp: &BatchStamp) -> Result<(), StoreError> {
        let (id, stamp) = (id.to_vec(), stamp.clone());
        let changed = self.0.store(move |connection| {
            let of = batch::table.find(id).filter(batch::token.is_null()).filter(batch::failed.is_null());
            let values = (
                batch::serial.eq(stamp.serial),
                batch::gen_time.eq(stamp.gen_time.unix_micros()),
                batch::token.eq(stamp.token),
            );
            Ok::<_, StoreError>(diesel::update(of).set(values).execute(connection)?)
        })?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Damaged { what: "batch" }) }
    }

    /// Says that a pending batch will have no token.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is not pending, or a failure.
    pub fn set_failed(&self, id: &[u8], code: &str) -> Result<(), StoreError> {
        let (id, code) = (id.to_vec(), code.to_owned());
        let changed = self.0.store(move |connection| {
            let of = batch::table.find(id).filter(batch::token.is_null()).filter(batch::failed.is_null());
            Ok::<_, StoreError>(diesel::update(of).set(batch::failed.eq(code)).execute(connection)?)
        })?;
        if changed == 1 { Ok(()) } else { Err(StoreError::Damaged { what: "batch" }) }
    }

    /// The pending batches of a log, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn pending(&self, log: &str) -> Result<Vec<BatchRecord>, StoreError> {
        let log = log.to_owned();
        let rows: Vec<BatchRow> = self.0.fetch(move |connection| {
            let of = batch::table
                .filter(batch::log.eq(log))
                .filter(batch::token.is_null())
                .filter(batch::failed.is_null())
                .order(batch::created);
            Ok::<_, StoreError>(of.load(connection)?)
        })?;
        rows.into_iter().map(record).collect()
    }

    /// What the request with this id brought, and to which batch.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn submission(&self, id: &[u8]) -> Result<Option<(SubmissionRecord, BatchRecord)>, StoreError> {
        type Row = (Vec<u8>, Vec<u8>, Vec<u8>, Option<String>, Vec<u8>);
        let id = id.to_vec();
        self.0.fetch(move |connection| {
            let found: Option<Row> = submission::table.find(id).first(connection).optional()?;
            let Some((id, batch_id, request_hash, idempotency_key, digests)) = found else { return Ok(None) };
            // Between the two, another instance may have pruned both.
            let of: Option<BatchRow> = batch::table.find(batch_id).first(connection).optional()?;
            let Some(of) = of else { return Ok(None) };
            Ok(Some((SubmissionRecord { id, request_hash, idempotency_key, digests }, record(of)?)))
        })
    }

    /// All digests of a batch, request after request.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn digests(&self, batch_id: &[u8]) -> Result<Vec<u8>, StoreError> {
        let batch_id = batch_id.to_vec();
        let parts: Vec<Vec<u8>> = self.0.fetch(move |connection| {
            let of = submission::table.filter(submission::batch_id.eq(batch_id)).select(submission::digests);
            Ok::<_, StoreError>(of.load(connection)?)
        })?;
        Ok(parts.concat())
    }

    /// Id and request hash of what was asked for with this idempotency key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn by_idempotency_key(&self, key: &str) -> Result<Option<IdAndHash>, StoreError> {
        let key = key.to_owned();
        self.0.fetch(move |connection| {
            let of = submission::table
                .filter(submission::idempotency_key.eq(key))
                .select((submission::submission_id, submission::request_hash));
            Ok(of.first(connection).optional()?)
        })
    }

    /// How many batches were made before `before` and are not pending.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn settled_before(&self, before: LogTime) -> Result<u64, StoreError> {
        let of = batch::table.filter(batch::token.is_not_null().or(batch::failed.is_not_null()));
        let of = of.filter(batch::created.lt(before.unix_micros())).count();
        let count: i64 = self.0.fetch(move |connection| Ok::<_, StoreError>(of.get_result(connection)?))?;
        Ok(count.unsigned_abs())
    }

    /// Forgets batches that are not pending: those made before `before`, and, oldest first, as many as leave at most `octets` of digests.
    /// Returns how many.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune(&self, before: LogTime, octets: u64) -> Result<usize, StoreError> {
        self.0.store(move |connection| {
            let mut pruned = 0;
            loop {
                let gone = surplus(connection, before, octets)?;
                if gone.is_empty() {
                    return Ok(pruned);
                }
                pruned += connection.transaction(|connection| {
                    let mut deleted = 0;
                    for id in &gone {
                        diesel::delete(submission::table.filter(submission::batch_id.eq(id))).execute(connection)?;
                        deleted += diesel::delete(batch::table.find(id)).execute(connection)?;
                    }
                    Ok::<_, DieselError>(deleted)
                })?;
            }
        })
    }
}

/// The oldest batches that are to go. One statement sees them and the sum of all: another instance may be pruning too, and of what it has
/// deleted already nothing may count as kept.
fn surplus(connection: &mut AnyConnection, before: LogTime, octets: u64) -> Result<Vec<Vec<u8>>, DieselError> {
    let kept =
        sql::<BigInt>("(SELECT CAST(sum(octets) AS BIGINT) FROM batch WHERE token IS NOT NULL OR failed IS NOT NULL)");
    let oldest: Vec<(Vec<u8>, i64, i64, i64)> = batch::table
        .filter(batch::token.is_not_null().or(batch::failed.is_not_null()))
        .order((batch::created, batch::batch_id))
        .select((batch::batch_id, batch::created, batch::octets, kept))
        .limit(AT_ONCE)
        .load(connection)?;
    let mut over =
        oldest.first().map_or(0, |(.., kept)| kept.saturating_sub(i64::try_from(octets).unwrap_or(i64::MAX)));
    let mut gone = Vec::new();
    for (id, created, octets, _) in oldest {
        if created < before.unix_micros() || over > 0 {
            over -= octets;
            gone.push(id);
        }
    }
    Ok(gone)
}
