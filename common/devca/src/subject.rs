//! Names of development certificates.

use kokuin_asn1::{Oid, enc};
use kokuin_profile::{DEVELOPMENT_MARK, Profile};

/// X.520's bound for organizationName, in characters.
const MAX_ORGANIZATION: usize = 64;

/// Who a certificate is for. The mark of development material is added when it is encoded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Subject {
    /// ISO 3166-1, two capital letters.
    pub country: String,
    /// Full name of the organisation.
    pub organization: String,
    /// As in `NTRJP-9000000000000`.
    pub organization_identifier: Option<String>,
    /// Name that people see.
    pub common_name: String,
}

impl Subject {
    /// The demonstration's organisation: its corporate number is valid and belongs to nobody.
    #[must_use]
    pub fn demo_organization(common_name: &str) -> Self {
        Self {
            country: "JP".to_owned(),
            organization: "Demo Organization".to_owned(),
            organization_identifier: Some("NTRJP-9000000000000".to_owned()),
            common_name: common_name.to_owned(),
        }
    }

    /// DER Name, its attributes in the order of `profile`, the organisation marked as not for production.
    pub(crate) fn encode(&self, profile: &Profile) -> Vec<u8> {
        let (organization, unit) = self.marked();
        let mut rdns = Vec::new();
        for name in &profile.subject.required {
            let Some(oid) = profile.attribute_oid(name) else { continue };
            match name.as_str() {
                "C" => rdns.push(rdn(&oid, &enc::printable_string(&self.country))),
                "O" => rdns.push(rdn(&oid, &enc::utf8_string(&organization))),
                "organizationIdentifier" => {
                    rdns.extend(self.organization_identifier.iter().map(|text| rdn(&oid, &enc::utf8_string(text))));
                }
                "CN" => rdns.push(rdn(&oid, &enc::utf8_string(&self.common_name))),
                _ => {}
            }
            if let (Some(unit), "O") = (unit, name.as_str()) {
                rdns.push(rdn(&kokuin_asn1::oids::OU, &enc::utf8_string(unit)));
            }
        }
        let rdns: Vec<&[u8]> = rdns.iter().map(Vec::as_slice).collect();
        enc::sequence(&rdns)
    }

    /// organizationName with the mark; where it does not fit, the mark is the organizationalUnitName.
    fn marked(&self) -> (String, Option<&'static str>) {
        let marked = format!("{} - {DEVELOPMENT_MARK}", self.organization);
        if self.organization.contains(DEVELOPMENT_MARK) {
            (self.organization.clone(), None)
        } else if marked.chars().count() > MAX_ORGANIZATION {
            (self.organization.clone(), Some(DEVELOPMENT_MARK))
        } else {
            (marked, None)
        }
    }
}

fn rdn(oid: &Oid, value: &[u8]) -> Vec<u8> {
    enc::set_of(&[&enc::sequence(&[&enc::oid(oid), value])])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_the_organization_and_where_it_does_not_fit_the_unit_thr_62() {
        let mut subject = Subject::demo_organization("x");
        assert_eq!(subject.marked(), ("Demo Organization - NOT FOR PRODUCTION".to_owned(), None));
        subject.organization = "Demo NOT FOR PRODUCTION".to_owned();
        assert_eq!(subject.marked(), ("Demo NOT FOR PRODUCTION".to_owned(), None));
        subject.organization = "長".repeat(60);
        assert_eq!(subject.marked(), ("長".repeat(60), Some(DEVELOPMENT_MARK)));
    }
}
