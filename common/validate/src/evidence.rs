//! Evidence records (RFC 4998 5.3): from the data to every imprint, then each token at the time that the next one proves (ERS-02..ERS-07, THR-111).

use kokuin_evidence::{EvidenceError, EvidenceRecord, Renewal, Step};

use crate::{
    checks::{Checks, Conclusion},
    instant::rfc3339,
    integrity::{Embedded, Source},
    limit::{self, Budget},
    report::SignatureReport,
    request::{DetachedData, Request},
    rule::Rule,
    status::{Status, SubIndication},
    strength::{self, Use},
    tst::{self, ProvenTime, Role, TokenVerdict},
    verdict,
};

/// Judges the record in `bytes`, DER.
pub(crate) fn judge(request: &Request<'_>, bytes: &[u8]) -> SignatureReport {
    let record = match EvidenceRecord::parse(bytes) {
        Ok(record) => record,
        Err(error) => return verdict::only("1", refusal(request, &error)),
    };
    if record.stamps().count() > limit::ARCHIVE_TIMESTAMPS {
        let reason = format!("The record has more than {} archive time-stamps.", limit::ARCHIVE_TIMESTAMPS);
        return verdict::only(
            "1",
            Conclusion::undetermined(Rule::ArtifactSyntax, SubIndication::FormatFailure, reason),
        );
    }
    let mut checks = Checks::default();
    verdict::note_chosen_time(request, &mut checks);
    let data = request.data.as_ref();
    let digests = |algorithm| data.and_then(|data| data.digest(algorithm)).map(|digest| vec![digest]);
    let steps = match record.cover(&digests) {
        Ok(steps) => steps,
        Err(error) => {
            let problem = checks.conclude(refusal(request, &error));
            return verdict::settled("1", &[problem], "", verdict::chosen_time(request), checks);
        }
    };
    let (chains, count) = (record.chains.len(), steps.len());
    checks.passed(
        Rule::EvidenceCoverage,
        format!("The hash trees lead from the data through {chains} chain(s) to {count} archive time-stamp(s)."),
    );
    let judged = Judged::of(request, &steps, &mut checks);
    judged.report(request, &steps, checks)
}

/// What became of the record's tokens, oldest first.
struct Judged {
    tokens: Vec<SignatureReport>,
    problems: Vec<Conclusion>,
    /// When the data is shown to have existed.
    first: Option<ProvenTime>,
}

impl Judged {
    /// From the newest token to the oldest: only what is valid proves that the one before it existed then.
    fn of(request: &Request<'_>, steps: &[Step<'_>], checks: &mut Checks) -> Self {
        let budget = Budget::new();
        let mut judged = Self { tokens: Vec::new(), problems: Vec::new(), first: None };
        for (index, step) in steps.iter().enumerate().rev() {
            let label = format!("archive time-stamp {} ({})", index + 1, reason_of(step.renewal()));
            let root = DetachedData::Digest { algorithm: step.algorithm(), value: step.root().to_vec() };
            let next = judged.first;
            let role = Role::Archive { is_first: index == 0, existed: next.map(|time| time.seconds) };
            let (token, outer) = (step.stamp().token, Embedded::default());
            let TokenVerdict { report, proves } =
                tst::judge(request, &budget, token, Source::Given(&root), &outer, &label, role);
            judged.problems.extend(check_token(&report, next, checks));
            judged.problems.extend(check_order(&label, proves, next, checks));
            judged.tokens.push(report);
            judged.first = proves;
        }
        judged.tokens.reverse();
        judged.problems.reverse();
        judged
    }

    fn report(self, request: &Request<'_>, steps: &[Step<'_>], checks: Checks) -> SignatureReport {
        let (first, last) = (self.tokens.first(), self.tokens.last());
        let passed = first.map(|token| token.reason.as_str()).unwrap_or_default();
        let passed = format!("The evidence record is valid. Its first time-stamp: {}", lower(passed));
        let mut report = verdict::settled("1", &self.problems, &passed, verdict::chosen_time(request), checks);
        if let Some(first) = first {
            report.gen_time.clone_from(&first.gen_time);
            report.signer.clone_from(&first.signer);
            report.policy.clone_from(&first.policy);
            report.serial.clone_from(&first.serial);
            report.accuracy.clone_from(&first.accuracy);
            report.signature_sha256.clone_from(&first.signature_sha256);
            report.attributes_sha256.clone_from(&first.attributes_sha256);
        }
        report.valid_until = last.and_then(|last| last.valid_until.clone());
        if report.status == Status::TotalPassed {
            report.best_signature_time = self.first.map(|time| rfc3339(time.seconds));
        }
        let mut trees: Vec<Use> = Vec::new();
        for step in steps {
            let used = Use::of_digest("the hash tree", step.algorithm());
            if !trees.contains(&used) {
                trees.push(used);
            }
        }
        report.algorithms = trees.iter().map(Use::report).collect();
        report.timestamps = self.tokens;
        report
    }
}

const fn reason_of(renewal: Renewal) -> &'static str {
    match renewal {
        Renewal::None => "over the data",
        Renewal::TimeStamp => "renews the one before",
        Renewal::HashTree => "renews the hash tree",
    }
}

fn check_token(report: &SignatureReport, next: Option<ProvenTime>, checks: &mut Checks) -> Option<Conclusion> {
    let label = &report.label;
    let Some(sub_indication) = report.sub_indication else {
        let when = next.map_or_else(|| "now".to_owned(), |next| rfc3339(next.seconds));
        checks.passed(Rule::EvidenceToken, format!("{label}: it held at the time that counts, {when}."));
        return None;
    };
    let (status, reason) = (report.status, format!("{label}: {}", report.reason));
    Some(checks.conclude(Conclusion { rule: Rule::EvidenceToken, status, sub_indication, reason }))
}

fn check_order(
    label: &str,
    this: Option<ProvenTime>,
    next: Option<ProvenTime>,
    checks: &mut Checks,
) -> Option<Conclusion> {
    let (this, next) = (this?, next?);
    if this.is_surely_after(&next) {
        let (this, next) = (rfc3339(this.seconds), rfc3339(next.seconds));
        let reason = format!("{label}: it is of {this}, the one that renews it of {next}.");
        return Some(checks.fail(Rule::EvidenceOrder, SubIndication::TimestampOrderFailure, reason));
    }
    checks.passed(Rule::EvidenceOrder, format!("{label}: the one that renews it is not older."));
    None
}

/// What follows from a rule of the hash part that does not hold.
fn refusal(request: &Request<'_>, error: &EvidenceError) -> Conclusion {
    let because = |rule, sub_indication| {
        Conclusion::new(rule, sub_indication, format!("The evidence record does not hold: {error}."))
    };
    match error {
        EvidenceError::Syntax(_)
        | EvidenceError::Version { .. }
        | EvidenceError::Empty { .. }
        | EvidenceError::TooMany { .. }
        | EvidenceError::HashLength { .. } => Conclusion::new(
            Rule::ArtifactSyntax,
            SubIndication::FormatFailure,
            format!("The structure cannot be read: {error}."),
        ),
        EvidenceError::UnknownDigest(_) => strength::unknown("the hash tree", &error.to_string()),
        EvidenceError::ImprintAlgorithm { .. } | EvidenceError::ChainAlgorithm { .. } => {
            because(Rule::EvidenceAlgorithm, SubIndication::FormatFailure)
        }
        EvidenceError::DigestNeeded { algorithm } => {
            // The same words as for a token.
            let source = request.data.as_ref().map_or(Source::Missing, Source::Given);
            source
                .digest(*algorithm)
                .err()
                .unwrap_or_else(|| because(Rule::DataGiven, SubIndication::SignedDataNotFound))
        }
        EvidenceError::DataNotCovered { .. }
        | EvidenceError::GroupIncomplete { .. }
        | EvidenceError::PredecessorNotCovered { .. } => because(Rule::EvidenceCoverage, SubIndication::HashFailure),
    }
}

fn lower(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}
