//! Every signature and document time-stamp of a PDF (PAD-01..PAD-27).

use std::collections::BTreeSet;

use kokuin_asn1::cms::SignedData;
use kokuin_pdf::{ChangeKind, MalformedSignature, PdfSignature, SignatureKind};

use crate::{
    artifact,
    checks::{Checks, Conclusion},
    existence::Proof,
    integrity::{Embedded, Source},
    limit::{self, Budget},
    report::SignatureReport,
    request::Request,
    rule::Rule,
    seal::{Format, Seal},
    status::SubIndication,
    tst::{self, ProvenTime, Role},
    verdict,
};

/// Judges everything signed in `file`; a field that is malformed is a signature that failed, never one that is passed over (THR-13).
pub(crate) fn judge(request: &Request<'_>, file: &[u8]) -> Vec<SignatureReport> {
    let found = match kokuin_pdf::signatures(file) {
        Ok(found) => found,
        Err(error) => {
            let reason = format!("The PDF cannot be read without guessing: {error}.");
            return vec![verdict::only("1", Conclusion::new(Rule::PdfStructure, SubIndication::FormatFailure, reason))];
        }
    };
    if found.is_empty() {
        return vec![verdict::only("1", artifact::no_artefact("The PDF has no signature."))];
    }
    let budget = Budget::new();
    let found_count = found.len();
    let mut reports: Vec<(usize, SignatureReport)> = Vec::new();
    let mut proofs: Vec<(usize, Proof)> = Vec::new();
    // A revision that somebody signed is somebody's word; whether that signer is trusted is judged with the others (THR-09).
    let signed: Vec<_> = found.iter().flatten().map(|signature| (signature.revision, signature.kind)).collect();
    let (stamps, seals): (Vec<_>, Vec<_>) = found.iter().take(limit::SIGNATURES).partition(|each| is_stamp(each));
    // Beside a seal a document time-stamp is the seal's evidence; alone it is what the caller asks about.
    let role = if seals.is_empty() { Role::Artefact } else { Role::Evidence };
    for stamp in stamps.into_iter().flatten() {
        let (report, proves) = judge_stamp(request, &budget, (file, &signed), stamp, role);
        if let Some(time) = proves {
            let what = format!("document time-stamp {}", stamp.field_name);
            proofs.push((stamp.revision, Proof { time, what }));
        }
        reports.push((stamp.revision, report));
    }
    for seal in seals {
        reports.push(match seal {
            Ok(seal) => {
                let covering = proofs.iter().filter(|(revision, _)| *revision > seal.revision);
                let covering = covering.map(|(_, proof)| proof.clone()).collect();
                (seal.revision, judge_seal(request, &budget, (file, &signed), seal, covering))
            }
            Err(malformed) => (usize::MAX, judge_malformed(malformed)),
        });
    }
    if found_count > limit::SIGNATURES {
        let reason = format!("The PDF has {found_count} signatures, of which {} were looked at.", limit::SIGNATURES);
        let conclusion = Conclusion::undetermined(Rule::PdfStructure, SubIndication::FormatFailure, reason);
        reports.push((usize::MAX, verdict::only("others", conclusion)));
    }
    reports.sort_by_key(|(revision, _)| *revision);
    reports.into_iter().map(|(_, report)| report).collect()
}

fn judge_malformed(malformed: &MalformedSignature) -> SignatureReport {
    let reason = format!("The signature field {} is malformed: {}.", quoted(&malformed.field_name), malformed.fault);
    let conclusion = Conclusion::new(Rule::PdfByteRange, SubIndication::FormatFailure, reason);
    verdict::only(&malformed.field_name, conclusion)
}

/// A revision, and what was made over it.
type SignedRevision = (usize, SignatureKind);

type Found = Result<PdfSignature, MalformedSignature>;

fn is_stamp(found: &Found) -> bool {
    found.as_ref().is_ok_and(|signature| signature.kind == SignatureKind::DocTimeStamp)
}

fn judge_stamp(
    request: &Request<'_>,
    budget: &Budget,
    (file, signed): (&[u8], &[SignedRevision]),
    stamp: &PdfSignature,
    role: Role,
) -> (SignatureReport, Option<ProvenTime>) {
    let source = Source::Pieces(stamp.signed_bytes(file));
    let verdict = tst::judge(request, budget, &stamp.contents, source, &Embedded::default(), &stamp.field_name, role);
    let mut checks = Checks::default();
    let mut report = verdict.report;
    note_data(request, &mut checks);
    match check_changes(stamp, signed, &mut checks) {
        Ok(()) => {
            report.checks.extend(checks.into_vec());
            (report, verdict.proves)
        }
        Err(conclusion) => {
            report.checks.extend(checks.into_vec());
            if conclusion.status > report.status {
                report.status = conclusion.status;
                report.sub_indication = Some(conclusion.sub_indication);
                report.reason = conclusion.reason;
            }
            // The token still proves that the stamped revision existed, and what it held.
            (report, verdict.proves)
        }
    }
}

fn judge_seal(
    request: &Request<'_>,
    budget: &Budget,
    (file, signed): (&[u8], &[SignedRevision]),
    seal: &PdfSignature,
    proofs: Vec<Proof>,
) -> SignatureReport {
    let refused = |conclusion| verdict::only(&seal.field_name, conclusion);
    let bytes = match artifact::definite(&seal.contents) {
        Ok(bytes) => bytes,
        Err(error) => return refused(artifact::unreadable(&error)),
    };
    let signed_data = match SignedData::parse(&bytes) {
        Ok(signed_data) => signed_data,
        Err(error) => return refused(artifact::unreadable(&error)),
    };
    let [info] = signed_data.signer_infos.as_slice() else {
        let reason =
            format!("The signature in the PDF has {} SignerInfos, it must have one.", signed_data.signer_infos.len());
        return refused(Conclusion::new(Rule::OneSigner, SubIndication::FormatFailure, reason));
    };
    let mut checks = Checks::default();
    note_data(request, &mut checks);
    let problems = check_dictionary(seal, &signed_data, signed, &mut checks);
    let judged = Seal {
        request,
        budget,
        signed_data: &signed_data,
        info,
        source: Source::Pieces(seal.signed_bytes(file)),
        format: Format::Pades,
        proofs,
        problems,
        label: seal.field_name.clone(),
    };
    judged.judge(checks)
}

/// What a caller gave and nobody looked at is said, so that a pass is not taken for an answer about it.
fn note_data(request: &Request<'_>, checks: &mut Checks) {
    if request.data.is_some() {
        checks.not_checked(
            Rule::DataGiven,
            "The data given was not looked at: what is signed in a PDF is the PDF itself.",
        );
    }
}

/// What can be said about the signature from the file alone.
fn check_dictionary(
    seal: &PdfSignature,
    signed_data: &SignedData<'_>,
    signed: &[SignedRevision],
    checks: &mut Checks,
) -> Vec<Conclusion> {
    let mut problems = Vec::new();
    checks.passed(
        Rule::PdfByteRange,
        format!("The byte range is revision {} of {} but for the signature itself.", seal.revision, seal.revisions),
    );
    if signed_data.content.is_some() {
        problems.push(checks.fail(
            Rule::PdfDetached,
            SubIndication::FormatFailure,
            "The signature in the PDF has a content of its own, so it is not over the document.",
        ));
    }
    match seal.sub_filter.as_str() {
        "ETSI.CAdES.detached" if !seal.has_cert_entry => {
            checks.passed(Rule::PdfSubFilter, "The signature is of kind ETSI.CAdES.detached.");
        }
        "ETSI.CAdES.detached" => {
            checks.note(Rule::PdfSubFilter, "The signature dictionary has /Cert, which PAdES forbids.");
        }
        "adbe.pkcs7.detached" => {
            checks.note(Rule::PdfSubFilter, "The signature is of the older kind adbe.pkcs7.detached, not PAdES.");
        }
        other => problems.push(checks.fail(
            Rule::PdfSubFilter,
            SubIndication::SigConstraintsFailure,
            format!("The signature is of kind {}, which is not validated here.", quoted(other)),
        )),
    }
    problems.extend(check_changes(seal, signed, checks).err());
    problems
}

/// Later revisions may add evidence, and signed revisions further signatures and what comes with them; whatever else they do ends the seal's
/// word about the document shown (THR-12, PAD-20).
fn check_changes(signature: &PdfSignature, signed: &[SignedRevision], checks: &mut Checks) -> Result<(), Conclusion> {
    let mut refused = Vec::new();
    let mut signed_later = BTreeSet::new();
    let may_fill = signature.doc_mdp != Some(1);
    for change in &signature.changes {
        match change.kind {
            ChangeKind::Extension => {}
            ChangeKind::FormFill if may_fill && signed.contains(&(change.revision, SignatureKind::Signature)) => {
                signed_later.insert(change.revision);
            }
            // What a field shows is not changed by it, so that it may come with a time-stamp, which is nobody's word about the rest: a TSA
            // stamps whatever it is sent (PAD-20).
            ChangeKind::FormResource if may_fill && signed.iter().any(|(revision, _)| *revision == change.revision) => {
            }
            ChangeKind::FormResource | ChangeKind::FormFill | ChangeKind::Annotation | ChangeKind::Undefined => {
                refused.push(change.to_string());
            }
        }
    }
    if !refused.is_empty() {
        let more = refused.len().saturating_sub(3);
        let shown = refused.iter().take(3).map(String::as_str).collect::<Vec<_>>().join("; ");
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Err(checks.fail(
            Rule::PdfChanges,
            SubIndication::SigConstraintsFailure,
            format!("The document was changed after the seal: {shown}{rest}."),
        ));
    }
    for revision in signed_later {
        let text =
            format!("Revision {revision}, signed by another signature, added that signature or filled in form fields.");
        checks.note(Rule::PdfChanges, text);
    }
    checks.passed(
        Rule::PdfChanges,
        if signature.covers_whole_file {
            "The signature covers the whole file."
        } else {
            "Only evidence and further signatures were added after this one."
        },
    );
    Ok(())
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}
