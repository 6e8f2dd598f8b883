//! One seal or signature on data: CAdES by itself or inside a PDF (EN 319 102-1 5.3, 5.5).

use kokuin_asn1::{
    Certificate,
    cms::{SignedData, SignerInfo},
};

use crate::{
    attributes::CheckedAttributes,
    checks::{Checks, Conclusion},
    existence::{Existence, Proof, SIGNATURE_STAMP, Stamps},
    instant::rfc3339,
    integrity::{self, Embedded, Examined, Source},
    limit::Budget,
    material,
    path::{self, Question},
    report::{SealAnswers, SignatureReport},
    request::Request,
    rule::Rule,
    status::{Status, SubIndication},
    strength::{self, Use},
    trust::Purpose,
    verdict,
};

/// Where the signature stands; the formats differ in what they want signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    /// CMS by itself: the claimed time is a signed attribute.
    Cades,
    /// In a PDF: the claimed time is in the signature dictionary and must not be signed.
    Pades,
}

/// One seal to be judged.
pub(crate) struct Seal<'a> {
    pub(crate) request: &'a Request<'a>,
    pub(crate) budget: &'a Budget,
    pub(crate) signed_data: &'a SignedData<'a>,
    pub(crate) info: &'a SignerInfo<'a>,
    pub(crate) source: Source<'a>,
    pub(crate) format: Format,
    /// From around the signature, as document time-stamps.
    pub(crate) proofs: Vec<Proof>,
    /// Found wrong around the signature, before it was looked at.
    pub(crate) problems: Vec<Conclusion>,
    pub(crate) label: String,
}

impl Seal<'_> {
    /// Judges it. `checks` holds what was checked around it.
    pub(crate) fn judge(self, mut checks: Checks) -> SignatureReport {
        verdict::note_chosen_time(self.request, &mut checks);
        let embedded = Embedded::of(self.signed_data);
        let material = material::collect(self.request, self.budget, &embedded, &Embedded::default());
        let candidates = material::signer_candidates(&material);
        let examined = integrity::examine(
            self.info,
            &self.signed_data.content_type,
            self.signed_data.content,
            self.source,
            &candidates,
            self.request.engine,
            &mut checks,
        );
        let mut problems = self.problems.clone();
        problems.extend(examined.problems.iter().cloned());
        let is_baseline = self.check_format(&examined, &embedded, &mut checks, &mut problems);
        let stamps = Stamps { request: self.request, budget: self.budget, embedded: &embedded };
        let existence = stamps.judge(self.info, self.source, self.proofs.clone(), &mut checks);
        problems.extend(existence.problem.clone());
        let mut paths = Vec::new();
        let mut valid_until = None;
        let signer = examined.signer.as_ref().map(|identified| identified.certificate().clone());
        if let Some(certificate) = &signer {
            let question = self.question(&examined, &existence);
            match path::check_paths(&material, certificate, question, &mut checks, &mut paths) {
                Ok(checked) => {
                    path::explain(&checked, Purpose::Seal, &mut checks);
                    valid_until = Some(checked.not_after());
                }
                Err(conclusion) => problems.push(conclusion),
            }
        }
        problems.extend(self.check_strength(&examined, &existence, &mut checks).err());
        if let Some(attributes) = &examined.attributes {
            let logged = verdict::check_log(self.request, self.info.signature, attributes.signed_bytes(), &mut checks);
            problems.extend(logged.err());
        }
        let answers = answers(signer.as_ref(), &problems);
        let passed = self.passed_reason(&answers, existence.best);
        let mut report = verdict::settled(&self.label, &problems, &passed, verdict::chosen_time(self.request), checks);
        report.best_signature_time = existence.best.map(rfc3339);
        report.signer = signer.as_ref().map(verdict::identity);
        report.level = is_baseline.then_some(if existence.best.is_some() { "B-T" } else { "B-B" });
        report.valid_until = self.valid_until(&examined, valid_until, &existence.reports);
        report.algorithms = examined.algorithms.iter().map(Use::report).collect();
        report.paths = paths;
        report.answers = Some(answers);
        report.timestamps = existence.reports;
        report.signature_sha256 = Some(verdict::sha256_hex(self.info.signature));
        report.attributes_sha256 =
            examined.attributes.as_ref().map(|attributes| verdict::sha256_hex(attributes.signed_bytes()));
        report
    }

    /// What the baseline profiles want beyond a correct CMS; whether it is all there decides about the level shown.
    fn check_format(
        &self,
        examined: &Examined,
        embedded: &Embedded,
        checks: &mut Checks,
        problems: &mut Vec<Conclusion>,
    ) -> bool {
        let mut is_baseline = self.problems.is_empty() && examined.signer.is_some();
        if let Some(attributes) = &examined.attributes {
            match (self.format, attributes.has_signing_time()) {
                (Format::Cades, true) => checks.passed(
                    Rule::SealSigningTime,
                    match attributes.signing_time() {
                        Some(time) => format!("The signer claims {}.", rfc3339(time)),
                        None => "The signer claims a time that cannot be read.".to_owned(),
                    },
                ),
                (Format::Cades, false) => {
                    is_baseline = false;
                    problems.push(checks.fail(
                        Rule::SealSigningTime,
                        SubIndication::SigConstraintsFailure,
                        "The signed attribute signingTime is missing, which every CAdES baseline signature has.",
                    ));
                }
                (Format::Pades, true) => {
                    is_baseline = false;
                    checks.note(
                        Rule::SealSigningTime,
                        "The signature has a signed signingTime, which no PAdES baseline signature has.",
                    );
                }
                (Format::Pades, false) => {}
            }
        }
        if let Some(signer) = &examined.signer {
            let is_included = embedded.certificates.iter().any(|each| each.der() == signer.certificate().der());
            if is_included {
                checks.passed(Rule::SealCertificateIncluded, "The signing certificate is inside.");
            } else {
                is_baseline = false;
                checks.note(
                    Rule::SealCertificateIncluded,
                    "The signing certificate is not inside; it was found elsewhere.",
                );
            }
        }
        is_baseline
    }

    fn question(&self, examined: &Examined, existence: &Existence) -> Question {
        let control_time = self.request.control_time.unix_seconds;
        Question {
            purpose: Purpose::Seal,
            valid_at: existence.best.unwrap_or(control_time).min(control_time),
            control_time,
            has_proof: existence.best.is_some(),
            made_after: existence.made_after,
            claimed_time: examined.attributes.as_ref().and_then(CheckedAttributes::signing_time),
        }
    }

    fn check_strength(
        &self,
        examined: &Examined,
        existence: &Existence,
        checks: &mut Checks,
    ) -> Result<(), Conclusion> {
        let question = self.question(examined, existence);
        for each in &examined.algorithms {
            let (at, now) = (question.valid_at, question.control_time);
            strength::check(self.request.crypto_policy, each, at, now, question.claimed_time)
                .map_err(|conclusion| checks.conclude(conclusion))?;
        }
        checks.passed(Rule::AlgorithmStrength, "Every algorithm of the signature is strong enough.");
        Ok(())
    }

    /// With a proof of existence the seal lives as long as that proof; without one, as long as its own certificate.
    fn valid_until(
        &self,
        examined: &Examined,
        path_end: Option<i64>,
        timestamps: &[SignatureReport],
    ) -> Option<String> {
        let proved = timestamps
            .iter()
            .filter(|report| report.status == Status::TotalPassed && report.label.starts_with(SIGNATURE_STAMP))
            .filter_map(|report| report.valid_until.clone())
            .max();
        proved.or_else(|| strength::first_end(self.request.crypto_policy, &examined.algorithms, path_end).map(rfc3339))
    }

    fn passed_reason(&self, answers: &SealAnswers, best: Option<i64>) -> String {
        let when = best.map_or_else(
            || "no time-stamp proves when".to_owned(),
            |time| format!("shown to have existed at {}", rfc3339(time)),
        );
        format!("The seal is valid: issued by {}, unchanged since, {when}.", answers.issued_by)
    }
}

/// The two questions, answered from what was found and not from what is claimed.
fn answers(signer: Option<&Certificate>, problems: &[Conclusion]) -> SealAnswers {
    let is_ours = |rule: Rule| problems.iter().any(|problem| problem.rule == rule);
    let unchanged = if is_ours(Rule::PdfChanges) {
        "no: the document was changed after the seal"
    } else if is_ours(Rule::MessageDigest) {
        "no: the data is not what was sealed"
    } else if is_ours(Rule::SignatureValue) {
        "no: the signature value is wrong"
    } else if is_ours(Rule::DataGiven) {
        "not shown: the data was not given"
    } else if signer.is_none() || problems.iter().any(|problem| problem.sub_indication == SubIndication::FormatFailure)
    {
        "not shown"
    } else {
        "yes"
    };
    let issued_by = match signer {
        None => "unknown".to_owned(),
        Some(signer) => {
            let identity = verdict::identity(signer);
            let number = identity.corporate_number.map(|number| format!(", corporate number {number}"));
            let identifier = identity.organization_identifier.map(|identifier| format!(", {identifier}"));
            let unproven = if problems.is_empty() { "" } else { " (claimed, not proven)" };
            format!("{}{}{unproven}", identity.name, number.or(identifier).unwrap_or_default())
        }
    };
    SealAnswers { issued_by, unchanged: unchanged.to_owned() }
}
