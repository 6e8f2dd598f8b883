//! `kokuin-verify FILE...`

use std::{
    io::Write as _,
    time::{SystemTime, UNIX_EPOCH},
};

use kokuin_audit::{Receipt, VerifiedReceipt};
use kokuin_suite::{CryptoPolicy, DigestAlgorithm};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::{ControlTime, DetachedData, LogEvidence, LoggedSignature, Request, validate};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    arguments::{Format, VerifyArguments},
    exit::{Exit, RunError},
    input, json, material,
    nonces::Nonces,
    shown::Shown,
    text,
};

/// Judges every file; the worst answer is the run's.
pub(crate) fn run(arguments: &VerifyArguments) -> Result<Exit, RunError> {
    check_usage(arguments)?;
    let control_time = control_time(arguments.at.as_deref())?;
    let trust = material::load_trust(&arguments.trust)?;
    let intermediates = material::load_certificates(&arguments.intermediates)?;
    let crls = material::load_crls(&arguments.crl)?;
    let original = arguments.data.as_deref().map(input::data).transpose()?;
    let data = match (&original, &arguments.digest) {
        (Some(bytes), _) => Some(DetachedData::Bytes(bytes)),
        (None, Some(digest)) => Some(parse_digest(digest)?),
        (None, None) => None,
    };
    let log = evidence(arguments)?;
    let policy = CryptoPolicy::default();
    let mut out = std::io::stdout().lock();
    let mut worst = Exit::Passed;
    let mut nonces = Nonces::default();
    for (index, file) in arguments.files.iter().enumerate() {
        let artifact = input::artifact(file)?;
        let name = file.display().to_string();
        let mut request = Request::new(&artifact, &trust, &OpenSslEngine, &policy, control_time);
        request.file = &name;
        request.data = data.clone();
        request.intermediates = &intermediates;
        request.crls = &crls;
        request.log = log.clone();
        request.require_receipt = arguments.require_receipt;
        let report = validate(&request);
        worst = worst.max(Exit::from(report.status()));
        if report.is_total_passed()
            && let Some(first) = nonces.first_with_the_same(&artifact, &name)
        {
            complain_of_nonce(&first, &name);
            worst = worst.max(Exit::Failed);
        }
        match arguments.format {
            Format::Json => writeln!(out, "{}", json::render(&report)?)?,
            Format::Text if index > 0 => write!(out, "\n{}", text::render(&report))?,
            Format::Text => write!(out, "{}", text::render(&report))?,
        }
    }
    Ok(worst)
}

/// Each of the two holds alone; together they give the key away, and with it everything that it signed.
fn complain_of_nonce(first: &str, second: &str) {
    let (first, second) = (Shown(first), Shown(second));
    let message = "one ECDSA nonce in both, so that whoever has them can compute the key: rely on neither (THR-66)";
    // Nothing is left to be done when standard error is gone, too; the exit code says it as well.
    let _ignored = writeln!(std::io::stderr(), "kokuin-verify: {first} and {second}: {message}");
}

fn check_usage(arguments: &VerifyArguments) -> Result<(), RunError> {
    let material = arguments.trust.iter().chain(&arguments.intermediates).chain(&arguments.crl);
    let log = arguments.receipt.iter().chain(&arguments.vkey);
    input::check_stdin(arguments.files.iter().chain(&arguments.data).chain(material).chain(log))?;
    if arguments.receipt.is_some() && arguments.files.len() > 1 {
        return Err(RunError::Usage("--receipt belongs to one FILE, several are given".to_owned()));
    }
    Ok(())
}

fn control_time(at: Option<&str>) -> Result<ControlTime, RunError> {
    match at {
        Some(text) => OffsetDateTime::parse(text, &Rfc3339)
            .map(|time| ControlTime::chosen(time.unix_timestamp()))
            .map_err(|error| RunError::Usage(format!("--at {text} is not a time of RFC 3339: {error}"))),
        None => {
            let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).map(|elapsed| elapsed.as_secs());
            let seconds = elapsed.ok().and_then(|seconds| i64::try_from(seconds).ok());
            seconds
                .map(ControlTime::now)
                .ok_or_else(|| RunError::Usage("the clock is before 1970; give --at".to_owned()))
        }
    }
}

/// `ALG:HEX`, with as many octets as the algorithm makes.
fn parse_digest(text: &str) -> Result<DetachedData<'static>, RunError> {
    let usage = |reason: String| RunError::Usage(format!("--digest {text}: {reason}"));
    let (name, value) = text.split_once(':').ok_or_else(|| usage("not ALG:HEX".to_owned()))?;
    let algorithm: DigestAlgorithm = name.parse().map_err(|_| usage(format!("{name} is not known")))?;
    let value = hex::decode(value).map_err(|error| usage(error.to_string()))?;
    if value.len() != algorithm.output_len() {
        return Err(usage(format!("{} octets, {name} makes {}", value.len(), algorithm.output_len())));
    }
    Ok(DetachedData::Digest { algorithm, value })
}

/// What the receipt shows, if one is given.
fn evidence(arguments: &VerifyArguments) -> Result<LogEvidence, RunError> {
    let (Some(receipt), Some(vkey)) = (&arguments.receipt, &arguments.vkey) else { return Ok(LogEvidence::NotGiven) };
    let key = material::load_vkey(vkey)?;
    let bytes = input::evidence(receipt)?;
    let verified = Receipt::parse(&bytes).and_then(|receipt| receipt.verify(&key, &OpenSslEngine));
    Ok(match verified {
        Ok(verified) => logged(&verified, key.name()),
        Err(error) => LogEvidence::Refused(error.to_string()),
    })
}

fn logged(receipt: &VerifiedReceipt, origin: &str) -> LogEvidence {
    let (signature, attributes) = match receipt.artefact() {
        Ok(artefact) => artefact,
        Err(error) => return LogEvidence::Refused(error.to_string()),
    };
    LogEvidence::Verified(vec![LoggedSignature {
        origin: origin.to_owned(),
        index: receipt.index().0,
        signature: *signature.as_bytes(),
        attributes: *attributes.as_bytes(),
    }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_a_digest_of_the_wrong_length() {
        let error = parse_digest("sha256:00ff").unwrap_err();
        assert_eq!(error.to_string(), "--digest sha256:00ff: 2 octets, sha256 makes 32");
    }

    #[test]
    fn refuses_a_time_without_zone() {
        assert!(control_time(Some("2026-11-23T12:00:00")).is_err());
        assert_eq!(control_time(Some("2026-11-23T21:00:00+09:00")).expect("a time").unix_seconds, 1_795_435_200);
    }
}
