//! Which database the log is in: a file, or a PostgreSQL that several instances share.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use kokuin_settings::{HumanDuration, SecretFile};
use kokuin_store::{Database, PostgresOptions, PostgresUrl};
use serde::Deserialize;

/// `[log.postgres]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Postgres {
    /// File that holds the connection URI, password included, readable by its owner alone.
    pub(crate) url_file: PathBuf,
    /// Synchronous standbys that must have an entry before it is answered for. 0: there is one server.
    #[serde(default)]
    pub(crate) synchronous_standbys: u32,
    /// How long after its last renewal a log may be taken over.
    #[serde(default)]
    pub(crate) lease: Option<HumanDuration>,
}

/// Where a database is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    Sqlite(&'a Path),
    Postgres(&'a Postgres),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "{}", path.display()),
            // The address may hold a password.
            Self::Postgres(postgres) => write!(f, "named in {}", postgres.url_file.display()),
        }
    }
}

impl<'a> Place<'a> {
    /// The one of both that is configured.
    ///
    /// # Errors
    /// If both are, or neither.
    pub(crate) fn choose(file: Option<&'a Path>, postgres: Option<&'a Postgres>) -> anyhow::Result<Self> {
        match (file, postgres) {
            (Some(file), None) => Ok(Self::Sqlite(file)),
            (None, Some(postgres)) => Ok(Self::Postgres(postgres)),
            (Some(_), Some(_)) => bail!("[log] names a database file and a PostgreSQL: choose one"),
            (None, None) => bail!("[log] names no database: set `database`, or [log.postgres]"),
        }
    }

    /// Opens it for the services.
    ///
    /// # Errors
    /// If it cannot be reached, or may lose commits (THR-46).
    pub(crate) fn open(self) -> anyhow::Result<Database> {
        Ok(match self {
            Self::Sqlite(path) => Database::open(path)?,
            Self::Postgres(postgres) => Database::open_postgres(postgres.options()?)?,
        })
    }

    /// Opens it for reading; it may be in use.
    ///
    /// # Errors
    /// If it cannot be reached, or is not there.
    pub(crate) fn open_read_only(self) -> anyhow::Result<Database> {
        Ok(match self {
            Self::Sqlite(path) => Database::open_read_only(path)?,
            Self::Postgres(postgres) => Database::open_postgres_read_only(postgres.options()?)?,
        })
    }

    /// Whether there is one to look into.
    pub(crate) fn exists(self) -> bool {
        match self {
            Self::Sqlite(path) => path.exists(),
            Self::Postgres(_) => true,
        }
    }
}

impl Postgres {
    fn options(&self) -> anyhow::Result<PostgresOptions> {
        let failed = || format!("log.postgres.url_file {}", self.url_file.display());
        let secret = SecretFile::new(self.url_file.clone()).read().with_context(failed)?;
        let url = PostgresUrl::new(secret.expose_text().with_context(failed)?).with_context(failed)?;
        let lease = self.lease.map_or(PostgresOptions::DEFAULT_LEASE, HumanDuration::as_std);
        if !(PostgresOptions::SHORTEST_LEASE..=PostgresOptions::LONGEST_LEASE).contains(&lease) {
            bail!("log.postgres.lease is {lease:?}, must be from 2s to 5min");
        }
        Ok(PostgresOptions { url, standbys: self.synchronous_standbys, lease })
    }
}
