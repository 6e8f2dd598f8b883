//! The demo tenant's API token, as the service knows it: a keyed hash.

use kokuin_audit::entry::LogTime;
use kokuin_eseal::SCOPE_SEAL;
use kokuin_settings::SecretFile;
use kokuin_store::{Database, TokenRecord, TokenRepository};

use super::Layout;
use crate::{config::Config, serve::token_key};

const ID: &str = "demo";

/// Enters the token of the file `api-token`, once.
pub(super) fn enter(layout: &Layout, config: &Config) -> anyhow::Result<()> {
    let Some(eseal) = &config.eseal else { return Ok(()) };
    let tokens = TokenRepository::new(Database::open(&config.log.database)?);
    if tokens.list()?.iter().any(|token| token.id == ID) {
        return Ok(());
    }
    let secret = SecretFile::new(layout.api_token()).read()?;
    let hash = token_key(config.keys.token_secret_file.as_deref())?.hash(secret.expose());
    let record = TokenRecord {
        id: ID.to_owned(),
        tenant: eseal.tenant.clone(),
        actor: "developer".to_owned(),
        scopes: vec![SCOPE_SEAL.to_owned()],
        created: LogTime::system_now(),
        expires: None,
        revoked: None,
    };
    Ok(tokens.insert(&hash, &record)?)
}
