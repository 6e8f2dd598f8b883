//! One path, checked from the anchor down (RFC 5280 6.1), then its revocation from the anchor down (6.3).

use kokuin_asn1::{Certificate, Oid, oids};

use super::{
    CandidatePath, Material, Question,
    names::NameConstraints,
    policies::PolicyState,
    standing::{check_standings, check_validity, standings},
    usage,
};
use crate::{
    checks::Conclusion,
    instant::rfc3339,
    rule::Rule,
    status::SubIndication,
    strength::{self, Use},
};

/// Extensions that are processed here; another one that is critical ends the path (RFC 5280 4.2).
const KNOWN: [Oid; 12] = [
    oids::KEY_USAGE,
    oids::EXT_KEY_USAGE,
    oids::BASIC_CONSTRAINTS,
    oids::NAME_CONSTRAINTS,
    oids::CERT_POLICIES,
    oids::POLICY_CONSTRAINTS,
    oids::INHIBIT_ANY_POLICY,
    oids::SUBJECT_ALT_NAME,
    oids::PRIVATE_KEY_USAGE_PERIOD,
    oids::SKI,
    oids::AKI,
    oids::QC_STATEMENTS,
];

/// Checks `path`; what held is added to `passed`. The answer is what is to be said about revocation.
pub(super) fn check(
    material: &Material<'_>,
    path: &CandidatePath,
    question: Question,
    passed: &mut Vec<(Rule, String)>,
) -> Result<Vec<String>, Conclusion> {
    passed.push((
        Rule::ChainFound,
        format!("{} certificate(s) lead to {}.", path.certificates.len(), path.anchor.certificate().subject_text()),
    ));
    passed.push((Rule::ChainSignature, "Each certificate is signed by the one above.".to_owned()));
    check_purpose(path, question)?;
    passed.push((Rule::ChainPurpose, format!("The anchor is trusted for {}.", question.purpose.name())));
    let signer = path.certificates.first().ok_or_else(no_certificates)?;
    usage::check_signer(signer, question.purpose)?;
    passed.push((Rule::LeafPurpose, format!("The signing certificate may be used for {}.", question.purpose.name())));
    check_constraints(path, question)?;
    passed
        .push((Rule::ChainBasicConstraints, "CA flags, path lengths, key usages, names and policies hold.".to_owned()));
    let standings = standings(material, path, question);
    check_validity(path, question, &standings)?;
    passed.push((Rule::ChainValidity, format!("Every certificate is valid at {}.", rfc3339(question.valid_at))));
    let notes = check_standings(material, path, question, &standings, passed)?;
    check_strength(material, path, question)?;
    passed.push((Rule::AlgorithmStrength, "Every algorithm of the path is strong enough.".to_owned()));
    Ok(notes)
}

fn no_certificates() -> Conclusion {
    Conclusion::new(Rule::ChainFound, SubIndication::NoCertificateChainFound, "The path has no certificate.")
}

fn constraint(rule: Rule, reason: String) -> Conclusion {
    Conclusion::new(rule, SubIndication::ChainConstraintsFailure, reason)
}

fn check_purpose(path: &CandidatePath, question: Question) -> Result<(), Conclusion> {
    if path.anchor.purposes().allows(question.purpose) {
        return Ok(());
    }
    Err(constraint(
        Rule::ChainPurpose,
        format!(
            "The path ends at an anchor that is trusted for {}, not for the purpose {}: {}.",
            path.anchor.purposes().names().join(", "),
            question.purpose.name(),
            path.anchor.certificate().subject_text()
        ),
    ))
}

/// Everything of RFC 5280 6.1.3 and 6.1.4 that is neither time, revocation nor a signature.
fn check_constraints(path: &CandidatePath, question: Question) -> Result<(), Conclusion> {
    let anchor = path.anchor.certificate();
    let mut name_constraints = Vec::new();
    let mut policies = PolicyState::new();
    let mut authorities_left = None;
    let is_anchor_itself = path.certificates.first().is_some_and(|first| first.der() == anchor.der());
    if !is_anchor_itself {
        take_authority(anchor, question, &mut authorities_left, &mut name_constraints)?;
    }
    for (below, certificate) in path.certificates.iter().enumerate().rev() {
        let is_last = below == 0;
        check_critical(certificate)?;
        if is_last || !certificate.is_self_issued() {
            check_names(certificate, &name_constraints)?;
        }
        policies
            .take(certificate, is_last)
            .map_err(|why| constraint(Rule::ChainPolicies, format!("{}: {why}.", certificate.subject_text())))?;
        if !is_last {
            if certificate.basic_constraints().is_none_or(|constraints| !constraints.ca) {
                return Err(constraint(
                    Rule::ChainBasicConstraints,
                    format!("{} issued a certificate and is no CA.", certificate.subject_text()),
                ));
            }
            if !certificate.is_self_issued() {
                authorities_left = match authorities_left {
                    Some(0) => {
                        return Err(constraint(
                            Rule::ChainPathLength,
                            format!(
                                "{} is one CA more than a CA above allows below itself.",
                                certificate.subject_text()
                            ),
                        ));
                    }
                    Some(left) => Some(left - 1),
                    None => None,
                };
            }
            take_authority(certificate, question, &mut authorities_left, &mut name_constraints)?;
        }
    }
    Ok(())
}

fn take_authority(
    certificate: &Certificate,
    question: Question,
    authorities_left: &mut Option<u64>,
    name_constraints: &mut Vec<NameConstraints>,
) -> Result<(), Conclusion> {
    usage::check_authority(certificate, question.purpose)?;
    if let Some(constraints) = certificate.basic_constraints() {
        if !constraints.ca {
            return Err(constraint(
                Rule::ChainBasicConstraints,
                format!("{} issued a certificate and says that it is no CA.", certificate.subject_text()),
            ));
        }
        if let Some(limit) = constraints.path_len.map(u64::from) {
            *authorities_left = Some(authorities_left.map_or(limit, |left| left.min(limit)));
        }
    }
    if let Some(extension) = certificate.extension(&oids::NAME_CONSTRAINTS) {
        name_constraints.push(NameConstraints::parse(extension.value).map_err(|error| {
            constraint(
                Rule::ChainNameConstraints,
                format!("The name constraints of {} cannot be read: {error}.", certificate.subject_text()),
            )
        })?);
    }
    Ok(())
}

fn check_critical(certificate: &Certificate) -> Result<(), Conclusion> {
    if let Some(twice) = certificate.duplicate_extension() {
        return Err(constraint(
            Rule::ChainCritical,
            format!("{} has the extension {twice} twice.", certificate.subject_text()),
        ));
    }
    if certificate.signature_algorithm().raw != certificate.tbs_signature_algorithm().raw {
        let reason =
            format!("{} names one signature algorithm inside and another outside.", certificate.subject_text());
        return Err(constraint(Rule::ChainSignature, reason));
    }
    match certificate.extensions().find(|extension| extension.critical && !KNOWN.contains(&extension.oid)) {
        Some(unknown) => Err(constraint(
            Rule::ChainCritical,
            format!("{} has a critical extension that is not known here: {}.", certificate.subject_text(), unknown.oid),
        )),
        None => Ok(()),
    }
}

fn check_names(certificate: &Certificate, constraints: &[NameConstraints]) -> Result<(), Conclusion> {
    for each in constraints {
        each.check(certificate).map_err(|why| {
            constraint(
                Rule::ChainNameConstraints,
                format!("{} breaks a name constraint: {why}.", certificate.subject_text()),
            )
        })?;
    }
    Ok(())
}

fn check_strength(material: &Material<'_>, path: &CandidatePath, question: Question) -> Result<(), Conclusion> {
    let anchor = path.anchor.certificate();
    for (index, certificate) in path.certificates.iter().enumerate() {
        if certificate.der() == anchor.der() {
            continue;
        }
        let issuer = path.certificates.get(index + 1).unwrap_or(anchor);
        let used_for = format!("the certificate of {}", certificate.subject_text());
        let used = Use::of_x509(used_for, &certificate.signature_algorithm(), issuer.spki())?;
        strength::check(
            material.crypto_policy,
            &used,
            question.valid_at,
            question.control_time,
            question.claimed_time,
        )?;
    }
    Ok(())
}
