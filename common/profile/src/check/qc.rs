//! qcStatements (RFC 3739, EN 319 412-5).

use std::collections::HashSet;

use kokuin_asn1::{Asn1Error, Oid, Reader, integer, oids, tag};

use super::{Findings, list};
use crate::{definition::QcRule, rule::Rule, view::View};

/// The types of EN 319 412-5 4.2.3, which are no statements.
const TYPES: [Oid; 3] = [oids::QC_TYPE_ESIGN, oids::QC_TYPE_ESEAL, oids::QC_TYPE_WEB];

struct Statement<'a> {
    oid: Oid,
    /// TLV of the statementInfo.
    info: Option<&'a [u8]>,
}

pub(super) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    let statements = match view.extension(&oids::QC_STATEMENTS) {
        Some(extension) => {
            findings.add_if(extension.critical, Rule::QcNotCritical, || "qcStatements is critical".to_owned());
            match parse(extension.value) {
                Ok(statements) => statements,
                Err(error) => {
                    findings.add(Rule::QcReadable, error.to_string());
                    return;
                }
            }
        }
        None => Vec::new(),
    };
    let mut seen = HashSet::new();
    for statement in &statements {
        findings.add_if(!seen.insert(&statement.oid), Rule::QcReadable, || {
            format!("statement {} is there twice", statement.oid)
        });
        check_statement(statement, findings);
    }
    let Some(QcRule { required, prohibited, .. }) = &findings.profile.qc_statements else { return };
    let present = |dotted: &str| seen.iter().any(|oid| oid.to_string() == dotted);
    for wanted in required.iter().filter(|wanted| !present(wanted)) {
        findings.add(Rule::QcRequired, format!("statement {wanted} is absent"));
    }
    for found in prohibited.iter().filter(|found| present(found)) {
        findings.add(Rule::QcProhibited, format!("statement {found} is present"));
    }
}

fn parse(value: &[u8]) -> Result<Vec<Statement<'_>>, Asn1Error> {
    let list = Reader::enter_only(value, tag::SEQUENCE, "QCStatements")?.all(tag::SEQUENCE, 100)?;
    list.into_iter()
        .map(|element| {
            let mut reader = Reader::new(element.value, "QCStatement");
            let oid = reader.oid("statementId")?;
            let info = if reader.is_empty() { None } else { Some(reader.next()?.raw) };
            reader.finish()?;
            Ok(Statement { oid, info })
        })
        .collect()
}

fn check_statement(statement: &Statement<'_>, findings: &mut Findings<'_>) {
    let (oid, info) = (&statement.oid, statement.info.unwrap_or_default());
    findings.add_if(TYPES.contains(oid), Rule::QcTypeAsStatement, || {
        format!("{oid} is a statement, it belongs into QcType")
    });
    findings.add_if(*oid == oids::QTST_STATEMENT, Rule::QcInTimeStampOnly, || format!("{oid} is in a certificate"));
    findings.add_if(*oid == oids::QC_LIMIT_VALUE && !limit_is_valid(info), Rule::QcAmounts, || {
        "QcLimitValue is no currency with an amount and an exponent that are not negative".to_owned()
    });
    if *oid == oids::QC_RETENTION_PERIOD {
        let years = Reader::new(info, "QcRetentionPeriod").i64("QcRetentionPeriod");
        findings.add_if(!matches!(years, Ok(1..)), Rule::QcAmounts, || {
            format!("QcRetentionPeriod is {years:?}, it must be positive")
        });
    }
    if *oid == oids::QC_TYPE {
        check_type(info, findings);
    }
    if *oid == oids::QC_PDS {
        check_disclosures(info, findings);
    }
}

fn check_type(info: &[u8], findings: &mut Findings<'_>) {
    let wanted = findings.profile.qc_statements.as_ref().and_then(|rule| rule.qc_type.as_deref());
    let found = qc_types(info);
    let right = matches!(found.as_deref(), Ok([one])
        if TYPES.contains(one) && wanted.is_none_or(|wanted| wanted == one.to_string()));
    findings.add_if(!right, Rule::QcType, || {
        let found = found.map_or_else(|error| error.to_string(), list);
        format!("QcType is {found}, it must be {}", wanted.map_or_else(|| list(&TYPES), str::to_owned))
    });
}

fn check_disclosures(info: &[u8], findings: &mut Findings<'_>) {
    let locations = match disclosures(info) {
        Ok(locations) => locations,
        Err(error) => {
            findings.add(Rule::QcPds, error.to_string());
            return;
        }
    };
    for (url, language) in locations {
        let https = url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"));
        let spelt = language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
        findings.add_if(!https, Rule::QcPds, || format!("a disclosure statement is at {url:?}, https is required"));
        findings
            .add_if(!spelt, Rule::QcLanguage, || format!("the disclosure statement {url:?} has language {language:?}"));
    }
}

fn qc_types(info: &[u8]) -> Result<Vec<Oid>, Asn1Error> {
    let mut reader = Reader::enter_only(info, tag::SEQUENCE, "QcType")?;
    let mut types = Vec::new();
    while !reader.is_empty() {
        types.push(reader.oid("QcType")?);
    }
    Ok(types)
}

/// URL and language of every location.
fn disclosures(info: &[u8]) -> Result<Vec<(String, String)>, Asn1Error> {
    let list = Reader::enter_only(info, tag::SEQUENCE, "QcPDS")?.all(tag::SEQUENCE, 100)?;
    list.into_iter()
        .map(|element| {
            let mut reader = Reader::new(element.value, "PdsLocation");
            let url = reader.expect(tag::IA5_STRING, "url")?.value;
            let language = reader.expect(tag::PRINTABLE_STRING, "language")?.value;
            reader.finish()?;
            Ok((String::from_utf8_lossy(url).into_owned(), String::from_utf8_lossy(language).into_owned()))
        })
        .collect()
}

fn limit_is_valid(info: &[u8]) -> bool {
    let read = || {
        let mut reader = Reader::enter_only(info, tag::SEQUENCE, "QcLimitValue")?;
        let currency = reader.next()?;
        let alphabetic = currency.tag == tag::PRINTABLE_STRING
            && currency.value.len() == 3
            && currency.value.iter().all(u8::is_ascii_uppercase);
        let numeric = currency.tag == tag::INTEGER
            && integer::to_i64(currency.value).is_some_and(|code| (1..=999).contains(&code));
        let (amount, exponent) = (reader.integer("amount")?, reader.integer("exponent")?);
        reader.finish()?;
        Ok::<_, Asn1Error>((alphabetic || numeric) && !integer::is_negative(amount) && !integer::is_negative(exponent))
    };
    read().unwrap_or(false)
}
