//! `kokuin serve tsa|eseal --config FILE --check`: everything that a start would refuse, found without starting.
//!
//! Nothing is signed and nothing written, so that it can run beside the service before a reload.

use std::{path::Path, sync::Arc};

use anyhow::{Context as _, bail};
use kokuin_audit::{Origin, VerifierKey};
use kokuin_key::Purpose;
use kokuin_suite::{CryptoPolicy, Verify};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_web::Tls;
use time::OffsetDateTime;

use super::{
    clock, devices, marks,
    process::{Role, read_certificates, refuse_development},
    production,
    seals::{octets, trust, tsa},
    tsus,
};
use crate::{
    config::{Config, Use},
    keyring::Keyring,
    keys::check_certificate,
};

/// What was found, one line each.
#[derive(Debug, Default)]
struct Findings {
    broken: usize,
}

impl Findings {
    fn add<T>(&mut self, what: &str, outcome: anyhow::Result<T>) -> Option<T> {
        match outcome {
            Ok(value) => {
                println!("ok      {what}");
                Some(value)
            }
            Err(error) => {
                self.broken += 1;
                println!("broken  {what}: {error:#}");
                None
            }
        }
    }
}

/// Checks and prints all of it.
///
/// # Errors
/// If anything is broken.
pub(super) fn run(path: &Path, role: Role) -> anyhow::Result<()> {
    let mut findings = Findings::default();
    if let Some(config) = findings.add("configuration", production::load(path)) {
        check(&config, role, &mut findings);
    }
    match findings.broken {
        0 => Ok(()),
        1 => bail!("1 thing must be put right in {}", path.display()),
        broken => bail!("{broken} things must be put right in {}", path.display()),
    }
}

fn check(config: &Config, role: Role, findings: &mut Findings) {
    findings.add("no development material", refuse_development(config, role));
    findings.add("service", check_service(config, role));
    if let (Some(tsa), false) = (&config.tsa, role.seals()) {
        findings.add("batch lane", tsa.batch.check().map_err(Into::into));
    }
    findings.add("clock", clock::check(config));
    if let Some(marks) = &config.log.time_mark {
        findings.add("time marks", marks::check(marks));
    }
    let Some(keys) = findings.add("key folder", open(config)) else { return };
    findings.add("devices", devices::check(config, &keys, role));
    findings.add("log", check_log(config, &keys));
    let part = if role.seals() { "credential" } else { "tsu" };
    for found in config.uses().iter().filter(|found| found.part == part) {
        findings.add(&format!("{part} {}", found.name), check_use(found, &keys));
    }
    let tls = findings.add("TLS", config.listen.tls.clone().map(Tls::load).transpose().map_err(Into::into)).flatten();
    if let (Some(tsa), false) = (&config.tsa, role.seals()) {
        findings.add("units together", check_units(tsa, &keys, tls.as_ref()));
    }
}

/// What the units' settings, keys and certificates say of each other, and who may come in.
fn check_units(config: &kokuin_tsa::Config, keys: &Keyring, tls: Option<&Tls>) -> anyhow::Result<()> {
    let (parts, now) = (tsus::load(keys, tls, config)?, OffsetDateTime::now_utc().unix_timestamp());
    Ok(kokuin_tsa::check_parts(config, parts, &OpenSslEngine, &CryptoPolicy::etsi(), now)?)
}

/// What the settings say of each other.
fn check_service(config: &Config, role: Role) -> anyhow::Result<()> {
    if role.seals() {
        let eseal = config.eseal.as_ref().context("there is no [eseal]")?;
        eseal.check()?;
        octets(config.keys.tenant_secret_file.as_deref(), "tenant_secret_file")?;
        octets(config.keys.token_secret_file.as_deref(), "token_secret_file")?;
        trust(eseal)?;
        tsa(eseal)?;
        return Ok(());
    }
    Ok(config.tsa.as_ref().context("there is no [tsa]")?.check()?)
}

fn open(config: &Config) -> anyhow::Result<Keyring> {
    let folder = &config.keys.directory;
    // Opening would make it.
    if !folder.is_dir() {
        bail!("{} is no folder", folder.display());
    }
    let engine: Arc<dyn Verify> = Arc::new(OpenSslEngine);
    Keyring::open(&config.keys, &engine)
}

fn check_log(config: &Config, keys: &Keyring) -> anyhow::Result<()> {
    let key = keys.key(&config.log.key)?;
    if key.purpose() != Purpose::Log {
        bail!("key {} is for {}, not for a log", key.id(), key.purpose());
    }
    let vkey = VerifierKey::from_spki(&Origin::new(&config.log.origin)?, key.public_key())?.to_string();
    let place = config.log.place()?;
    if !place.exists() {
        return Ok(());
    }
    let logs = place.open_read_only()?.logs()?;
    match logs.iter().find(|log| log.name == config.log.name) {
        Some(log) if log.vkey != vkey => {
            bail!("log {} is {}, the configuration's is {vkey}", log.name, log.vkey)
        }
        Some(_) | None => Ok(()),
    }
}

fn check_use(found: &Use<'_>, keys: &Keyring) -> anyhow::Result<()> {
    let Some((path, profile)) = found.certificate else { return Ok(()) };
    let key = keys.key(found.key)?;
    let certificates = read_certificates(path)?;
    let Some((own, issuers)) = certificates.split_first() else {
        bail!("{} holds no certificate", path.display());
    };
    check_certificate(&*key, own, issuers, profile, OffsetDateTime::now_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dev::{self, Layout, TsuKey, Wishes};

    #[test]
    fn refuses_what_a_start_would_of_whom_the_e_seal_service_asks_for_time() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout { root: folder.path().join("data") };
        let address = "127.0.0.1:3161".parse().unwrap();
        let wishes = Wishes { tsu: TsuKey::P256, tsa_listen: address, eseal_listen: address, database_url_file: None };
        let (config, _) = dev::prepare(&layout, &wishes, OffsetDateTime::now_utc().unix_timestamp()).unwrap();
        let checked = |change: &dyn Fn(&mut kokuin_eseal::TsaConfig)| {
            let mut changed = config.clone();
            change(changed.eseal.as_mut().unwrap().tsa.as_mut().unwrap());
            check_service(&changed, Role::Eseal).map_err(|error| format!("{error:#}"))
        };
        checked(&|_| ()).unwrap();
        let refused = |change: &dyn Fn(&mut kokuin_eseal::TsaConfig)| checked(change).unwrap_err();
        let https = "https://tsa.example/tsa".to_owned();
        assert!(refused(&|tsa| tsa.url = https.clone()).starts_with("eseal.tsa.url needs eseal.tsa.tls_ca"));
        assert!(refused(&|tsa| tsa.url = "tsa.example".to_owned()).starts_with("eseal.tsa.url: "));
        let missing = layout.root.join("missing");
        assert!(refused(&|tsa| tsa.tls_ca = Some(missing.clone())).starts_with("eseal.tsa.tls_ca: "));
        assert!(refused(&|tsa| tsa.bearer_file = Some(missing.clone())).starts_with("eseal.tsa.bearer_file: "));
        checked(&|tsa| (tsa.url, tsa.tls_ca) = (https.clone(), Some(layout.root_certificate()))).unwrap();
    }
}
