//! How much one client may ask for in a time.

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use governor::{
    RateLimiter,
    clock::{Clock as _, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};

use crate::{RateLimit, Refused, client::Client};

type PerClient = RateLimiter<Client, DashMapStateStore<Client>, MonotonicClock, NoOpMiddleware<Instant>>;

/// Clients whose use is remembered before those that have been quiet are forgotten.
const REMEMBERED: usize = 65_536;

/// Milliseconds between two times of forgetting them: it looks at every client, so that no request may force it.
const FORGETTING_MS: u64 = 1_000;

/// An allowance for each client, refilled with time. Clones share it.
#[derive(Clone, Debug)]
pub struct Quota(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clients: PerClient,
    rate: RateLimit,
    started: Instant,
    /// Milliseconds after `started` when quiet clients are forgotten next.
    forget_at: AtomicU64,
}

impl Quota {
    /// Each client may ask `rate.burst` at once and `rate.per_second` in the long run.
    #[must_use]
    pub fn new(rate: RateLimit) -> Self {
        let quota = governor::Quota::per_second(rate.per_second).allow_burst(rate.burst);
        let clients = RateLimiter::new(quota, DashMapStateStore::default(), MonotonicClock);
        Self(Arc::new(Shared { clients, rate, started: Instant::now(), forget_at: AtomicU64::new(0) }))
    }

    /// Takes `cost` from what `client` has left; a cost of 0 is 1. What is asked for at once and exceeds the burst takes the
    /// whole burst, or nobody could ever ask for it.
    ///
    /// # Errors
    /// [`Refused::TooManyRequests`] (429), with the time to wait; nothing is taken then.
    pub fn spend(&self, client: &Client, cost: u32) -> Result<(), Refused> {
        let Shared { clients, rate, .. } = &*self.0;
        if clients.len() > REMEMBERED && self.0.is_time_to_forget() {
            clients.retain_recent();
        }
        let cost = NonZeroU32::new(cost).unwrap_or(NonZeroU32::MIN).min(rate.burst);
        let wait = match clients.check_key_n(client, cost) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(not_until)) => not_until.wait_time_from(MonotonicClock.now()).as_secs(),
            // Above, the cost was made to fit.
            Err(_) => u64::from(rate.burst.get() / rate.per_second.get()),
        };
        Err(Refused::TooManyRequests { retry_after_s: wait.saturating_add(1) })
    }
}

impl Shared {
    /// True once in [`FORGETTING_MS`], for one caller.
    fn is_time_to_forget(&self) -> bool {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let at = self.forget_at.load(Ordering::Relaxed);
        let next = now.saturating_add(FORGETTING_MS);
        now >= at && self.forget_at.compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use kokuin_settings::Limit;

    use super::*;

    fn quota() -> Quota {
        Quota::new(RateLimit { per_second: Limit::MIN, burst: Limit::new(10).unwrap() })
    }

    #[test]
    fn counts_what_a_request_costs_thr_92() {
        let (quota, client) = (quota(), Client::Named("a".into()));
        assert_eq!(quota.spend(&client, 7), Ok(()));
        assert_eq!(quota.spend(&client, 5), Err(Refused::TooManyRequests { retry_after_s: 2 }));
        assert_eq!(quota.spend(&client, 3), Ok(()));
        assert_eq!(quota.spend(&Client::Named("b".into()), 100_000), Ok(()), "once, with the whole burst");
        assert!(quota.spend(&Client::Named("b".into()), 1).is_err());
    }

    /// Strangers with many addresses cannot make each request look at all of them.
    #[test]
    fn forgets_quiet_clients_at_most_once_a_second() {
        let quota = quota();
        let times = (0..1_000).filter(|_| quota.0.is_time_to_forget()).count();
        assert_eq!(times, 1);
    }
}
