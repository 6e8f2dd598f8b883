//! Certificate profiles as data, and the checker that builds and lints with them.
//!
//! Lives here: what a TSU, seal, issuing or root certificate must look like (`profiles/*.json`), the rules that
//! compare a certificate with it, and the identifiers of organisations. May use: `asn1`, `suite`. Must not know:
//! path building, network, signatures, what time it is.

mod applicant;
mod check;
mod corporate_number;
mod country;
mod crl;
mod definition;
mod development;
mod finding;
mod lei;
mod organization_identifier;
mod rule;
mod view;

pub use applicant::Applicant;
pub use check::{add_months, check, check_der, refuse_unless_matches, refuse_unless_subject_matches};
pub use corporate_number::{CorporateNumber, CorporateNumberError};
pub use crl::check_crl_der;
pub use definition::{
    ExtendedKeyUsageRule, KeyRule, KeyUsageRule, OrganizationIdentifierRule, PeriodRule, Profile, ProfileError, QcRule,
    Role, StrengthRule, SubjectRule, ValidityRule,
};
pub use development::{DEVELOPMENT_MARK, is_development};
pub use finding::{Finding, ProfileViolation, Severity};
pub use organization_identifier::{OrganizationIdentifier, OrganizationIdentifierError};
pub use rule::Rule;
