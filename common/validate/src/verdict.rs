//! From everything that did not hold to one answer, and the parts every report shares.

use kokuin_asn1::{Certificate, oids};
use kokuin_profile::OrganizationIdentifier;
use kokuin_suite::{DigestAlgorithm, digest};

use crate::{
    checks::{Checks, Conclusion},
    instant::rfc3339,
    log::{LogEvidence, LoggedSignature, signed_parts},
    report::{SignatureReport, SignerIdentity},
    request::{ControlTimeSource, Request},
    rule::Rule,
    status::{Status, SubIndication},
};

/// The worst conclusion; of equally bad ones the first, in the order of EN 319 102-1's building blocks. That data was not given explains
/// less than anything that was looked at and found wanting.
pub(crate) fn worst(problems: &[Conclusion]) -> Option<&Conclusion> {
    let gravity = |problem: &Conclusion| (problem.status, problem.rule != Rule::DataGiven);
    let mut worst: Option<&Conclusion> = None;
    for problem in problems {
        if worst.is_none_or(|worst| gravity(problem) > gravity(worst)) {
            worst = Some(problem);
        }
    }
    worst
}

/// A report that says no more than `conclusion`.
pub(crate) fn only(label: &str, conclusion: Conclusion) -> SignatureReport {
    let mut checks = Checks::default();
    let conclusion = checks.conclude(conclusion);
    settled(label, &[conclusion], "", None, checks)
}

/// A report with its answer; everything else is filled in by the caller. `chosen` names a time that the caller chose (THR-11).
pub(crate) fn settled(
    label: &str,
    problems: &[Conclusion],
    passed: &str,
    chosen: Option<i64>,
    checks: Checks,
) -> SignatureReport {
    let (status, sub_indication, reason) = match worst(problems) {
        Some(problem) => (problem.status, Some(problem.sub_indication), problem.reason.clone()),
        None => (Status::TotalPassed, None, passed.to_owned()),
    };
    let reason = match chosen {
        Some(time) => format!("Judged at {}, a time chosen by the caller: {reason}", rfc3339(time)),
        None => reason,
    };
    SignatureReport {
        label: label.to_owned(),
        status,
        sub_indication,
        reason,
        gen_time: None,
        best_signature_time: None,
        signer: None,
        policy: None,
        serial: None,
        accuracy: None,
        valid_until: None,
        checks: checks.into_vec(),
        paths: Vec::new(),
        algorithms: Vec::new(),
        level: None,
        answers: None,
        timestamps: Vec::new(),
        signature_sha256: None,
        attributes_sha256: None,
    }
}

/// The control time where the caller chose it.
pub(crate) fn chosen_time(request: &Request<'_>) -> Option<i64> {
    match request.control_time.source {
        ControlTimeSource::Caller => Some(request.control_time.unix_seconds),
        ControlTimeSource::SystemClock => None,
    }
}

/// Says who chose the time, where it was not the clock.
pub(crate) fn note_chosen_time(request: &Request<'_>, checks: &mut Checks) {
    if let Some(time) = chosen_time(request) {
        checks.note(Rule::ChosenTime, format!("Everything is judged at {}, which the caller chose.", rfc3339(time)));
    }
}

/// Who the certificate says it is.
pub(crate) fn identity(certificate: &Certificate) -> SignerIdentity {
    let attributes = certificate.subject_attributes();
    let first = |wanted| attributes.iter().find(|(oid, _)| *oid == wanted).map(|(_, value)| value.clone());
    let subject = certificate.subject_text();
    let organization_identifier = first(oids::ORG_ID);
    let corporate_number = organization_identifier
        .as_deref()
        .and_then(|text| OrganizationIdentifier::parse(text).ok())
        .and_then(|identifier| identifier.corporate_number())
        .and_then(Result::ok)
        .map(|number| number.to_string());
    SignerIdentity {
        name: first(oids::O).or_else(|| first(oids::CN)).unwrap_or_else(|| subject.clone()),
        organization_identifier,
        corporate_number,
        subject,
        certificate_sha256: hex::encode(certificate.sha256()),
    }
}

/// SHA-256, hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest(DigestAlgorithm::Sha256, bytes))
}

fn is_of_another(request: &Request<'_>, entries: &[LoggedSignature]) -> bool {
    let parts = signed_parts(request.artifact).unwrap_or_default();
    parts.iter().any(|part| entries.iter().any(|entry| entry.is_of(&part.signature, &part.attributes)))
}

/// Whether the signature is shown to be logged. Saying so is free; needing it is the caller's choice (G1, THR-41).
pub(crate) fn check_log(
    request: &Request<'_>,
    signature: &[u8],
    attributes: &[u8],
    checks: &mut Checks,
) -> Result<(), Conclusion> {
    let missing = |checks: &mut Checks, why: &str| {
        if request.require_receipt {
            let reason = format!("Not shown to be logged, and the caller requires it: {why}.");
            return Err(checks.fail(Rule::LogReceipt, SubIndication::SigConstraintsFailure, reason));
        }
        checks.not_checked(Rule::LogReceipt, format!("Not shown to be logged: {why}."));
        Ok(())
    };
    match &request.log {
        LogEvidence::NotGiven => missing(checks, "no receipt was given"),
        LogEvidence::Refused(why) => Err(checks.fail(
            Rule::LogReceipt,
            SubIndication::SigConstraintsFailure,
            format!("The receipt given does not hold: {why}."),
        )),
        LogEvidence::Verified(entries) => match entries.iter().find(|entry| entry.is_of(signature, attributes)) {
            Some(entry) => {
                checks.passed(Rule::LogReceipt, format!("Logged as entry {} of {}.", entry.index, entry.origin));
                Ok(())
            }
            None if is_of_another(request, entries) => {
                missing(checks, "the receipt given is that of another signature of this file")
            }
            None => Err(checks.fail(
                Rule::LogReceipt,
                SubIndication::SigConstraintsFailure,
                "The receipt given is that of another signature.",
            )),
        },
    }
}
