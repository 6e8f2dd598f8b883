//! What a ceremony leaves: a file beside the keys with everything, and for the log an entry with its digest.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use kokuin_audit::{
    Entry, TenantSecret,
    commitment::CommitmentLabel,
    entry::{Admin, Label, LogTime, Serial, Text},
};
use kokuin_hsm_config::yubihsm::manage::{LogMark, MadeKey};
use kokuin_suite::{DigestAlgorithm, digest};
use serde::Serialize;

use crate::{
    config::Config,
    fresh,
    output::{self, Readers},
    spool::Spool,
};

/// Folder of the records, in the key folder.
const FOLDER: &str = "hsm";

/// Where the log is that a ceremony is recorded in.
#[derive(Debug, clap::Args)]
pub(super) struct Log {
    /// Configuration of the service whose log takes the record
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Log {
    /// The configuration.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn config(&self) -> anyhow::Result<Config> {
        Config::load(&self.config)
    }

    /// The configuration's key folder, where records wait for the service.
    ///
    /// # Errors
    /// If the configuration cannot be read.
    pub(super) fn keys(&self) -> anyhow::Result<PathBuf> {
        Ok(self.config()?.keys.directory)
    }
}

/// Everything about one ceremony. It names people and stays with the provider (0600); the log has its digest.
#[derive(Debug, Default, Serialize)]
pub(super) struct Record {
    /// What was done: `hsm-apply` and so on.
    pub(super) action: &'static str,
    /// The device.
    pub(super) serial: u32,
    /// The device's name in the manifest.
    pub(super) device: String,
    /// SHA-256 of the manifest's file.
    pub(super) manifest_sha256: String,
    /// Who was there.
    pub(super) actors: Vec<String>,
    /// Authentication keys that were logged in with.
    pub(super) logins: Vec<String>,
    /// What was done, in words and order.
    pub(super) steps: Vec<String>,
    /// Keys that were made.
    pub(super) keys: Vec<MadeKey>,
    /// SHA-256 of attestation certificates, by key.
    pub(super) attestations: Vec<(String, String)>,
    /// Lines that the device was let forget, as it had them, hexadecimal.
    pub(super) log_lines: Vec<String>,
    /// The device's log before.
    pub(super) log_before: Option<LogMark>,
    /// The device's log after.
    pub(super) log_after: Option<LogMark>,
    /// Why it stopped, if it did not come to its end.
    pub(super) stopped: Option<String>,
}

/// The file: the record, and what opens the log's commitment to the names.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    record: &'a Record,
    /// Secret and serial of the commitment, hexadecimal: HMAC-SHA256 over the serial, `actor` and the names with a line end after each.
    commitment_secret: String,
    commitment_serial: String,
}

/// SHA-256 of a file, hexadecimal.
pub(super) fn digest_of(path: &Path) -> anyhow::Result<String> {
    Ok(sha256(&std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?))
}

/// SHA-256, hexadecimal.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(DigestAlgorithm::Sha256, bytes))
}

/// The folder of a device's records, which is made if it is not there.
pub(super) fn folder(keys: &Path, serial: u32) -> anyhow::Result<PathBuf> {
    let folder = keys.join(FOLDER).join(serial.to_string());
    fresh::make_private(&folder)?;
    Ok(folder)
}

impl Record {
    /// Writes the file, and leaves the entry for the log.
    ///
    /// # Errors
    /// If one of them cannot be written.
    pub(super) fn leave(&self, keys: &Path) -> anyhow::Result<()> {
        let mut random = [0_u8; 48];
        getrandom::fill(&mut random).map_err(|e| anyhow::anyhow!("no random octets: {e}"))?;
        let (secret, serial) = random.split_first_chunk::<32>().context("48 octets have 32")?;
        let names: String = self.actors.iter().map(|name| format!("{name}\n")).collect();
        let committed =
            TenantSecret::new(*secret).commit(&Serial::new(serial)?, CommitmentLabel::Actor, names.as_bytes());
        let kept =
            Kept { record: self, commitment_secret: hex::encode(secret), commitment_serial: hex::encode(serial) };
        let text = serde_json::to_string_pretty(&kept)?;
        let time = LogTime::system_now();
        let folder = folder(keys, self.serial)?;
        let path = folder.join(format!("{:020}-{}.json", time.unix_micros(), self.action));
        output::create(&path, text.as_bytes(), Readers::Owner)?;
        let entry = Entry::Admin(Admin {
            time,
            action: Label::new(self.action)?,
            target: Some(Label::new(&format!("yubihsm:{}", self.serial))?),
            actor: Some(committed),
            intent: None,
            reason: Some(Text::new(&self.summary(&sha256(text.as_bytes())))?),
        });
        let left = Spool::new(keys).leave_entry(&entry);
        left.context("done, but the log will not have it: no record could be left")?;
        println!("record {}", path.display());
        Ok(())
    }

    /// What the log says: digests, and how far it came.
    fn summary(&self, record: &str) -> String {
        let mut text = format!("record {record}; manifest {}; {} steps", self.manifest_sha256, self.steps.len());
        if let Some(mark) = &self.log_after {
            text.push_str(&format!("; device log {} {}", mark.number, mark.digest));
        }
        if !self.attestations.is_empty() {
            let all: String = self.attestations.iter().map(|(key, digest)| format!("{key} {digest}\n")).collect();
            text.push_str(&format!("; {} attestations {}", self.attestations.len(), sha256(all.as_bytes())));
        }
        if self.stopped.is_some() {
            text.push_str("; stopped before its end");
        }
        text
    }
}
