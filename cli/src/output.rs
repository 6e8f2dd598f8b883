//! Files that appear whole or not at all, and never in place of another (THR-102).

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Readers {
    /// Anyone (0644).
    Anyone,
    /// Its owner alone (0600).
    Owner,
}

impl Readers {
    const fn mode(self) -> u32 {
        match self {
            Self::Anyone => 0o644,
            Self::Owner => 0o600,
        }
    }
}

/// Writes `bytes` to `path`, durably; a link or a file that is already there is left alone.
///
/// # Errors
/// If `path` exists, or cannot be written.
pub(crate) fn create(path: &Path, bytes: &[u8], readers: Readers) -> anyhow::Result<()> {
    let draft = draft_beside(path, bytes, readers)?;
    // A hard link, unlike a rename, fails where something stands already.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft).with_context(|| format!("cannot remove {}", draft.display()))?;
    match linked {
        Ok(()) => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{} exists already; name another file, or use --force", path.display())
        }
        Err(e) => Err(e).with_context(|| format!("cannot write {}", path.display())),
    }
}

/// As [`create`], in place of what is there.
///
/// # Errors
/// If `path` cannot be written.
pub(crate) fn replace(path: &Path, bytes: &[u8], readers: Readers) -> anyhow::Result<()> {
    let draft = draft_beside(path, bytes, readers)?;
    fs::rename(&draft, path).with_context(|| format!("cannot write {}", path.display()))
}

/// [`replace`] where the user said `--force`, else [`create`].
///
/// # Errors
/// As the two.
pub(crate) fn write(path: &Path, bytes: &[u8], force: bool) -> anyhow::Result<()> {
    if force { replace(path, bytes, Readers::Anyone) } else { create(path, bytes, Readers::Anyone) }
}

/// `path` with `suffix` added to its whole name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn draft_beside(path: &Path, bytes: &[u8], readers: Readers) -> anyhow::Result<PathBuf> {
    let draft = with_suffix(path, &format!(".{}.draft", std::process::id()));
    let failed = || format!("cannot write {}", draft.display());
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(readers.mode()).open(&draft).with_context(failed)?;
    file.write_all(bytes).and_then(|()| file.sync_all()).with_context(failed)?;
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_to_write_over_a_file_or_through_a_link() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("a.tsr"), dir.path().join("b.tsr"));
        create(&file, b"first", Readers::Anyone).unwrap();
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), &link).unwrap();
        assert!(create(&file, b"second", Readers::Anyone).is_err());
        assert!(create(&link, b"second", Readers::Anyone).is_err());
        assert_eq!(fs::read(&file).unwrap(), b"first");
        assert!(!dir.path().join("elsewhere").exists());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no draft is left behind");
    }

    #[test]
    fn replaces_only_when_told_to() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("a.tsr");
        write(&file, b"first", false).unwrap();
        write(&file, b"second", true).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"second");
    }
}
