//! What the checker says: one finding per broken rule, with both values.

use serde::{Deserialize, Serialize};

use crate::rule::Rule;

/// How much a finding weighs. Ordered: a notice is less than a warning, a warning less than an error.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is broken.
    Notice,
    /// A recommendation ("should") is not followed.
    Warning,
    /// A requirement ("shall", "must") is broken: a service refuses the certificate.
    Error,
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One rule that a certificate or CRL does not keep.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// Stable name, `KOK-CERT-nn`.
    pub rule: Rule,
    /// The rule's own weight, or what the profile makes of it.
    pub severity: Severity,
    /// The text that makes it a rule.
    pub clause: &'static str,
    /// Names under which pkilint and zlint report the same; empty where neither does.
    pub lints: &'static [&'static str],
    /// What was found and what was expected.
    pub message: String,
}

/// The first error a certificate has under a profile: why a service does not start with it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("certificate does not match profile {profile}: {rule}: {message} ({clause})")]
pub struct ProfileViolation {
    /// Name of the profile.
    pub profile: String,
    /// The rule broken first.
    pub rule: Rule,
    /// The text that makes it a rule.
    pub clause: &'static str,
    /// What was found and what was expected.
    pub message: String,
}

impl ProfileViolation {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "profile.violation"
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        self.clause
    }
}
