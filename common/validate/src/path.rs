//! Paths from a signer to an anchor of the caller's: found, then checked at a stated time (RFC 5280 section 6).

mod build;
mod check;
#[cfg(test)]
mod limbo;
mod names;
mod policies;
mod standing;
mod usage;

use kokuin_asn1::{Certificate, Crl};
use kokuin_suite::{CryptoPolicy, Verify};

use crate::{
    checks::{Checks, Conclusion},
    limit::Budget,
    report::{Outcome, PathReport},
    request::RevocationRule,
    rule::Rule,
    status::SubIndication,
    trust::{Purpose, TrustAnchor, TrustStore},
};

/// What is asked of a path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    /// What the anchor must be trusted for.
    pub(crate) purpose: Purpose,
    /// When every certificate must be valid: the best signature time, Unix seconds.
    pub(crate) valid_at: i64,
    /// When revocation is judged: the control time, Unix seconds.
    pub(crate) control_time: i64,
    /// Whether `valid_at` comes from a proof of existence rather than from the control time.
    pub(crate) has_proof: bool,
    /// When the signature is shown not to have been made yet, Unix seconds.
    pub(crate) made_after: Option<i64>,
    /// When the signer says that it signed; decides between the two `CRYPTO_CONSTRAINTS_FAILURE`s.
    pub(crate) claimed_time: Option<i64>,
}

/// What a path may be made from, and what judges it.
pub(crate) struct Material<'a> {
    pub(crate) trust: &'a TrustStore,
    /// From the artefact and the caller; trusted for nothing.
    pub(crate) certificates: Vec<Certificate>,
    /// From the artefact and the caller; each is checked before it is used.
    pub(crate) crls: Vec<Crl>,
    pub(crate) engine: &'a dyn Verify,
    pub(crate) crypto_policy: &'a CryptoPolicy,
    pub(crate) revocation: RevocationRule,
    pub(crate) budget: &'a Budget,
}

/// A path that leads to an anchor and about which nothing else is known.
#[derive(Clone, Debug)]
pub(crate) struct CandidatePath {
    /// From the signer upwards; without the anchor, except where the signer is the anchor itself.
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) anchor: TrustAnchor,
}

/// A path that holds for its [`Question`].
#[derive(Clone, Debug)]
pub(crate) struct CheckedPath {
    path: CandidatePath,
    revocation_notes: Vec<String>,
}

impl CheckedPath {
    /// When the first certificate of the path ends, Unix seconds.
    pub(crate) fn not_after(&self) -> i64 {
        self.path.certificates.iter().map(Certificate::not_after).min().unwrap_or(i64::MAX)
    }
}

/// Finds and checks every path from `signer`; the first that holds is the answer, and every one tried is reported.
pub(crate) fn check_paths(
    material: &Material<'_>,
    signer: &Certificate,
    question: Question,
    checks: &mut Checks,
    reports: &mut Vec<PathReport>,
) -> Result<CheckedPath, Conclusion> {
    let found = build::candidates(material, signer);
    reports.extend(found.dead_ends);
    note_embedded_roots(material, checks);
    let mut furthest: Option<(Conclusion, Vec<(Rule, String)>)> = None;
    for path in found.paths {
        let mut passed = Vec::new();
        match check::check(material, &path, question, &mut passed) {
            Ok(revocation_notes) => {
                reports.push(report(&path, Outcome::Passed, None));
                for (rule, detail) in passed {
                    checks.passed(rule, detail);
                }
                return Ok(CheckedPath { path, revocation_notes });
            }
            Err(conclusion) => {
                reports.push(report(&path, Outcome::Indeterminate, Some(conclusion.reason.clone())));
                // What came furthest explains most.
                if furthest.as_ref().is_none_or(|(_, best)| passed.len() > best.len()) {
                    furthest = Some((conclusion, passed));
                }
            }
        }
    }
    if let Some((conclusion, passed)) = furthest {
        for (rule, detail) in passed {
            checks.passed(rule, detail);
        }
        return Err(checks.conclude(conclusion));
    }
    if found.limit_reached {
        return Err(checks.fail(
            Rule::ChainLimit,
            SubIndication::CertificateChainGeneralFailure,
            "The limit on the search for a certificate path was reached before a path was found.",
        ));
    }
    Err(checks.fail(
        Rule::ChainFound,
        SubIndication::NoCertificateChainFound,
        format!(
            "No certificate path leads from the signer to any of the {} trust anchor(s) given.",
            material.trust.anchors().len()
        ),
    ))
}

/// Says what happened with revocation and whom the path ends at.
pub(crate) fn explain(path: &CheckedPath, purpose: Purpose, checks: &mut Checks) {
    for note in &path.revocation_notes {
        checks.note(Rule::Revocation, note.clone());
    }
    let purposes = path.path.anchor.purposes();
    if purposes.names().len() == Purpose::ALL.len() {
        checks.note(
            Rule::AnchorScope,
            format!("The anchor was given without a purpose, so it serves {} like everything else.", purpose.name()),
        );
    }
}

fn report(path: &CandidatePath, outcome: Outcome, reason: Option<String>) -> PathReport {
    let mut certificates: Vec<_> = path.certificates.iter().map(Certificate::subject_text).collect();
    let anchor = path.anchor.certificate().subject_text();
    if path.certificates.first().is_none_or(|first| first.der() != path.anchor.certificate().der()) {
        certificates.push(anchor.clone());
    }
    PathReport { certificates, anchor: Some(anchor), purposes: path.anchor.purposes().names(), outcome, reason }
}

fn note_embedded_roots(material: &Material<'_>, checks: &mut Checks) {
    for root in material.certificates.iter().filter(|certificate| certificate.is_self_issued()) {
        if material.trust.anchor_of(root).is_none() {
            checks.note(
                Rule::EmbeddedRoot,
                format!("A root certificate is present, not trusted: {}.", root.subject_text()),
            );
        }
    }
}
