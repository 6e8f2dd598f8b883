//! How often all clients of one thing together may ask.

use std::{sync::Arc, time::Instant};

use governor::{
    RateLimiter,
    clock::{Clock as _, MonotonicClock},
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};

use crate::{RateLimit, Refused};

/// A rate that is shared by whoever asks; one atomic cell, no lock. Clones share it.
#[derive(Clone, Debug)]
pub struct SharedQuota {
    limit: RateLimit,
    limiter: Arc<RateLimiter<NotKeyed, InMemoryState, MonotonicClock, NoOpMiddleware<Instant>>>,
}

impl SharedQuota {
    /// A quota nothing of which is used.
    #[must_use]
    pub fn new(limit: RateLimit) -> Self {
        let quota = governor::Quota::per_second(limit.per_second).allow_burst(limit.burst);
        Self { limit, limiter: Arc::new(RateLimiter::direct_with_clock(quota, MonotonicClock)) }
    }

    /// What it was made with.
    #[must_use]
    pub const fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Takes one.
    ///
    /// # Errors
    /// [`Refused::QuotaUsedUp`] (429), with the time to wait.
    pub fn check(&self) -> Result<(), Refused> {
        self.limiter.check().map_err(|not_until| {
            let wait = not_until.wait_time_from(MonotonicClock.now());
            Refused::QuotaUsedUp { retry_after_s: wait.as_secs().saturating_add(1) }
        })
    }
}

#[cfg(test)]
mod tests {
    use kokuin_settings::Limit;

    use super::*;

    #[test]
    fn gives_its_burst_and_then_says_when_to_come_back() {
        let limit = RateLimit { per_second: Limit::MIN, burst: Limit::new(3).unwrap() };
        let quota = SharedQuota::new(limit);
        let shared = quota.clone();
        let taken = [quota.check(), shared.check(), quota.check(), shared.check()];
        assert_eq!(taken, [Ok(()), Ok(()), Ok(()), Err(Refused::QuotaUsedUp { retry_after_s: 1 })]);
    }
}
