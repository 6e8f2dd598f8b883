//! Records of ceremonies, left beside the keys until the log has them.
//!
//! A running service holds its log's lock, so a command cannot write entries itself. It leaves the entry, whole and encoded, in `KEYS/ceremonies`;
//! the service takes it up within a second, or when it starts. A record is removed only after its entry is durable.
//!
//! Whoever may write in the key folder may write here: what is taken in can only say what a ceremony says, and nothing here makes the service wait.

use std::{
    fs::{self, DirBuilder, File},
    io::{self, ErrorKind, Read as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, lchown},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use kokuin_audit::{
    Entry, LeafIndex, TenantSecret,
    commitment::CommitmentLabel,
    entry::{Admin, Intent, KeyName, Label, LogTime, Outcome, OutcomeResult, Serial, Text},
};
use kokuin_key::KeyId;

use crate::output::{self, Readers};

/// Name of the folder, in the key folder.
const FOLDER: &str = "ceremonies";
const SUFFIX: &str = "json";
/// Most octets of an entry; of a longer file no more is read.
const MAX_RECORD: u64 = 65_535;
/// What ceremonies do. Other acts are the service's own to record: nobody else says that a time mark was refused.
const ACTIONS: [&str; 11] = [
    "key-create",
    "key-csr",
    "certificate-import",
    "key-suspend",
    "key-resume",
    "api-token-create",
    "api-token-revoke",
    "hsm-apply",
    "hsm-attest",
    "hsm-backup",
    "hsm-restore",
];

/// The records beside one key folder.
#[derive(Clone, Debug)]
pub(crate) struct Spool(PathBuf);

/// A record that waits, and what it says.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) path: PathBuf,
    pub(crate) entry: Result<Entry, NoRecord>,
}

/// A signature of a device in a ceremony, announced and not yet explained. Without a record of how it ended, the log says that nobody knows.
#[derive(Debug)]
#[must_use = "what is announced has to be explained"]
pub(crate) struct Announced {
    act: String,
    serial: Serial,
    key: KeyName,
}

/// Why there is no entry.
#[derive(Debug)]
pub(crate) enum NoRecord {
    /// It cannot be read now: it may be a record, and waits.
    Unreadable(io::Error),
    /// It is none, whenever it is read.
    Refused(anyhow::Error),
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
        self.leave_entry(&admin(action, target, reason)?)
    }

    /// Leaves a record, durably, that a device is about to sign `value` with `key` in a ceremony.
    ///
    /// # Errors
    /// If the file cannot be written: nothing may be signed.
    pub(crate) fn announce(&self, key: &KeyId, value: &[u8]) -> anyhow::Result<Announced> {
        let (mut number, mut salt) = ([0_u8; 16], [0_u8; 32]);
        let failed = |e| anyhow::anyhow!("no random octets: {e}");
        getrandom::fill(&mut number).map_err(failed)?;
        getrandom::fill(&mut salt).map_err(failed)?;
        let announced = Announced { act: hex::encode(&number[..4]), serial: Serial::new(&number)?, key: key.into() };
        let imprint = TenantSecret::new(salt).commit(&announced.serial, CommitmentLabel::Imprint, value);
        let (serial, key) = (announced.serial.clone(), announced.key.clone());
        self.leave_as(&announced.act, &Entry::Intent(Intent { time: LogTime::system_now(), serial, key, imprint }))?;
        Ok(announced)
    }

    /// Leaves a record of `action` on `target`, which the announced signature was for.
    ///
    /// # Errors
    /// As [`Self::leave`].
    pub(crate) fn leave_signed(
        &self,
        announced: &Announced,
        action: &str,
        target: &str,
        reason: Option<&str>,
    ) -> anyhow::Result<()> {
        self.leave_as(&announced.act, &admin(action, target, reason)?)
    }

    /// Leaves a record that nothing came of an announced signature.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn leave_outcome(&self, announced: Announced, result: OutcomeResult, code: &str) -> anyhow::Result<()> {
        let Announced { act, serial, key } = announced;
        let (time, code) = (LogTime::system_now(), Label::new(code).ok());
        // The intake knows the intent's place, once it has one.
        let outcome = Outcome { time, serial, key, intent: LeafIndex(0), result, code, sig: None };
        self.leave_as(&act, &Entry::Outcome(outcome))
    }

    /// Leaves `entry`, durably.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn leave_entry(&self, entry: &Entry) -> anyhow::Result<()> {
        let mut suffix = [0_u8; 4];
        getrandom::fill(&mut suffix).map_err(|e| anyhow::anyhow!("no random octets: {e}"))?;
        self.leave_as(&hex::encode(suffix), entry)
    }

    /// Leaves `entry` as a record of the act of this name.
    fn leave_as(&self, act: &str, entry: &Entry) -> anyhow::Result<()> {
        let name = format!("{:020}-{act}.{SUFFIX}", entry.time().unix_micros());
        let failed = || format!("cannot write to {}", self.0.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0).with_context(failed)?;
        let path = self.0.join(name);
        output::create(&path, entry.encode()?.body(), Readers::Owner)?;
        self.give_to_service(&path).with_context(failed)?;
        File::open(&self.0).and_then(|folder| folder.sync_all()).with_context(failed)
    }

    /// The folder and `record` belong to whom the key folder belongs to, though root left them: the service could neither read nor remove them else.
    fn give_to_service(&self, record: &Path) -> io::Result<()> {
        let owner = self.0.parent().map(fs::metadata).transpose()?;
        let Some((uid, gid)) = owner.map(|keys| (keys.uid(), keys.gid())) else { return Ok(()) };
        for path in [self.0.as_path(), record] {
            if fs::symlink_metadata(path)?.uid() != uid {
                lchown(path, Some(uid), Some(gid))?;
            }
        }
        Ok(())
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
    /// Whether this is the record of how the signature ended that `intent` announces.
    pub(crate) fn ends(&self, intent: &Self) -> bool {
        let act = |record: &Self| {
            let name = record.path.file_stem()?.to_str()?;
            Some(name.split_once('-')?.1.to_owned())
        };
        matches!(self.entry, Ok(Entry::Admin(_) | Entry::Outcome(_))) && act(self).is_some() && act(self) == act(intent)
    }

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

fn admin(action: &str, target: &str, reason: Option<&str>) -> anyhow::Result<Entry> {
    Ok(Entry::Admin(Admin {
        time: LogTime::system_now(),
        action: Label::new(action)?,
        target: Some(Label::new(target)?),
        actor: None,
        reason: reason.map(Text::new).transpose().context("the reason")?,
        intent: None,
    }))
}

/// Nothing but what an administrator did, brought or deleted: a spool makes no token and no clock reading.
fn read(path: &Path) -> Result<Entry, NoRecord> {
    let refused = |reason: String| NoRecord::Refused(anyhow::anyhow!(reason));
    // A pipe would keep the service waiting, and a link leads to what is not for the log.
    if !fs::symlink_metadata(path).map_err(NoRecord::Unreadable)?.is_file() {
        return Err(refused(format!("{} is no file", path.display())));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(NoRecord::Unreadable)?;
    file.take(MAX_RECORD + 1).read_to_end(&mut bytes).map_err(NoRecord::Unreadable)?;
    match Entry::parse(&bytes).map_err(|error| NoRecord::Refused(error.into()))? {
        Entry::Admin(admin) if !ACTIONS.contains(&admin.action.as_str()) => {
            Err(refused(format!("{} is not what a ceremony does", admin.action)))
        }
        // Which intent it ends is found here, and not taken from anybody's word.
        Entry::Admin(Admin { intent: Some(_), .. }) => {
            Err(refused("a ceremony cannot know an entry's place".to_owned()))
        }
        entry @ (Entry::Intent(_) | Entry::Outcome(_)) => Ok(entry),
        entry @ (Entry::Admin(_) | Entry::TimeAudit(_) | Entry::Pruning(_) | Entry::Erasure(_)) => Ok(entry),
        other => Err(refused(format!("a record of kind {} was not made by a ceremony", other.kind().as_str()))),
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

    /// None of these may keep the service waiting, fill its memory, or speak in its name.
    #[test]
    fn pipes_links_large_files_and_acts_of_the_service_itself_are_refused_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let spool = Spool::new(dir.path());
        spool.leave("key-create", "tsu-1", None).unwrap();
        let folder = dir.path().join(FOLDER);
        let good = spool.waiting().unwrap().remove(0).path;
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.join("1.json"), rustix::fs::Mode::RWXU).unwrap();
        std::os::unix::fs::symlink(&good, folder.join("2.json")).unwrap();
        File::create(folder.join("3.json")).unwrap().set_len(1 << 40).unwrap();
        fs::create_dir(folder.join("4.json")).unwrap();
        spool.leave("time-mark.refused", "tsu-1", None).unwrap();
        let waiting = spool.waiting().unwrap();
        let (taken, refused): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|record| record.entry.is_ok());
        assert_eq!((taken.len(), refused.len()), (1, 5));
        for record in refused {
            assert!(matches!(record.entry, Err(NoRecord::Refused(_))), "{record:?}");
            record.put_aside().unwrap();
        }
        assert_eq!(spool.waiting().unwrap().len(), 1);
    }

    /// A record that cannot be read now is not thrown out: the act would be missing from the log for ever.
    #[test]
    fn a_record_that_cannot_be_read_now_waits() {
        let gone = read(Path::new("/nonexistent/1.json"));
        assert!(matches!(gone, Err(NoRecord::Unreadable(_))), "{gone:?}");
    }

    /// `sudo kokuin keys suspend`: the service, which is not root, must be able to read and remove what root left. Needs root to show it.
    #[test]
    fn a_record_belongs_to_whom_the_keys_belong_to() {
        let dir = tempfile::tempdir().unwrap();
        let keys = dir.path().join("keys");
        fs::create_dir(&keys).unwrap();
        let is_root = fs::metadata(&keys).unwrap().uid() == 0;
        let owner = if is_root { 12_345 } else { fs::metadata(&keys).unwrap().uid() };
        lchown(&keys, Some(owner), None).unwrap();
        let spool = Spool::new(&keys);
        spool.leave("key-suspend", "tsu-1", None).unwrap();
        let record = spool.waiting().unwrap().remove(0).path;
        assert_eq!(
            (fs::metadata(keys.join(FOLDER)).unwrap().uid(), fs::metadata(record).unwrap().uid()),
            (owner, owner)
        );
    }
}
