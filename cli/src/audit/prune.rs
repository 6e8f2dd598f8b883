//! `kokuin audit prune` and `erase-tenant`: records are deleted when their retention is over, not before, and the log says so (JP-TS-19, JP-ES-18).

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use kokuin_audit::{
    Entry, LogName,
    commitment::CommitmentLabel,
    entry::{Erasure, Label, LogTime, Pruning, Serial, Text},
    storage::LogRead as _,
};
use kokuin_store::{BatchRepository, Database, LogReader, TenantRepository};

use super::{parse_time, place, tenant};
use crate::{
    config::{Class, Retention},
    spool::Spool,
};

const DAY_US: i64 = 86_400_000_000;
/// Entries looked at at a time.
const LOOKED_AT: u64 = 1024;

/// What to delete.
#[derive(Debug, clap::Args)]
pub(crate) struct Prune {
    /// Folder with kokuin.toml, database and log
    #[arg(long, value_name = "DIR", default_value = "kokuin-data")]
    data: PathBuf,
    /// Class of record
    #[arg(long, value_name = "CLASS")]
    class: Class,
    /// Delete what is older than this date or time (UTC)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    before: LogTime,
    /// Why; it stands in the log, so no names
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Whom to forget.
#[derive(Debug, clap::Args)]
pub(crate) struct Erase {
    /// Folder with kokuin.toml, database and log
    #[arg(long, value_name = "DIR", default_value = "kokuin-data")]
    data: PathBuf,
    /// The tenant
    #[arg(value_name = "NAME")]
    tenant: String,
    /// Why; it stands in the log, so no names
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Deletes records of one class beyond their retention.
///
/// # Errors
/// If the retention is not over, or anything cannot be read or written.
pub(super) fn prune(args: &Prune) -> anyhow::Result<ExitCode> {
    let database = place::database(&args.data)?;
    let now = trusted_now(&database)?;
    let days = check_over(place::retention(&args.data)?, args.class, args.before, now)?;
    let batches = BatchRepository::new(database.for_batches()?);
    let tenants = TenantRepository::new(database);
    let count = match args.class {
        Class::Seal => tenants.seals_before(args.before)?,
        Class::ApiToken => tenants.tokens_ended_before(args.before)?,
        Class::Batch => batches.settled_before(args.before)?,
        Class::Log => 0,
    };
    if count == 0 {
        println!("no {} is older than {}", args.class.as_str(), args.before);
        return Ok(ExitCode::SUCCESS);
    }
    let entry = Pruning {
        time: LogTime::system_now(),
        class: Label::new(args.class.as_str())?,
        before: args.before,
        retention_days: days,
        count,
        reason: text(args.reason.as_deref())?,
    };
    // The record first: a deletion that the log does not know of would be a hole nobody can explain.
    Spool::new(&place::keys_folder(&args.data)?).leave_entry(&Entry::Pruning(entry))?;
    let deleted = match args.class {
        Class::Seal => tenants.prune_seals(args.before),
        Class::ApiToken => tenants.prune_tokens(args.before),
        Class::Batch => batches.prune(args.before, u64::MAX),
        Class::Log => Ok(0),
    };
    let deleted = deleted.context("the log will say that records were deleted, and they were not: run this again")?;
    println!("{deleted} records of class {} deleted; the log keeps their entries", args.class.as_str());
    Ok(ExitCode::SUCCESS)
}

/// Erases a tenant's salt and the records that name it.
///
/// # Errors
/// If the retention of its last seal is not over, nothing is known of it, or anything cannot be read or written.
pub(super) fn erase(args: &Erase) -> anyhow::Result<ExitCode> {
    let database = place::database(&args.data)?;
    let now = trusted_now(&database)?;
    let retention = place::retention(&args.data)?;
    let tenants = TenantRepository::new(database);
    if let Some(last) = tenants.last_seal(&args.tenant)? {
        // The last seal must be older than what may be deleted.
        let after = LogTime::from_unix_micros(last.unix_micros().saturating_add(1));
        check_over(retention, Class::Seal, after, now)?;
    }
    let kept_tokens = tenants.tokens_kept(&args.tenant, kept_from(retention, Class::ApiToken, now)?.0)?;
    if kept_tokens > 0 {
        bail!(
            "{kept_tokens} API tokens of this tenant are not over, or their retention as class {} is not: revoke them, and wait",
            Class::ApiToken.as_str()
        );
    }
    let kept_seals = kept_from(retention, Class::Seal, now)?.0;
    let store = tenant::store_secret(&args.data)?;
    let Some(secret) = tenants.known_secret(&store, &args.tenant)? else {
        bail!("the store has no salt of such a tenant: it never had a seal made, or was erased");
    };
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).map_err(|error| anyhow::anyhow!("no random octets: {error}"))?;
    let serial = Serial::new(&random)?;
    let tenant = secret.commit(&serial, CommitmentLabel::Tenant, args.tenant.as_bytes());
    let entry = Erasure { time: LogTime::system_now(), serial, tenant, reason: text(args.reason.as_deref())? };
    Spool::new(&place::keys_folder(&args.data)?).leave_entry(&Entry::Erasure(entry))?;
    let failed = "the log will say that a tenant was erased, and it was not: run this again";
    let Some(erased) = tenants.erase(&args.tenant, kept_seals).context(failed)? else {
        bail!("{failed}; a seal was made for it meanwhile");
    };
    println!(
        "erased, with {} seals and {} API tokens; copies of the database keep what they have",
        erased.seals, erased.tokens
    );
    if !erased.is_cleared {
        println!("traces are left in the database's own files; docs/log.md, Retention, says how they go");
    }
    Ok(ExitCode::SUCCESS)
}

/// What the time is for retention: the machine's clock can be set ahead by whoever would rather delete today, the log's latest time that a
/// disciplined clock vouched for cannot. Where the service has not run for long, less may go, never more.
fn trusted_now(database: &Database) -> anyhow::Result<LogTime> {
    let mut latest = None;
    for log in database.logs()? {
        let reader = database.log_reader(&LogName::new(&log.name)?)?;
        latest = latest.max(latest_vouched(&reader)?);
    }
    let latest =
        latest.context("the log has no time yet that a clock vouched for, so nothing is known to be old enough")?;
    Ok(latest.min(LogTime::system_now()))
}

/// The latest vouched time among the newest entries that have one.
fn latest_vouched(log: &LogReader) -> anyhow::Result<Option<LogTime>> {
    let mut end = log.size()?.0;
    while end > 0 {
        let start = end.saturating_sub(LOOKED_AT);
        let entries = log.entries(start..end)?;
        let latest = entries.iter().filter_map(|body| Entry::parse(body).ok()?.vouched_time()).max();
        if latest.is_some() {
            return Ok(latest);
        }
        end = start;
    }
    Ok(None)
}

/// What is of this time or later is kept, and for how many days.
fn kept_from(retention: Retention, class: Class, now: LogTime) -> anyhow::Result<(LogTime, u32)> {
    let Some(days) = retention.days(class) else {
        bail!("records of class {} are never deleted: the tree is made of them", class.as_str());
    };
    Ok((LogTime::from_unix_micros(now.unix_micros().saturating_sub(i64::from(days) * DAY_US)), days))
}

/// Nothing is deleted before its time; says until when it is kept.
fn check_over(retention: Retention, class: Class, before: LogTime, now: LogTime) -> anyhow::Result<u32> {
    let (allowed, days) = kept_from(retention, class, now)?;
    if before > allowed {
        let until = LogTime::from_unix_micros(before.unix_micros().saturating_add(i64::from(days) * DAY_US));
        bail!(
            "records of class {} are kept for {days} days: what is older than {before} may go on {until}, today what is older than {allowed}",
            class.as_str()
        );
    }
    Ok(days)
}

fn text(reason: Option<&str>) -> anyhow::Result<Option<Text>> {
    reason.map(Text::new).transpose().context("--reason")
}

#[cfg(test)]
mod tests {
    use kokuin_audit::{LeafIndex, Origin, TenantSecret, VerifierKey, entry::ClockReading, storage::LogStore as _};
    use kokuin_store::{
        BatchRecord, BatchState, SealRecord, SealRepository, SubmissionRecord, TokenKey, TokenRecord, TokenRepository,
    };

    use super::*;

    const NOW_S: i64 = 1_795_435_200;

    fn retention(text: &str) -> Retention {
        kokuin_settings::parse(std::path::Path::new("kokuin.toml"), text).unwrap()
    }

    #[test]
    fn refuses_deletion_before_its_time_and_names_class_and_date_jp_ts_19() {
        let now = LogTime::from_unix_seconds(NOW_S);
        let days_ago = |days: i64| LogTime::from_unix_seconds(NOW_S - days * 86_400);
        let kept = retention("seal_days = 30");
        assert_eq!(check_over(kept, Class::Seal, days_ago(30), now).unwrap(), 30);
        let error = check_over(kept, Class::Seal, days_ago(29), now).unwrap_err().to_string();
        assert!(error.contains("class seal") && error.contains("2026-11-24T12:00:00"), "{error}");
        let error = check_over(kept, Class::Log, days_ago(100_000), now).unwrap_err().to_string();
        assert!(error.contains("never"), "{error}");
        let fifteen_years = check_over(retention(""), Class::Seal, days_ago(5479), now).unwrap();
        assert_eq!(fifteen_years, 5479);
        assert!(check_over(retention(""), Class::ApiToken, days_ago(5478), now).is_err());
    }

    /// A data folder with one tenant, whose seal was made `days` ago, by the machine's clock and the log's.
    fn folder(days: i64) -> tempfile::TempDir {
        let folder = folder_without_time(days);
        read_clock(&folder, LogTime::system_now());
        folder
    }

    /// The log's clock says `time`.
    fn read_clock(folder: &tempfile::TempDir, time: LogTime) {
        let database = Database::open(&folder.path().join("kokuin.db")).unwrap();
        let key = VerifierKey::new(&Origin::new("log.example").unwrap(), [1; 32]);
        let (mut log, _) = database.open_log(&LogName::new("main").unwrap(), &key).unwrap();
        let source = Label::new("ntp").unwrap();
        let reading = Entry::ClockReading(ClockReading { time, source, bound_us: 1, measured: true });
        log.append(LeafIndex(0), &[reading.encode().unwrap()], &[]).unwrap();
    }

    fn folder_without_time(days: i64) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        std::fs::create_dir(&keys).unwrap();
        let secret = keys.join("tenant-secret");
        crate::output::create(&secret, b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", crate::output::Readers::Owner)
            .unwrap();
        let seals = SealRepository::new(Database::open(&folder.path().join("kokuin.db")).unwrap());
        let now = LogTime::system_now().unix_micros();
        seals
            .insert(&SealRecord {
                id: vec![1; 16],
                tenant: "a".to_owned(),
                created: LogTime::from_unix_micros(now - days * DAY_US),
                format: "pades".to_owned(),
                level: "B-T".to_owned(),
                digest: vec![1; 32],
                log_serial: vec![1; 16],
                idempotency_key: None,
                request_hash: vec![2; 32],
            })
            .unwrap();
        let _secret = seals.tenants().secret(&TenantSecret::new([0; 32]), "a").unwrap();
        folder
    }

    fn waiting(folder: &tempfile::TempDir) -> Vec<&'static str> {
        let spool = Spool::new(&folder.path().join("keys"));
        spool.waiting().unwrap().into_iter().map(|one| one.entry.unwrap().kind().as_str()).collect()
    }

    #[test]
    fn erases_a_tenant_after_its_retention_and_says_so_in_the_log_jp_es_18() {
        let young = folder(5478);
        let erase_in = |folder: &tempfile::TempDir| {
            erase(&Erase { data: folder.path().to_owned(), tenant: "a".to_owned(), reason: None })
        };
        let error = erase_in(&young).unwrap_err().to_string();
        assert!(error.contains("class seal"), "{error}");
        assert!(waiting(&young).is_empty());
        let old = folder(5480);
        erase_in(&old).unwrap();
        assert_eq!(waiting(&old), ["erasure"]);
        assert!(erase_in(&old).is_err(), "nobody is erased twice");
    }

    /// JP-TS-19: whoever would rather delete today sets the machine's clock ahead. What counts is the time that the log's clock vouched for: in this
    /// test it is the machine that says 2026, and the log that is 100 days behind.
    #[test]
    fn a_clock_set_ahead_makes_nothing_old_enough_jp_ts_19() {
        let folder = folder_without_time(5500);
        let now = LogTime::system_now().unix_micros();
        let before = LogTime::from_unix_micros(now - 5490 * DAY_US);
        let prune_it = || prune(&Prune { data: folder.path().to_owned(), class: Class::Seal, before, reason: None });
        let erase_it = || erase(&Erase { data: folder.path().to_owned(), tenant: "a".to_owned(), reason: None });
        let error = prune_it().unwrap_err().to_string();
        assert!(error.contains("no time yet"), "{error}");
        read_clock(&folder, LogTime::from_unix_micros(now - 100 * DAY_US));
        let error = prune_it().unwrap_err().to_string();
        assert!(error.contains("class seal"), "{error}");
        assert!(erase_it().is_err() && waiting(&folder).is_empty());
    }

    /// JP-ES-18: the record of who had access has a retention of its own, which erasing does not cut short.
    #[test]
    fn a_tenant_whose_tokens_are_still_kept_is_not_erased_jp_es_18() {
        let old = folder(5480);
        let tokens = TokenRepository::new(Database::open(&old.path().join("kokuin.db")).unwrap());
        let record = TokenRecord {
            id: "one".to_owned(),
            tenant: "a".to_owned(),
            actor: "b".to_owned(),
            scopes: Vec::new(),
            created: LogTime::from_unix_seconds(0),
            expires: None,
            revoked: None,
        };
        tokens.insert(&TokenKey::new([1; 32]).hash(b"x"), &record).unwrap();
        let erase_it = || erase(&Erase { data: old.path().to_owned(), tenant: "a".to_owned(), reason: None });
        assert!(erase_it().unwrap_err().to_string().contains("API tokens"));
        tokens.revoke("one", LogTime::system_now()).unwrap();
        assert!(erase_it().is_err(), "revoked today");
        assert!(waiting(&old).is_empty());
    }

    #[test]
    fn prunes_after_retention_and_says_so_in_the_log_jp_ts_19() {
        let old = folder(5480);
        let before = LogTime::from_unix_micros(LogTime::system_now().unix_micros() - 5479 * DAY_US - DAY_US / 2);
        let args = Prune { data: old.path().to_owned(), class: Class::Seal, before, reason: None };
        prune(&args).unwrap();
        prune(&args).unwrap();
        assert_eq!(waiting(&old), ["pruning"], "what deleted nothing says nothing");
    }

    #[test]
    fn prunes_batches_that_have_ended_and_none_that_waits() {
        let old = folder(0);
        let database = Database::open(&old.path().join("kokuin.db")).unwrap();
        let batches = BatchRepository::new(database.for_batches().unwrap());
        let days_ago = |days: i64| LogTime::from_unix_micros(LogTime::system_now().unix_micros() - days * DAY_US);
        for (id, days) in [(1, 9), (2, 9), (3, 1)] {
            let record = BatchRecord {
                id: vec![id; 16],
                created: days_ago(days),
                log: "main".to_owned(),
                tsu: "dev".to_owned(),
                algorithm: "sha256".to_owned(),
                secret: vec![1; 32],
                state: BatchState::Pending,
            };
            let (id, request_hash, digests) = (vec![id; 16], vec![1; 32], vec![1; 32]);
            let brought = SubmissionRecord { id, request_hash, idempotency_key: None, digests };
            batches.insert(&record, &[brought]).unwrap();
        }
        for ended in [1, 3] {
            batches.set_failed(&[ended; 16], "tsa.test").unwrap();
        }
        let args = |days| {
            let data = old.path().to_owned();
            Prune { data, class: Class::Batch, before: days_ago(days), reason: None }
        };
        let error = prune(&args(6)).unwrap_err().to_string();
        assert!(error.contains("class batch are kept for 7 days"), "{error}");
        prune(&args(8)).unwrap();
        let there = |id: u8| batches.submission(&[id; 16]).unwrap().is_some();
        assert_eq!([there(1), there(2), there(3)], [false, true, true]);
        assert_eq!(waiting(&old), ["pruning"]);
    }
}
