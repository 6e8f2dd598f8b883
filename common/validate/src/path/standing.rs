//! Validity and revocation of one path at the times that count (EN 319 102-1 5.2.6; VAL-05, VAL-37 to VAL-43).

use super::{CandidatePath, Material, Question};
use crate::{
    checks::Conclusion,
    instant::rfc3339,
    request::RevocationRule,
    revocation::{self, Standing},
    rule::Rule,
    status::SubIndication,
};

/// The standing of each certificate below the anchor, in the order of the path.
pub(super) fn standings(material: &Material<'_>, path: &CandidatePath, question: Question) -> Vec<Standing> {
    let anchor = path.anchor.certificate();
    path.certificates
        .iter()
        .enumerate()
        .filter(|(_, certificate)| certificate.der() != anchor.der())
        .map(|(index, certificate)| {
            let issuer = path.certificates.get(index + 1).unwrap_or(anchor);
            revocation::standing(material, certificate, issuer, question.control_time)
        })
        .collect()
}

pub(super) fn check_validity(
    path: &CandidatePath,
    question: Question,
    standings: &[Standing],
) -> Result<(), Conclusion> {
    for (index, certificate) in path.certificates.iter().enumerate().rev() {
        let (from, until) = (certificate.not_before(), certificate.not_after());
        if from <= question.valid_at && question.valid_at <= until {
            continue;
        }
        let name = certificate.subject_text();
        let at = rfc3339(question.valid_at);
        if question.valid_at < from {
            let reason =
                format!("The certificate of {name} is valid only from {}, which is after {at}.", rfc3339(from));
            let is_proved = question.has_proof && index == 0;
            let sub = if is_proved { SubIndication::NotYetValid } else { SubIndication::OutOfBoundsNoPoe };
            return Err(Conclusion::new(Rule::ChainValidity, sub, reason));
        }
        if index == 0 && question.made_after.is_some_and(|made_after| made_after > until) {
            let reason =
                format!("The certificate of {name} ended at {}, and the signature is younger.", rfc3339(until));
            return Err(Conclusion::new(Rule::ChainValidity, SubIndication::Expired, reason));
        }
        let reason = format!(
            "The certificate of {name} ended at {}, before {at}, and nothing proves that the signature is older than that.",
            rfc3339(until)
        );
        let sub = match standings.get(index) {
            Some(Standing::Good { .. }) => SubIndication::OutOfBoundsNotRevoked,
            Some(Standing::Revoked { .. } | Standing::Unknown { .. }) | None => SubIndication::OutOfBoundsNoPoe,
        };
        return Err(Conclusion::new(Rule::ChainValidity, sub, reason));
    }
    Ok(())
}

/// Revocation, judged against the best signature time: what was revoked only after it stays good (VAL-05).
pub(super) fn check_standings(
    material: &Material<'_>,
    path: &CandidatePath,
    question: Question,
    standings: &[Standing],
    passed: &mut Vec<(Rule, String)>,
) -> Result<Vec<String>, Conclusion> {
    let mut notes = Vec::new();
    let mut unknown = None;
    for (index, (certificate, standing)) in path.certificates.iter().zip(standings).enumerate().rev() {
        let rule = if index == 0 { Rule::Revocation } else { Rule::RevocationAuthority };
        let name = certificate.subject_text();
        match standing {
            Standing::Good { detail } => passed.push((rule, format!("{name} is not revoked: {detail}."))),
            Standing::Revoked { date, reason } => {
                let what = format!("The certificate of {name} was revoked on {} ({reason})", rfc3339(*date));
                if question.valid_at < *date && (question.has_proof || question.valid_at < question.control_time) {
                    notes.push(format!(
                        "{what}, after {}, when the signature is shown to have existed.",
                        rfc3339(question.valid_at)
                    ));
                } else if question.valid_at < *date {
                    notes.push(format!(
                        "{what}, which is after {}, the time of this validation.",
                        rfc3339(question.valid_at)
                    ));
                } else if index == 0 && question.made_after.is_some_and(|made_after| made_after >= *date) {
                    let reason = format!("{what}, and the signature is shown to be younger.");
                    return Err(Conclusion::new(rule, SubIndication::Revoked, reason));
                } else {
                    let sub = if index == 0 { SubIndication::RevokedNoPoe } else { SubIndication::RevokedCaNoPoe };
                    return Err(Conclusion::new(
                        rule,
                        sub,
                        format!("{what}, and nothing proves that the signature is older than that."),
                    ));
                }
            }
            Standing::Unknown { why } => {
                let text = format!("Whether {name} is revoked is unknown: {why}.");
                match material.revocation {
                    RevocationRule::Required => {
                        unknown = unknown.or_else(|| Some(Conclusion::new(rule, SubIndication::TryLater, text)));
                    }
                    RevocationRule::WhereGiven => notes.push(text),
                }
            }
        }
    }
    unknown.map_or(Ok(notes), Err)
}
