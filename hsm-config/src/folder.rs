//! The folder that keys are in: who may look into it, and how files come into it whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use kokuin_key::KeyId;

/// Why a key folder is not used.
#[derive(Debug)]
pub(crate) enum FolderError {
    /// A file or folder cannot be read or written.
    Io { path: PathBuf, reason: std::io::Error },
    /// The folder lets others in.
    Exposed { path: PathBuf, mode: u32 },
}

impl FolderError {
    /// A file of this name was there before.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self, Self::Io { reason, .. } if reason.kind() == ErrorKind::AlreadyExists)
    }
}

/// A key folder, 0700.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Opens a folder, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, FolderError> {
        let io = |reason| FolderError::Io { path: path.to_owned(), reason };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io)?;
        let mode = fs::metadata(path).map_err(io)?.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(FolderError::Exposed { path: path.to_owned(), mode });
        }
        Ok(Self(path.to_owned()))
    }

    /// The file `ID.SUFFIX`.
    pub(crate) fn file(&self, id: &KeyId, suffix: &str) -> PathBuf {
        self.0.join(format!("{id}.{suffix}"))
    }

    /// A file that is about no key.
    #[cfg(any(feature = "pkcs11", feature = "yubihsm"))]
    pub(crate) fn other_file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Names of all keys that have a file `ID.SUFFIX`, sorted.
    pub(crate) fn ids(&self, suffix: &str) -> Result<Vec<KeyId>, FolderError> {
        let io = |reason| FolderError::Io { path: self.0.clone(), reason };
        let mut ids = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(io)? {
            let name = entry.map_err(io)?.file_name();
            let id = name.to_str().and_then(|name| name.strip_suffix(suffix)?.strip_suffix('.'));
            let id = id.and_then(|stem| KeyId::new(stem).ok());
            ids.extend(id);
        }
        ids.sort();
        Ok(ids)
    }

    /// Makes a file of 0600 that was not there before, with all its content on the disk.
    ///
    /// Written beside and then linked under its name, because linking fails where renaming would overwrite.
    pub(crate) fn add(&self, path: &Path, content: &[u8]) -> Result<(), FolderError> {
        let io = |reason| FolderError::Io { path: path.to_owned(), reason };
        let beside = path.with_extension(format!("{}.new", std::process::id()));
        let written = write_private(&beside, content).and_then(|()| fs::hard_link(&beside, path));
        let removed = fs::remove_file(&beside);
        written.map_err(io)?;
        removed.map_err(io)?;
        self.sync()
    }

    /// Waits until nobody else makes a key here; others wait until what this gives is dropped.
    pub(crate) fn lock(&self) -> Result<File, FolderError> {
        let io = |reason| FolderError::Io { path: self.0.clone(), reason };
        let folder = File::open(&self.0).map_err(io)?;
        folder.lock().map_err(io)?;
        Ok(folder)
    }

    /// Removes a file, if it is there.
    pub(crate) fn remove(&self, path: &Path) -> Result<(), FolderError> {
        match fs::remove_file(path) {
            Ok(()) => self.sync(),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(reason) => Err(FolderError::Io { path: path.to_owned(), reason }),
        }
    }

    /// Puts what was made or removed in the folder on the disk.
    pub(crate) fn sync(&self) -> Result<(), FolderError> {
        let io = |reason| FolderError::Io { path: self.0.clone(), reason };
        File::open(&self.0).and_then(|folder| folder.sync_all()).map_err(io)
    }
}

fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
