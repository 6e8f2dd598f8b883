//! Rules of certificate revocation lists (CERT-09).

use kokuin_asn1::{Asn1Error, Reader, Tlv, integer, oids, parse_time, tag};

use crate::{
    finding::Finding,
    rule::Rule,
    view::{RawExtension, extensions_of, parse_extensions},
};

/// Entries that are looked at.
const MAX_ENTRIES: usize = 1_000_000;

/// The fields of a CRL that rules look at, unjudged.
struct CrlView<'a> {
    version: Option<&'a [u8]>,
    same_algorithm: bool,
    this_update: Option<i64>,
    next_update: Option<Option<i64>>,
    entries: Option<Vec<Tlv<'a>>>,
    extensions: Vec<RawExtension<'a>>,
}

/// Everything in a CRL that RFC 5280 section 5 would have otherwise, in the order of the rules.
#[must_use]
pub fn check_crl_der(der: &[u8]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut add = |rule: Rule, message: String| {
        findings.push(Finding { rule, severity: rule.severity(), clause: rule.clause(), lints: rule.lints(), message });
    };
    match parse(der) {
        Ok(view) => check(&view, &mut add),
        Err(error) => add(Rule::CrlReadable, error.to_string()),
    }
    findings.sort_by_key(|finding| finding.rule);
    findings
}

fn check(view: &CrlView<'_>, add: &mut impl FnMut(Rule, String)) {
    if view.version != Some(&[1]) {
        add(Rule::CrlVersion2, format!("version is {:?}, v2 is 1", view.version));
    }
    if !view.same_algorithm {
        add(Rule::CrlSameAlgorithm, "inner and outer signature algorithm differ".to_owned());
    }
    match (view.this_update, view.next_update) {
        (_, None) => add(Rule::CrlNextUpdate, "nextUpdate is absent".to_owned()),
        (Some(this), Some(Some(next))) if next >= this => {}
        (this, Some(next)) => {
            add(Rule::CrlNextUpdate, format!("thisUpdate is {this:?}, nextUpdate {next:?} (Unix seconds)"));
        }
    }
    check_number(view, add);
    if !view.extensions.iter().any(|extension| extension.oid == oids::AKI) {
        add(Rule::CrlAuthorityKeyId, "authorityKeyIdentifier is absent".to_owned());
    }
    match &view.entries {
        Some(entries) if entries.is_empty() => {
            add(Rule::CrlNoEmptyList, "revokedCertificates is an empty list".to_owned());
        }
        Some(entries) => check_reasons(entries, add),
        None => {}
    }
}

fn check_number(view: &CrlView<'_>, add: &mut impl FnMut(Rule, String)) {
    let Some(extension) = view.extensions.iter().find(|extension| extension.oid == oids::CRL_NUMBER) else {
        add(Rule::CrlNumber, "cRLNumber is absent".to_owned());
        return;
    };
    let mut reader = Reader::new(extension.value, "CRLNumber");
    match reader.integer("CRLNumber").and_then(|number| reader.finish().map(|()| number)) {
        Ok(number) if extension.critical || integer::is_negative(number) || number.len() > 20 => {
            let message = format!("cRLNumber has {} octets, critical is {}", number.len(), extension.critical);
            add(Rule::CrlNumber, message);
        }
        Ok(_) => {}
        Err(error) => add(Rule::CrlNumber, error.to_string()),
    }
}

fn check_reasons(entries: &[Tlv<'_>], add: &mut impl FnMut(Rule, String)) {
    for (index, entry) in entries.iter().enumerate() {
        match reason(*entry) {
            Ok(Some((critical, code))) if critical || code == [0] => {
                add(Rule::CrlReason, format!("entry {index} has reason {code:?}, critical is {critical}"));
            }
            Ok(_) => {}
            Err(error) => add(Rule::CrlReadable, format!("entry {index}: {error}")),
        }
    }
}

/// Criticality and ENUMERATED content of an entry's reason.
fn reason(entry: Tlv<'_>) -> Result<Option<(bool, &[u8])>, Asn1Error> {
    let mut reader = Reader::new(entry.value, "revokedCertificate");
    reader.expect(tag::INTEGER, "userCertificate")?;
    reader.next()?;
    let Some(list) = reader.enter_optional(tag::SEQUENCE, "crlEntryExtensions")? else { return Ok(None) };
    reader.finish()?;
    let extensions = extensions_of(list)?;
    let Some(extension) = extensions.into_iter().find(|extension| extension.oid == oids::CRL_REASON) else {
        return Ok(None);
    };
    let code = Reader::new(extension.value, "CRLReason").expect(tag::ENUMERATED, "CRLReason")?.value;
    Ok(Some((extension.critical, code)))
}

fn parse(der: &[u8]) -> Result<CrlView<'_>, Asn1Error> {
    let is_time = |tag: u8| matches!(tag, tag::UTC_TIME | tag::GENERALIZED_TIME);
    let mut outer = Reader::enter_only(der, tag::SEQUENCE, "CertificateList")?;
    let mut tbs = outer.enter(tag::SEQUENCE, "tbsCertList")?;
    let outer_algorithm = outer.expect(tag::SEQUENCE, "signatureAlgorithm")?.raw;
    outer.bit_string("signatureValue")?;
    outer.finish()?;

    let version = tbs.optional(tag::INTEGER, "version")?.map(|tlv| tlv.value);
    let same_algorithm = tbs.expect(tag::SEQUENCE, "signature")?.raw == outer_algorithm;
    tbs.expect(tag::SEQUENCE, "issuer")?;
    let place = tbs.place("thisUpdate");
    let this_update = parse_time(tbs.next()?, place).ok();
    let next_update =
        if tbs.peek_tag().is_some_and(is_time) { Some(parse_time(tbs.next()?, place).ok()) } else { None };
    let entries = match tbs.enter_optional(tag::SEQUENCE, "revokedCertificates")? {
        Some(list) => Some(list.all(tag::SEQUENCE, MAX_ENTRIES)?),
        None => None,
    };
    let extensions = match tbs.enter_optional(tag::context_constructed(0), "crlExtensions")? {
        Some(explicit) => parse_extensions(explicit)?,
        None => Vec::new(),
    };
    tbs.finish()?;
    Ok(CrlView { version, same_algorithm, this_update, next_update, entries, extensions })
}
