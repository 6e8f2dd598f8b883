//! A disk that forgets what it was not told to keep: `tests/faults/unsynced.c` is preloaded into the service, and after the kill everything
//! that had not been synced is taken back, newest first (THR-47).

use std::{
    fs::{self, File},
    io,
    os::unix::{ffi::OsStringExt as _, fs::FileExt as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context as _;
use clap::ValueEnum;

/// Octets before the texts of a record, as `struct record` of the C file has them.
const HEAD: usize = 56;

/// Which disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Disk {
    /// It keeps what it was told to keep, and nothing else.
    Forgets,
    /// As above, and the syncs of the write-ahead log do not reach it: what `PRAGMA synchronous = NORMAL` leaves out at a commit.
    /// The service refuses to run with that setting; this shows that the test would notice.
    Unsynced,
}

/// The layer, and where it keeps its journal.
#[derive(Debug)]
pub(crate) struct Layer {
    library: PathBuf,
    disk: Disk,
    under: PathBuf,
    journal: PathBuf,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Written,
    Made,
    Renamed,
    Removed,
    Synced,
}

/// One change, or the news that changes were synced.
#[derive(Clone, Debug)]
struct Record {
    number: u64,
    inode: u64,
    folder: u64,
    offset: u64,
    size: u64,
    kind: Kind,
    path: PathBuf,
    other: Vec<u8>,
    old: Vec<u8>,
}

impl Layer {
    /// A layer for everything below `folder`; its journal lies beside it, on the same disk.
    pub(crate) fn new(library: PathBuf, disk: Disk, folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder)?;
        Ok(Self { library, disk, under: folder.canonicalize()?, journal: folder.with_extension("journal") })
    }

    /// Puts the layer under a process that is about to start.
    pub(crate) fn under(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.library);
        command.env("UNSYNCED_UNDER", &self.under).env("UNSYNCED_JOURNAL", &self.journal);
        if self.disk == Disk::Unsynced {
            command.env("UNSYNCED_IGNORE", "-wal");
        }
    }

    /// Takes back what was not synced. The process is gone.
    pub(crate) fn cut_power(&self) -> anyhow::Result<usize> {
        let journal = fs::read(&self.journal).context("the layer left no journal: was it loaded?")?;
        let mut records = Vec::new();
        let mut rest = journal.as_slice();
        while !rest.is_empty() {
            let (record, after) = Record::read(rest).context("broken journal")?;
            if record.kind == Kind::Synced {
                records.retain(|earlier: &Record| earlier.number > record.offset || !earlier.kept_by(record.inode));
            } else {
                records.push(record);
            }
            rest = after;
        }
        for record in records.iter().rev() {
            record.undo().with_context(|| format!("{:?} of {}", record.kind, record.path.display()))?;
        }
        File::create(&self.journal)?;
        Ok(records.len())
    }
}

impl Record {
    fn read(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (head, rest) = octets.split_at_checked(HEAD)?;
        let long = |at: usize| Some(u64::from_ne_bytes(head.get(at..at + 8)?.try_into().ok()?));
        let short = |at: usize| Some(u32::from_ne_bytes(head.get(at..at + 4)?.try_into().ok()?));
        let kind = match short(40)? {
            1 => Kind::Written,
            2 => Kind::Made,
            3 => Kind::Renamed,
            4 => Kind::Removed,
            5 => Kind::Synced,
            _ => return None,
        };
        let len = |at| short(at).and_then(|len| usize::try_from(len).ok());
        let (path, rest) = rest.split_at_checked(len(44)?)?;
        let (other, rest) = rest.split_at_checked(len(48)?)?;
        let (old, rest) = rest.split_at_checked(len(52)?)?;
        let record = Self {
            number: long(0)?,
            inode: long(8)?,
            folder: long(16)?,
            offset: long(24)?,
            size: long(32)?,
            kind,
            path: to_path(path),
            other: other.to_vec(),
            old: old.to_vec(),
        };
        Some((record, rest))
    }

    /// Contents and making are kept by a sync of the file, every name by one of its folder.
    const fn kept_by(&self, inode: u64) -> bool {
        match self.kind {
            Kind::Written => self.inode == inode,
            Kind::Made => self.inode == inode || self.folder == inode,
            Kind::Renamed | Kind::Removed => self.folder == inode,
            Kind::Synced => false,
        }
    }

    fn undo(&self) -> io::Result<()> {
        match self.kind {
            Kind::Written => {
                let file = match File::options().write(true).open(&self.path) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                    opened => opened?,
                };
                file.write_all_at(&self.old, self.offset)?;
                file.set_len(self.size)
            }
            Kind::Made => match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
            Kind::Renamed => {
                let mut names = self.other.split(|octet| *octet == 1).map(to_path);
                let (from, old) = (names.next().unwrap_or_default(), names.next().unwrap_or_default());
                if self.path.exists() {
                    fs::rename(&self.path, from)?;
                }
                if old.as_os_str().is_empty() { Ok(()) } else { fs::rename(old, &self.path) }
            }
            Kind::Removed => fs::rename(to_path(&self.other), &self.path),
            Kind::Synced => Ok(()),
        }
    }
}

fn to_path(octets: &[u8]) -> PathBuf {
    std::ffi::OsString::from_vec(octets.to_vec()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u64, kind: u32, path: &Path, offset: u64, size: u64, old: &[u8]) -> Vec<u8> {
        let path = path.as_os_str().as_encoded_bytes();
        let mut octets = Vec::new();
        for long in [number, 7, 9, offset, size] {
            octets.extend(long.to_ne_bytes());
        }
        for short in [usize::try_from(kind).unwrap(), path.len(), 0, old.len()] {
            octets.extend(u32::try_from(short).unwrap().to_ne_bytes());
        }
        octets.extend(path);
        octets.extend(old);
        octets
    }

    #[test]
    fn takes_back_what_was_not_synced_and_nothing_else_thr_47() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let layer = Layer::new("none".into(), Disk::Forgets, &data).unwrap();
        let file = data.join("file");
        fs::write(&file, b"SYNCED new longer").unwrap();
        let journal = [
            record(1, 1, &file, 0, 6, b"before"),
            record(0, 5, &file, 1, 0, b""),
            record(2, 1, &file, 7, 10, b"old"),
            record(3, 1, &file, 10, 10, b""),
        ];
        fs::write(&layer.journal, journal.concat()).unwrap();
        assert_eq!(layer.cut_power().unwrap(), 2);
        assert_eq!(fs::read(&file).unwrap(), b"SYNCED old");
    }

    #[test]
    fn a_file_that_nobody_synced_is_gone_thr_47() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let layer = Layer::new("none".into(), Disk::Forgets, &data).unwrap();
        let file = data.join("file");
        fs::write(&file, b"x").unwrap();
        fs::write(&layer.journal, [record(1, 2, &file, 0, 0, b""), record(2, 1, &file, 0, 0, b"")].concat()).unwrap();
        assert_eq!(layer.cut_power().unwrap(), 2);
        assert!(!file.exists());
    }

    #[test]
    fn refuses_a_journal_that_it_cannot_read() {
        let folder = tempfile::tempdir().unwrap();
        let layer = Layer::new("none".into(), Disk::Forgets, &folder.path().join("data")).unwrap();
        assert!(layer.cut_power().is_err(), "no journal: the layer was not there");
        fs::write(&layer.journal, [0; 57]).unwrap();
        assert!(layer.cut_power().is_err());
    }
}
