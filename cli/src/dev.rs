//! `serve --dev`: everything a newcomer needs, made on first use and left alone afterwards.
//!
//! All of it is throw-away: the certificates say so, the policy is an example's OID, and production commands refuse both (THR-62).

use std::{fs, net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, bail};
use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::KeyId;
use kokuin_suite::KeyAlgorithm;

use crate::{config::Config, fresh};

mod authority;
mod configuration;
mod material;
mod next_steps;
mod own_tsa;
mod token;

pub(crate) use authority::{CRL_ROUTE, CrlKeeper};
pub(crate) use next_steps::print as print_next_steps;
pub(crate) use own_tsa::{check as check_own_tsa, follow as move_own_tsa};

/// Where development material is, below one folder (interfaces: files of `--dev`).
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// The folder.
    pub(crate) root: PathBuf,
}

impl Layout {
    pub(crate) fn config(&self) -> PathBuf {
        self.root.join("kokuin.toml")
    }
    pub(crate) fn api_token(&self) -> PathBuf {
        self.root.join("api-token")
    }
    pub(crate) fn root_certificate(&self) -> PathBuf {
        self.root.join("ca/root.pem")
    }
    pub(crate) fn root_crl(&self) -> PathBuf {
        self.root.join("ca/root.crl")
    }
    pub(crate) fn tsu_certificate(&self) -> PathBuf {
        self.root.join("tsu/tsu.pem")
    }
    pub(crate) fn seal_certificate(&self) -> PathBuf {
        self.root.join("seal/demo.pem")
    }
    pub(crate) fn vkey(&self, log: &str) -> PathBuf {
        self.root.join(format!("log/{log}.vkey"))
    }
    pub(crate) fn tenant_secret(&self) -> PathBuf {
        self.root.join("keys/tenant-secret")
    }
    pub(crate) fn token_secret(&self) -> PathBuf {
        self.root.join("keys/token-secret")
    }
    fn passphrase(&self) -> PathBuf {
        self.root.join("keys/passphrase")
    }
    fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }
}

/// Kinds of key that the first TSU may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum TsuKey {
    /// ECDSA on P-256 with SHA-256
    P256,
    /// ECDSA on P-384 with SHA-384
    P384,
    /// RSA of 3072 bits, PKCS#1 v1.5
    Rsa3072,
    /// RSA of 4096 bits, PKCS#1 v1.5
    Rsa4096,
}

impl TsuKey {
    const fn algorithm(self) -> KeyAlgorithm {
        match self {
            Self::P256 => KeyAlgorithm::P256,
            Self::P384 => KeyAlgorithm::P384,
            Self::Rsa3072 => KeyAlgorithm::Rsa { bits: 3072 },
            Self::Rsa4096 => KeyAlgorithm::Rsa { bits: 4096 },
        }
    }
}

/// What the first start is told.
#[derive(Clone, Debug)]
pub(crate) struct Wishes {
    pub(crate) tsu: TsuKey,
    pub(crate) tsa_listen: SocketAddr,
    pub(crate) eseal_listen: SocketAddr,
    /// File with the address of a PostgreSQL; without one the log is in a file.
    pub(crate) database_url_file: Option<PathBuf>,
}

/// Makes what is missing below `layout` and loads the configuration. `now`: Unix seconds.
///
/// # Errors
/// If the folder cannot be used, or holds something that is not development material.
pub(crate) fn prepare(layout: &Layout, wishes: &Wishes, now: i64) -> anyhow::Result<(Config, CrlKeeper)> {
    refuse_public(wishes.tsa_listen)?;
    refuse_public(wishes.eseal_listen)?;
    if !layout.config().exists() {
        make_folders(layout)?;
        material::make(layout, wishes, now)?;
        configuration::make(layout, wishes)?;
    }
    let config = Config::load(&layout.config())?;
    if !config.development {
        bail!("{} is not a development configuration", layout.config().display());
    }
    publish_log_key(layout, &config)?;
    token::enter(layout, &config)?;
    let crl = CrlKeeper::load(layout, &config.keys)?;
    crl.refresh(now)?;
    Ok((config, crl))
}

fn publish_log_key(layout: &Layout, config: &Config) -> anyhow::Result<()> {
    let path = layout.vkey(&config.log.name);
    // Opening a key takes a fifth of a second.
    if path.exists() {
        return Ok(());
    }
    let store = SoftStore::open(&config.keys.directory, &config.keys.passphrase_file)?;
    let key = store.load(&KeyId::new(material::LOG)?)?;
    fresh::publish_log_key(&path, &config.log.origin, &*key)
}

/// Development keys open to nobody but this machine.
fn refuse_public(address: SocketAddr) -> anyhow::Result<()> {
    if !address.ip().is_loopback() {
        bail!("{address} is not a loopback address; --dev serves this machine alone");
    }
    Ok(())
}

fn make_folders(layout: &Layout) -> anyhow::Result<()> {
    if layout.root.exists() && !layout.keys().exists() && !fresh::is_empty(&layout.root)? {
        bail!("{} exists and is not a folder of Kokuin's; name another with --data", layout.root.display());
    }
    for folder in ["", "ca", "tsu", "seal", "log"] {
        fs::create_dir_all(layout.root.join(folder))
            .with_context(|| format!("cannot make {}", layout.root.display()))?;
    }
    fresh::make_private(&layout.keys())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_to_serve_development_material_beyond_this_machine() {
        assert!(refuse_public("127.0.0.1:3161".parse().unwrap()).is_ok());
        assert!(refuse_public("[::1]:3161".parse().unwrap()).is_ok());
        assert!(refuse_public("0.0.0.0:3161".parse().unwrap()).is_err());
        assert!(refuse_public("192.0.2.1:3161".parse().unwrap()).is_err());
    }

    #[test]
    fn leaves_a_folder_of_somebody_elses_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
        let layout = Layout { root: dir.path().to_owned() };
        assert!(make_folders(&layout).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
