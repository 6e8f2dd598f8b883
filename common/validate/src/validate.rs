//! The doors: one artefact in, one report out.

use kokuin_asn1::tsp::TimeStampResp;

use crate::{
    artifact::{self, ArtifactKind, DetectedArtifact},
    cades,
    checks::Conclusion,
    evidence,
    instant::rfc3339,
    integrity::{Embedded, Source},
    limit::Budget,
    log::NothingSigned,
    pades,
    report::{SignatureReport, ValidationReport},
    request::Request,
    rule::Rule,
    status::SubIndication,
    tst::{self, Role},
    verdict,
};

/// Validates whatever the artefact is.
#[must_use]
pub fn validate(request: &Request<'_>) -> ValidationReport {
    validate_as(
        request,
        &[ArtifactKind::Tst, ArtifactKind::Tsr, ArtifactKind::Cades, ArtifactKind::Pades, ArtifactKind::EvidenceRecord],
    )
}

/// Validates a time-stamp token or response; anything else does not pass.
#[must_use]
pub fn validate_tst(request: &Request<'_>) -> ValidationReport {
    validate_as(request, &[ArtifactKind::Tst, ArtifactKind::Tsr])
}

/// Validates a CMS or CAdES signature; anything else does not pass.
#[must_use]
pub fn validate_cades(request: &Request<'_>) -> ValidationReport {
    validate_as(request, &[ArtifactKind::Cades])
}

/// Validates a PDF's signatures; anything else does not pass.
#[must_use]
pub fn validate_pades(request: &Request<'_>) -> ValidationReport {
    validate_as(request, &[ArtifactKind::Pades])
}

/// Validates an evidence record; anything else does not pass.
#[must_use]
pub fn validate_evidence_record(request: &Request<'_>) -> ValidationReport {
    validate_as(request, &[ArtifactKind::EvidenceRecord])
}

/// Tells what the bytes are, without judging them.
///
/// # Errors
/// [`NothingSigned`] if they are no artefact of one known kind.
pub fn inspect(artifact: &[u8]) -> Result<DetectedArtifact<'_>, NothingSigned> {
    DetectedArtifact::detect(artifact).map_err(|conclusion| NothingSigned { reason: conclusion.reason })
}

fn validate_as(request: &Request<'_>, kinds: &[ArtifactKind]) -> ValidationReport {
    let detected = match DetectedArtifact::detect(request.artifact) {
        Ok(detected) => detected,
        Err(conclusion) => return report(request, None, verdict::only("1", conclusion), Vec::new()),
    };
    let kind = detected.kind();
    if !kinds.contains(&kind) {
        let conclusion = Conclusion::undetermined(
            Rule::ArtifactKind,
            SubIndication::FormatFailure,
            format!("The artefact is of kind {}, which was not asked for.", kind.name()),
        );
        return report(request, Some(kind), verdict::only("1", conclusion), Vec::new());
    }
    let signatures = match kind {
        ArtifactKind::Tst => return report(request, Some(kind), token(request, detected.bytes()), Vec::new()),
        ArtifactKind::Tsr => return report(request, Some(kind), response(request, detected.bytes()), Vec::new()),
        ArtifactKind::EvidenceRecord => {
            return report(request, Some(kind), evidence::judge(request, detected.bytes()), Vec::new());
        }
        ArtifactKind::Cades => cades::judge(request, detected.bytes()),
        ArtifactKind::Pades => pades::judge(request, detected.bytes()),
    };
    let mut overall: Option<&SignatureReport> = None;
    for signature in &signatures {
        if overall.is_none_or(|worst| signature.status > worst.status) {
            overall = Some(signature);
        }
    }
    let overall = match overall {
        Some(worst) => worst.clone(),
        None => verdict::only("1", artifact::no_artefact("The artefact holds nothing to validate.")),
    };
    report(request, Some(kind), overall, signatures)
}

fn token(request: &Request<'_>, bytes: &[u8]) -> SignatureReport {
    let source = request.data.as_ref().map_or(Source::Missing, Source::Given);
    tst::judge(request, &Budget::new(), bytes, source, &Embedded::default(), "1", Role::Artefact).report
}

fn response(request: &Request<'_>, bytes: &[u8]) -> SignatureReport {
    match TimeStampResp::parse(bytes) {
        Err(error) => verdict::only("1", artifact::unreadable(&error)),
        Ok(TimeStampResp { token: Some(bytes), .. }) => token(request, bytes),
        Ok(refusal) => {
            let text = refusal.status_text.join(" ");
            let reason = format!("The response grants no token (status {:?}): \"{text}\".", refusal.status);
            verdict::only("1", Conclusion::undetermined(Rule::ResponseStatus, SubIndication::FormatFailure, reason))
        }
    }
}

fn report(
    request: &Request<'_>,
    kind: Option<ArtifactKind>,
    overall: SignatureReport,
    signatures: Vec<SignatureReport>,
) -> ValidationReport {
    ValidationReport {
        file: request.file.to_owned(),
        kind,
        control_time: rfc3339(request.control_time.unix_seconds),
        control_time_source: request.control_time.source,
        overall,
        signatures,
    }
}
