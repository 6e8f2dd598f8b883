//! `kokuin audit report`: what the log says about the clock in a period (JP-TS-11), or about the signatures of devices (THR-44, THR-56).

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context as _, bail};
use kokuin_audit::{
    check::{
        CheckError, CheckOptions, CheckReport, DirectorySource, Observer, observe_export, observe_store, observe_tiles,
    },
    clock_report::{ClockPeriod, ClockReport},
    device_report::DeviceReport,
    entry::LogTime,
};
use kokuin_settings::HumanDuration;
use kokuin_suite_openssl::OpenSslEngine;

use super::{Place, Which, anchors::load_judge, chains::Chains, parse_time, verify::UNREADABLE};

/// Which report, and on what.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Clock readings, sources and anomalies
    #[arg(long, required_unless_present = "hsm", conflicts_with = "hsm")]
    clock: bool,
    /// Every signature of devices: attempts, intents, outcomes, the devices' own lines, and what nothing explains
    #[arg(long)]
    hsm: bool,
    #[command(flatten)]
    which: Which,
    /// An export or a folder of tiles instead of the database; needs --vkey
    #[arg(value_name = "PATH", requires = "vkey")]
    path: Option<PathBuf>,
    /// The log's verifier key as you know it. Default: the one beside the log
    #[arg(long, value_name = "FILE")]
    vkey: Option<PathBuf>,
    /// Not before this date or time (UTC)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<LogTime>,
    /// Before this date or time (UTC)
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<LogTime>,
    /// The policy's accuracy: tokens with a larger bound are anomalies
    #[arg(long, value_name = "DURATION", default_value = "1s")]
    limit: HumanDuration,
    /// A source that counted and was further off is an anomaly
    #[arg(long, value_name = "DURATION", default_value = "500ms")]
    warn: HumanDuration,
    /// A token whose clock reading is older is an anomaly
    #[arg(long, value_name = "DURATION", default_value = "5min")]
    max_age: HumanDuration,
    /// Certificates that the tokens of time marks must lead to
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Prints the report. Exit code 0 unless the log is wrong, or a signature is not explained: anomalies of the clock are the auditor's to judge.
///
/// # Errors
/// If key, notes or log cannot be found.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let (Some(from), Some(to)) = (args.from, args.to)
        && from >= to
    {
        bail!("--from {from} is not before --to {to}");
    }
    if args.hsm {
        return devices(args);
    }
    let period = ClockPeriod {
        from: args.from,
        to: args.to,
        limit: args.limit.as_std(),
        warn: args.warn.as_std(),
        max_age: args.max_age.as_std(),
        order_tolerance: Duration::from_secs(1),
    };
    let mut report = ClockReport::new(period);
    match read(args, &mut |index, entry| report.entry(index, entry))? {
        Ok(check) => {
            if args.json {
                println!("{}", report.to_json(&check));
            } else {
                print!("{}", report.to_text(&check));
            }
            Ok(if check.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error) => Ok(refuse(&error)),
    }
}

fn devices(args: &Args) -> anyhow::Result<ExitCode> {
    let mut report = DeviceReport::new(args.from, args.to);
    let mut chains = Chains::default();
    match read(args, &mut |index, entry| report.entry(index, entry, &mut |lines| chains.breaks(lines)))? {
        Ok(check) => {
            if args.json {
                println!("{}", report.to_json(&check));
            } else {
                print!("{}", report.to_text(&check));
            }
            Ok(if check.is_good() && report.is_explained() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error) => Ok(refuse(&error)),
    }
}

fn refuse(error: &CheckError) -> ExitCode {
    eprintln!("{}: {error} ({})", error.code(), error.clause());
    if error.is_unreadable() { ExitCode::from(UNREADABLE) } else { ExitCode::FAILURE }
}

fn read(args: &Args, observer: Observer<'_>) -> anyhow::Result<Result<CheckReport, CheckError>> {
    let engine = &OpenSslEngine;
    let options = CheckOptions { marks: load_judge(&args.trust)?, ..CheckOptions::default() };
    if let (Some(path), Some(vkey)) = (&args.path, &args.vkey) {
        let key = super::place::read_vkey(vkey)?;
        return Ok(if path.is_dir() {
            observe_tiles(&DirectorySource::new(path), &key, engine, &options, observer)
        } else {
            let mut lines = BufReader::new(open(path)?);
            observe_export(&mut lines, &key, engine, &options, observer)
        });
    }
    let place = Place::find(&args.which)?;
    let key = place.vkey(args.vkey.as_deref())?;
    let anchor = place.anchor()?;
    Ok(observe_store(&place.reader()?, anchor.as_deref(), &key, engine, &options, observer))
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("cannot read {}", path.display()))
}
