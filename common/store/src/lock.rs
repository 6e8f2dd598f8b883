//! One writer for each log: a lock that ends with the process that holds it.

use std::{
    fs::{File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use kokuin_audit::LogName;

use crate::error::StoreError;

/// Held for as long as the log may be written.
#[derive(Debug)]
pub(crate) struct WriterLock {
    _file: File,
}

impl WriterLock {
    /// Takes the lock of `name`, a file beside the database.
    pub(crate) fn take(database: &Path, name: &LogName) -> Result<Self, StoreError> {
        // One database has one lock, by whatever name it is opened: SQLite follows links too.
        let database = database.canonicalize().map_err(|error| StoreError::file(database, error))?;
        let path = lock_path(&database, name);
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| StoreError::file(&path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Locked { name: name.clone(), lock: path }),
            Err(TryLockError::Error(error)) => Err(StoreError::file(path, error)),
        }
    }
}

fn lock_path(database: &Path, name: &LogName) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(format!(".{name}.lock"));
    path.into()
}
