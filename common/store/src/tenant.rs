//! Tenants: the salt that each one's commitments come from, and what is deleted by rule.

use diesel::{
    Connection as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
    connection::SimpleConnection as _,
    result::{DatabaseErrorKind, Error as DieselError},
};
use kokuin_audit::{TenantSecret, entry::LogTime};

use crate::{
    connection::{AnyConnection, sqlite},
    database::Database,
    error::StoreError,
    schema::{api_token, seal, tenant},
};

/// The tenants of a database.
#[derive(Clone, Debug)]
pub struct TenantRepository(Database);

/// What was erased with a tenant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Erased {
    /// Seals that named it.
    pub seals: usize,
    /// Its API tokens.
    pub tokens: usize,
    /// Whether nothing of it is left in the database's own files: free pages, write-ahead log. Never known of a PostgreSQL.
    pub is_cleared: bool,
}

impl TenantRepository {
    /// The tenants of `database`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self(database)
    }

    /// The secret that commitments to `name` come from. It is made where there is none yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn secret(&self, store: &TenantSecret, name: &str) -> Result<TenantSecret, StoreError> {
        if let Some(salt) = self.salt(name)? {
            return Ok(store.of_tenant(&salt));
        }
        let mut fresh = [0_u8; 32];
        getrandom::fill(&mut fresh).map_err(|_| StoreError::NoRandomness)?;
        let values = (
            tenant::name.eq(name.to_owned()),
            tenant::salt.eq(fresh.to_vec()),
            tenant::created.eq(LogTime::system_now().unix_micros()),
        );
        let inserted = self.0.store(move |connection| {
            Ok::<_, StoreError>(diesel::insert_into(tenant::table).values(values).execute(connection))
        })?;
        match inserted {
            // Whoever came first made it.
            Ok(_) | Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {}
            Err(error) => return Err(error.into()),
        }
        let salt = self.salt(name)?.ok_or(StoreError::NoRandomness)?;
        Ok(store.of_tenant(&salt))
    }

    /// The secret of `name`, if it has one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn known_secret(&self, store: &TenantSecret, name: &str) -> Result<Option<TenantSecret>, StoreError> {
        Ok(self.salt(name)?.map(|salt| store.of_tenant(&salt)))
    }

    fn salt(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let name = name.to_owned();
        self.0
            .fetch(move |connection| Ok(tenant::table.find(name).select(tenant::salt).first(connection).optional()?))
    }

    /// When `name` last had a seal made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_seal(&self, name: &str) -> Result<Option<LogTime>, StoreError> {
        let name = name.to_owned();
        self.0.fetch(move |connection| {
            let of = seal::table.filter(seal::tenant.eq(name)).select(diesel::dsl::max(seal::created));
            Ok(of.first::<Option<i64>>(connection)?.map(LogTime::from_unix_micros))
        })
    }

    /// API tokens of `name` that open something, or ended at `kept_from` or later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tokens_kept(&self, name: &str, kept_from: LogTime) -> Result<usize, StoreError> {
        let of = api_token::table
            .filter(api_token::tenant.eq(name.to_owned()))
            .select((api_token::revoked, api_token::expires));
        let ends: Vec<(Option<i64>, Option<i64>)> =
            self.0.fetch(move |connection| Ok::<_, StoreError>(of.load(connection)?))?;
        let is_kept = |end: Option<i64>| end.is_none_or(|end| end >= kept_from.unix_micros());
        Ok(ends.into_iter().filter(|(revoked, expires)| is_kept(*revoked) && is_kept(*expires)).count())
    }

    /// Deletes the salt of `name` and every record that names it, in one transaction; `None`, and nothing is deleted, if it had a seal made at
    /// `kept_from` or later: a service that runs may just have made one.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is deleted then.
    pub fn erase(&self, name: &str, kept_from: LogTime) -> Result<Option<Erased>, StoreError> {
        let name = name.to_owned();
        let erased = self.0.store(move |connection| {
            connection.transaction(|connection| {
                // What others are entering now is waited for: it is counted below, or comes after. In SQLite the first deletion keeps them out.
                if let AnyConnection::Postgres(connection) = connection {
                    connection.batch_execute("LOCK TABLE tenant, seal, api_token IN SHARE ROW EXCLUSIVE MODE")?;
                }
                diesel::delete(tenant::table.find(&name)).execute(connection)?;
                let of = || seal::table.filter(seal::tenant.eq(&name));
                let at = kept_from.unix_micros();
                let kept: i64 = of().filter(seal::created.ge(at)).count().get_result(connection)?;
                if kept > 0 {
                    return Err(Undone::Kept);
                }
                let seals = diesel::delete(of().filter(seal::created.lt(at))).execute(connection)?;
                let tokens =
                    diesel::delete(api_token::table.filter(api_token::tenant.eq(&name))).execute(connection)?;
                Ok(Erased { seals, tokens, is_cleared: false })
            })
        });
        let erased = match erased {
            Ok(erased) => erased,
            Err(Undone::Kept) => return Ok(None),
            Err(Undone::Failed(error)) => return Err(error),
        };
        // It is erased; a failure to clear up is no failure to erase.
        let is_cleared = self.0.fetch(clear_traces).unwrap_or(false);
        Ok(Some(Erased { is_cleared, ..erased }))
    }

    /// How many seals were made before `time`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn seals_before(&self, time: LogTime) -> Result<u64, StoreError> {
        let of = seal::table.filter(seal::created.lt(time.unix_micros())).count();
        let count: i64 = self.0.fetch(move |connection| Ok::<_, StoreError>(of.get_result(connection)?))?;
        Ok(count.unsigned_abs())
    }

    /// Deletes seals that were made before `time`. The log keeps their entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune_seals(&self, time: LogTime) -> Result<usize, StoreError> {
        let of = seal::table.filter(seal::created.lt(time.unix_micros()));
        self.0.store(move |connection| Ok(diesel::delete(of).execute(connection)?))
    }

    /// How many API tokens were revoked, or had expired, before `time`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tokens_ended_before(&self, time: LogTime) -> Result<u64, StoreError> {
        let micros = time.unix_micros();
        let of =
            api_token::table.filter(api_token::revoked.lt(micros)).or_filter(api_token::expires.lt(micros)).count();
        let count: i64 = self.0.fetch(move |connection| Ok::<_, StoreError>(of.get_result(connection)?))?;
        Ok(count.unsigned_abs())
    }

    /// Deletes them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune_tokens(&self, time: LogTime) -> Result<usize, StoreError> {
        let micros = time.unix_micros();
        self.0.store(move |connection| {
            connection.transaction(|connection| {
                let revoked =
                    diesel::delete(api_token::table.filter(api_token::revoked.lt(micros))).execute(connection)?;
                let expired =
                    diesel::delete(api_token::table.filter(api_token::expires.lt(micros))).execute(connection)?;
                Ok::<_, StoreError>(revoked + expired)
            })
        })
    }
}

/// Deleted rows are overwritten (`secure_delete`); the write-ahead log still has the pages that held them, until it is cut off.
fn clear_traces(connection: &mut AnyConnection) -> Result<bool, StoreError> {
    match connection {
        AnyConnection::Sqlite(connection) => Ok(sqlite::truncate_wal(connection)?),
        AnyConnection::Postgres(_) => Ok(false),
    }
}

/// Why a transaction was rolled back.
enum Undone {
    /// There is something that is still kept.
    Kept,
    /// It failed.
    Failed(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<DieselError> for Undone {
    fn from(error: DieselError) -> Self {
        Self::Failed(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SealRecord, SealRepository};

    /// JP-ES-18: what was erased is in no free page and no write-ahead log either, with a service's own connections open beside it.
    #[test]
    fn no_file_of_the_database_holds_an_erased_salt_jp_es_18() {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("a.db")).unwrap();
        let (tenants, store) = (TenantRepository::new(database.clone()), TenantSecret::new([7; 32]));
        let _secret = tenants.secret(&store, "acme-corporation").unwrap();
        let seal = SealRecord {
            id: vec![1; 16],
            tenant: "acme-corporation".to_owned(),
            created: LogTime::from_unix_seconds(10),
            format: "pades".to_owned(),
            level: "B-T".to_owned(),
            digest: vec![1; 32],
            log_serial: vec![1; 16],
            idempotency_key: None,
            request_hash: vec![2; 32],
        };
        SealRepository::new(database).insert(&seal).unwrap();
        let salt = tenants.salt("acme-corporation").unwrap().unwrap();
        let found = |sought: &[u8]| {
            let files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
            files
                .filter(|path| std::fs::read(path).unwrap().windows(sought.len()).any(|octets| octets == sought))
                .count()
        };
        let service = Database::open(&folder.path().join("a.db")).unwrap();
        assert!(TenantRepository::new(service.clone()).known_secret(&store, "acme-corporation").unwrap().is_some());
        assert!(found(&salt) > 0 && found(b"acme-corporation") > 0);
        // Into the database's own pages, not the log before it alone.
        assert!(database_truncates(&tenants));
        let erased = tenants.erase("acme-corporation", LogTime::from_unix_seconds(11)).unwrap().unwrap();
        assert!(erased.is_cleared);
        assert_eq!((found(&salt), found(b"acme-corporation")), (0, 0));
        drop(service);
    }

    fn database_truncates(tenants: &TenantRepository) -> bool {
        tenants.0.with(clear_traces).unwrap()
    }
}
