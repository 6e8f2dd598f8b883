//! Requests turned away at the edge, by status, since they were last asked for: atomics only, so that strangers cost no lock and no log
//! entry each.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::Refused;

/// Each status that requests are turned away with, and how the log spells it.
const CLASSES: [(u16, &str); 12] = [
    (400, "http-400"),
    (401, "http-401"),
    (403, "http-403"),
    (404, "http-404"),
    (405, "http-405"),
    (408, "http-408"),
    (409, "http-409"),
    (413, "http-413"),
    (415, "http-415"),
    (422, "http-422"),
    (429, "http-429"),
    (503, "http-503"),
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
        self.add_status(refused.status().as_u16());
    }

    /// Counts one that was answered with this status. What turns nobody away is not counted.
    pub fn add_status(&self, status: u16) {
        if let Some(place) = CLASSES.iter().position(|(known, _)| *known == status) {
            self.0[place].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was counted since the last call, statuses without any left out.
    pub fn take(&self) -> Vec<(&'static str, u64)> {
        let counts = CLASSES.into_iter().zip(&self.0);
        let taken = counts.map(|((_, class), count)| (class, count.swap(0, Ordering::Relaxed)));
        taken.filter(|(_, count)| *count > 0).collect()
    }

    /// Puts back what could not be recorded. What is no class of this kind is not taken.
    pub fn restore(&self, class: &str, count: u64) {
        if let Some(place) = CLASSES.iter().position(|(_, known)| *known == class) {
            self.0[place].fetch_add(count, Ordering::Relaxed);
        }
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
        counts.add_status(201);
        assert_eq!(counts.take(), []);
        counts.restore("http-415", 3);
        counts.restore("tsa.version", 3);
        assert_eq!(counts.take(), [("http-415", 3)]);
        assert_eq!(counts.take(), []);
    }
}
