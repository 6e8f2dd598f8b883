//! The organizationIdentifier attribute (2.5.4.97) of EN 319 412-1, 5.1.4.

use std::fmt;

use crate::{
    corporate_number::{CorporateNumber, CorporateNumberError},
    country::is_country,
    lei::is_lei,
};

/// Scheme, country and reference, as in `NTRJP-9000000000000`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OrganizationIdentifier {
    scheme: String,
    country: String,
    reference: String,
}

/// Why a text is no organizationIdentifier.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OrganizationIdentifierError {
    /// Not three characters of scheme, two letters of country, a hyphen and a reference.
    #[error("{found:?} is not of the form XXXCC-reference")]
    Form {
        /// The text as received.
        found: String,
    },
    /// The country is not one the scheme may name.
    #[error("{country:?} is no country code that scheme {scheme} uses")]
    Country {
        /// As received.
        scheme: String,
        /// As received.
        country: String,
    },
    /// The LEI's form or check digits are wrong.
    #[error("{found:?} is no LEI: 18 capital letters or digits and two right check digits")]
    Lei {
        /// The reference as received.
        found: String,
    },
    /// The Japanese number's form or check digit is wrong.
    #[error("no Japanese corporate number: {0}")]
    CorporateNumber(#[from] CorporateNumberError),
}

impl OrganizationIdentifierError {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "profile.organization-identifier-form",
            Self::Country { .. } => "profile.organization-identifier-country",
            Self::Lei { .. } => "profile.organization-identifier-lei",
            Self::CorporateNumber(inner) => inner.code(),
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Form { .. } | Self::Country { .. } => "EN 319 412-1 5.1.4",
            Self::Lei { .. } => "ISO 17442-1",
            Self::CorporateNumber(inner) => inner.clause(),
        }
    }
}

impl OrganizationIdentifier {
    /// Splits `text` and checks the country; what the reference holds is for [`Self::check_reference`].
    ///
    /// # Errors
    /// [`OrganizationIdentifierError::Form`] or [`OrganizationIdentifierError::Country`].
    pub fn parse(text: &str) -> Result<Self, OrganizationIdentifierError> {
        let form = || OrganizationIdentifierError::Form { found: text.to_owned() };
        let (head, reference) = text.split_once('-').ok_or_else(form)?;
        let registered = head.bytes().take(3).all(|byte| byte.is_ascii_uppercase());
        let national =
            head.bytes().take(2).all(|byte| byte.is_ascii_uppercase()) && head.as_bytes().get(2) == Some(&b':');
        if !head.is_ascii() || head.len() != 5 || !(registered || national) || reference.trim().is_empty() {
            return Err(form());
        }
        let (scheme, country) = head.split_at(3);
        let transnational = match scheme {
            "LEI" => country == "XG",
            "VAT" => is_country(country) || matches!(country, "EL" | "XI" | "EU"),
            _ => is_country(country) || country == "EU",
        };
        if !transnational {
            return Err(OrganizationIdentifierError::Country {
                scheme: scheme.to_owned(),
                country: country.to_owned(),
            });
        }
        Ok(Self { scheme: scheme.to_owned(), country: country.to_owned(), reference: reference.to_owned() })
    }

    /// Three characters: `NTR`, `VAT`, `LEI`, `PSD`, `GOV`, or two letters and a colon.
    #[must_use]
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Two letters.
    #[must_use]
    pub fn country(&self) -> &str {
        &self.country
    }

    /// What follows the hyphen.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The Japanese corporate number, in whichever of its forms: `NTRJP-` and `VATJP-` with 13 digits, a leading `T`,
    /// or 12 digits of the company register (JP-CN-06). `None` for other countries and schemes.
    ///
    /// # Errors
    /// [`CorporateNumberError`] if the scheme promises a corporate number and there is none.
    #[must_use]
    pub fn corporate_number(&self) -> Option<Result<CorporateNumber, CorporateNumberError>> {
        if self.country != "JP" || !matches!(self.scheme.as_str(), "NTR" | "VAT") {
            return None;
        }
        let digits = self.reference.strip_prefix('T').unwrap_or(&self.reference);
        Some(if self.scheme == "NTR" && digits.len() == 12 {
            CorporateNumber::from_company_registration(digits)
        } else {
            CorporateNumber::parse(digits)
        })
    }

    /// Checks the reference where the scheme says how.
    ///
    /// # Errors
    /// [`OrganizationIdentifierError::Lei`] or [`OrganizationIdentifierError::CorporateNumber`].
    pub fn check_reference(&self) -> Result<(), OrganizationIdentifierError> {
        if self.scheme == "LEI" && !is_lei(&self.reference) {
            return Err(OrganizationIdentifierError::Lei { found: self.reference.clone() });
        }
        self.corporate_number().transpose()?;
        Ok(())
    }
}

impl fmt::Display for OrganizationIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}-{}", self.scheme, self.country, self.reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_a_corporate_number_jp_cn_06() {
        for text in ["NTRJP-8040001079502", "VATJP-8040001079502", "VATJP-T8040001079502", "NTRJP-040001079502"] {
            let number = OrganizationIdentifier::parse(text).unwrap().corporate_number().unwrap().unwrap();
            assert_eq!(number.to_string(), "8040001079502", "{text}");
        }
        assert_eq!(OrganizationIdentifier::parse("GOVJP-abc").unwrap().corporate_number(), None);
    }

    #[test]
    fn refuses_what_en_319_412_1_does_not_know_cert_23() {
        for text in ["", "NTRJP", "NTRJP-", "ntrJP-1", "NTRJP+13-1", "NTJP-1", "NTRJPN-1", "N:RJP-1", "ＮTRJP-1"] {
            assert_eq!(
                OrganizationIdentifier::parse(text),
                Err(OrganizationIdentifierError::Form { found: text.to_owned() })
            );
        }
        for (text, scheme, country) in [("NTRXX-1", "NTR", "XX"), ("LEIJP-1", "LEI", "JP"), ("NTREL-1", "NTR", "EL")] {
            assert_eq!(
                OrganizationIdentifier::parse(text),
                Err(OrganizationIdentifierError::Country { scheme: scheme.to_owned(), country: country.to_owned() })
            );
        }
    }

    #[test]
    fn accepts_the_schemes_of_europe_cert_24() {
        for text in ["VATEL-123456789", "VATXI-123", "LEIXG-506700GE1G29325QX363", "PSDDE-BAFIN-1234", "DE:DE-HRB 1"] {
            let identifier = OrganizationIdentifier::parse(text).unwrap();
            assert_eq!(identifier.check_reference(), Ok(()));
            assert_eq!(identifier.to_string(), text);
        }
    }
}
