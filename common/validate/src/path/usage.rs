//! What a certificate's key may be used for (RFC 5280 4.2.1.3, 4.2.1.12; RFC 3161 2.3).

use kokuin_asn1::{Certificate, Oid, oids};

use crate::{checks::Conclusion, rule::Rule, status::SubIndication, trust::Purpose};

/// Purposes of which none is to sign documents: a CA limited to them has no seal below it.
const OTHER_THAN_SEALS: [Oid; 5] =
    [oids::KP_TIME_STAMPING, oids::KP_OCSP_SIGNING, oids::KP_CODE_SIGNING, oids::KP_SERVER_AUTH, oids::KP_CLIENT_AUTH];

/// Whether the signer's own certificate may do what it did.
pub(super) fn check_signer(certificate: &Certificate, purpose: Purpose) -> Result<(), Conclusion> {
    match purpose {
        Purpose::Tsa => check_tsu(certificate)?,
        Purpose::Seal => check_sealer(certificate)?,
        // Nothing signed for these is validated here; their paths are held to RFC 5280 alone.
        Purpose::Log | Purpose::Tls => {}
    }
    match certificate.key_usage() {
        Some(usage) if !usage.digital_signature() && !usage.non_repudiation() => Err(constraint(
            Rule::LeafKeyUsage,
            "The signing certificate's key usage has neither digitalSignature nor nonRepudiation.",
        )),
        Some(_) | None => Ok(()),
    }
}

/// Each variant has a name of its own, so that nobody has to guess which rule a TSU breaks (THR-04, TSP-57).
fn check_tsu(certificate: &Certificate) -> Result<(), Conclusion> {
    let Some(extension) = certificate.extension(&oids::EXT_KEY_USAGE) else {
        return Err(constraint(
            Rule::TsuUsageAbsent,
            "The signing certificate has no extended key usage, so it is not for the purpose tsa (time-stamping).",
        ));
    };
    let usages = certificate.ext_key_usage().unwrap_or_default();
    if usages.as_slice() != [oids::KP_TIME_STAMPING] {
        return Err(constraint(
            Rule::TsuUsageOther,
            format!(
                "The signing certificate's extended key usage is not time-stamping alone (purpose tsa): {}.",
                listed(&usages)
            ),
        ));
    }
    if !extension.critical {
        return Err(constraint(
            Rule::TsuUsageNotCritical,
            "The signing certificate's extended key usage is time-stamping but not critical.",
        ));
    }
    if certificate.basic_constraints().is_some_and(|constraints| constraints.ca) {
        return Err(constraint(Rule::TsuIsAuthority, "The signing certificate of the token is a CA certificate."));
    }
    Ok(())
}

/// A certificate made for something else does not seal (THR-05, THR-57).
fn check_sealer(certificate: &Certificate) -> Result<(), Conclusion> {
    let Some(usages) = certificate.ext_key_usage() else { return Ok(()) };
    let exclusive = [oids::KP_TIME_STAMPING, oids::KP_OCSP_SIGNING, oids::KP_SERVER_AUTH];
    if usages.iter().any(|usage| exclusive.contains(usage))
        || usages.iter().all(|usage| *usage == oids::KP_CODE_SIGNING)
    {
        return Err(constraint(
            Rule::LeafPurpose,
            format!(
                "The signing certificate is for another purpose than seal: its extended key usage is {}.",
                listed(&usages)
            ),
        ));
    }
    Ok(())
}

/// Whether a CA's certificate may have `purpose` below it.
pub(super) fn check_authority(certificate: &Certificate, purpose: Purpose) -> Result<(), Conclusion> {
    if certificate.key_usage().is_some_and(|usage| !usage.key_cert_sign()) {
        return Err(constraint(
            Rule::ChainKeyUsage,
            format!("The key usage of {} does not allow it to sign certificates.", certificate.subject_text()),
        ));
    }
    let Some(usages) = certificate.ext_key_usage().filter(|usages| !usages.contains(&oids::ANY_EXT_KEY_USAGE)) else {
        return Ok(());
    };
    let excluded = match purpose {
        Purpose::Tsa => (!usages.contains(&oids::KP_TIME_STAMPING)).then_some("time-stamping"),
        Purpose::Seal => usages.iter().all(|usage| OTHER_THAN_SEALS.contains(usage)).then_some("seals"),
        Purpose::Log | Purpose::Tls => None,
    };
    match excluded {
        Some(excluded) => Err(constraint(
            Rule::ChainExtendedUsage,
            format!("The extended key usage of {} excludes {excluded}.", certificate.subject_text()),
        )),
        None => Ok(()),
    }
}

fn listed(usages: &[Oid]) -> String {
    usages.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn constraint(rule: Rule, reason: impl Into<String>) -> Conclusion {
    Conclusion::new(rule, SubIndication::ChainConstraintsFailure, reason)
}
