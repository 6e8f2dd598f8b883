//! Who is let in now: requests at a time, and requests from one client.

use std::{
    net::{IpAddr, Ipv6Addr},
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    time::Instant,
};

use actix_web::HttpRequest;
use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, MonotonicClock},
    middleware::NoOpMiddleware,
    state::keyed::DashMapStateStore,
};

use crate::{Limits, RateLimit, Refused};

type PerClient = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, MonotonicClock, NoOpMiddleware<Instant>>;

/// Clients whose rate is remembered before those that have been quiet are forgotten.
const REMEMBERED: usize = 65_536;

/// Milliseconds between two times of forgetting them: it looks at every client, so that no request may force it.
const FORGETTING_MS: u64 = 1_000;

/// The gate of a listener, shared by its workers. Without a rate limit, passing it takes two atomic additions.
#[derive(Clone, Debug)]
pub struct Admission(Arc<Gate>);

#[derive(Debug)]
struct Gate {
    in_flight: AtomicU32,
    most: u32,
    rate: Option<PerClient>,
    started: Instant,
    /// Milliseconds after `started` when quiet clients are forgotten next.
    forget_at: AtomicU64,
}

impl Admission {
    /// A gate with the limits of a listener.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let rate = limits.rate.map(|RateLimit { per_second, burst }| {
            RateLimiter::new(
                Quota::per_second(per_second).allow_burst(burst),
                DashMapStateStore::default(),
                MonotonicClock,
            )
        });
        Self(Arc::new(Gate {
            in_flight: AtomicU32::new(0),
            most: limits.in_flight.get(),
            rate,
            started: Instant::now(),
            forget_at: AtomicU64::new(0),
        }))
    }

    /// Lets a request in, until its permit is dropped.
    ///
    /// # Errors
    /// [`Refused::Busy`] (503) or [`Refused::TooManyRequests`] (429), with the time to wait.
    pub fn admit(&self, request: &HttpRequest) -> Result<Permit, Refused> {
        let permit = self.enter()?;
        match (&self.0.rate, request.peer_addr()) {
            (Some(rate), Some(peer)) => {
                if rate.len() > REMEMBERED && self.0.is_time_to_forget() {
                    rate.retain_recent();
                }
                check_rate(rate, client(peer.ip())).map(|()| permit)
            }
            (Some(_), None) | (None, _) => Ok(permit),
        }
    }

    fn enter(&self) -> Result<Permit, Refused> {
        let permit = Permit(self.0.clone());
        // The permit counts itself out again when it is dropped, also here.
        if permit.0.in_flight.fetch_add(1, Ordering::Relaxed) >= permit.0.most {
            return Err(Refused::Busy { retry_after_s: 1 });
        }
        Ok(permit)
    }

    /// Requests being answered now.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.0.in_flight.load(Ordering::Relaxed)
    }
}

impl Gate {
    /// True once in [`FORGETTING_MS`], for one caller.
    fn is_time_to_forget(&self) -> bool {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let at = self.forget_at.load(Ordering::Relaxed);
        let next = now.saturating_add(FORGETTING_MS);
        now >= at && self.forget_at.compare_exchange(at, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

fn check_rate(rate: &PerClient, client: IpAddr) -> Result<(), Refused> {
    rate.check_key(&client).map_err(|not_until| {
        let wait = not_until.wait_time_from(MonotonicClock.now());
        Refused::TooManyRequests { retry_after_s: wait.as_secs().saturating_add(1) }
    })
}

/// What counts as one client: a whole /64 belongs to one customer.
fn client(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// The right to be answered; given back when dropped.
#[derive(Debug)]
pub struct Permit(Arc<Gate>);

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn from(address: &str) -> HttpRequest {
        TestRequest::default().peer_addr(format!("{address}:1000").parse().unwrap()).to_http_request()
    }

    #[test]
    fn refuses_more_requests_at_a_time_than_allowed() {
        let limits = Limits { in_flight: kokuin_settings::Limit::new(2).unwrap(), ..Limits::default() };
        let admission = Admission::new(&limits);
        let request = from("192.0.2.1");
        let (first, _second) = (admission.admit(&request).unwrap(), admission.admit(&request).unwrap());
        assert_eq!(admission.admit(&request).unwrap_err(), Refused::Busy { retry_after_s: 1 });
        assert_eq!(admission.in_flight(), 2);
        drop(first);
        assert!(admission.admit(&request).is_ok());
    }

    #[test]
    fn refuses_one_client_that_asks_too_often_and_no_other() {
        let one = kokuin_settings::Limit::MIN;
        let rate = Some(RateLimit { per_second: one, burst: kokuin_settings::Limit::new(3).unwrap() });
        let admission = Admission::new(&Limits { rate, ..Limits::default() });
        for _ in 0..3 {
            assert!(admission.admit(&from("192.0.2.1")).is_ok());
        }
        assert_eq!(admission.admit(&from("192.0.2.1")).unwrap_err(), Refused::TooManyRequests { retry_after_s: 1 });
        assert!(admission.admit(&from("192.0.2.2")).is_ok());
        assert_eq!(admission.in_flight(), 0);
    }

    /// Strangers with many addresses cannot make each request look at all of them.
    #[test]
    fn forgets_quiet_clients_at_most_once_a_second() {
        let admission = Admission::new(&Limits::default());
        let times = (0..1_000).filter(|_| admission.0.is_time_to_forget()).count();
        assert_eq!(times, 1);
    }

    #[test]
    fn counts_a_network_of_ipv6_as_one_client() {
        let address = |text: &str| client(text.parse().unwrap());
        assert_eq!(address("2001:db8:1:2:3::4"), address("2001:db8:1:2:ffff::1"));
        assert_ne!(address("2001:db8:1:2::1"), address("2001:db8:1:3::1"));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
    }
}
