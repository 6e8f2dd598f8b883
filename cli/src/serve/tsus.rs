//! What the settings of time-stamping units name: keys, certificates, who may come in.

use std::path::Path;

use anyhow::bail;
use kokuin_tsa::{Config, KeyParts, TsuConfig, TsuParts, config::ConfiguredState};
use kokuin_web::{Access, Tls};

use super::process::read_certificates;
use crate::keyring::Keyring;

/// The parts of each TSU, for a start and for a reload alike.
pub(super) fn load(keys: &Keyring, tls: Option<&Tls>, config: &Config) -> anyhow::Result<Vec<TsuParts>> {
    config.tsu.iter().map(|tsu| load_one(keys, tls, tsu)).collect()
}

/// A key that has been retired need not exist any more.
fn load_one(keys: &Keyring, tls: Option<&Tls>, config: &TsuConfig) -> anyhow::Result<TsuParts> {
    let load = |uri: &str, certificate: &Path| -> anyhow::Result<KeyParts> {
        let key = match config.state {
            ConfiguredState::Prepared | ConfiguredState::Active => Some(keys.key(uri)?),
            ConfiguredState::Retired => None,
        };
        Ok(KeyParts { key, certificates: read_certificates(certificate)? })
    };
    Ok(TsuParts {
        name: config.name.clone(),
        current: load(&config.key, &config.certificate)?,
        next: config.next.as_ref().map(|next| load(&next.key, &next.certificate)).transpose()?,
        access: access(tls, config)?,
    })
}

/// Who may use a TSU. One that wants certificates needs a listener that asks for them.
fn access(tls: Option<&Tls>, config: &TsuConfig) -> anyhow::Result<Access> {
    let access = Access::load(&config.access)?;
    if access.wants_certificates() && !tls.is_some_and(Tls::asks_for_certificates) {
        bail!("TSU {}: access.client_ca needs listen.tls.client_ca, or nobody is asked for a certificate", config.name);
    }
    Ok(access)
}
