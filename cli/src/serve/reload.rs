//! Taking up a changed configuration, whole or not at all.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use kokuin_audit::entry::Digest;
use toml::Table;

use super::process::{Role, refuse_development};
use crate::config::{Config, changed};

/// Settings that begin so may change while the service runs; which of them, the service says.
const LIVE: &str = "tsa.";

/// Puts a configuration in force, whole or not at all, and names what changed. The digest is of its file.
pub(super) type Apply = Box<dyn Fn(&Config, Digest) -> anyhow::Result<Vec<String>> + Send>;

/// One service's configuration file, as it was taken up last.
pub(super) struct Reloader {
    path: PathBuf,
    role: Role,
    in_force: Table,
    apply: Apply,
}

impl Reloader {
    /// For a service that was started on the file `path`.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn new(path: &Path, role: Role, apply: Apply) -> anyhow::Result<Self> {
        let in_force = read(path)?.parse().with_context(|| path.display().to_string())?;
        Ok(Self { path: path.to_owned(), role, in_force, apply })
    }

    /// Reads the file again, checks it, and has the service take it up.
    ///
    /// # Errors
    /// The first thing that speaks against it; then nothing has changed.
    pub(super) fn reload(&mut self) -> anyhow::Result<Vec<String>> {
        let text = read(&self.path)?;
        let config = Config::parse(&self.path, &text)?;
        let table: Table = text.parse().with_context(|| self.path.display().to_string())?;
        let differing = changed(&self.in_force, &table);
        let fixed: Vec<&str> = differing.iter().map(String::as_str).filter(|name| !name.starts_with(LIVE)).collect();
        if !fixed.is_empty() {
            bail!("cannot be changed while the service runs: {}", fixed.join(", "));
        }
        refuse_development(&config, self.role)?;
        let names = (self.apply)(&config, Digest::of(text.as_bytes()))?;
        self.in_force = table;
        Ok(names)
    }
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
