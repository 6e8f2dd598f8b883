//! The folder that keys are in: who may look into it, and how files come into it whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use kokuin_key::KeyId;

use crate::soft::SoftError;

/// A key folder, 0700.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// Opens a folder, or makes it.
    pub(super) fn open(path: &Path) -> Result<Self, SoftError> {
        let io = |reason| SoftError::Io { path: path.to_owned(), reason };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(SoftError::FolderExposed { path: path.to_owned(), mode });
        }
        Ok(Self(path.to_owned()))
    }

    pub(super) fn key_file(&self, id: &KeyId) -> PathBuf {
        self.0.join(format!("{id}.p8"))
    }

    pub(super) fn description_file(&self, id: &KeyId) -> PathBuf {
        self.0.join(format!("{id}.toml"))
    }

    pub(super) fn marker_file(&self, id: &KeyId) -> PathBuf {
        self.0.join(format!("{id}.suspended"))
    }

    /// Names of all keys, sorted.
    pub(super) fn ids(&self) -> Result<Vec<KeyId>, SoftError> {
        let io = |reason| SoftError::Io { path: self.0.clone(), reason };
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(".p8")).and_then(|stem| KeyId::new(stem).ok());
            ids.extend(id);
        }
        ids.sort();
        Ok(ids)
    }

    /// Makes a file of 0600 that was not there before, with all its content on the disk.
    ///
    /// Written beside and then linked under its name, because linking fails where renaming would overwrite.
    pub(super) fn add(&self, path: &Path, content: &[u8]) -> Result<(), SoftError> {
        let io = |reason| SoftError::Io { path: path.to_owned(), reason };
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        let written = write_private(&beside, content).and_then(|()| fs::hard_link(&beside, path));
        let removed = fs::remove_file(&beside);
        written.map_err(io)?;
        removed.map_err(io)?;
        self.sync()
    }

    /// Waits until nobody else makes a key here; others wait until what this gives is dropped.
    pub(super) fn lock(&self) -> Result<File, SoftError> {
        let io = |reason| SoftError::Io { path: self.0.clone(), reason };
        let folder = File::open(&self.0).map_err(io)?;
        folder.lock().map_err(io)?;
        Ok(folder)
    }

    /// Puts what was made or removed in the folder on the disk.
    pub(super) fn sync(&self) -> Result<(), SoftError> {
        let io = |reason| SoftError::Io { path: self.0.clone(), reason };
        File::open(&self.0).and_then(|folder| folder.sync_all()).map_err(io)
    }
}

fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
