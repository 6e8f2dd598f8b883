//! Compares a certificate with a profile.

mod distribution;
mod key;
mod period;
mod qc;
mod structure;
mod subject;
mod time;
mod usage;

use kokuin_asn1::{Asn1Error, Certificate, Oid};

use crate::{
    definition::Profile,
    development::is_marked,
    finding::{Finding, ProfileViolation, Severity},
    rule::Rule,
    view::{Name, View},
};

pub(crate) use subject::attribute_oid;
pub use time::add_months;
pub(crate) use usage::named_bits;

/// Everything in `certificate` that `profile` would have otherwise, in the order of the rules.
#[must_use]
pub fn check(profile: &Profile, certificate: &Certificate) -> Vec<Finding> {
    check_der(profile, certificate.der())
}

/// [`check`] for bytes that may be no certificate at all: [`Rule::Readable`] then says why.
#[must_use]
pub fn check_der(profile: &Profile, der: &[u8]) -> Vec<Finding> {
    let mut findings = Findings { profile, list: Vec::new() };
    match View::parse(der) {
        Ok(view) => {
            let times = time::check(&view, &mut findings);
            structure::check(&view, &mut findings);
            usage::check(&view, &mut findings);
            key::check(&view, &times, &mut findings);
            subject::check(&view, &mut findings);
            qc::check(&view, &mut findings);
            distribution::check(&view, &mut findings);
            period::check(&view, &times, &mut findings);
            if is_marked(&view.subject) || is_marked(&view.issuer) {
                findings
                    .add(Rule::DevelopmentMaterial, "issuer or subject says that it is not for production".to_owned());
            }
        }
        Err(error) => findings.unreadable("Certificate", &error),
    }
    findings.list.sort_by_key(|finding| finding.rule);
    findings.list
}

/// Refuses a certificate that breaks `profile`: what a service does before it starts with it.
///
/// # Errors
/// [`ProfileViolation`] names the first rule broken with the weight of an error.
pub fn refuse_unless_matches(profile: &Profile, certificate: &Certificate) -> Result<(), ProfileViolation> {
    refuse_first_error(profile, check(profile, certificate))
}

/// Refuses a `Name` (DER) that no certificate of `profile` may have as its subject: what is asked before a request is signed.
///
/// # Errors
/// [`ProfileViolation`] names the first rule broken with the weight of an error.
pub fn refuse_unless_subject_matches(profile: &Profile, name: &[u8]) -> Result<(), ProfileViolation> {
    let mut findings = Findings { profile, list: Vec::new() };
    match Name::parse_alone(name) {
        Ok(name) => subject::check_name(&name, &mut findings),
        Err(error) => findings.unreadable("Name", &error),
    }
    refuse_first_error(profile, findings.list)
}

fn refuse_first_error(profile: &Profile, findings: Vec<Finding>) -> Result<(), ProfileViolation> {
    match findings.into_iter().find(|finding| finding.severity == Severity::Error) {
        None => Ok(()),
        Some(Finding { rule, clause, message, .. }) => {
            Err(ProfileViolation { profile: profile.name.clone(), rule, clause, message })
        }
    }
}

/// A word in the profile's data that no rule understands.
pub(crate) fn unknown_word(profile: &Profile) -> Option<String> {
    let oids = [
        profile.issues_for.as_slice(),
        profile.policies.as_slice(),
        profile.extended_key_usage.as_ref().map_or(&[], |rule| rule.exactly.as_slice()),
        profile.qc_statements.as_ref().map_or(&[], |rule| rule.required.as_slice()),
        profile.qc_statements.as_ref().map_or(&[], |rule| rule.prohibited.as_slice()),
    ];
    let unknown_oid = oids.into_iter().flatten().find(|dotted| dotted.parse::<Oid>().is_err());
    let bits = profile.key_usage.one_of.iter().chain([&profile.key_usage.preferred]).flatten();
    let unknown_bit = bits.into_iter().find(|bit| usage::bit(bit).is_none());
    let unknown_attribute = profile.subject.required.iter().find(|name| attribute_oid(name).is_none());
    let unknown_key = profile.key.algorithms.iter().find(|family| !key::FAMILIES.contains(&family.as_str()));
    unknown_oid.or(unknown_bit).or(unknown_attribute).or(unknown_key).cloned()
}

/// Findings so far, weighed as the profile says.
pub(crate) struct Findings<'p> {
    pub(crate) profile: &'p Profile,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, rule: Rule, message: String) {
        let severity = self.profile.severity_of(rule);
        self.list.push(Finding { rule, severity, clause: rule.clause(), lints: rule.lints(), message });
    }

    fn add_if(&mut self, broken: bool, rule: Rule, message: impl FnOnce() -> String) {
        if broken {
            self.add(rule, message());
        }
    }

    fn unreadable(&mut self, what: &str, error: &Asn1Error) {
        self.add(Rule::Readable, format!("{what}: {error}"));
    }

    /// The value, or a finding that `what` cannot be read.
    fn read<T>(&mut self, what: &str, result: Result<T, Asn1Error>) -> Option<T> {
        result.map_err(|error| self.unreadable(what, &error)).ok()
    }
}

/// `a, b` or `none`.
fn list<T: ToString>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "none".to_owned() } else { items.join(", ") }
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
