//! The log of a process, and those that it took over from.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use kokuin_audit::{
    Log, LogName, LogOptions, LogRead as _, Origin, Previous, SignedCheckpoint, StoredLog, VerifierKey, entry::Text,
};
use kokuin_store::{Database, FileAnchor, LogState};
use kokuin_suite::Verify;
use kokuin_web::PublicLog;

use crate::{
    config::{Config, Succeeded},
    keyring::Keyring,
};

/// Opens the configured log. One whose store is behind its anchor is refused (THR-42); the way on is a new log, which names the old one's
/// last checkpoint and why it ended: `[log.succeeds]` says which, `accept_loss` why.
pub(super) fn open(
    config: &Config,
    keys: &Keyring,
    database: &Database,
    engine: &Arc<dyn Verify>,
    accept_loss: Option<&str>,
) -> anyhow::Result<Log> {
    let (origin, name) = (Origin::new(&config.log.origin)?, LogName::new(&config.log.name)?);
    let key = keys.key(&config.log.key)?;
    let vkey = VerifierKey::from_spki(&origin, key.public_key())?;
    let anchor = FileAnchor::new(&config.log.anchor)?;
    let is_new = !database.logs()?.iter().any(|log| log.name == config.log.name);
    let previous = match (&config.log.succeeds, accept_loss) {
        (Some(succeeded), Some(reason)) if is_new => Some(end(database, succeeded, reason, engine.as_ref())?),
        (Some(succeeded), None) if is_new => bail!(
            "log {name} takes over from {} after a loss; say why with --accept-loss REASON, which goes into its first entry",
            succeeded.name
        ),
        (_, Some(_)) => bail!(
            "--accept-loss opens a new log: give [log] a new name, origin and anchor, and name the old log in [log.succeeds]"
        ),
        (_, None) => None,
    };
    let (store, read) = database.open_log(&name, &vkey)?;
    let engine = Arc::clone(engine);
    let options = LogOptions { origin, name, key, engine, checkpoint_interval: LogOptions::DEFAULT_INTERVAL };
    let (store, read, anchor) = (Box::new(store), Arc::new(read), Box::new(anchor));
    Ok(match previous {
        Some(previous) => Log::open_successor(options, store, read, anchor, previous)?,
        None => Log::open(options, store, read, anchor)?,
    })
}

/// Closes a log for good and says where it ended: at its anchor, which may be ahead of its store; without one, at the store's last checkpoint.
fn end(database: &Database, succeeded: &Succeeded, reason: &str, engine: &dyn Verify) -> anyhow::Result<Previous> {
    let reason = Text::new(reason).context("--accept-loss")?;
    let records = database.logs()?;
    let record = records.iter().find(|log| log.name == succeeded.name);
    let record = record.with_context(|| format!("the database holds no log {}", succeeded.name))?;
    let name = LogName::new(&record.name)?;
    // Nobody writes it any more from here on: what is its last checkpoint stays so.
    database.retire_log(&name)?;
    let note = match &succeeded.anchor {
        Some(path) => FileAnchor::read(path)?.with_context(|| format!("{} holds no checkpoint", path.display()))?,
        None => database.log_reader(&name)?.checkpoint()?.context("the database holds no checkpoint of it")?.note,
    };
    let vkey = VerifierKey::parse(&record.vkey)?;
    let checkpoint = SignedCheckpoint::verify(note.as_bytes(), &vkey, engine)?;
    Ok(Previous { checkpoint, reason })
}

/// Every other log of the database, whoever writes it, as it is now: none can be hidden.
pub(super) fn others(
    database: &Database,
    own: &LogName,
    engine: &dyn Verify,
) -> anyhow::Result<Vec<Arc<dyn PublicLog>>> {
    let mut others: Vec<Arc<dyn PublicLog>> = Vec::new();
    for record in database.logs()?.into_iter().filter(|log| log.name != own.as_str()) {
        let name = LogName::new(&record.name)?;
        let read = Arc::new(database.log_reader(&name)?);
        let open = record.state == LogState::Open;
        match StoredLog::load(name, VerifierKey::parse(&record.vkey)?, read, engine, open) {
            Ok(Some(log)) => others.push(Arc::new(log)),
            Ok(None) => (),
            // It is damaged, and that may be why it was ended: it can be read with `kokuin audit`, not served.
            Err(error) => tracing::debug!(log = record.name, %error, "another log is not served"),
        }
    }
    Ok(others)
}
