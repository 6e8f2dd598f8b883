//! The last checkpoint in a file of its own, so that restoring or rewriting the database cannot rewind the log in silence (THR-42).

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use kokuin_audit::{Anchor, StorageError, note::MAX_NOTE};

use crate::error::StoreError;

/// A file that is replaced as a whole: at every moment it holds one checkpoint, the old or the new one.
#[derive(Debug)]
pub struct FileAnchor {
    path: PathBuf,
    temporary: PathBuf,
    folder: PathBuf,
}

impl FileAnchor {
    /// Keeps the anchor at `path`, whose folder is made if there is none.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn new(path: &Path) -> Result<Self, StoreError> {
        let folder =
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new(".")).to_owned();
        fs::create_dir_all(&folder).map_err(|error| StoreError::file(&folder, error))?;
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".new");
        Ok(Self { path: path.to_owned(), temporary: temporary.into(), folder })
    }

    /// What is kept there; `None` if nothing ever was. Needs no write access.
    ///
    /// # Errors
    /// [`StoreError::File`].
    pub fn read(path: &Path) -> Result<Option<String>, StoreError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::file(path, error)),
        };
        let mut note = String::new();
        file.take(MAX_NOTE as u64 + 1).read_to_string(&mut note).map_err(|error| StoreError::file(path, error))?;
        Ok(Some(note))
    }

    fn replace(&self, note: &str) -> io::Result<()> {
        let mut file = File::create(&self.temporary)?;
        file.write_all(note.as_bytes())?;
        file.sync_all()?;
        fs::rename(&self.temporary, &self.path)?;
        // The rename itself is durable only when the folder is.
        File::open(&self.folder)?.sync_all()
    }
}

impl Anchor for FileAnchor {
    fn load(&self) -> Result<Option<String>, StorageError> {
        Ok(Self::read(&self.path)?)
    }

    fn save(&mut self, note: &str) -> Result<(), StorageError> {
        self.replace(note).map_err(|error| StoreError::file(&self.path, error).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_last_note_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log").join("tsa.checkpoint");
        let mut anchor = FileAnchor::new(&path).unwrap();
        assert_eq!(anchor.load().unwrap(), None);
        anchor.save("one\n").unwrap();
        anchor.save("two\n").unwrap();
        assert_eq!(anchor.load().unwrap(), Some("two\n".to_owned()));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn failing_to_save_keeps_the_old_note() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tsa.checkpoint");
        let mut anchor = FileAnchor::new(&path).unwrap();
        anchor.save("one\n").unwrap();
        fs::create_dir(folder.path().join("tsa.checkpoint.new")).unwrap();
        assert!(anchor.save("two\n").is_err());
        assert_eq!(anchor.load().unwrap(), Some("one\n".to_owned()));
    }
}
