//! `kokuin keys`: ceremonies. Each leaves a record that the service takes into its log.
//!
//! They run as the service's own user, on the service's configuration. No secret is an argument: the passphrase is where the configuration says.

mod create;
mod csr;
mod import_cert;
mod list;
mod state;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

pub(crate) use import_cert::check_certificate;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use kokuin_hsm_config::ceremony::Ceremony;
use kokuin_key::KeyId;
use kokuin_suite::Verify;
use kokuin_suite_openssl::OpenSslEngine;

use crate::{
    config::{Config, Use},
    hardening,
    keyring::Keyring,
    spool::Spool,
};

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Make a key. One that is there is never replaced
    Create(create::Args),
    /// Write a PKCS#10 request for a certificate, signed with the key
    Csr(csr::Args),
    /// Take in the certificate that came of a request, after it was checked
    ImportCert(import_cert::Args),
    /// List keys with state, certificate and days left
    List(list::Args),
    /// Stop a key: a running service signs nothing with it within a second
    Suspend(state::Args),
    /// Let a suspended key go on
    Resume(state::Args),
}

/// Which key of which configuration.
#[derive(Debug, clap::Args)]
struct Which {
    /// Configuration file of the service
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Where the key is: the name of a [[keys.pkcs11]] or [[keys.yubihsm]] [default: the one that has it, else the key folder]
    #[arg(long, value_name = "TOKEN")]
    token: Option<KeyId>,
    /// Name of the key, as in `soft:NAME`
    #[arg(value_name = "NAME")]
    name: KeyId,
}

/// Runs the action.
pub(crate) fn run(action: &Action) -> anyhow::Result<()> {
    hardening::apply().require()?;
    match action {
        Action::Create(args) => create::run(args),
        Action::Csr(args) => csr::run(args),
        Action::ImportCert(args) => import_cert::run(args),
        Action::List(args) => list::run(args),
        Action::Suspend(args) => state::suspend(args),
        Action::Resume(args) => state::resume(args),
    }
}

/// Where ceremonies are held: a configuration and its back ends.
struct Place {
    config: Config,
    keys: Keyring,
    spool: Spool,
}

impl Place {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let config = Config::load(path)?;
        let engine: Arc<dyn Verify> = Arc::new(OpenSslEngine);
        let keys = Keyring::open(&config.keys, &engine)?;
        let spool = Spool::new(&config.keys.directory);
        Ok(Self { config, keys, spool })
    }

    /// The back end that has the key, or is said to.
    fn room(&self, which: &Which) -> anyhow::Result<&dyn Ceremony> {
        match &which.token {
            Some(token) => self.keys.room(Some(token)),
            None => self.keys.room_of(&which.name),
        }
    }

    /// What the configuration uses `id` for.
    fn uses(&self, room: &dyn Ceremony, id: &KeyId) -> Vec<Use<'_>> {
        self.config.uses().into_iter().filter(|found| room.is_named(found.key, id)).collect()
    }

    /// Where the certificate of `id` belongs, and the profile that it must keep.
    fn certificate(&self, room: &dyn Ceremony, id: &KeyId) -> anyhow::Result<(&Path, &str)> {
        let mut places: Vec<_> = self.uses(room, id).into_iter().filter_map(|found| found.certificate).collect();
        places.dedup();
        match places.as_slice() {
            [place] => Ok(*place),
            [] => bail!("the configuration names no certificate for {}", room.uri(id)),
            several => {
                let files: Vec<_> = several.iter().map(|(path, _)| path.display().to_string()).collect();
                bail!("the configuration names several certificate files for {}: {}", room.uri(id), files.join(", "))
            }
        }
    }

    /// Leaves the record of what was done.
    fn record(&self, action: &str, id: &KeyId, reason: Option<&str>) -> anyhow::Result<()> {
        self.spool
            .leave(action, id.as_str(), reason)
            .context("done, but the log will not have it: no record could be left")
    }
}
