//! The demo tenant's API token, as the service knows it: a keyed hash.

use kokuin_audit::entry::LogTime;
use kokuin_eseal::SCOPE_SEAL;
use kokuin_settings::SecretFile;
use kokuin_store::{StoreError, TokenRecord, TokenRepository};

use super::Layout;
use crate::{config::Config, serve::token_key};

/// One for each log: instances that share a database have tokens of their own.
fn id(config: &Config) -> String {
    format!("demo-{}", config.log.name)
}

/// Enters the token of the file `api-token`, once.
pub(super) fn enter(layout: &Layout, config: &Config) -> anyhow::Result<()> {
    let Some(eseal) = &config.eseal else { return Ok(()) };
    let tokens = TokenRepository::new(config.log.place()?.open()?);
    if tokens.list()?.iter().any(|token| token.id == id(config)) {
        return Ok(());
    }
    let secret = SecretFile::new(layout.api_token()).read()?;
    let hash = token_key(config.keys.token_secret_file.as_deref())?.hash(secret.expose());
    let record = TokenRecord {
        id: id(config),
        tenant: eseal.tenant.clone(),
        actor: "developer".to_owned(),
        scopes: vec![SCOPE_SEAL.to_owned()],
        created: LogTime::system_now(),
        expires: None,
        revoked: None,
    };
    match tokens.insert(&hash, &record) {
        // It was entered under another name: that of the log before this one.
        Ok(()) | Err(StoreError::Exists { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
