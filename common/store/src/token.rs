//! API tokens: only a keyed hash of each is kept, so that a copy of the database opens nothing.

use std::fmt;

use diesel::{
    ExpressionMethods as _, OptionalExtension as _, QueryDsl as _, RunQueryDsl as _,
    result::{DatabaseErrorKind, Error as DieselError},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use kokuin_audit::entry::LogTime;
use sha2::Sha256;

use crate::{database::Database, error::StoreError, schema::api_token};

/// The service's secret that tokens are hashed with.
#[derive(Clone)]
pub struct TokenKey([u8; 32]);

impl TokenKey {
    /// Takes over 32 octets from a random source.
    #[must_use]
    pub const fn new(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// HMAC-SHA256 of a token as it is presented.
    #[must_use]
    pub fn hash(&self, token: &[u8]) -> TokenHash {
        // A key shorter than a block is filled up with zeros (RFC 2104 2).
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.0);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(token);
        TokenHash(mac.finalize().into_bytes().into())
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenKey(..)")
    }
}

/// What is kept of a token. Looking it up tells nothing about the token by its timing: whoever could choose hashes would know the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TokenHash([u8; 32]);

/// Whose token, and for what.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenRecord {
    /// Name of the token, for lists and revocation: no secret.
    pub id: String,
    /// Whose.
    pub tenant: String,
    /// Who acts with it.
    pub actor: String,
    /// What it allows.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created: LogTime,
    /// From when on it is refused.
    pub expires: Option<LogTime>,
    /// Since when it is refused.
    pub revoked: Option<LogTime>,
}

impl TokenRecord {
    /// Whether the token opens anything at `now`.
    #[must_use]
    pub fn is_valid(&self, now: LogTime) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

type Row = (String, Vec<u8>, String, String, String, i64, Option<i64>, Option<i64>);

fn record((id, _, tenant, actor, scopes, created, expires, revoked): Row) -> TokenRecord {
    let time = LogTime::from_unix_micros;
    let scopes = scopes.split_whitespace().map(str::to_owned).collect();
    TokenRecord {
        id,
        tenant,
        actor,
        scopes,
        created: time(created),
        expires: expires.map(time),
        revoked: revoked.map(time),
    }
}

/// The API tokens of a database.
#[derive(Clone, Debug)]
pub struct TokenRepository(Database);

impl TokenRepository {
    /// The tokens of `database`.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self(database)
    }

    /// Enters a token. Scopes are words without white space.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for an id or token that is there already, or a failure.
    pub fn insert(&self, hash: &TokenHash, record: &TokenRecord) -> Result<(), StoreError> {
        let values = (
            api_token::token_id.eq(record.id.clone()),
            api_token::hash.eq(hash.0.to_vec()),
            api_token::tenant.eq(record.tenant.clone()),
            api_token::actor.eq(record.actor.clone()),
            api_token::scopes.eq(record.scopes.join(" ")),
            api_token::created.eq(record.created.unix_micros()),
            api_token::expires.eq(record.expires.map(LogTime::unix_micros)),
            api_token::revoked.eq(record.revoked.map(LogTime::unix_micros)),
        );
        let result = self.0.store(move |connection| {
            Ok::<_, StoreError>(diesel::insert_into(api_token::table).values(values).execute(connection))
        });
        match result? {
            Ok(_) => Ok(()),
            Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
                Err(StoreError::Exists { what: "API token" })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The token with this hash, if it opens anything at `now`.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn find_valid(&self, hash: &TokenHash, now: LogTime) -> Result<Option<TokenRecord>, StoreError> {
        let hash = hash.0.to_vec();
        let row: Option<Row> = self.0.fetch(move |connection| {
            let of = api_token::table.filter(api_token::hash.eq(hash));
            Ok::<_, StoreError>(of.first(connection).optional()?)
        })?;
        Ok(row.map(record).filter(|token| token.is_valid(now)))
    }

    /// Every token, oldest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn list(&self) -> Result<Vec<TokenRecord>, StoreError> {
        let rows: Vec<Row> = self
            .0
            .fetch(|connection| Ok::<_, StoreError>(api_token::table.order(api_token::created).load(connection)?))?;
        Ok(rows.into_iter().map(record).collect())
    }

    /// Refuses a token from now on; tells whether there was one to refuse.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn revoke(&self, id: &str, now: LogTime) -> Result<bool, StoreError> {
        let id = id.to_owned();
        let changed = self.0.store(move |connection| {
            let of = api_token::table.find(id).filter(api_token::revoked.is_null());
            Ok::<_, StoreError>(diesel::update(of).set(api_token::revoked.eq(now.unix_micros())).execute(connection)?)
        })?;
        Ok(changed == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected value: test case 2 of RFC 4231 has another key length, so made with Python's hmac: hmac.new(bytes(32), b"token", "sha256").
    #[test]
    fn hash_is_hmac_sha256() {
        let hash = TokenKey::new([0; 32]).hash(b"token");
        let hex: String = hash.0.iter().map(|octet| format!("{octet:02x}")).collect();
        assert_eq!(hex, "3a6a70b57f919d9218bd35c24f98c3e7ae733e60b2e8c81c3be8fcf3de23e065");
    }
}
