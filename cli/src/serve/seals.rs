//! The wiring of the e-seal service: what it needs beyond keys, clock and log.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use kokuin_audit::TenantSecret;
use kokuin_eseal::{Config, Parts, Service, Tsa};
use kokuin_fetch::{Limits, Reach, Url};
use kokuin_settings::SecretFile;
use kokuin_store::{SealRepository, TokenKey, TokenRepository};
use kokuin_validate::{Purpose, Purposes, TrustStore};
use kokuin_web::metrics::Registry;
use zeroize::Zeroizing;

use super::process::{Process, Unit, bind, read_certificates, report_stop};
use crate::tls::configured_client;

impl Process {
    /// The e-seal service, if this process runs it.
    ///
    /// # Errors
    /// The first rule that its parts break.
    pub(crate) fn eseal(&self) -> anyhow::Result<Option<Unit>> {
        let Some(config) = self.config.eseal.as_ref().filter(|_| self.role.seals()) else { return Ok(None) };
        let listener = bind(self.config.listen.eseal)?;
        let registry = Registry::new();
        kokuin_clock_record::observe(&registry, &self.clock);
        self.marks.iter().for_each(|marks| marks.observe(&registry));
        self.drains.observe(&registry);
        self.tls.iter().for_each(|tls| tls.observe(&registry));
        let service = Service::new(Parts {
            config: config.clone(),
            config_digest: self.config_digest,
            key: self.keys.key(&config.credential.key)?,
            certificates: read_certificates(&config.credential.certificate)?,
            trust: trust(config)?,
            tsa: tsa(config)?,
            clock: Arc::clone(&self.clock),
            log: self.log.clone(),
            seals: SealRepository::new(self.database.clone()),
            tokens: TokenRepository::new(self.database.clone()),
            token_key: token_key(self.config.keys.token_secret_file.as_deref())?,
            tenant_secret: TenantSecret::new(octets(
                self.config.keys.tenant_secret_file.as_deref(),
                "tenant_secret_file",
            )?),
            engine: Arc::clone(&self.engine),
            crypto_policy: Arc::clone(&self.crypto_policy),
            registry: registry.clone(),
        })?;
        let limits = self.config.limits.clone();
        let application = kokuin_eseal::routes(&service, &limits, &registry, self.log_routes());
        let stop = Box::new(move || report_stop("eseal", service.stop()));
        Ok(Some(Unit { name: "eseal", listener, limits, application, stop, apply: None }))
    }
}

/// What API tokens are hashed with.
pub(crate) fn token_key(path: Option<&Path>) -> anyhow::Result<TokenKey> {
    Ok(TokenKey::new(octets(path, "token_secret_file")?))
}

/// Whom seals must lead to when they are read back, and their time-stamps.
pub(super) fn trust(config: &Config) -> anyhow::Result<TrustStore> {
    let mut trust = anchors(&config.trust, Purpose::Seal)?;
    for anchor in config.tsa.iter().flat_map(|tsa| &tsa.trust) {
        add(&mut trust, anchor, Purpose::Tsa)?;
    }
    Ok(trust)
}

/// Who stamps seals, and how it is asked; nobody is asked here.
pub(super) fn tsa(config: &Config) -> anyhow::Result<Option<Tsa>> {
    let Some(tsa) = &config.tsa else { return Ok(None) };
    let mut limits = Limits::TSP.with_reach(Reach::CONFIGURED);
    limits.total = tsa.timeout.as_std();
    let bearer = tsa.bearer_file.clone().map(|path| SecretFile::new(path).read()).transpose();
    let bearer = bearer.context("eseal.tsa.bearer_file")?;
    let client = configured_client(limits, tsa.tls_ca.as_deref()).context("eseal.tsa.tls_ca")?;
    let url: Url = tsa.url.parse().context("eseal.tsa.url")?;
    client.check(&url).context("eseal.tsa.url needs eseal.tsa.tls_ca")?;
    Ok(Some(Tsa {
        client,
        url,
        policy: tsa.policy.as_ref().map(|policy| policy.0.clone()),
        bearer,
        tolerance: tsa.tolerance.as_std(),
        trust: anchors(&tsa.trust, Purpose::Tsa)?,
    }))
}

fn anchors(paths: &[PathBuf], purpose: Purpose) -> anyhow::Result<TrustStore> {
    let mut store = TrustStore::new();
    for path in paths {
        add(&mut store, path, purpose)?;
    }
    Ok(store)
}

fn add(store: &mut TrustStore, path: &Path, purpose: Purpose) -> anyhow::Result<()> {
    for certificate in read_certificates(path)? {
        store.add(certificate, Purposes::only(purpose));
    }
    Ok(())
}

/// A secret of 32 octets, from a file that holds them in base64url.
pub(super) fn octets(path: Option<&Path>, setting: &str) -> anyhow::Result<[u8; 32]> {
    let path = path.with_context(|| format!("keys.{setting} is not set; the e-seal service needs it"))?;
    let secret = SecretFile::new(path.to_owned()).read()?;
    let decoded = Zeroizing::new(
        URL_SAFE_NO_PAD.decode(secret.expose()).with_context(|| format!("{} is not base64url", path.display()))?,
    );
    let octets = <[u8; 32]>::try_from(decoded.as_slice());
    octets.with_context(|| format!("{} holds {} octets, 32 are needed", path.display(), decoded.len()))
}
