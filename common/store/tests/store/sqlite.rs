//! What only a file can suffer: it is copied, linked and changed.

use std::{fs, path::Path};

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};
use kokuin_audit::{
    LeafIndex, LogError, TreeSize,
    check::{CheckOptions, check_store},
};
use kokuin_store::{Database, FileAnchor, StoreError};
use tempfile::TempDir;

use crate::{
    log::{Refused, anchor_path, open_in, options, reading, tst},
    testing::TestEngine,
};

fn open(folder: &Path) -> Result<kokuin_audit::Log, Refused> {
    let database = Database::open(&folder.join("kokuin.db")).map_err(Refused::Store)?;
    open_in(&database, folder, options("log.example/tsa", 1_000_000))
}

/// Copies database and anchor, as a backup does while nobody writes.
fn copy(from: &Path, anchor: bool) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for file in ["kokuin.db", "kokuin.db-wal"] {
        if from.join(file).exists() {
            fs::copy(from.join(file), to.path().join(file)).unwrap();
        }
    }
    if anchor {
        fs::create_dir(to.path().join("log")).unwrap();
        fs::copy(from.join("log/tsa.checkpoint"), to.path().join("log/tsa.checkpoint")).unwrap();
    }
    to
}

fn sqlite(folder: &Path, sql: &str) {
    let mut connection = SqliteConnection::establish(folder.join("kokuin.db").to_str().unwrap()).unwrap();
    connection.batch_execute(sql).unwrap();
}

/// THR-42.
#[test]
fn refuses_a_restored_older_database() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    log.append_encoded(tst(1)).wait().unwrap();
    log.close().unwrap();
    drop(log);
    let old = copy(folder.path(), false);
    let log = open(folder.path()).unwrap();
    (2..102).for_each(|serial| drop(log.append_encoded(tst(serial))));
    log.close().unwrap();
    drop(log);
    fs::create_dir(old.path().join("log")).unwrap();
    fs::copy(folder.path().join("log/tsa.checkpoint"), old.path().join("log/tsa.checkpoint")).unwrap();
    match open(old.path()) {
        Err(Refused::Log(LogError::StoreBehindAnchor { stored, anchored })) => {
            assert_eq!((stored, anchored), (TreeSize(2), TreeSize(102)));
        }
        other => panic!("{other:?}"),
    }
    fs::remove_file(old.path().join("log/tsa.checkpoint")).unwrap();
    assert!(matches!(open(old.path()), Err(Refused::Log(LogError::AnchorMissing { stored: TreeSize(2) }))));
}

/// THR-43: a link to the database is the same database.
#[test]
fn refuses_a_second_writer_through_a_link() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let _log = open(folder.path()).unwrap();
    std::os::unix::fs::symlink(folder.path().join("kokuin.db"), other.path().join("kokuin.db")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("log"), other.path().join("log")).unwrap();
    assert!(matches!(open(other.path()), Err(Refused::Store(StoreError::Locked { .. }))));
}

/// THR-48: one byte in the database itself.
#[test]
fn names_the_entry_changed_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    for _ in 0..300 {
        drop(log.append(&reading()).unwrap());
    }
    log.close().unwrap();
    let (vkey, name) = (log.vkey().clone(), log.name().clone());
    drop(log);
    let check = |sql| {
        let copy = copy(folder.path(), true);
        sqlite(copy.path(), sql);
        let database = Database::open_read_only(&copy.path().join("kokuin.db")).unwrap();
        let reader = database.log_reader(&name).unwrap();
        let anchor = FileAnchor::read(&anchor_path(copy.path(), &name)).unwrap();
        check_store(&reader, anchor.as_deref(), &vkey, &TestEngine, &CheckOptions::default()).unwrap()
    };
    assert!(check("SELECT 1").is_good());
    let report = check("UPDATE entry SET body = CAST(replace(body, 'system', 'sistem') AS BLOB) WHERE key = 123");
    assert_eq!((report.first_bad_entry(), report.fault_count), (Some(LeafIndex(123)), 1));
    assert_eq!(check("DELETE FROM entry WHERE key = 123").first_bad_entry(), Some(LeafIndex(123)));
    let report = check("UPDATE tile SET hashes = zeroblob(8192)");
    assert_eq!(report.first_bad_entry(), None);
    assert_eq!(report.faults[0].code(), "audit.tile-changed");
    assert_eq!(check("DELETE FROM tile").faults[0].code(), "audit.tile-missing");
}

/// The write-ahead log is folded beside the writer and used again from its beginning, whether it could be folded in a commit or not; nothing of it is lost.
#[test]
fn bounds_the_write_ahead_log_while_entries_keep_coming() {
    const LIMIT: u64 = 64 << 20;
    let folder = tempfile::tempdir().unwrap();
    let log = open(folder.path()).unwrap();
    let (mut longest, mut written) = (0, 0);
    for group in 0..240 {
        let before = fs::metadata(folder.path().join("kokuin.db")).unwrap().len();
        let pending: Vec<_> = (0..250).map(|turn| log.append_encoded(tst(group * 250 + turn))).collect();
        for entry in pending {
            entry.wait().unwrap();
        }
        longest = longest.max(fs::metadata(folder.path().join("kokuin.db-wal")).unwrap().len());
        written += u64::from(fs::metadata(folder.path().join("kokuin.db")).unwrap().len() > before);
    }
    assert!(longest < LIMIT + (4 << 20), "{longest} bytes");
    assert!(written > 0, "it was never folded");
    log.close().unwrap();
    drop(log);
    assert_eq!(open(folder.path()).unwrap().checkpoint().size(), TreeSize(60_001));
}
