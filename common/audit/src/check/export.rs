//! Checking an export: every entry of a log, or some with a proof each.

use std::io::{BufRead, Read as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_suite::Verify;

use super::{CheckError, CheckOptions, CheckReport, Fault, Observer, SourceError, tree::TreeCheck};
use crate::{
    checkpoint::SignedCheckpoint,
    export::{CheckpointLine, EntryLine},
    hash::Hash,
    merkle::check_inclusion,
    name::LeafIndex,
    note::{MAX_NOTE, VerifierKey},
};

/// Longest line: a note, escaped at its worst.
const MAX_LINE: u64 = 6 * MAX_NOTE as u64;

/// What waits for the checkpoint at the end.
struct Claim {
    index: LeafIndex,
    leaf: Hash,
    proof: Vec<Hash>,
}

/// Checks JSON lines as [`crate::export::export`] writes them.
///
/// # Errors
/// [`CheckError`] if they cannot be read, or have no checkpoint under `key`; what is wrong with the log is in the report.
pub fn check_export(
    lines: &mut dyn BufRead,
    key: &VerifierKey,
    engine: &dyn Verify,
    options: &CheckOptions,
) -> Result<CheckReport, CheckError> {
    observe_export(lines, key, engine, options, &mut |_, _| {})
}

/// The same, and shows every entry to `observer`. What it saw counts if the report is good.
///
/// # Errors
/// [`CheckError`].
pub fn observe_export(
    lines: &mut dyn BufRead,
    key: &VerifierKey,
    engine: &dyn Verify,
    options: &CheckOptions,
    observer: Observer<'_>,
) -> Result<CheckReport, CheckError> {
    let mut check = TreeCheck::new(key, options, observer);
    let (mut claims, mut number, mut text) = (Vec::new(), 0, String::new());
    loop {
        text.clear();
        number += 1;
        if lines.take(MAX_LINE).read_line(&mut text).map_err(|error| CheckError::Source(SourceError::new(error)))? == 0
        {
            return Err(CheckError::NoCheckpoint);
        }
        let wrong = |reason: String| CheckError::Line { number, reason };
        if !text.ends_with('\n') {
            return Err(wrong("line is cut off or too long".to_owned()));
        }
        if text.starts_with(r#"{"checkpoint":"#) {
            let line: CheckpointLine = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
            let checkpoint = SignedCheckpoint::verify(line.checkpoint.as_bytes(), key, engine)?;
            return Ok(finish(check, checkpoint, claims));
        }
        let line: EntryLine = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let hash = |text: &str| Hash::from_base64(text).ok_or_else(|| wrong("not a hash in base64".to_owned()));
        let leaf = hash(&line.leaf)?;
        let body = STANDARD.decode(&line.entry).map_err(|error| wrong(error.to_string()))?;
        if let Some(proof) = line.proof {
            // Entries without a proof stand or fall by the root of the whole log, which is not there where entries were picked.
            if check.size() > 0 {
                return Err(wrong(format!("entry {} has a proof, those before it have none", line.index)));
            }
            if claims.last().is_some_and(|last: &Claim| line.index <= last.index) {
                return Err(wrong(format!("entry {} is not after the one before it", line.index)));
            }
            let proof = proof.iter().map(|text| hash(text)).collect::<Result<_, _>>()?;
            check.picked(line.index, &body);
            // The proof is for what was logged; what is shown must be that.
            claims.push(Claim { index: line.index, leaf: Hash::leaf(&body), proof });
        } else {
            let expected = LeafIndex(check.size());
            if line.index != expected || !claims.is_empty() {
                check.fault(Fault::Missing { index: expected });
                return Err(wrong(format!("entry {} where entry {expected} should be", line.index)));
            }
            check.entry(&body, Some(leaf));
        }
    }
}

fn finish(mut check: TreeCheck<'_>, checkpoint: SignedCheckpoint, claims: Vec<Claim>) -> CheckReport {
    if claims.is_empty() {
        return check.finish(checkpoint, 0);
    }
    for Claim { index, leaf, proof } in claims {
        if check_inclusion(index, checkpoint.size(), leaf, &proof, checkpoint.root()).is_err() {
            check.fault(Fault::NotProven { index });
        }
    }
    check.report(checkpoint, 0)
}
