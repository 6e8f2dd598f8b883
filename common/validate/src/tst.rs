//! Time-stamp tokens (RFC 3161, RFC 5816, EN 319 422; EN 319 102-1 5.4).

mod info;
mod role;

use kokuin_asn1::{
    Certificate,
    cms::SignedData,
    oids,
    tsp::{Accuracy, TstInfo},
};
use kokuin_suite::DigestAlgorithm;

use crate::{
    artifact,
    checks::{Checks, Conclusion},
    instant::rfc3339,
    integrity::{self, Embedded, Source},
    limit::Budget,
    material,
    path::{self, Question},
    report::SignatureReport,
    request::Request,
    rule::Rule,
    status::{Status, SubIndication},
    strength::{self, Use},
    trust::Purpose,
    verdict,
};

pub(crate) use role::Role;

/// How far a token that states no accuracy may be off, in microseconds: EN 319 422 5.2.2 wants a second or better.
const UNSTATED_ACCURACY: u64 = 1_000_000;

/// A time that a valid token states.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct ProvenTime {
    /// Unix seconds, rounded down.
    pub(crate) seconds: i64,
    micros: i64,
    accuracy: u64,
}

impl ProvenTime {
    /// Whether this one is later than `other` by more than both accuracies together; nothing less orders two tokens (TSP-38).
    pub(crate) fn is_surely_after(&self, other: &Self) -> bool {
        let apart = i128::from(self.micros) - i128::from(other.micros);
        apart > i128::from(self.accuracy) + i128::from(other.accuracy)
    }
}

/// What became of one token.
pub(crate) struct TokenVerdict {
    pub(crate) report: SignatureReport,
    /// Of a token that passed only.
    pub(crate) proves: Option<ProvenTime>,
}

/// Judges the token in `bytes`, a `ContentInfo`. `outer` is what the artefact around it carries.
pub(crate) fn judge(
    request: &Request<'_>,
    budget: &Budget,
    bytes: &[u8],
    source: Source<'_>,
    outer: &Embedded,
    label: &str,
    role: Role,
) -> TokenVerdict {
    let refused = |conclusion| TokenVerdict { report: verdict::only(label, conclusion), proves: None };
    let bytes = match artifact::definite(bytes) {
        Ok(bytes) => bytes,
        Err(error) => return refused(artifact::unreadable(&error)),
    };
    let signed_data = match SignedData::parse(&bytes) {
        Ok(signed_data) => signed_data,
        Err(error) => return refused(artifact::unreadable(&error)),
    };
    let token = match ParsedToken::new(&signed_data) {
        Ok(token) => token,
        Err(conclusion) => return refused(conclusion),
    };
    token.judge(request, budget, source, outer, label, role)
}

/// A token whose structure is as RFC 3161 has it.
struct ParsedToken<'a> {
    signed_data: &'a SignedData<'a>,
    info: TstInfo<'a>,
    content: &'a [u8],
}

impl<'a> ParsedToken<'a> {
    fn new(signed_data: &'a SignedData<'a>) -> Result<Self, Conclusion> {
        let format = |rule, reason: String| Err(Conclusion::new(rule, SubIndication::FormatFailure, reason));
        if signed_data.content_type != oids::ID_CT_TST_INFO {
            return format(
                Rule::TokenContent,
                format!("The content is of type {}, not a TSTInfo.", signed_data.content_type),
            );
        }
        match signed_data.signer_infos.len() {
            0 => return Err(artifact::no_artefact("The token has no SignerInfo.")),
            1 => {}
            several => {
                return format(Rule::OneSigner, format!("The token has {several} signatures, it must have one."));
            }
        }
        let Some(content) = signed_data.content else {
            return format(Rule::TokenContent, "The token has no content.".to_owned());
        };
        match TstInfo::parse(content) {
            Ok(info) => Ok(Self { signed_data, info, content }),
            Err(error) => format(Rule::TokenContent, format!("The TSTInfo cannot be read: {error}.")),
        }
    }

    fn judge(
        &self,
        request: &Request<'_>,
        budget: &Budget,
        source: Source<'_>,
        outer: &Embedded,
        label: &str,
        role: Role,
    ) -> TokenVerdict {
        let mut checks = Checks::default();
        verdict::note_chosen_time(request, &mut checks);
        let material = material::collect(request, budget, &Embedded::of(self.signed_data), outer);
        let candidates = material::signer_candidates(&material);
        let mut problems = Vec::new();
        let mut report_paths = Vec::new();
        let mut valid_until = None;
        let mut algorithms = Vec::new();
        let mut signer = None;
        if let Some(info) = self.signed_data.signer_infos.first() {
            let examined = integrity::examine(
                info,
                &self.signed_data.content_type,
                Some(self.content),
                Source::Bytes(self.content),
                &candidates,
                request.engine,
                &mut checks,
            );
            problems.extend(examined.problems);
            algorithms.extend(examined.algorithms);
            problems.extend(self.check_imprint(source, &mut algorithms, &mut checks).err());
            if let Some(identified) = examined.signer {
                let certificate = identified.certificate().clone();
                problems.extend(info::check(&self.info, request, &certificate, &mut checks));
                match path::check_paths(
                    &material,
                    &certificate,
                    self.question(request, role),
                    &mut checks,
                    &mut report_paths,
                ) {
                    Ok(checked) => {
                        path::explain(&checked, Purpose::Tsa, &mut checks);
                        valid_until = Some(checked.not_after());
                    }
                    Err(conclusion) => problems.push(conclusion),
                }
                signer = Some(certificate);
            }
            problems.extend(self.check_strength(request, role, &algorithms, &mut checks).err());
            if let (true, Some(attributes)) = (role.has_receipt(), &examined.attributes) {
                problems
                    .extend(verdict::check_log(request, info.signature, attributes.signed_bytes(), &mut checks).err());
            }
        }
        let passed = self.passed_reason(signer.as_ref());
        let mut report = verdict::settled(label, &problems, &passed, role.chosen_time(request), checks);
        self.describe(&mut report, signer.as_ref());
        report.paths = report_paths;
        report.valid_until = strength::first_end(request.crypto_policy, &algorithms, valid_until).map(rfc3339);
        report.algorithms = algorithms.iter().map(Use::report).collect();
        let proves = (report.status == Status::TotalPassed).then(|| self.proven_time());
        TokenVerdict { report, proves }
    }

    fn proven_time(&self) -> ProvenTime {
        ProvenTime {
            seconds: self.info.gen_time.unix_seconds(),
            micros: self.info.gen_time.unix_micros(),
            accuracy: self.info.accuracy.map_or(UNSTATED_ACCURACY, Accuracy::as_micros),
        }
    }

    fn question(&self, request: &Request<'_>, role: Role) -> Question {
        let control_time = request.control_time.unix_seconds;
        Question {
            purpose: Purpose::Tsa,
            valid_at: role.existed().unwrap_or(control_time),
            control_time,
            has_proof: role.existed().is_some(),
            made_after: None,
            claimed_time: Some(self.info.gen_time.unix_seconds()),
        }
    }

    /// The imprint against the data, by the algorithm that the imprint names (TSP-58).
    fn check_imprint(
        &self,
        source: Source<'_>,
        algorithms: &mut Vec<Use>,
        checks: &mut Checks,
    ) -> Result<(), Conclusion> {
        let oid = &self.info.imprint.algorithm.oid;
        let Some(algorithm) = DigestAlgorithm::from_oid(oid) else {
            return Err(checks.conclude(strength::unknown("the message imprint", &format!("{oid} is not known here"))));
        };
        algorithms.push(Use::of_digest("the message imprint", algorithm));
        let expected = source.digest(algorithm).map_err(|conclusion| checks.conclude(conclusion))?;
        if expected != self.info.imprint.digest {
            return Err(checks.fail(
                Rule::TokenImprint,
                SubIndication::HashFailure,
                format!("The time-stamp is over other data: the {} digests differ.", algorithm.name()),
            ));
        }
        checks.passed(Rule::TokenImprint, format!("The imprint is the {} digest of the data.", algorithm.name()));
        Ok(())
    }

    fn check_strength(
        &self,
        request: &Request<'_>,
        role: Role,
        uses: &[Use],
        checks: &mut Checks,
    ) -> Result<(), Conclusion> {
        let now = request.control_time.unix_seconds;
        let existed = role.existed().unwrap_or(now);
        for each in uses {
            strength::check(request.crypto_policy, each, existed, now, Some(self.info.gen_time.unix_seconds()))
                .map_err(|conclusion| checks.conclude(conclusion))?;
        }
        checks.passed(Rule::AlgorithmStrength, "Every algorithm of the token is strong enough.");
        Ok(())
    }

    fn passed_reason(&self, signer: Option<&Certificate>) -> String {
        let who = signer.map_or_else(|| "its TSA".to_owned(), |signer| verdict::identity(signer).name);
        format!("The time-stamp is valid: {who} states that the data existed at {}.", info::shown(self.info.gen_time))
    }

    fn describe(&self, report: &mut SignatureReport, signer: Option<&Certificate>) {
        report.gen_time = Some(info::shown(self.info.gen_time));
        report.signer = signer.map(verdict::identity);
        report.policy = Some(self.info.policy.to_string());
        report.serial = Some(hex::encode(self.info.serial));
        report.accuracy = self.info.accuracy.map(|accuracy| info::seconds(accuracy.as_micros()));
        if let Some(info) = self.signed_data.signer_infos.first() {
            report.signature_sha256 = Some(verdict::sha256_hex(info.signature));
            report.attributes_sha256 =
                info.signed_attrs.as_ref().map(|attributes| verdict::sha256_hex(&attributes.as_set_of()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tsp_38_orders_two_tokens_only_beyond_both_accuracies() {
        let at = |micros, accuracy| ProvenTime { seconds: 0, micros, accuracy };
        let first = at(0, 500_000);
        assert!(!at(1_500_000, 1_000_000).is_surely_after(&first));
        assert!(at(1_500_001, 1_000_000).is_surely_after(&first));
    }
}
