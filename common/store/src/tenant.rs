//! Tenants: the salt that each one's commitments come from, and what is deleted by rule.

use diesel::{
    Connection as _, ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
    result::{DatabaseErrorKind, Error as DieselError},
};
use kokuin_audit::{TenantSecret, entry::LogTime};

use crate::{
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
            tenant::name.eq(name),
            tenant::salt.eq(fresh.as_slice()),
            tenant::created.eq(LogTime::system_now().unix_micros()),
        );
        let inserted = self.0.with(|connection| {
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
        self.0.with(|connection| Ok(tenant::table.find(name).select(tenant::salt).first(connection).optional()?))
    }

    /// When `name` last had a seal made.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn last_seal(&self, name: &str) -> Result<Option<LogTime>, StoreError> {
        self.0.with(|connection| {
            let of = seal::table.filter(seal::tenant.eq(name)).select(diesel::dsl::max(seal::created));
            Ok(of.first::<Option<i64>>(connection)?.map(LogTime::from_unix_micros))
        })
    }

    /// Deletes the salt of `name` and every record that names it, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is deleted then.
    pub fn erase(&self, name: &str) -> Result<Erased, StoreError> {
        self.0.with(|connection| {
            connection.transaction(|connection| {
                let seals = diesel::delete(seal::table.filter(seal::tenant.eq(name))).execute(connection)?;
                let tokens = diesel::delete(api_token::table.filter(api_token::tenant.eq(name))).execute(connection)?;
                diesel::delete(tenant::table.find(name)).execute(connection)?;
                Ok::<_, StoreError>(Erased { seals, tokens })
            })
        })
    }

    /// How many seals were made before `time`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn seals_before(&self, time: LogTime) -> Result<u64, StoreError> {
        let of = seal::table.filter(seal::created.lt(time.unix_micros())).count();
        let count: i64 = self.0.with(|connection| Ok::<_, StoreError>(of.get_result(connection)?))?;
        Ok(count.unsigned_abs())
    }

    /// Deletes seals that were made before `time`. The log keeps their entries.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune_seals(&self, time: LogTime) -> Result<usize, StoreError> {
        let of = seal::table.filter(seal::created.lt(time.unix_micros()));
        self.0.with(|connection| Ok(diesel::delete(of).execute(connection)?))
    }

    /// How many API tokens were revoked, or had expired, before `time`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn tokens_ended_before(&self, time: LogTime) -> Result<u64, StoreError> {
        let micros = time.unix_micros();
        let of =
            api_token::table.filter(api_token::revoked.lt(micros)).or_filter(api_token::expires.lt(micros)).count();
        let count: i64 = self.0.with(|connection| Ok::<_, StoreError>(of.get_result(connection)?))?;
        Ok(count.unsigned_abs())
    }

    /// Deletes them.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn prune_tokens(&self, time: LogTime) -> Result<usize, StoreError> {
        let micros = time.unix_micros();
        self.0.with(|connection| {
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

#[cfg(test)]
mod tests {
    use kokuin_audit::{commitment::CommitmentLabel, entry::Serial};

    use super::*;
    use crate::{SealRecord, SealRepository};

    fn database() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::open(&folder.path().join("a.db")).unwrap();
        (folder, database)
    }

    fn seal(id: u8, tenant: &str, seconds: i64) -> SealRecord {
        SealRecord {
            id: vec![id; 16],
            tenant: tenant.to_owned(),
            created: LogTime::from_unix_seconds(seconds),
            format: "pades".to_owned(),
            level: "B-T".to_owned(),
            digest: vec![1; 32],
            log_serial: vec![id; 16],
            idempotency_key: None,
            request_hash: vec![2; 32],
        }
    }

    #[test]
    fn a_tenant_keeps_its_secret_and_has_it_alone() {
        let (_folder, database) = database();
        let (tenants, store) = (TenantRepository::new(database), TenantSecret::new([7; 32]));
        let serial = Serial::new(&[1]).unwrap();
        let commit = |secret: TenantSecret| secret.commit(&serial, CommitmentLabel::Tenant, b"a");
        let first = commit(tenants.secret(&store, "a").unwrap());
        assert_eq!(commit(tenants.secret(&store, "a").unwrap()), first);
        assert_ne!(commit(tenants.secret(&store, "b").unwrap()), first);
        assert_ne!(
            commit(tenants.secret(&TenantSecret::new([8; 32]), "a").unwrap()),
            first,
            "the store's secret counts"
        );
        assert!(tenants.known_secret(&store, "c").unwrap().is_none());
    }

    /// JP-ES-18: after the salt is gone the store's secret opens nothing, and no record leads from the tenant to the log.
    #[test]
    fn what_is_erased_cannot_be_linked_again_jp_es_18() {
        let (_folder, database) = database();
        let (tenants, store) = (TenantRepository::new(database.clone()), TenantSecret::new([7; 32]));
        let seals = SealRepository::new(database);
        seals.insert(&seal(1, "a", 10)).unwrap();
        seals.insert(&seal(2, "b", 20)).unwrap();
        let serial = Serial::new(&[1]).unwrap();
        let commit = |secret: TenantSecret| secret.commit(&serial, CommitmentLabel::Tenant, b"a");
        let before = commit(tenants.secret(&store, "a").unwrap());
        assert_eq!(tenants.last_seal("a").unwrap(), Some(LogTime::from_unix_seconds(10)));
        assert_eq!(tenants.erase("a").unwrap(), Erased { seals: 1, tokens: 0 });
        assert!(tenants.known_secret(&store, "a").unwrap().is_none());
        assert_eq!(tenants.last_seal("a").unwrap(), None);
        assert_ne!(commit(tenants.secret(&store, "a").unwrap()), before, "one who comes back has another");
        assert!(seals.by_id("b", &[2; 16]).unwrap().is_some(), "others keep theirs");
    }

    #[test]
    fn prunes_what_is_older_and_nothing_else() {
        let (_folder, database) = database();
        let (tenants, seals) = (TenantRepository::new(database.clone()), SealRepository::new(database));
        seals.insert(&seal(1, "a", 10)).unwrap();
        seals.insert(&seal(2, "a", 20)).unwrap();
        let at = LogTime::from_unix_seconds(20);
        assert_eq!(tenants.seals_before(at).unwrap(), 1);
        assert_eq!(tenants.prune_seals(at).unwrap(), 1);
        assert!(seals.by_id("a", &[1; 16]).unwrap().is_none());
        assert!(seals.by_id("a", &[2; 16]).unwrap().is_some());
        assert_eq!((tenants.tokens_ended_before(at).unwrap(), tenants.prune_tokens(at).unwrap()), (0, 0));
    }
}
