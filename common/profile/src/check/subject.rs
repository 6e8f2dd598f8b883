//! The subject's names: complete, well written, and those of an organisation.

use kokuin_asn1::{Oid, Reader, oids, tag};

use super::{Findings, list};
use crate::{
    country::is_country,
    organization_identifier::{OrganizationIdentifier, OrganizationIdentifierError},
    rule::Rule,
    view::{Name, View},
};

/// Attributes by the names that profiles use.
const ATTRIBUTES: [(&str, Oid); 7] = [
    ("C", oids::C),
    ("ST", oids::ST),
    ("L", oids::L),
    ("O", oids::O),
    ("organizationIdentifier", oids::ORG_ID),
    ("OU", oids::OU),
    ("CN", oids::CN),
];

/// surname, givenName, initials, generationQualifier, pseudonym; title and the attributes of RFC 3739.
const PERSONAL: [&str; 9] = [
    "2.5.4.4",
    "2.5.4.42",
    "2.5.4.43",
    "2.5.4.44",
    "2.5.4.65",
    "2.5.4.12",
    "1.3.6.1.5.5.7.9.1",
    "1.3.6.1.5.5.7.9.3",
    "1.3.6.1.5.5.7.9.4",
];

pub(crate) fn attribute_oid(name: &str) -> Option<Oid> {
    ATTRIBUTES.iter().find(|(known, _)| *known == name).map(|(_, oid)| oid.clone())
}

pub(super) fn check(view: &View<'_>, findings: &mut Findings<'_>) {
    check_name(&view.subject, findings);
    if findings.profile.subject.legal_person {
        check_no_address(view, findings);
    }
}

/// What a name alone can show: a request for a certificate has no more.
pub(super) fn check_name(subject: &Name<'_>, findings: &mut Findings<'_>) {
    let rule = &findings.profile.subject;
    for name in &rule.required {
        let Some(oid) = attribute_oid(name) else { continue };
        let count = subject.all(&oid).count();
        let empty = subject.all(&oid).any(|attribute| attribute.text().trim().is_empty());
        findings.add_if(count == 0 || empty, Rule::SubjectComplete, || {
            format!("{name} is {} in the subject", if empty { "empty" } else { "absent" })
        });
        findings.add_if(count > 1, Rule::SubjectOnce, || format!("{name} is {count} times in the subject"));
    }
    check_country(subject, findings);
    check_string_types(subject, findings);
    check_organization_identifier(subject, findings);
    if rule.legal_person {
        check_no_person(subject, findings);
    }
}

fn check_country(subject: &Name<'_>, findings: &mut Findings<'_>) {
    for attribute in subject.all(&oids::C) {
        let found = attribute.text();
        findings.add_if(!is_country(&found), Rule::CountryKnown, || {
            format!("countryName is {found:?}, no ISO 3166-1 code of two capital letters")
        });
        if let Some(country) = &findings.profile.subject.country {
            findings.add_if(found != *country, Rule::CountryOfProfile, || {
                format!("countryName is {found:?}, the profile is for {country}")
            });
        }
    }
}

fn check_string_types(subject: &Name<'_>, findings: &mut Findings<'_>) {
    for (name, oid) in ATTRIBUTES {
        for attribute in subject.all(&oid) {
            let found = attribute.value.tag;
            let right = found == tag::PRINTABLE_STRING || (found == tag::UTF8_STRING && name != "C");
            let valid = found != tag::UTF8_STRING || std::str::from_utf8(attribute.value.value).is_ok();
            findings.add_if(!right || !valid, Rule::NameStringTypes, || {
                let expected = if name == "C" { "PrintableString" } else { "UTF8String or PrintableString" };
                format!(
                    "{name} has tag {found:#04x}{}, {expected} is required",
                    if valid { "" } else { " and is no UTF-8" }
                )
            });
        }
    }
}

fn check_organization_identifier(subject: &Name<'_>, findings: &mut Findings<'_>) {
    let Some(rule) = &findings.profile.subject.organization_identifier else { return };
    for attribute in subject.all(&oids::ORG_ID) {
        let text = attribute.text();
        let same = subject.all(&oids::O).any(|name| name.text() == text);
        findings.add_if(same, Rule::OrganizationIdIsNoName, || {
            format!("organizationIdentifier and organizationName are both {text:?}")
        });
        let identifier = match OrganizationIdentifier::parse(&text) {
            Ok(identifier) => identifier,
            Err(error) => {
                findings.add(Rule::OrganizationIdForm, error.to_string());
                continue;
            }
        };
        check_scheme(&identifier, &rule.schemes, findings);
        match identifier.check_reference() {
            Ok(()) => {}
            Err(error @ OrganizationIdentifierError::Lei { .. }) => findings.add(Rule::LeiValid, error.to_string()),
            Err(error @ OrganizationIdentifierError::CorporateNumber(_)) => {
                findings.add(Rule::CorporateNumberValid, error.to_string());
            }
            Err(error @ (OrganizationIdentifierError::Form { .. } | OrganizationIdentifierError::Country { .. })) => {
                findings.add(Rule::OrganizationIdForm, error.to_string());
            }
        }
    }
}

fn check_scheme(identifier: &OrganizationIdentifier, schemes: &[String], findings: &mut Findings<'_>) {
    let found = format!("{}{}", identifier.scheme(), identifier.country());
    let registered =
        matches!(identifier.scheme(), "NTR" | "VAT" | "PSD" | "LEI" | "GOV") || identifier.scheme().ends_with(':');
    let allowed = if schemes.is_empty() { registered } else { schemes.contains(&found) };
    findings.add_if(!allowed, Rule::OrganizationIdScheme, || {
        let expected = if schemes.is_empty() { "NTR, VAT, PSD, LEI, GOV".to_owned() } else { list(schemes) };
        format!("organizationIdentifier starts with {found}, allowed are {expected}")
    });
}

fn check_no_person(subject: &Name<'_>, findings: &mut Findings<'_>) {
    for attribute in &subject.attributes {
        let oid = &attribute.oid;
        let personal = PERSONAL.contains(&oid.to_string().as_str())
            || (*oid == oids::SERIAL_NUMBER && names_a_person(&attribute.text()));
        findings.add_if(personal, Rule::NoNaturalPerson, || {
            format!("attribute {oid} ({:?}) belongs to a natural person", attribute.text())
        });
        findings.add_if(*oid == oids::EMAIL_ADDRESS, Rule::NoPersonalEmail, || {
            format!("the subject has the e-mail address {:?}", attribute.text())
        });
    }
}

fn check_no_address(view: &View<'_>, findings: &mut Findings<'_>) {
    let Some(extension) = view.extension(&oids::SUBJECT_ALT_NAME) else { return };
    let names = Reader::enter_only(extension.value, tag::SEQUENCE, "GeneralNames").and_then(|mut reader| {
        let mut addresses = Vec::new();
        while !reader.is_empty() {
            // rfc822Name [1] IA5String
            let name = reader.next()?;
            if name.tag == tag::context(1) {
                addresses.push(String::from_utf8_lossy(name.value).into_owned());
            }
        }
        Ok(addresses)
    });
    for address in findings.read("subjectAltName", names).into_iter().flatten() {
        findings.add(Rule::NoPersonalEmail, format!("subjectAltName has the e-mail address {address:?}"));
    }
}

/// Whether a serialNumber is one of the personal forms of EN 319 412-1 5.1.3.
fn names_a_person(serial: &str) -> bool {
    ["PAS", "IDC", "PNO", "TAX", "TIN"].iter().any(|scheme| serial.starts_with(scheme)) && serial.get(5..6) == Some("-")
}
