//! Where a log's database, anchor and verifier key are.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use kokuin_audit::{LogName, VerifierKey};
use kokuin_store::{Database, FileAnchor, LogReader};
use serde::Deserialize;

use super::Which;
use crate::config::{Place as DatabasePlace, Postgres, Retention};

/// The part of `kokuin.toml` that says where the log is. What else is in the file is not looked at: the rest of it belongs to the services.
#[derive(Debug, Default, Deserialize)]
struct Settings {
    #[serde(default)]
    log: LogSettings,
    #[serde(default)]
    keys: KeySettings,
    #[serde(default)]
    retention: Retention,
}

#[derive(Debug, Default, Deserialize)]
struct KeySettings {
    directory: Option<PathBuf>,
    tenant_secret_file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
struct LogSettings {
    name: Option<String>,
    database: Option<PathBuf>,
    postgres: Option<Postgres>,
    anchor: Option<PathBuf>,
}

impl LogSettings {
    /// The database that is configured, or `kokuin.db`, with paths relative to `folder`.
    fn source(&self, folder: &Path) -> Source {
        let mut postgres = self.postgres.clone();
        if let Some(postgres) = &mut postgres {
            postgres.url_file = folder.join(&postgres.url_file);
        }
        let by_default = || postgres.is_none().then(|| PathBuf::from("kokuin.db"));
        let file = self.database.clone().or_else(by_default).map(|file| folder.join(file));
        Source { file, postgres }
    }
}

/// Where a database is.
struct Source {
    file: Option<PathBuf>,
    postgres: Option<Postgres>,
}

impl Source {
    fn place(&self) -> anyhow::Result<DatabasePlace<'_>> {
        DatabasePlace::choose(self.file.as_deref(), self.postgres.as_ref())
    }
}

/// A log that was found, open for reading.
#[derive(Debug)]
pub(super) struct Place {
    database: Database,
    name: LogName,
    anchor: PathBuf,
    vkey: PathBuf,
}

impl Place {
    /// Finds the log from the data folder and, if there is one, its `kokuin.toml`.
    ///
    /// # Errors
    /// If there is no such database or log, or several and none was named.
    pub(super) fn find(which: &Which) -> anyhow::Result<Self> {
        let folder = &which.data;
        let settings = read_settings(&folder.join("kokuin.toml"))?.log;
        let database = settings.source(folder).place()?.open_read_only()?;
        let (asked, own) = (which.log.as_deref(), settings.name.as_deref());
        let name = match asked.or(own) {
            Some(name) => LogName::new(name)?,
            None => only_log(&database)?,
        };
        // The anchor that is configured belongs to the log that is configured.
        let beside = folder.join("log");
        let configured = settings.anchor.filter(|_| asked.is_none() || asked == own);
        let anchor = configured.map_or_else(|| beside.join(format!("{name}.checkpoint")), |path| folder.join(path));
        let vkey = beside.join(format!("{name}.vkey"));
        Ok(Self { database, name, anchor, vkey })
    }

    /// The log's entries.
    ///
    /// # Errors
    /// If the database does not hold it.
    pub(super) fn reader(&self) -> anyhow::Result<LogReader> {
        Ok(self.database.log_reader(&self.name)?)
    }

    /// The checkpoint that is kept outside the database.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn anchor(&self) -> anyhow::Result<Option<String>> {
        Ok(FileAnchor::read(&self.anchor)?)
    }

    /// Where the anchor is, or should be.
    pub(super) fn anchor_path(&self) -> &Path {
        &self.anchor
    }

    /// The verifier key in `given`, else the one beside the log.
    ///
    /// # Errors
    /// If there is none, or it is none.
    pub(super) fn vkey(&self, given: Option<&Path>) -> anyhow::Result<VerifierKey> {
        read_vkey(given.unwrap_or(&self.vkey))
    }
}

/// The verifier key in a file.
///
/// # Errors
/// If it cannot be read, or is none.
pub(super) fn read_vkey(path: &Path) -> anyhow::Result<VerifierKey> {
    let text =
        fs::read_to_string(path).with_context(|| format!("cannot read the log's verifier key {}", path.display()))?;
    VerifierKey::parse(&text).with_context(|| path.display().to_string())
}

/// Where keys are, and what ceremonies leave for the log.
///
/// # Errors
/// If `kokuin.toml` cannot be read, or the folder is not there: no service would find in it what is left for the log.
pub(super) fn keys_folder(data: &Path) -> anyhow::Result<PathBuf> {
    let settings = read_settings(&data.join("kokuin.toml"))?;
    let folder = data.join(settings.keys.directory.as_deref().unwrap_or_else(|| Path::new("keys")));
    if !folder.is_dir() {
        bail!("there is no key folder {}: name the service's folder with --data", folder.display());
    }
    Ok(folder)
}

/// The file with the store's secret for tenants.
///
/// # Errors
/// If `kokuin.toml` cannot be read.
pub(super) fn tenant_secret_file(data: &Path) -> anyhow::Result<PathBuf> {
    let settings = read_settings(&data.join("kokuin.toml"))?;
    Ok(data.join(settings.keys.tenant_secret_file.as_deref().unwrap_or_else(|| Path::new("keys/tenant-secret"))))
}

/// The database, to be written.
///
/// # Errors
/// If there is none.
pub(super) fn database(data: &Path) -> anyhow::Result<Database> {
    let source = read_settings(&data.join("kokuin.toml"))?.log.source(data);
    let place = source.place()?;
    if !place.exists() {
        bail!("there is no database {place}");
    }
    place.open()
}

/// The database, to be read.
///
/// # Errors
/// If there is none.
pub(super) fn database_to_read(data: &Path) -> anyhow::Result<Database> {
    read_settings(&data.join("kokuin.toml"))?.log.source(data).place()?.open_read_only()
}

/// How long records are kept.
///
/// # Errors
/// If `kokuin.toml` cannot be read.
pub(super) fn retention(data: &Path) -> anyhow::Result<Retention> {
    Ok(read_settings(&data.join("kokuin.toml"))?.retention)
}

fn only_log(database: &Database) -> anyhow::Result<LogName> {
    let logs = database.logs()?;
    match logs.as_slice() {
        [log] => Ok(LogName::new(&log.name)?),
        [] => bail!("the database holds no log"),
        several => {
            let names: Vec<&str> = several.iter().map(|log| log.name.as_str()).collect();
            bail!("the database holds the logs {}: choose one with --log", names.join(", "))
        }
    }
}

fn read_settings(path: &Path) -> anyhow::Result<Settings> {
    if !path.exists() {
        return Ok(Settings::default());
    }
    Ok(kokuin_settings::load(path)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_nothing_for_a_log_where_no_service_is() {
        let folder = tempfile::tempdir().unwrap();
        let refused = keys_folder(&folder.path().join("nowhere")).unwrap_err().to_string();
        assert!(refused.contains("nowhere/keys") && refused.contains("--data"), "{refused}");
        fs::create_dir(folder.path().join("keys")).unwrap();
        assert_eq!(keys_folder(folder.path()).unwrap(), folder.path().join("keys"));
    }
}
