//! `kokuin audit`: what the log says, in whole or in part, and whether it is the log that was signed.
//!
//! Reads the database beside a running service, and never writes.

mod anchors;
mod chains;
mod import;
mod place;
mod prune;
mod report;
mod show;
mod tenant;
mod verify;

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use kokuin_audit::{
    Kind, LeafIndex,
    entry::{Digest, LogTime, Serial},
    export::export,
    filter::Filter,
};
use place::Place;
use tenant::Opener;
use time::{Date, OffsetDateTime, format_description::well_known::Rfc3339, macros::format_description};

/// What to do with the log.
#[derive(Debug, Subcommand)]
pub(crate) enum Action {
    /// Print entries
    Show(Show),
    /// Write entries as JSON lines that can be checked without the database
    Export(Export),
    /// Derive the whole tree again and compare it with what was signed; fails if one byte is wrong
    Verify(verify::Args),
    /// Report on a period: smallest and largest offset and bound of the clock, and every anomaly
    Report(report::Args),
    /// Log an outside authority's signed record about the clock, and keep it
    ImportTimeAudit(import::Args),
    /// Delete records whose retention is over; the log keeps its entries, and says so
    Prune(prune::Prune),
    /// Erase a tenant's salt and the records that name it, when their retention is over: nobody can tell its entries any more
    EraseTenant(prune::Erase),
}

/// Which log.
#[derive(Debug, clap::Args)]
struct Which {
    /// Folder with kokuin.toml, database and log
    #[arg(long, value_name = "DIR", default_value = "kokuin-data")]
    data: PathBuf,
    /// Name of the log, where the database holds several
    #[arg(long, value_name = "NAME")]
    log: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Show {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    filter: Wanted,
    /// About this tenant; reads the store's secret and the tenant's salt
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Asked for by this actor of the tenant
    #[arg(long, value_name = "NAME", requires = "tenant")]
    actor: Option<String>,
    /// Print so many entries at most
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// One JSON object an entry
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    filter: Wanted,
    /// File to write; a file that is there is left alone. Default: standard output
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Which entries.
#[derive(Debug, clap::Args)]
struct Wanted {
    /// Not before this date or time (2026-11-23, 2026-11-23T12:00:00Z)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<LogTime>,
    /// Before this date or time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<LogTime>,
    /// Of this kind; may be given several times
    #[arg(long = "kind", value_name = "KIND", value_parser = parse_kind)]
    kinds: Vec<Kind>,
    /// About the token or seal of this number, in hexadecimal
    #[arg(long, value_name = "HEX", value_parser = parse_serial)]
    serial: Option<Serial>,
    /// With this SHA-256 digest, in hexadecimal or base64url
    #[arg(long, value_name = "DIGEST", value_parser = parse_digest, allow_hyphen_values = true)]
    digest: Option<Digest>,
    /// From this entry on
    #[arg(long, value_name = "INDEX")]
    first: Option<u64>,
    /// Up to this entry
    #[arg(long, value_name = "INDEX")]
    last: Option<u64>,
}

impl Wanted {
    fn filter(&self) -> Filter {
        Filter {
            from: self.from,
            to: self.to,
            kinds: self.kinds.clone(),
            serial: self.serial.clone(),
            digest: self.digest,
            first: self.first.map(LeafIndex),
            last: self.last.map(LeafIndex),
        }
    }
}

/// Runs the action. Exit code 0: shown, exported, good. 1: the log is wrong. 66: it cannot be read.
///
/// # Errors
/// If the log cannot be found or opened.
pub(crate) fn run(action: &Action) -> anyhow::Result<ExitCode> {
    match action {
        Action::Show(show) => {
            let place = Place::find(&show.which)?;
            let opener = match &show.tenant {
                Some(tenant) => Some(Opener::load(&show.which.data, tenant, show.actor.as_deref())?),
                None => None,
            };
            let mut out = BufWriter::new(io::stdout().lock());
            let shown =
                show::show(&place.reader()?, &show.filter.filter(), opener.as_ref(), show.limit, show.json, &mut out);
            unless_nobody_reads(shown)?;
            Ok(ExitCode::SUCCESS)
        }
        Action::Export(args) => write_export(args),
        Action::Verify(args) => verify::run(args),
        Action::Report(args) => report::run(args),
        Action::ImportTimeAudit(args) => import::run(args),
        Action::Prune(args) => prune::prune(args),
        Action::EraseTenant(args) => prune::erase(args),
    }
}

fn write_export(args: &Export) -> anyhow::Result<ExitCode> {
    let reader = Place::find(&args.which)?.reader()?;
    let filter = args.filter.filter();
    let Some(path) = &args.out else {
        let mut out = BufWriter::new(io::stdout().lock());
        let written = export(&reader, &filter, &mut out).map_err(anyhow::Error::from);
        unless_nobody_reads(written.and_then(|_| Ok(out.flush()?)))?;
        return Ok(ExitCode::SUCCESS);
    };
    let file = File::create_new(path).with_context(|| format!("cannot write {}", path.display()))?;
    let mut out = BufWriter::new(file);
    let count = export(&reader, &filter, &mut out)?;
    out.flush()?;
    out.get_ref().sync_all()?;
    println!("{}: {count} entries", path.display());
    Ok(ExitCode::SUCCESS)
}

/// A pipe that was closed at the other end (`| head`) is no failure.
fn unless_nobody_reads(written: anyhow::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.chain().any(is_closed_pipe) => Ok(()),
        other => other,
    }
}

fn is_closed_pipe(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn parse_time(text: &str) -> anyhow::Result<LogTime> {
    let at = match Date::parse(text, format_description!("[year]-[month]-[day]")) {
        Ok(date) => date.midnight().assume_utc(),
        Err(_) => OffsetDateTime::parse(text, &Rfc3339).context("not a date or RFC 3339 time")?,
    };
    let micros = i64::try_from(at.unix_timestamp_nanos().div_euclid(1000)).context("not a time of these millennia")?;
    Ok(LogTime::from_unix_micros(micros))
}

fn parse_kind(text: &str) -> anyhow::Result<Kind> {
    let known = || Kind::ALL.map(Kind::as_str).join(", ");
    Kind::parse(text).with_context(|| format!("no such kind; there are {}", known()))
}

/// Numbers of tokens are printed in capitals and with leading zeros by some tools; in the log they are content octets.
fn parse_serial(text: &str) -> anyhow::Result<Serial> {
    Ok(Serial::from_hex(&text.replace(':', "").to_ascii_lowercase())?)
}

fn parse_digest(text: &str) -> anyhow::Result<Digest> {
    if text.len() == 64 {
        let octets = hex::decode(text)?;
        return match octets.try_into() {
            Ok(octets) => Ok(Digest::from_bytes(octets)),
            Err(_) => bail!("not 32 octets"),
        };
    }
    Ok(Digest::try_from(text.to_owned())?)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn times_are_dates_or_rfc_3339() {
        let micros = |text| parse_time(text).map(LogTime::unix_micros).ok();
        assert_eq!(micros("1970-01-02"), Some(86_400_000_000));
        assert_eq!(micros("1970-01-01T01:00:00.5+01:00"), Some(500_000));
        assert_eq!(micros("1969-12-31T23:59:59.9999999Z"), Some(-1));
        assert_eq!(micros("yesterday"), None);
    }

    #[test]
    fn digests_are_hexadecimal_or_base64url() {
        let digest = Digest::of(b"x");
        assert_eq!(parse_digest(&digest.to_string()).unwrap(), digest);
        assert_eq!(parse_digest(&hex::encode(digest.as_bytes())).unwrap(), digest);
        assert!(parse_digest("abcd").is_err());
    }

    #[test]
    fn a_digest_that_begins_with_a_hyphen_is_no_option() {
        let text = "-h136dHB3qx6ZxngScG9UbllgNfChChoNWwn56P2wGw";
        assert!(crate::Cli::try_parse_from(["kokuin", "audit", "show", "--digest", text]).is_ok());
    }

    #[test]
    fn serials_are_taken_as_other_tools_print_them() {
        assert_eq!(parse_serial("0A:FF").unwrap().to_string(), "0aff");
        assert!(parse_serial("0x0aff").is_err());
    }
}
