//! From when to when a certificate is valid.

use kokuin_profile::{Profile, add_months};

/// Unix seconds, both included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    /// First second.
    pub not_before: i64,
    /// Last second.
    pub not_after: i64,
}

impl Validity {
    /// `months` calendar months from `not_before`.
    #[must_use]
    pub fn months(not_before: i64, months: u32) -> Self {
        Self { not_before, not_after: add_months(not_before, months) }
    }

    /// As long as is usual under `profile`, or else as long as it allows.
    #[must_use]
    pub fn usual(profile: &Profile, not_before: i64) -> Self {
        Self::months(not_before, profile.validity.usual_months.unwrap_or(profile.validity.max_months))
    }
}
