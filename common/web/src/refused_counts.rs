//! Requests turned away at the edge, by status, since they were last asked for: atomics only, so that strangers cost no lock and no log
//! entry each.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::Refused;

/// As the log spells them.
const CLASSES: [&str; 10] = [
    "http-400", "http-401", "http-403", "http-404", "http-405", "http-408", "http-413", "http-415", "http-429",
    "http-503",
];

/// One counter for each status.
#[derive(Debug)]
pub struct RefusedCounts([AtomicU64; CLASSES.len()]);

impl Default for RefusedCounts {
    fn default() -> Self {
        Self(array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl RefusedCounts {
    /// Counts one.
    pub fn add(&self, refused: &Refused) {
        self.0[place(refused)].fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted since the last call, statuses without any left out.
    pub fn take(&self) -> Vec<(&'static str, u64)> {
        let counts = CLASSES.into_iter().zip(&self.0);
        counts.map(|(class, count)| (class, count.swap(0, Ordering::Relaxed))).filter(|(_, count)| *count > 0).collect()
    }

    /// Puts back what could not be recorded. What is no class of this kind is not taken.
    pub fn restore(&self, class: &str, count: u64) {
        if let Some(place) = CLASSES.iter().position(|known| *known == class) {
            self.0[place].fetch_add(count, Ordering::Relaxed);
        }
    }
}

/// Place of its status in [`CLASSES`].
const fn place(refused: &Refused) -> usize {
    match refused {
        Refused::BodyBroken | Refused::Forwarded => 0,
        Refused::CredentialsMissing | Refused::CredentialsInvalid => 1,
        Refused::Forbidden => 2,
        Refused::NotFound => 3,
        Refused::Method { .. } => 4,
        Refused::BodyTimeout { .. } | Refused::BodyTooSlow { .. } => 5,
        Refused::BodyTooLarge { .. } => 6,
        Refused::MediaType { .. } => 7,
        Refused::TooManyRequests { .. } | Refused::QuotaUsedUp { .. } => 8,
        Refused::Busy { .. } => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_refusal_under_its_status() {
        let counts = RefusedCounts::default();
        let all = [
            Refused::BodyBroken,
            Refused::Forwarded,
            Refused::CredentialsMissing,
            Refused::CredentialsInvalid,
            Refused::Forbidden,
            Refused::NotFound,
            Refused::Method { allow: "GET" },
            Refused::BodyTimeout { within_ms: 1 },
            Refused::BodyTooSlow { bytes_per_second: 1 },
            Refused::BodyTooLarge { limit: 1 },
            Refused::MediaType { expected: "text/plain" },
            Refused::TooManyRequests { retry_after_s: 1 },
            Refused::QuotaUsedUp { retry_after_s: 1 },
            Refused::Busy { retry_after_s: 1 },
        ];
        for refused in all {
            counts.add(&refused);
            let class = format!("http-{}", refused.status().as_u16());
            assert_eq!(counts.take(), [(class.as_str(), 1)], "{refused:?}");
        }
        counts.restore("http-415", 3);
        counts.restore("tsa.version", 3);
        assert_eq!(counts.take(), [("http-415", 3)]);
        assert_eq!(counts.take(), []);
    }
}
