//! `kokuin.toml`: which log, keys and services one process runs.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use kokuin_hsm_config::{pkcs11::TokenConfig, yubihsm::DeviceConfig};
use serde::Deserialize;

mod changed;
mod clock;
mod database;
mod retention;
mod time_mark;
mod uses;

pub(crate) use changed::changed;
pub(crate) use clock::Clock;
pub(crate) use database::{Place, Postgres};
pub(crate) use retention::{Class, Retention};
pub(crate) use time_mark::TimeMark;
pub(crate) use uses::Use;

/// The whole file. Paths in it are relative to its own folder.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Throw-away material on loopback addresses: the clock need not be disciplined, and nothing else starts on it (THR-62).
    #[serde(default)]
    pub(crate) development: bool,
    /// Where the services listen.
    pub(crate) listen: Listen,
    /// Where keys are.
    pub(crate) keys: Keys,
    /// The log of this process.
    pub(crate) log: Log,
    /// Where the time comes from; development does without.
    #[serde(default)]
    pub(crate) clock: Option<Clock>,
    /// How long records are kept; `kokuin audit prune` and `erase-tenant` read it.
    #[serde(default)]
    #[allow(dead_code, reason = "a service deletes nothing; it only knows the section")]
    pub(crate) retention: Retention,
    /// What each listener takes.
    #[serde(default)]
    pub(crate) limits: kokuin_web::Limits,
    /// The time-stamp service.
    #[serde(default)]
    pub(crate) tsa: Option<kokuin_tsa::Config>,
    /// The e-seal service.
    #[serde(default)]
    pub(crate) eseal: Option<kokuin_eseal::Config>,
}

/// Addresses of the listeners.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Listen {
    /// The time-stamp service's.
    pub(crate) tsa: SocketAddr,
    /// The e-seal service's.
    pub(crate) eseal: SocketAddr,
    /// HTTPS, and nothing else, on every listener of the process.
    #[serde(default)]
    pub(crate) tls: Option<kokuin_web::TlsConfig>,
}

/// The key folder, and tokens that have keys.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Keys {
    /// Its folder.
    pub(crate) directory: PathBuf,
    /// The file that opens it, readable by its owner alone.
    pub(crate) passphrase_file: PathBuf,
    /// What commitments to a tenant come from: 32 octets in base64url. The e-seal service's.
    #[serde(default)]
    pub(crate) tenant_secret_file: Option<PathBuf>,
    /// What API tokens are hashed with: 32 octets in base64url. The e-seal service's.
    #[serde(default)]
    pub(crate) token_secret_file: Option<PathBuf>,
    /// PKCS#11 tokens (docs/hsm.md).
    #[serde(default)]
    pub(crate) pkcs11: Vec<TokenConfig>,
    /// YubiHSM 2 devices (docs/hsm.md).
    #[serde(default)]
    pub(crate) yubihsm: Vec<DeviceConfig>,
    /// Outside development, software keys are used only where this says in so many words that no device protects them.
    #[serde(default)]
    pub(crate) not_protected_by_a_device: bool,
}

/// The log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Log {
    /// Last part of its address, `/logs/{name}`.
    pub(crate) name: String,
    /// Its name for ever: an address without scheme (C2SP tlog-checkpoint).
    pub(crate) origin: String,
    /// URI of the Ed25519 key that signs its checkpoints.
    pub(crate) key: String,
    /// `SQLite` file; or [`Postgres`].
    #[serde(default)]
    pub(crate) database: Option<PathBuf>,
    /// A PostgreSQL that several instances share, each with a log of its own.
    #[serde(default)]
    pub(crate) postgres: Option<Postgres>,
    /// File that keeps the last checkpoint outside the database (THR-42).
    pub(crate) anchor: PathBuf,
    /// The log that this one takes over from after a loss; its first start needs `--accept-loss`.
    #[serde(default)]
    pub(crate) succeeds: Option<Succeeded>,
    /// Who stamps its checkpoints.
    #[serde(default)]
    pub(crate) time_mark: Option<TimeMark>,
}

/// A log that cannot be continued, because its store is behind its anchor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Succeeded {
    /// Its name.
    pub(crate) name: String,
    /// The file that kept its last checkpoint. Where it is lost too, the last checkpoint that the database holds is named.
    #[serde(default)]
    pub(crate) anchor: Option<PathBuf>,
}

impl Log {
    /// Where its database is.
    ///
    /// # Errors
    /// If it is nowhere, or at two places.
    pub(crate) fn place(&self) -> anyhow::Result<Place<'_>> {
        Place::choose(self.database.as_deref(), self.postgres.as_ref())
    }
}

impl Config {
    /// Loads `path` and makes its paths absolute.
    ///
    /// # Errors
    /// If the file breaks a rule; the error names the line.
    pub(crate) fn load(path: &Path) -> anyhow::Result<Self> {
        kokuin_settings::load(path).map_err(anyhow::Error::from).and_then(|config: Self| config.in_folder_of(path))
    }

    /// The same of `text`, which came from `path`.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub(crate) fn parse(path: &Path, text: &str) -> anyhow::Result<Self> {
        kokuin_settings::parse::<Self>(path, text)?.in_folder_of(path)
    }

    fn in_folder_of(mut self, path: &Path) -> anyhow::Result<Self> {
        let path = std::path::absolute(path)?;
        let folder = path.parent().unwrap_or_else(|| Path::new("/"));
        for relative in self.paths_mut() {
            *relative = folder.join(&*relative);
        }
        Ok(self)
    }

    fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        let Keys { directory, passphrase_file, tenant_secret_file, token_secret_file, pkcs11, yubihsm, .. } =
            &mut self.keys;
        let mut paths = vec![directory, passphrase_file, &mut self.log.anchor];
        // The module is named absolutely, or refused.
        paths.extend(pkcs11.iter_mut().map(|token| &mut token.pin_file));
        paths.extend(yubihsm.iter_mut().flat_map(DeviceConfig::paths_mut));
        paths.extend(&mut self.log.database);
        paths.extend(self.log.postgres.as_mut().map(|postgres| &mut postgres.url_file));
        paths.extend(self.log.succeeds.as_mut().and_then(|succeeded| succeeded.anchor.as_mut()));
        if let Some(tls) = &mut self.listen.tls {
            paths.extend([&mut tls.certificate, &mut tls.key_file]);
            paths.extend(&mut tls.client_ca);
        }
        paths.extend(self.log.time_mark.iter_mut().flat_map(TimeMark::paths_mut));
        paths.extend(tenant_secret_file);
        paths.extend(token_secret_file);
        if let Some(tsa) = &mut self.tsa {
            paths.extend(tsa.tsu.iter_mut().flat_map(kokuin_tsa::TsuConfig::paths_mut));
        }
        if let Some(eseal) = &mut self.eseal {
            paths.push(&mut eseal.credential.certificate);
            paths.extend(&mut eseal.trust);
            if let Some(tsa) = &mut eseal.tsa {
                paths.extend(&mut tsa.trust);
                paths.extend(&mut tsa.bearer_file);
                paths.extend(&mut tsa.tls_ca);
            }
        }
        paths
    }
}

/// The least that a file says.
#[cfg(test)]
pub(crate) const SMALLEST: &str = r#"
    [listen]
    tsa = "127.0.0.1:3161"
    eseal = "127.0.0.1:3162"
    [keys]
    directory = "keys"
    passphrase_file = "keys/passphrase"
    [log]
    name = "main"
    origin = "tsa.example/log"
    key = "soft:log"
    database = "kokuin.db"
    anchor = "/var/lib/anchor"
"#;

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> anyhow::Result<Config> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("kokuin.toml");
        std::fs::write(&path, text)?;
        let mut config = Config::load(&path)?;
        for path in config.paths_mut() {
            *path = path.strip_prefix(dir.path()).map_or_else(|_| path.clone(), Path::to_owned);
        }
        Ok(config)
    }

    #[test]
    fn paths_are_relative_to_the_file_and_nothing_is_development_unless_it_says_so() {
        let config = load(SMALLEST).unwrap();
        assert!(!config.development && !config.keys.not_protected_by_a_device);
        assert_eq!(
            config.log.database.as_deref(),
            Some(Path::new("kokuin.db")),
            "was made absolute with the file's folder"
        );
        assert_eq!(config.log.anchor, Path::new("/var/lib/anchor"), "was absolute already");
    }

    #[test]
    fn refuses_an_unknown_setting_and_names_its_line_thr_103() {
        let error = load(&SMALLEST.replace("key = \"soft:log\"", "kye = \"soft:log\"")).unwrap_err().to_string();
        assert!(error.contains("kye"), "{error}");
        assert!(error.contains("11"), "the line: {error}");
    }
}
