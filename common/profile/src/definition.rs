//! What a profile says, as read from `profiles/*.json`.
//!
//! Sections that are absent switch their rules off. The development CA builds from the same sections that the checker
//! lints with.

use std::{collections::BTreeMap, sync::LazyLock};

use kokuin_asn1::Oid;
use serde::Deserialize;

use crate::{finding::Severity, rule::Rule};

/// A certificate profile.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Name that commands and settings use.
    pub name: String,
    /// What it is for, in one line.
    pub title: String,
    /// The texts it follows.
    pub sources: Vec<String>,
    /// What kind of certificate.
    pub role: Role,
    /// The keyUsage extension.
    pub key_usage: KeyUsageRule,
    /// The extKeyUsage extension of an end entity; absent: any or none.
    pub extended_key_usage: Option<ExtendedKeyUsageRule>,
    /// Purposes that an issuing certificate's extKeyUsage must admit, dotted.
    #[serde(default)]
    pub issues_for: Vec<String>,
    /// How long the certificate lives.
    pub validity: ValidityRule,
    /// The privateKeyUsagePeriod extension; absent: not looked at.
    pub private_key_usage_period: Option<PeriodRule>,
    /// The subject's names.
    pub subject: SubjectRule,
    /// The qcStatements extension; absent: only its form is looked at.
    pub qc_statements: Option<QcRule>,
    /// certificatePolicies, dotted: one of them must be there. The first is issued. Empty: any or none.
    #[serde(default)]
    pub policies: Vec<String>,
    /// Whether cRLDistributionPoints must be there.
    pub crl_distribution_point: bool,
    /// Whether authorityInfoAccess should name where the issuer's certificate is.
    pub issuer_uri: bool,
    /// The certified key.
    pub key: KeyRule,
    /// Rules that weigh other than usual here, by their stable name.
    #[serde(default)]
    pub severity: BTreeMap<String, Severity>,
}

/// What kind of certificate a profile is for.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Self-signed CA.
    Root,
    /// CA certified by another CA.
    Intermediate,
    /// Anything else.
    EndEntity,
}

/// The keyUsage extension. Bits have the names of RFC 5280 4.2.1.3.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUsageRule {
    /// Sets of bits, one of which the certificate has exactly.
    pub one_of: Vec<Vec<String>>,
    /// The set that is preferred and issued.
    pub preferred: Vec<String>,
}

/// The extKeyUsage extension.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtendedKeyUsageRule {
    /// Purposes, dotted: exactly these.
    pub exactly: Vec<String>,
}

/// How long the certificate lives. Months are calendar months.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidityRule {
    /// More is an error.
    pub max_months: u32,
    /// More is a warning.
    pub usual_months: Option<u32>,
}

/// How long the key is used. Months are calendar months.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeriodRule {
    /// From the start of use to its end.
    pub max_months: u32,
    /// From the end of use to notAfter.
    pub min_months_after: u32,
}

/// The subject's names. Attributes are named as in RFC 4514 (`C`, `O`, `OU`, `CN`) or `organizationIdentifier`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubjectRule {
    /// Each once, none empty, issued in this order.
    pub required: Vec<String>,
    /// The country, where only one is allowed.
    pub country: Option<String>,
    /// Checked wherever the attribute is; whether it must be there, `required` says.
    pub organization_identifier: Option<OrganizationIdentifierRule>,
    /// Whether names and addresses of natural persons are refused (JP-ES-08).
    pub legal_person: bool,
}

/// The organizationIdentifier.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationIdentifierRule {
    /// Scheme and country, as in `NTRJP`, or the scheme alone for every country. Empty: any registered one.
    pub schemes: Vec<String>,
}

/// The qcStatements extension. Statements are dotted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QcRule {
    /// Must be there.
    pub required: Vec<String>,
    /// Must not be there.
    pub prohibited: Vec<String>,
    /// The one type that `QcType` names, where it is there.
    pub qc_type: Option<String>,
}

/// The certified key.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRule {
    /// Families: `p256`, `p384`, `p521`, `rsa`, `ed25519`, `ml-dsa`.
    pub algorithms: Vec<String>,
    /// Until when which strength is usable, weakest first.
    pub strength: Vec<StrengthRule>,
}

/// Until when a strength is usable. Dates are those of 00:00:00 UTC (JP-CR-03).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StrengthRule {
    /// Security strength, in bits.
    pub bits: u16,
    /// First day on which it should be gone.
    #[serde(with = "day")]
    pub recommended_until: i64,
    /// First day on which it is not usable.
    #[serde(with = "day")]
    pub usable_until: i64,
}

/// Why profile data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not the JSON of a profile.
    #[error("profile cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A weight is given to a rule that does not exist.
    #[error("profile {profile} gives a severity to {rule}, which is no rule")]
    UnknownRule {
        /// Name of the profile.
        profile: String,
        /// As written.
        rule: String,
    },
    /// An object identifier, attribute, key usage or algorithm that does not exist.
    #[error("profile {profile} names {word:?}, which is unknown")]
    UnknownWord {
        /// Name of the profile.
        profile: String,
        /// As written.
        word: String,
    },
}

impl ProfileError {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "profile.unreadable",
            Self::UnknownRule { .. } => "profile.unknown-rule",
            Self::UnknownWord { .. } => "profile.unknown-word",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Unreadable(_) | Self::UnknownRule { .. } | Self::UnknownWord { .. } => "docs/profiles.md",
        }
    }
}

static BUILT_IN: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    [
        include_str!("../profiles/tsu.json"),
        include_str!("../profiles/seal-jp.json"),
        include_str!("../profiles/seal-eu.json"),
        include_str!("../profiles/issuing-ca.json"),
        include_str!("../profiles/dev-root.json"),
    ]
    .into_iter()
    .map(|json| Profile::from_json(json).expect("the profiles that come with the crate are tested"))
    .collect()
});

impl Profile {
    /// Reads a profile. Every name in it is checked, so that the checker never meets an unknown one.
    ///
    /// # Errors
    /// [`ProfileError`] if it is no profile, or names what does not exist.
    pub fn from_json(json: &str) -> Result<Self, ProfileError> {
        let profile: Self = serde_json::from_str(json)?;
        if let Some(rule) = profile.severity.keys().find(|code| Rule::ALL.iter().all(|rule| rule.code() != *code)) {
            return Err(ProfileError::UnknownRule { profile: profile.name, rule: rule.clone() });
        }
        if let Some(word) = crate::check::unknown_word(&profile) {
            return Err(ProfileError::UnknownWord { profile: profile.name, word });
        }
        Ok(profile)
    }

    /// A profile that comes with Kokuin: `tsu`, `seal-jp`, `seal-eu`, `issuing-ca` or `dev-root`.
    #[must_use]
    pub fn by_name(name: &str) -> Option<&'static Self> {
        BUILT_IN.iter().find(|profile| profile.name == name)
    }

    /// The names that [`Self::by_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|profile| profile.name.as_str())
    }

    /// The keyUsage that is issued, its bit 0 the highest of 32.
    #[must_use]
    pub fn preferred_key_usage(&self) -> u32 {
        crate::check::named_bits(&self.key_usage.preferred)
    }

    /// The attribute type that profiles call `name`.
    #[must_use]
    pub fn attribute_oid(&self, name: &str) -> Option<Oid> {
        crate::check::attribute_oid(name)
    }

    /// What breaking `rule` weighs here.
    #[must_use]
    pub fn severity_of(&self, rule: Rule) -> Severity {
        self.severity.get(rule.code()).copied().unwrap_or_else(|| rule.severity())
    }
}

mod day {
    use serde::{Deserialize, Deserializer, de::Error};
    use time::{Date, macros::format_description};

    /// `2041-01-01`, as Unix seconds of its first instant in UTC.
    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
        let text = String::deserialize(deserializer)?;
        Date::parse(&text, format_description!("[year]-[month]-[day]"))
            .map(|date| date.midnight().assume_utc().unix_timestamp())
            .map_err(|error| D::Error::custom(format!("{text:?} is no day: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comes_with_five_profiles() {
        assert_eq!(Profile::names().collect::<Vec<_>>(), ["tsu", "seal-jp", "seal-eu", "issuing-ca", "dev-root"]);
        assert!(Profile::by_name("nothing").is_none());
    }

    #[test]
    fn refuses_names_that_do_not_exist() {
        let good = include_str!("../profiles/tsu.json");
        let words = [("\"digitalSignature\"", "\"digitalSign\""), ("\"p256\"", "\"p257\""), ("\"CN\"", "\"XN\"")];
        for (from, to) in words.into_iter().chain([("1.3.6.1.5.5.7.3.8", "1.x")]) {
            let error = Profile::from_json(&good.replace(from, to)).unwrap_err();
            assert_eq!(error.code(), "profile.unknown-word", "{to}: {error}");
        }
        let error = Profile::from_json(&good.replacen("KOK-CERT-", "KOK-CRT-", 1)).unwrap_err();
        assert_eq!(error.code(), "profile.unknown-rule");
        let error = Profile::from_json(&good.replacen("\"title\"", "\"titel\"", 1)).unwrap_err();
        assert_eq!(error.code(), "profile.unreadable");
    }

    #[test]
    fn weighs_a_rule_as_the_profile_says() {
        let tsu = Profile::by_name("tsu").unwrap();
        assert_eq!(tsu.severity_of(Rule::Version3), Severity::Error);
        assert_eq!(tsu.severity_of(Rule::CrlPointPresent), Severity::Error);
    }
}
