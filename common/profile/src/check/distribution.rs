//! Where revocation lists, the issuer's certificate and policies are: cRLDistributionPoints, authorityInfoAccess,
//! certificatePolicies.

use kokuin_asn1::{Asn1Error, Oid, Reader, oids, tag};

use super::{Findings, list};
use crate::{definition::Role, rule::Rule, view::View};

/// Validity assured, short term (EN 319 412-1) and noRevAvail (RFC 9608).
const NOT_REVOCABLE: [Oid; 2] = [oids::VALIDITY_ASSURED_SHORT_TERM, oids::NO_REV_AVAIL];
/// `uniformResourceIdentifier [6]` of `GeneralName`.
const URI: u8 = tag::context(6);

pub(super) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let skipped = view.extensions.iter().find(|extension| NOT_REVOCABLE.contains(&extension.oid));
    if let Some(extension) = skipped {
        findings.add(Rule::RevocationSkipped, format!("extension {} is present", extension.oid));
    }
    check_crl_points(view, skipped.is_some(), findings);
    check_information(view, findings);
    check_policies(view, findings);
}

fn check_crl_points(view: &View<'_>, skipped: bool, findings: &mut Findings<'_>) {
    let Some(extension) = view.extension(&oids::CRL_DP) else {
        let root = findings.profile.role == Role::Root;
        findings.add_if(findings.profile.crl_distribution_point && !skipped && !root, Rule::CrlPointPresent, || {
            "cRLDistributionPoints is absent".to_owned()
        });
        return;
    };
    findings.add_if(extension.critical, Rule::CrlPointNotCritical, || "cRLDistributionPoints is critical".to_owned());
    if let Some(uris) = findings.read("cRLDistributionPoints", crl_points(extension.value)) {
        let usable = uris.iter().any(|uri| has_scheme(uri, &["http://", "https://", "ldap://"]));
        findings.add_if(!usable, Rule::CrlPointUri, || format!("no http or ldap URI among {}", list(&uris)));
    }
}

fn crl_points(value: &[u8]) -> Result<Vec<String>, Asn1Error> {
    let mut uris = Vec::new();
    for point in Reader::enter_only(value, tag::SEQUENCE, "CRLDistributionPoints")?.all(tag::SEQUENCE, 100)? {
        let mut fields = Reader::new(point.value, "DistributionPoint");
        let Some(mut name) = fields.enter_optional(tag::context_constructed(0), "distributionPoint")? else { continue };
        let Some(mut full) = name.enter_optional(tag::context_constructed(0), "fullName")? else { continue };
        while !full.is_empty() {
            let general = full.next()?;
            if general.tag == URI {
                uris.push(String::from_utf8_lossy(general.value).into_owned());
            }
        }
    }
    Ok(uris)
}

fn has_scheme(uri: &str, schemes: &[&str]) -> bool {
    schemes.iter().any(|scheme| uri.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)))
}

fn check_information(view: &View<'_>, findings: &mut Findings<'_>) {
    let extension = view.extension(&oids::AIA);
    findings.add_if(extension.is_some_and(|extension| extension.critical), Rule::InformationNotCritical, || {
        "authorityInfoAccess is critical".to_owned()
    });
    let uris = match extension {
        Some(extension) => match findings.read("authorityInfoAccess", issuer_uris(extension.value)) {
            Some(uris) => uris,
            None => return,
        },
        None => Vec::new(),
    };
    let usable = uris.iter().any(|uri| has_scheme(uri, &["http://"]));
    findings.add_if(findings.profile.issuer_uri && !usable, Rule::IssuerUri, || {
        format!("no http URI of the issuer's certificate among {}", list(&uris))
    });
}

fn issuer_uris(value: &[u8]) -> Result<Vec<String>, Asn1Error> {
    let mut uris = Vec::new();
    for access in Reader::enter_only(value, tag::SEQUENCE, "AuthorityInfoAccessSyntax")?.all(tag::SEQUENCE, 100)? {
        let mut fields = Reader::new(access.value, "AccessDescription");
        let method = fields.oid("accessMethod")?;
        let location = fields.next()?;
        fields.finish()?;
        if method == oids::AD_CA_ISSUERS && location.tag == URI {
            uris.push(String::from_utf8_lossy(location.value).into_owned());
        }
    }
    Ok(uris)
}

fn check_policies(view: &View<'_>, findings: &mut Findings<'_>) {
    let policies = match view.extension(&oids::CERT_POLICIES) {
        Some(extension) => match findings.read("certificatePolicies", policies(extension.value)) {
            Some(policies) => policies,
            None => return,
        },
        None => Vec::new(),
    };
    let wanted = &findings.profile.policies;
    let found = wanted.is_empty() || wanted.iter().any(|policy| policies.contains(policy));
    findings.add_if(!found, Rule::PolicyPresent, || {
        format!("certificatePolicies has {}, one of {} is required", list(&policies), list(wanted))
    });
}

fn policies(value: &[u8]) -> Result<Vec<String>, Asn1Error> {
    let list = Reader::enter_only(value, tag::SEQUENCE, "certificatePolicies")?.all(tag::SEQUENCE, 100)?;
    list.into_iter()
        .map(|element| Ok(Reader::new(element.value, "PolicyInformation").oid("policyIdentifier")?.to_string()))
        .collect()
}
