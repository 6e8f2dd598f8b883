//! Records of ceremonies, left beside the keys until the log has them.
//!
//! A running service holds its log's lock, so a command cannot write entries itself. It leaves the entry, whole and encoded, in `KEYS/ceremonies`;
//! the service takes it up within a second, or when it starts. A record is removed only after its entry is durable.

use std::{
    fs::{self, DirBuilder, File},
    io::ErrorKind,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use kokuin_audit::{
    Entry,
    entry::{Admin, Label, LogTime, Text},
};

use crate::output::{self, Readers};

/// Name of the folder, in the key folder.
const FOLDER: &str = "ceremonies";
const SUFFIX: &str = "json";

/// The records beside one key folder.
#[derive(Clone, Debug)]
pub(crate) struct Spool(PathBuf);

/// A record that waits, and what it says; an error if it is none.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) path: PathBuf,
    pub(crate) entry: anyhow::Result<Entry>,
}

impl Spool {
    /// The spool in the key folder `keys`.
    pub(crate) fn new(keys: &Path) -> Self {
        Self(keys.join(FOLDER))
    }

    /// Leaves a record of `action` on `target`, durably.
    ///
    /// # Errors
    /// If a text does not fit into an entry, or the file cannot be written.
    pub(crate) fn leave(&self, action: &str, target: &str, reason: Option<&str>) -> anyhow::Result<()> {
        let time = LogTime::system_now();
        self.leave_entry(&Entry::Admin(Admin {
            time,
            action: Label::new(action)?,
            target: Some(Label::new(target)?),
            actor: None,
            reason: reason.map(Text::new).transpose().context("the reason")?,
        }))
    }

    /// Leaves `entry`, durably.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn leave_entry(&self, entry: &Entry) -> anyhow::Result<()> {
        let mut suffix = [0_u8; 4];
        getrandom::fill(&mut suffix).map_err(|e| anyhow::anyhow!("no random octets: {e}"))?;
        let name = format!("{:020}-{}.{SUFFIX}", entry.time().unix_micros(), hex::encode(suffix));
        let failed = || format!("cannot write to {}", self.0.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0).with_context(failed)?;
        output::create(&self.0.join(name), entry.encode()?.body(), Readers::Owner)?;
        File::open(&self.0).and_then(|folder| folder.sync_all()).with_context(failed)
    }

    /// The records that wait, oldest first.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(crate) fn waiting(&self) -> anyhow::Result<Vec<Waiting>> {
        let failed = || format!("cannot read {}", self.0.display());
        let folder = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            folder => folder.with_context(failed)?,
        };
        let mut paths = Vec::new();
        for file in folder {
            let path = file.with_context(failed)?.path();
            if path.extension().is_some_and(|extension| extension == SUFFIX) {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths.into_iter().map(|path| Waiting { entry: read(&path), path }).collect())
    }
}

impl Waiting {
    /// Removes the record, after its entry is durable.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(crate) fn remove(&self) -> anyhow::Result<()> {
        fs::remove_file(&self.path).with_context(|| format!("cannot remove {}", self.path.display()))
    }

    /// Puts aside what is no record, where an operator finds it.
    ///
    /// # Errors
    /// If it cannot be renamed.
    pub(crate) fn put_aside(&self) -> anyhow::Result<()> {
        let aside = self.path.with_extension("refused");
        fs::rename(&self.path, &aside).with_context(|| format!("cannot rename {}", self.path.display()))
    }
}

/// Nothing but what an administrator did, brought or deleted: a spool makes no token and no clock reading.
fn read(path: &Path) -> anyhow::Result<Entry> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    match Entry::parse(&bytes)? {
        entry @ (Entry::Admin(_) | Entry::TimeAudit(_) | Entry::Pruning(_) | Entry::Erasure(_)) => Ok(entry),
        other => anyhow::bail!("a record of kind {} was not made by a ceremony", other.kind().as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_records_in_their_order_until_they_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::new(dir.path());
        assert!(spool.waiting().unwrap().is_empty());
        spool.leave("key-create", "tsu-1", None).unwrap();
        spool.leave("key-suspend", "tsu-1", Some("drill")).unwrap();
        let waiting = spool.waiting().unwrap();
        let actions: Vec<String> = waiting
            .iter()
            .map(|record| match record.entry.as_ref().unwrap() {
                Entry::Admin(admin) => admin.action.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(actions, ["key-create", "key-suspend"]);
        for record in &waiting {
            record.remove().unwrap();
        }
        assert!(spool.waiting().unwrap().is_empty());
    }

    #[test]
    fn takes_nothing_that_no_ceremony_leaves() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::new(dir.path());
        spool.leave("key-create", "tsu-1", None).unwrap();
        let token = Entry::ServiceStop(kokuin_audit::entry::Service {
            time: LogTime::system_now(),
            service: Label::new("tsa").unwrap(),
            version: Label::new("1").unwrap(),
        });
        let folder = dir.path().join(FOLDER);
        fs::write(folder.join("1.json"), token.encode().unwrap().body()).unwrap();
        fs::write(folder.join("2.json"), b"{}").unwrap();
        let refused: Vec<_> = spool.waiting().unwrap().into_iter().filter(|record| record.entry.is_err()).collect();
        assert_eq!(refused.len(), 2);
        for record in refused {
            record.put_aside().unwrap();
        }
        assert_eq!(spool.waiting().unwrap().len(), 1);
    }
}
