//! Waiting longer after each attempt in vain, so that a device that is away is not run after, and sessions are not used up.

use std::time::{Duration, Instant};

/// The second attempt may come at once: what was just put right is found right.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// When the next attempt may be made.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    not_before: Option<Instant>,
}

impl Backoff {
    /// Whether an attempt may be made now.
    pub(super) fn allows(&self, now: Instant) -> bool {
        self.not_before.is_none_or(|not_before| now >= not_before)
    }

    /// An attempt failed.
    pub(super) fn failed(&mut self, now: Instant) {
        let wait = match self.failures {
            0 => Duration::ZERO,
            doubled => FIRST.saturating_mul(1 << (doubled - 1).min(10)).min(LONGEST),
        };
        self.failures = self.failures.saturating_add(1);
        self.not_before = Some(now + wait);
    }

    /// An attempt succeeded.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_longer_and_at_most_five_seconds() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        let mut waits = Vec::new();
        for _ in 0..9 {
            backoff.failed(now);
            waits.push((0..=50).find(|tenths| backoff.allows(now + Duration::from_millis(tenths * 100))).unwrap());
        }
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 50, 50]);
        backoff.succeeded();
        assert!(backoff.allows(now));
    }
}
