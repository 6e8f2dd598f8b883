//! The Japanese corporate number (法人番号): a check digit and twelve digits.

use std::fmt;

/// Thirteen digits, the first of which checks the other twelve.
///
/// The check digit finds typing errors only (JP-CN-04): it says nothing about whether the organisation exists.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct CorporateNumber([u8; 13]);

/// Why a text is no corporate number.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CorporateNumberError {
    /// Another number of characters, or something besides the digits 0 to 9.
    #[error("a corporate number is 13 ASCII digits, found {found:?}")]
    NotThirteenDigits {
        /// The text as received.
        found: String,
    },
    /// The first digit does not follow from the others.
    #[error("check digit is {found}, the other digits make {expected}")]
    CheckDigit {
        /// First digit as received.
        found: u8,
        /// What the ordinance's formula gives.
        expected: u8,
    },
}

impl CorporateNumberError {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotThirteenDigits { .. } => "profile.corporate-number-form",
            Self::CheckDigit { .. } => "profile.corporate-number-check-digit",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::NotThirteenDigits { .. } => "Act on the use of numbers, enforcement order art. 35",
            Self::CheckDigit { .. } => "Ministry of Finance Ordinance 70 of 2014, art. 2",
        }
    }
}

impl CorporateNumber {
    /// Reads exactly 13 ASCII digits; full-width digits are refused, not translated (JP-CN-01).
    ///
    /// # Errors
    /// [`CorporateNumberError`] if the form or the check digit is wrong.
    pub fn parse(text: &str) -> Result<Self, CorporateNumberError> {
        let digits: [u8; 13] = text
            .as_bytes()
            .try_into()
            .ok()
            .filter(|bytes: &[u8; 13]| bytes.iter().all(u8::is_ascii_digit))
            .ok_or_else(|| CorporateNumberError::NotThirteenDigits { found: text.to_owned() })?
            .map(|character| character - b'0');
        let [found, base @ ..] = digits;
        let expected = check_digit(&base);
        if found != expected {
            return Err(CorporateNumberError::CheckDigit { found, expected });
        }
        Ok(Self(digits))
    }

    /// Makes the number from the twelve digits of a company registration (会社法人等番号, JP-CN-06).
    ///
    /// # Errors
    /// [`CorporateNumberError::NotThirteenDigits`] if `base` is not 12 ASCII digits.
    pub fn from_company_registration(base: &str) -> Result<Self, CorporateNumberError> {
        let digits: [u8; 12] = base
            .as_bytes()
            .try_into()
            .ok()
            .filter(|bytes: &[u8; 12]| bytes.iter().all(u8::is_ascii_digit))
            .ok_or_else(|| CorporateNumberError::NotThirteenDigits { found: base.to_owned() })?
            .map(|character| character - b'0');
        let mut number = [0; 13];
        number[0] = check_digit(&digits);
        number[1..].copy_from_slice(&digits);
        Ok(Self(number))
    }
}

/// 9 minus the remainder by 9 of the whole weighted sum; weights 1 and 2 alternate from the right (JP-CN-02, -03).
fn check_digit(base: &[u8; 12]) -> u8 {
    let sum: u8 = base.iter().rev().zip([1, 2].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    9 - sum % 9
}

impl fmt::Display for CorporateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|digit| write!(f, "{digit}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of public registers, the ordinance's worked example, and the unassigned number of the demonstration.
    const VALID: [&str; 7] = [
        "8040001079502",
        "2010401059681",
        "4011001098993",
        "1180301018771",
        "7123456789012",
        "2120901007402",
        "9000000000000",
    ];

    #[test]
    fn accepts_numbers_of_public_registers_jp_cn_02() {
        for text in VALID {
            assert_eq!(CorporateNumber::parse(text).unwrap().to_string(), text);
            assert_eq!(CorporateNumber::from_company_registration(&text[1..]).unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_a_wrong_check_digit_jp_cn_03() {
        let cases = [("1000000000000", 1, 9), ("3011001098993", 3, 4), ("0011001098993", 0, 4)];
        for (text, found, expected) in cases {
            assert_eq!(
                CorporateNumber::parse(text),
                Err(CorporateNumberError::CheckDigit { found, expected }),
                "{text}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_thirteen_ascii_digits_jp_cn_01() {
        for text in
            ["401100109899", "40110010989930", "", "T4011001098993", "４０１１００１０９８９９３", "401100109899x"]
        {
            assert_eq!(
                CorporateNumber::parse(text),
                Err(CorporateNumberError::NotThirteenDigits { found: text.to_owned() })
            );
        }
    }
}
