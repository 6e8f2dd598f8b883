//! The extensions that a profile asks for.

use kokuin_asn1::{Asn1Error, Oid, Reader, enc, oids, tag};
use kokuin_profile::{Profile, QcRule, Role, add_months};
use kokuin_suite::{DigestAlgorithm, digest};

use crate::{fields::ExtensionField, validity::Validity};

/// Where a development certificate's disclosure statement would be; the name cannot exist (RFC 2606).
const DISCLOSURE_URL: &str = "https://development.invalid/disclosure-en.pdf";

/// Policy of certificates whose profile names none (EN 319 412-2 4.3.3 wants one), under the enterprise number for
/// documentation (RFC 5612): linters that know no arcs beyond 2.47 can read it.
const DEVELOPMENT_POLICY: &str = "1.3.6.1.4.1.32473.3161.1";

/// What extensions depend on besides the profile.
pub(crate) struct Context<'a> {
    pub(crate) spki: &'a [u8],
    /// The issuer's key; `None` for a root.
    pub(crate) authority_key_id: Option<&'a [u8]>,
    pub(crate) validity: Validity,
    pub(crate) crl_url: &'a str,
    pub(crate) issuer_url: Option<&'a str>,
}

pub(crate) fn extensions(profile: &Profile, context: &Context<'_>) -> Result<Vec<ExtensionField>, Asn1Error> {
    let mut list = Vec::new();
    let mut add = |oid: Oid, critical: bool, value: Vec<u8>| list.push(ExtensionField { oid, critical, value });
    if profile.role != Role::EndEntity {
        add(oids::BASIC_CONSTRAINTS, true, basic_constraints(profile.role));
    }
    add(oids::KEY_USAGE, true, enc::named_bits(profile.preferred_key_usage()));
    if let Some(rule) = &profile.extended_key_usage {
        let critical = rule.exactly.iter().any(|purpose| *purpose == oids::KP_TIME_STAMPING.to_string());
        add(oids::EXT_KEY_USAGE, critical, oid_list(&rule.exactly)?);
    }
    add(oids::SKI, false, enc::octet_string(&key_id(context.spki)?));
    if let Some(authority) = context.authority_key_id {
        add(oids::AKI, false, authority_key_id(authority));
    }
    if let Some(period) = &profile.private_key_usage_period {
        let start = context.validity.not_before;
        let end = add_months(start, period.max_months).min(context.validity.not_after);
        add(oids::PRIVATE_KEY_USAGE_PERIOD, false, usage_period(start, end)?);
    }
    if profile.role == Role::EndEntity {
        let policy = profile.policies.first().map_or_else(|| DEVELOPMENT_POLICY.to_owned(), String::clone);
        add(oids::CERT_POLICIES, false, enc::sequence(&[&oid_list(&[policy])?]));
    }
    if let Some(rule) = &profile.qc_statements {
        add(oids::QC_STATEMENTS, false, qc_statements(rule)?);
    }
    if profile.role != Role::Root {
        add(oids::CRL_DP, false, crl_point(context.crl_url));
        if let Some(url) = context.issuer_url {
            let access = enc::sequence(&[&enc::oid(&oids::AD_CA_ISSUERS), &uri(url)]);
            add(oids::AIA, false, enc::sequence(&[&access]));
        }
    }
    Ok(list)
}

/// RFC 7093 method 1: the leftmost 160 bits of SHA-256 over the key's bits.
pub(crate) fn key_id(spki: &[u8]) -> Result<Vec<u8>, Asn1Error> {
    let mut reader = Reader::enter_only(spki, tag::SEQUENCE, "SubjectPublicKeyInfo")?;
    reader.expect(tag::SEQUENCE, "algorithm")?;
    let key = reader.bit_string("subjectPublicKey")?;
    let mut key_id = digest(DigestAlgorithm::Sha256, key.bytes);
    key_id.truncate(20);
    Ok(key_id)
}

pub(crate) fn authority_key_id(key_id: &[u8]) -> Vec<u8> {
    enc::sequence(&[&enc::implicit_primitive(0, key_id)])
}

pub(crate) fn usage_period(start: i64, end: i64) -> Result<Vec<u8>, Asn1Error> {
    let field = |number, at| -> Result<Vec<u8>, Asn1Error> {
        let time = enc::generalized_time(at)?;
        // Tag and length are two octets: only the content goes under the implicit tag.
        Ok(enc::implicit_primitive(number, &time[2..]))
    };
    Ok(enc::sequence(&[&field(0, start)?, &field(1, end)?]))
}

fn basic_constraints(role: Role) -> Vec<u8> {
    // An intermediate issues to end entities only.
    let length = if role == Role::Intermediate { enc::uint_u64(0) } else { Vec::new() };
    enc::sequence(&[&enc::boolean(true), &length])
}

fn oid_list(dotted: &[String]) -> Result<Vec<u8>, Asn1Error> {
    let mut encoded = Vec::new();
    for text in dotted {
        encoded.push(enc::oid(&text.parse()?));
    }
    let encoded: Vec<&[u8]> = encoded.iter().map(Vec::as_slice).collect();
    Ok(enc::sequence(&encoded))
}

fn uri(url: &str) -> Vec<u8> {
    enc::implicit_primitive(6, url.as_bytes())
}

fn crl_point(url: &str) -> Vec<u8> {
    let name = enc::implicit_constructed(0, &enc::implicit_constructed(0, &uri(url)));
    enc::sequence(&[&enc::sequence(&[&name])])
}

fn qc_statements(rule: &QcRule) -> Result<Vec<u8>, Asn1Error> {
    let mut statements = Vec::new();
    for dotted in &rule.required {
        let oid: Oid = dotted.parse()?;
        let info = if oid == oids::QC_TYPE {
            oid_list(rule.qc_type.as_slice())?
        } else if oid == oids::QC_PDS {
            let location = enc::sequence(&[&enc::ia5_string(DISCLOSURE_URL), &enc::printable_string("en")]);
            enc::sequence(&[&location])
        } else {
            Vec::new()
        };
        statements.push(enc::sequence(&[&enc::oid(&oid), &info]));
    }
    let statements: Vec<&[u8]> = statements.iter().map(Vec::as_slice).collect();
    Ok(enc::sequence(&statements))
}
