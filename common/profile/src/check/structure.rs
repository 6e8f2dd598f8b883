//! Version, serial number, algorithms, key identifiers, unknown and repeated extensions: KOK-CERT-01.. of RFC 5280.

use std::collections::HashSet;

use kokuin_asn1::{Asn1Error, Oid, Reader, oids, tag};

use super::{Findings, hex};
use crate::{
    definition::Role,
    rule::Rule,
    view::{Name, View},
};

/// RFC 5280 4.1.2.2.
const MAX_SERIAL: usize = 20;
/// 64 random bits.
const MIN_SERIAL: usize = 8;

pub(super) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    findings.add_if(view.version != Some(&[2]), Rule::Version3, || {
        format!("version is {}, v3 is 2", view.version.map_or_else(|| "absent (v1)".to_owned(), hex))
    });
    check_serial(view.serial, findings);
    findings.add_if(view.inner_algorithm != view.outer_algorithm, Rule::SameAlgorithm, || {
        format!("inside {}, outside {}", hex(view.inner_algorithm), hex(view.outer_algorithm))
    });
    findings.add_if(view.has_unique_id, Rule::NoUniqueIds, || "a unique identifier is present".to_owned());
    for (what, name) in [("issuer", &view.issuer), ("subject", &view.subject)] {
        check_rdns(what, name, findings);
    }
    check_extensions(view, findings);
    check_key_ids(view, findings);
}

fn check_serial(serial: &[u8], findings: &mut Findings<'_>) {
    let negative = serial.first().is_some_and(|first| first & 0x80 != 0);
    findings.add_if(negative || serial.iter().all(|&octet| octet == 0), Rule::SerialPositive, || {
        format!("serial number is {} (hexadecimal two's complement)", hex(serial))
    });
    findings.add_if(serial.len() > MAX_SERIAL, Rule::SerialLength, || {
        format!("serial number has {} octets, at most {MAX_SERIAL} are allowed", serial.len())
    });
    findings.add_if(serial.len() < MIN_SERIAL, Rule::SerialEntropy, || {
        format!("serial number has {} octets, 64 random bits need {MIN_SERIAL}", serial.len())
    });
}

fn check_rdns(what: &str, name: &Name<'_>, findings: &mut Findings<'_>) {
    let mut seen = HashSet::new();
    for attribute in &name.attributes {
        findings.add_if(!seen.insert((attribute.rdn, &attribute.oid)), Rule::NoDuplicateInRdn, || {
            format!("{what}: {} is twice in relative distinguished name {}", attribute.oid, attribute.rdn)
        });
    }
}

fn check_extensions(view: &View<'_>, findings: &mut Findings<'_>) {
    let mut seen = HashSet::new();
    for extension in &view.extensions {
        findings.add_if(!seen.insert(&extension.oid), Rule::NoDuplicateExtension, || {
            format!("extension {} is there twice", extension.oid)
        });
        findings.add_if(extension.critical && !is_processed(&extension.oid), Rule::CriticalKnown, || {
            format!("extension {} is critical, and relying parties do not know it", extension.oid)
        });
    }
}

/// Extensions that path validation or Kokuin's verifier processes.
fn is_processed(oid: &Oid) -> bool {
    [
        oids::KEY_USAGE,
        oids::EXT_KEY_USAGE,
        oids::BASIC_CONSTRAINTS,
        oids::SKI,
        oids::AKI,
        oids::CRL_DP,
        oids::AIA,
        oids::PRIVATE_KEY_USAGE_PERIOD,
        oids::QC_STATEMENTS,
        oids::NAME_CONSTRAINTS,
        oids::CERT_POLICIES,
        oids::POLICY_MAPPINGS,
        oids::POLICY_CONSTRAINTS,
        oids::INHIBIT_ANY_POLICY,
        oids::SUBJECT_ALT_NAME,
        oids::ISSUER_ALT_NAME,
    ]
    .contains(oid)
}

fn check_key_ids(view: &View<'_>, findings: &mut Findings<'_>) {
    let role = findings.profile.role;
    let (aki, ski) = (view.extension(&oids::AKI), view.extension(&oids::SKI));
    for (what, extension) in [("authorityKeyIdentifier", aki), ("subjectKeyIdentifier", ski)] {
        findings.add_if(extension.is_some_and(|extension| extension.critical), Rule::KeyIdsNotCritical, || {
            format!("{what} is critical")
        });
    }
    let key_id = aki.and_then(|aki| findings.read("authorityKeyIdentifier", key_identifier(aki.value)));
    let required = role != Role::Root || !view.is_self_issued();
    findings.add_if(required && !matches!(key_id, Some(Some(_))), Rule::AuthorityKeyId, || {
        let what = if aki.is_none() { "authorityKeyIdentifier" } else { "its keyIdentifier" };
        format!("{what} is absent, and the certificate is not self-signed")
    });
    if ski.is_none() {
        let rule = if role == Role::EndEntity { Rule::SubjectKeyIdLeaf } else { Rule::SubjectKeyIdCa };
        findings.add(rule, "subjectKeyIdentifier is absent".to_owned());
    }
    if let Some(ski) = ski {
        let octets = Reader::enter_only(ski.value, tag::OCTET_STRING, "subjectKeyIdentifier");
        findings.read("subjectKeyIdentifier", octets);
    }
}

/// The keyIdentifier of an authorityKeyIdentifier's value.
pub(crate) fn key_identifier(value: &[u8]) -> Result<Option<&[u8]>, Asn1Error> {
    let mut reader = Reader::enter_only(value, tag::SEQUENCE, "AuthorityKeyIdentifier")?;
    Ok(reader.optional(tag::context(0), "keyIdentifier")?.map(|tlv| tlv.value))
}
