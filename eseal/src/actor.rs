//! Who asks.

use std::fmt;

use actix_web::http::header::HeaderMap;
use kokuin_audit::entry::LogTime;
use kokuin_store::{TokenKey, TokenRepository};
use kokuin_web::{Authenticator, Refused, bearer};

/// A token with this scope may seal, and read what its tenant sealed.
pub const SCOPE_SEAL: &str = "seal";

/// A token with this scope may read what its tenant sealed.
pub const SCOPE_READ: &str = "read";

/// Somebody known, and what they may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Actor {
    tenant: String,
    name: String,
    scopes: Vec<String>,
}

impl Actor {
    /// The business customer.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Who acts for it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the actor may seal.
    ///
    /// # Errors
    /// [`Refused::Forbidden`].
    pub fn check_may_seal(&self) -> Result<(), Refused> {
        self.has(SCOPE_SEAL).then_some(()).ok_or(Refused::Forbidden)
    }

    /// Whether the actor may read.
    ///
    /// # Errors
    /// [`Refused::Forbidden`].
    pub fn check_may_read(&self) -> Result<(), Refused> {
        (self.has(SCOPE_SEAL) || self.has(SCOPE_READ)).then_some(()).ok_or(Refused::Forbidden)
    }

    fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|other| other == scope)
    }
}

/// Knows actors by their API tokens, of which only keyed hashes are kept.
pub(crate) struct TokenDoor {
    tokens: TokenRepository,
    key: TokenKey,
    tenant: String,
}

impl fmt::Debug for TokenDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenDoor").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl TokenDoor {
    /// A door for the one tenant of this service.
    pub(crate) const fn new(tokens: TokenRepository, key: TokenKey, tenant: String) -> Self {
        Self { tokens, key, tenant }
    }
}

impl Authenticator for TokenDoor {
    type Actor = Actor;

    fn authenticate(&self, headers: &HeaderMap) -> Result<Actor, Refused> {
        let token = bearer(headers)?;
        let found =
            self.tokens.find_valid(&self.key.hash(token.as_bytes()), LogTime::system_now()).map_err(|error| {
                tracing::error!(code = error.code(), "tokens cannot be read");
                Refused::Busy { retry_after_s: 5 }
            })?;
        let record = found.ok_or(Refused::CredentialsInvalid)?;
        if record.tenant != self.tenant {
            return Err(Refused::Forbidden);
        }
        Ok(Actor { tenant: record.tenant, name: record.actor, scopes: record.scopes })
    }
}
