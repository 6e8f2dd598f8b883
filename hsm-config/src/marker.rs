//! Whether a key may sign, read from its folder at most every [`POLL`].

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use kokuin_key::{KeyError, KeyId, KeyState};

use crate::folder::{Folder, FolderError};

/// A suspended key stops within a second (THR-65); this leaves room for a slow disk.
const POLL: Duration = Duration::from_millis(250);

/// The state of one key, shared by its signers. Looking costs a clock reading; the folder is asked by whoever comes
/// first when the last answer is older than [`POLL`].
#[derive(Debug)]
pub(crate) struct Marker {
    marker_file: PathBuf,
    key_file: PathBuf,
    started: Instant,
    looked_millis: AtomicU64,
    state: AtomicU8,
}

/// `ID.suspended` stops the key while it is there.
const SUSPENDED_SUFFIX: &str = "suspended";

const ACTIVE: u8 = 0;
const SUSPENDED: u8 = 1;
const LOST: u8 = 2;

impl Marker {
    /// The state of the key `id`, which is there as long as `key_file` is.
    pub(crate) fn new(folder: &Folder, id: &KeyId, key_file: PathBuf) -> Self {
        let marker = Self {
            marker_file: folder.file(id, SUSPENDED_SUFFIX),
            key_file,
            started: Instant::now(),
            looked_millis: AtomicU64::new(0),
            state: AtomicU8::new(ACTIVE),
        };
        marker.look();
        marker
    }

    /// The state, at most [`POLL`] old.
    pub(crate) fn state(&self) -> KeyState {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let looked = self.looked_millis.load(Ordering::Acquire);
        let due = u128::from(now.saturating_sub(looked)) >= POLL.as_millis();
        if due && self.looked_millis.compare_exchange(looked, now, Ordering::AcqRel, Ordering::Acquire).is_ok() {
            self.look();
        }
        match self.state.load(Ordering::Acquire) {
            ACTIVE => KeyState::Active,
            LOST => KeyState::Lost,
            _ => KeyState::Suspended,
        }
    }

    /// # Errors
    /// [`KeyError::Suspended`] or [`KeyError::Lost`].
    pub(crate) fn check(&self) -> Result<(), KeyError> {
        match self.state() {
            KeyState::Active => Ok(()),
            KeyState::Suspended => Err(KeyError::Suspended),
            KeyState::Lost => Err(KeyError::Lost),
        }
    }

    /// Stops the key: every process that has it open signs nothing later than a second from now (THR-65).
    pub(crate) fn suspend(folder: &Folder, id: &KeyId) -> Result<(), FolderError> {
        match folder.add(&folder.file(id, SUSPENDED_SUFFIX), b"") {
            Err(error) if error.is_taken() => Ok(()),
            result => result,
        }
    }

    /// Lets it go on.
    pub(crate) fn resume(folder: &Folder, id: &KeyId) -> Result<(), FolderError> {
        folder.remove(&folder.file(id, SUSPENDED_SUFFIX))
    }

    fn look(&self) {
        let missing = |path| fs::symlink_metadata(path).map(drop).map_err(|error| error.kind());
        let state = match (missing(&self.marker_file), missing(&self.key_file)) {
            (Err(ErrorKind::NotFound), Ok(())) => ACTIVE,
            (Err(ErrorKind::NotFound), Err(ErrorKind::NotFound)) => LOST,
            // The marker is there, or the folder cannot be read: then nobody can tell that the key may sign.
            (Ok(()) | Err(_), _) => SUSPENDED,
        };
        self.state.store(state, Ordering::Release);
    }
}
