//! Seals: what was made for whom, and what answers a repeated request. Documents are never kept.

use diesel::{
    ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
    result::{DatabaseErrorKind, Error as DieselError},
};
use kokuin_audit::entry::LogTime;

use crate::{database::Database, error::StoreError, schema::seal, tenant::TenantRepository};

/// A seal as the database knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SealRecord {
    /// Its id.
    pub id: Vec<u8>,
    /// Whose.
    pub tenant: String,
    /// When.
    pub created: LogTime,
    /// Format.
    pub format: String,
    /// Level reached.
    pub level: String,
    /// SHA-256 of the sealed object.
    pub digest: Vec<u8>,
    /// Serial of its log entry.
    pub log_serial: Vec<u8>,
    /// The caller's own key for this request, unique for the tenant.
    pub idempotency_key: Option<String>,
    /// SHA-256 of the request: the same key with another request is refused (CSC-12).
    pub request_hash: Vec<u8>,
}

type Row = (Vec<u8>, String, i64, String, String, Vec<u8>, Vec<u8>, Option<String>, Vec<u8>);

impl From<Row> for SealRecord {
    fn from((id, tenant, created, format, level, digest, log_serial, idempotency_key, request_hash): Row) -> Self {
        let created = LogTime::from_unix_micros(created);
        Self { id, tenant, created, format, level, digest, log_serial, idempotency_key, request_hash }
    }
}

/// The seals of a database. Every question names the tenant who asks.
#[derive(Clone, Debug)]
pub struct SealRepository(Database);

impl SealRepository {
    /// The seals of `database`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self(database)
    }

    /// Whose they are.
    #[must_use]
    pub fn tenants(&self) -> TenantRepository {
        TenantRepository::new(self.0.clone())
    }

    /// Enters a seal.
    ///
    /// # Errors
    /// [`StoreError::IdempotencyKeyTaken`] if the tenant used the key before, [`StoreError::Exists`] for an id that is taken, or a failure.
    pub fn insert(&self, record: &SealRecord) -> Result<(), StoreError> {
        let values = (
            seal::seal_id.eq(record.id.clone()),
            seal::tenant.eq(record.tenant.clone()),
            seal::created.eq(record.created.unix_micros()),
            seal::format.eq(record.format.clone()),
            seal::level.eq(record.level.clone()),
            seal::digest.eq(record.digest.clone()),
            seal::log_serial.eq(record.log_serial.clone()),
            seal::idempotency_key.eq(record.idempotency_key.clone()),
            seal::request_hash.eq(record.request_hash.clone()),
        );
        let result = self.0.store(move |connection| {
            Ok::<_, StoreError>(diesel::insert_into(seal::table).values(values).execute(connection))
        });
        match result? {
            Ok(_) => Ok(()),
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(self.taken(record)?),
            Err(error) => Err(error.into()),
        }
    }

    fn taken(&self, record: &SealRecord) -> Result<StoreError, StoreError> {
        let other = match &record.idempotency_key {
            Some(key) => self.by_idempotency_key(&record.tenant, key)?,
            None => None,
        };
        Ok(if other.is_some() { StoreError::IdempotencyKeyTaken } else { StoreError::Exists { what: "seal id" } })
    }

    /// The tenant's seal with this id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn by_id(&self, tenant: &str, id: &[u8]) -> Result<Option<SealRecord>, StoreError> {
        let (tenant, id) = (tenant.to_owned(), id.to_vec());
        self.0.fetch(move |connection| {
            let of = seal::table.find(id).filter(seal::tenant.eq(tenant));
            Ok(of.first::<Row>(connection).optional()?.map(SealRecord::from))
        })
    }

    /// What the tenant asked for with this idempotency key.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn by_idempotency_key(&self, tenant: &str, key: &str) -> Result<Option<SealRecord>, StoreError> {
        let (tenant, key) = (tenant.to_owned(), key.to_owned());
        self.0.fetch(move |connection| {
            let of = seal::table.filter(seal::tenant.eq(tenant)).filter(seal::idempotency_key.eq(key));
            Ok(of.first::<Row>(connection).optional()?.map(SealRecord::from))
        })
    }
}
