//! `kokuin-verify receipt FILE`

use std::io::Write as _;

use kokuin_audit::{Receipt, ReceiptError, VerifiedReceipt};
use kokuin_suite_openssl::OpenSslEngine;

use crate::{
    arguments::ReceiptArguments,
    exit::{Exit, RunError},
    input, material,
    shown::Shown,
};

/// Proves the entry and, where asked, that it is about this artefact.
pub(crate) fn run(arguments: &ReceiptArguments) -> Result<Exit, RunError> {
    let optional = arguments.entry.iter().chain(&arguments.artifact);
    input::check_stdin([&arguments.receipt, &arguments.vkey].into_iter().chain(optional))?;
    let key = material::load_vkey(&arguments.vkey)?;
    let bytes = input::evidence(&arguments.receipt)?;
    let entry = arguments.entry.as_deref().map(input::evidence).transpose()?;
    let artifact = arguments.artifact.as_deref().map(input::artifact).transpose()?;
    let verified = Receipt::parse(&bytes).and_then(|receipt| match &entry {
        Some(entry) => receipt.verify_entry(entry.strip_suffix(b"\n").unwrap_or(entry), &key, &OpenSslEngine),
        None => receipt.verify(&key, &OpenSslEngine),
    });
    let mut out = std::io::stdout().lock();
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => return refuse(&mut out, &format!("The receipt does not hold: {error}.")),
    };
    if let Some(artifact) = &artifact
        && let Err(reason) = check_about(&verified, artifact)
    {
        return refuse(&mut out, &format!("The receipt holds but is not about this artefact: {reason}."));
    }
    let about = if artifact.is_some() { " and is about this artefact" } else { "" };
    let index = verified.index();
    writeln!(out, "TOTAL-PASSED: Entry {index} is in the log {}{about}.", Shown(key.name()))?;
    writeln!(out, "Kind: {}", verified.entry().kind().as_str())?;
    writeln!(out, "Time: {}", verified.entry().time())?;
    if let Some(serial) = verified.entry().serial() {
        writeln!(out, "Serial: {serial}")?;
    }
    writeln!(out, "Entry: {}", Shown(&String::from_utf8_lossy(verified.body())))?;
    let checkpoint = verified.checkpoint();
    writeln!(out, "Checkpoint: {} entries, root {}", checkpoint.size(), checkpoint.root())?;
    Ok(Exit::Passed)
}

fn refuse(out: &mut dyn std::io::Write, reason: &str) -> Result<Exit, RunError> {
    writeln!(out, "TOTAL-FAILED: {}", Shown(reason))?;
    Ok(Exit::Failed)
}

/// Of several signatures in the artefact, one must be the entry's.
fn check_about(receipt: &VerifiedReceipt, artifact: &[u8]) -> Result<(), String> {
    let parts = kokuin_validate::signed_parts(artifact).map_err(|error| error.to_string())?;
    let mut last: Option<ReceiptError> = None;
    for part in &parts {
        match receipt.check_about(&part.signature, &part.attributes) {
            Ok(()) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| "it has no signature".to_owned(), |error| error.to_string()))
}
