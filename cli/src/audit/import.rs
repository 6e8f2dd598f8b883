//! `kokuin audit import-time-audit`: an outside authority's record about the clock becomes an entry (JP-TS-07, JP-TS-20).

use std::{
    fs::{DirBuilder, File},
    io::Read as _,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use kokuin_attest::{AuditRecord, time_audit::MAX_RECORD};
use kokuin_audit::{
    Entry,
    entry::{LogTime, TimeAudit},
};
use kokuin_suite::CryptoPolicy;
use kokuin_suite_openssl::OpenSslEngine;

use super::{anchors, place};
use crate::{
    output::{self, Readers},
    spool::Spool,
};

/// Name of the folder, in the data folder, that keeps what was imported.
const FOLDER: &str = "time-audit";

/// Which records.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder with kokuin.toml, database and log
    #[arg(long, value_name = "DIR", default_value = "kokuin-data")]
    data: PathBuf,
    /// CMS signatures or RFC 3161 tokens
    #[arg(required = true, value_name = "FILE")]
    records: Vec<PathBuf>,
    /// What the record is signed or stamped beside (one record only). Default: the file of the same name without its last extension, if there is one
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
    /// Certificates that the signer must lead to
    #[arg(long, required = true, value_name = "FILE")]
    trust: Vec<PathBuf>,
}

/// Checks every record first, then keeps them and leaves their entries for the log.
///
/// # Errors
/// If one cannot be read, does not hold, or cannot be kept: none is imported after it.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.content.is_some() && args.records.len() > 1 {
        bail!("--content belongs to one record, {} were given", args.records.len());
    }
    let trust = anchors::load_trust(&args.trust)?;
    let crypto_policy = CryptoPolicy::etsi();
    let mut checked = Vec::new();
    for path in &args.records {
        let record = read(path)?;
        let content = content_of(path, args.content.as_deref())?;
        let asked = AuditRecord {
            record: &record,
            content: content.as_deref(),
            trust: &trust,
            engine: &OpenSslEngine,
            crypto_policy: &crypto_policy,
            now: anchors::unix_now(),
        };
        let entry = asked.entry(LogTime::system_now()).with_context(|| path.display().to_string())?;
        checked.push((record, content, entry));
    }
    let spool = Spool::new(&place::keys_folder(&args.data)?);
    for (record, content, entry) in checked {
        keep(&args.data, &record, content.as_deref(), &entry)?;
        let shown = format!(
            "{}: {} to {} us, {} to {}; sha256 {}",
            entry.source, entry.min_offset_us, entry.max_offset_us, entry.from, entry.to, entry.digest
        );
        spool.leave_entry(&Entry::TimeAudit(entry))?;
        println!("{shown}");
    }
    println!("the service logs it within a second, or when it starts");
    Ok(ExitCode::SUCCESS)
}

/// Under the record's digest; one that is there already has been imported.
fn keep(data: &Path, record: &[u8], content: Option<&[u8]>, entry: &TimeAudit) -> anyhow::Result<()> {
    let folder = data.join(FOLDER);
    let failed = || format!("cannot write to {}", folder.display());
    DirBuilder::new().recursive(true).mode(0o750).create(&folder).with_context(failed)?;
    let name = hex::encode(entry.digest.as_bytes());
    let path = folder.join(format!("{name}.record"));
    if path.exists() {
        bail!("{} is there: this record was imported before", path.display());
    }
    if let Some(content) = content {
        let beside = folder.join(format!("{name}.content"));
        if !beside.exists() {
            output::create(&beside, content, Readers::Owner)?;
        }
    }
    output::create(&path, record, Readers::Owner)?;
    File::open(&folder).and_then(|folder| folder.sync_all()).with_context(failed)
}

fn content_of(record: &Path, given: Option<&Path>) -> anyhow::Result<Option<Vec<u8>>> {
    if let Some(given) = given {
        return read(given).map(Some);
    }
    let beside = record.with_extension("");
    if beside != record && beside.is_file() { read(&beside).map(Some) } else { Ok(None) }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("cannot read {}", path.display());
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(failed)?;
    file.take(MAX_RECORD as u64 + 1).read_to_end(&mut bytes).with_context(failed)?;
    Ok(bytes)
}
