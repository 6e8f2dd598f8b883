//! A log with many entries, made through the real log: for measuring a start over it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use kokuin_audit::{
    LeafIndex, Log, LogName, LogOptions, Origin, Pending, VerifierKey,
    entry::{Digest, KeyName, LogTime, PolicyOid, Serial, TstRef},
};
use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::KeyId;
use kokuin_store::{Database, FileAnchor};
use kokuin_suite_openssl::OpenSslEngine;
use serde::Deserialize;

/// Entries handed over before the first of them is waited for.
const AT_A_TIME: u64 = 4_096;
/// Microseconds between two tokens: so many a second are issued on two processors.
const APART: i64 = 30;

/// What is read of a development start's `kokuin.toml`.
#[derive(Deserialize)]
struct Settings {
    keys: Keys,
    log: LogSettings,
}

#[derive(Deserialize)]
struct Keys {
    directory: PathBuf,
    passphrase_file: PathBuf,
}

#[derive(Deserialize)]
struct LogSettings {
    name: String,
    origin: String,
    key: String,
    database: PathBuf,
    anchor: PathBuf,
}

/// Appends `entries` token entries to the log of the stopped development service in `data`.
pub(crate) fn fill(data: &Path, entries: u64) -> anyhow::Result<()> {
    let log = open(data)?;
    let begin = LogTime::system_now().unix_micros() - i64::try_from(entries)? * APART;
    let mut done = 0;
    while done < entries {
        let group = done..entries.min(done + AT_A_TIME);
        let pending: Vec<Pending> = group.map(|turn| append(&log, begin, turn)).collect::<anyhow::Result<_>>()?;
        done += pending.len() as u64;
        for entry in pending {
            entry.wait()?;
        }
    }
    log.close()?;
    println!("{done} entries");
    Ok(())
}

fn append(log: &Log, begin: i64, turn: u64) -> anyhow::Result<Pending> {
    let time = LogTime::from_unix_micros(begin + i64::try_from(turn)? * APART);
    // As the service makes them: time, then what tells starts apart, then a counter.
    let mut serial = [0x5a; 19];
    serial[..7].copy_from_slice(&time.unix_micros().to_be_bytes()[1..]);
    serial[15..].copy_from_slice(&u32::try_from(turn % (1 << 32))?.to_be_bytes());
    let entry = TstRef {
        time,
        serial: &Serial::new(&serial)?,
        key: &KeyName::new("tsu")?,
        policy: &PolicyOid::new("2.999.3161.1")?,
        bound_us: 1_000_000,
        measured: false,
        clock: LeafIndex(5),
        cert: LeafIndex(3),
        digest: Digest::of(&serial),
        sig: Digest::of(&serial[1..]),
        attrs: Digest::of(&serial[2..]),
    };
    Ok(log.append_encoded(entry.encode()))
}

fn open(data: &Path) -> anyhow::Result<Log> {
    let path = data.join("kokuin.toml");
    let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let Settings { keys, log } = toml::from_str(&text)?;
    let store = SoftStore::open(&data.join(keys.directory), &data.join(keys.passphrase_file))?;
    let key = store.load(&KeyId::new(log.key.strip_prefix("soft:").context("the log's key is no soft key")?)?)?;
    let (origin, name) = (Origin::new(&log.origin)?, LogName::new(&log.name)?);
    let vkey = VerifierKey::from_spki(&origin, key.public_key())?;
    let (writer, reader) = Database::open(&data.join(log.database))?.open_log(&name, &vkey)?;
    let checkpoint_interval = LogOptions::DEFAULT_INTERVAL;
    let options = LogOptions { origin, name, key, engine: Arc::new(OpenSslEngine), checkpoint_interval };
    let anchor = FileAnchor::new(&data.join(log.anchor))?;
    Ok(Log::open(options, Box::new(writer), Arc::new(reader), Box::new(anchor))?)
}
