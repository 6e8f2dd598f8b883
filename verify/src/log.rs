//! `kokuin-verify log PATH|URL`

use std::{
    fs::File,
    io::{BufReader, Write as _},
    path::Path,
    sync::Arc,
};

use kokuin_attest::AnchoredJudge;
use kokuin_audit::{
    SignedCheckpoint,
    check::{CheckError, CheckOptions, CheckReport, DirectorySource, observe_export, observe_tiles},
    clock_report::{ClockPeriod, ClockReport},
};
use kokuin_suite::CryptoPolicy;
use kokuin_suite_openssl::OpenSslEngine;
use time::OffsetDateTime;

use crate::{
    arguments::LogArguments,
    exit::{Exit, RunError},
    input, material,
    online::UrlSource,
    shown::Shown,
};

/// Checks the whole log and names the first bad entry.
pub(crate) fn run(arguments: &LogArguments) -> Result<Exit, RunError> {
    let key = material::load_vkey(&arguments.vkey)?;
    let mut options = CheckOptions::default();
    if !arguments.trust.is_empty() {
        options.marks = Some(Arc::new(AnchoredJudge {
            trust: material::load_trust(&arguments.trust)?,
            crypto_policy: Arc::new(CryptoPolicy::default()),
            engine: Arc::new(OpenSslEngine),
            now: OffsetDateTime::now_utc().unix_timestamp(),
        }));
    }
    for path in &arguments.checkpoint {
        let note = input::evidence(path)?;
        match SignedCheckpoint::verify(&note, &key, &OpenSslEngine) {
            Ok(checkpoint) => options.also.push(checkpoint),
            Err(error) => {
                return Err(RunError::Content { path: path.clone(), reason: error.to_string() });
            }
        }
    }
    let is_url = arguments.log.contains("://");
    if is_url && !arguments.online {
        return Err(RunError::Usage("a URL is read only with --online".to_owned()));
    }
    let path = Path::new(&arguments.log);
    let mut clock = ClockReport::new(ClockPeriod::default());
    let observer = &mut |index, entry: &_| clock.entry(index, entry);
    let checked = if is_url {
        observe_tiles(
            &UrlSource::new(&arguments.log, arguments.tls_ca.as_deref())?,
            &key,
            &OpenSslEngine,
            &options,
            observer,
        )
    } else if path.is_dir() {
        observe_tiles(&DirectorySource::new(path), &key, &OpenSslEngine, &options, observer)
    } else {
        let unreadable =
            |error: std::io::Error| RunError::Unreadable { path: path.to_owned(), reason: error.to_string() };
        let mut lines = BufReader::new(File::open(path).map_err(unreadable)?);
        observe_export(&mut lines, &key, &OpenSslEngine, &options, observer)
    };
    match checked {
        Ok(report) => {
            let exit = show(&report, key.name(), &options)?;
            if arguments.clock {
                let mut out = std::io::stdout().lock();
                for line in clock.to_text(&report).lines() {
                    writeln!(out, "Clock: {}", Shown(line))?;
                }
            }
            Ok(exit)
        }
        Err(error) => refuse(&error),
    }
}

fn show(report: &CheckReport, origin: &str, options: &CheckOptions) -> Result<Exit, RunError> {
    let mut out = std::io::stdout().lock();
    let exit = if report.is_good() {
        writeln!(
            out,
            "TOTAL-PASSED: All {} entries of the log {} are those that were signed.",
            report.covered,
            Shown(origin)
        )?;
        Exit::Passed
    } else {
        let first = report
            .first_bad_entry()
            .map_or_else(|| "no entry alone is to blame".to_owned(), |index| format!("the first bad entry is {index}"));
        writeln!(out, "TOTAL-FAILED: {} fault(s) in the log {}; {first}.", report.fault_count, Shown(origin))?;
        Exit::Failed
    };
    for fault in &report.faults {
        writeln!(out, "Fault: {}", Shown(&fault.to_string()))?;
    }
    if !report.is_good() {
        // Two notes that one key signed and that cannot both be true are evidence against whoever holds the key (THR-50).
        for checkpoint in options.also.iter().chain([&report.checkpoint]) {
            for line in checkpoint.note().to_string().lines() {
                writeln!(out, "Note: {}", Shown(line))?;
            }
        }
    }
    writeln!(out, "Checkpoint: {} entries, root {}", report.checkpoint.size(), report.checkpoint.root())?;
    writeln!(out, "Entries not yet covered: {}", report.uncovered)?;
    for (kind, count) in &report.kinds {
        writeln!(out, "Entries of kind {}: {count}", kind.as_str())?;
    }
    for line in report.marks.lines() {
        writeln!(out, "Time mark: {}", Shown(&line))?;
    }
    if let Some((earliest, latest)) = &report.times {
        writeln!(out, "Times: {earliest} to {latest}")?;
    }
    Ok(exit)
}

/// The log cannot be checked at all: what could not be read is an input error, what is there and wrong is a failure.
fn refuse(error: &CheckError) -> Result<Exit, RunError> {
    match error {
        CheckError::Source(_) | CheckError::Storage(_) => Err(RunError::Log(error.to_string())),
        CheckError::NoCheckpoint => {
            let mut out = std::io::stdout().lock();
            writeln!(out, "INDETERMINATE: There is no checkpoint to check against, so nothing is shown.")?;
            Ok(Exit::Indeterminate)
        }
        CheckError::Checkpoint(_) | CheckError::Line { .. } | CheckError::TooLarge { .. } => {
            let mut out = std::io::stdout().lock();
            writeln!(out, "TOTAL-FAILED: {}", Shown(&error.to_string()))?;
            Ok(Exit::Failed)
        }
    }
}
