//! `kokuin audit verify`: the database of a running or stopped service against what its log has signed.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use kokuin_audit::{
    SignedCheckpoint,
    check::{CheckOptions, check_store},
};
use kokuin_suite_openssl::OpenSslEngine;

use super::{Place, Which, anchors::load_judge};

/// Exit code where the log cannot be read (`EX_NOINPUT`).
pub(super) const UNREADABLE: u8 = 66;

/// What to check against.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// The log's verifier key as you know it. Default: the one beside the log, which whoever changed the log could have changed too
    #[arg(long, value_name = "FILE")]
    vkey: Option<PathBuf>,
    /// A checkpoint of this log that you kept; may be given several times
    #[arg(long = "checkpoint", value_name = "FILE")]
    checkpoints: Vec<PathBuf>,
    /// Certificates that the tokens of time marks must lead to; then it is said until when entries existed
    #[arg(long, value_name = "FILE")]
    trust: Vec<PathBuf>,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// Derives the tree again from the database.
///
/// # Errors
/// If key, notes or log cannot be found.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let place = Place::find(&args.which)?;
    let key = place.vkey(args.vkey.as_deref())?;
    let mut options = CheckOptions { marks: load_judge(&args.trust)?, ..CheckOptions::default() };
    for path in &args.checkpoints {
        let note = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let checkpoint = SignedCheckpoint::verify(&note, &key, &OpenSslEngine);
        options.also.push(checkpoint.with_context(|| path.display().to_string())?);
    }
    // The anchor first: it is never ahead of what is stored by then.
    let anchor = place.anchor()?;
    let report = match check_store(&place.reader()?, anchor.as_deref(), &key, &OpenSslEngine, &options) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("{}: {error} ({})", error.code(), error.clause());
            return Ok(if error.is_unreadable() { ExitCode::from(UNREADABLE) } else { ExitCode::FAILURE });
        }
    };
    if args.json {
        let mut json = report.to_json();
        json["anchored"] = anchor.is_some().into();
        println!("{json}");
    } else {
        println!("{report}");
        if anchor.is_none() {
            println!(
                "note: there is no anchor at {}: nothing shows that the database was not rewound",
                place.anchor_path().display()
            );
        }
    }
    Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
