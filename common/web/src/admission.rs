//! Who is let in now: requests at a time, and requests of one client.

mod quota;

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use actix_web::HttpRequest;
pub use quota::Quota;

use crate::{Client, Limits, Proxies, Refused, connection::Slot};

/// The gate of a listener's resources, shared by its workers. Without a rate limit, passing it takes two atomic additions.
#[derive(Clone, Debug)]
pub struct Admission(Arc<Gate>);

#[derive(Debug)]
struct Gate {
    in_flight: AtomicU32,
    most: u32,
    rate: Option<Quota>,
    proxies: Option<Proxies>,
}

impl Admission {
    /// A gate with the limits of a listener.
    #[must_use]
    pub fn new(limits: &Limits) -> Self {
        let rate = limits.rate.map(Quota::new);
        let (in_flight, proxies) = (AtomicU32::new(0), limits.proxies.clone());
        Self(Arc::new(Gate { in_flight, most: limits.in_flight.get(), rate, proxies }))
    }

    /// Where a request comes from: the other end of its connection, or who a known proxy says.
    ///
    /// # Errors
    /// [`Refused::Forwarded`] (400) if a known proxy does not say it as it should.
    pub fn address(&self, request: &HttpRequest) -> Result<IpAddr, Refused> {
        Proxies::client(self.0.proxies.as_ref(), request)
    }

    /// Decides before the body is read, without keeping a place: a body that drips must not hold what others could use
    /// (THR-87).
    ///
    /// # Errors
    /// [`Refused::TooManyRequests`] (429) or [`Refused::Busy`] (503), with the time to wait.
    pub fn check(&self, client: &Client) -> Result<(), Refused> {
        if let Some(rate) = &self.0.rate {
            rate.spend(client, 1)?;
        }
        if self.in_flight() >= self.0.most { Err(Refused::Busy { retry_after_s: 1 }) } else { Ok(()) }
    }

    /// Takes a place for a request whose body is here, until the permit is dropped.
    ///
    /// # Errors
    /// [`Refused::Busy`] (503), with the time to wait.
    pub fn enter(&self, request: &HttpRequest) -> Result<Permit, Refused> {
        let slot = request.conn_data::<Arc<Slot>>().cloned();
        // The permit counts itself out again when it is dropped, also here.
        let before = self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        let permit = Permit { gate: Arc::clone(&self.0), slot };
        if before >= self.0.most {
            return Err(Refused::Busy { retry_after_s: 1 });
        }
        if let Some(slot) = &permit.slot {
            slot.begin();
        }
        Ok(permit)
    }

    /// All of it at once, for what needs its place before its body: by address.
    ///
    /// # Errors
    /// As theirs.
    pub fn admit(&self, request: &HttpRequest) -> Result<Permit, Refused> {
        self.check(&Client::at(self.address(request)?))?;
        self.enter(request)
    }

    /// Requests being answered now.
    #[must_use]
    pub fn in_flight(&self) -> u32 {
        self.0.in_flight.load(Ordering::Relaxed)
    }
}

/// The right to be answered; given back when dropped. While it is held, the connection keeps its place.
#[derive(Debug)]
pub struct Permit {
    gate: Arc<Gate>,
    slot: Option<Arc<Slot>>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(slot) = &self.slot {
            slot.end();
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use kokuin_settings::Limit;

    use super::*;
    use crate::RateLimit;

    fn client(address: &str) -> Client {
        Client::at(address.parse().unwrap())
    }

    #[test]
    fn refuses_more_requests_at_a_time_than_allowed() {
        let admission = Admission::new(&Limits { in_flight: Limit::new(2).unwrap(), ..Limits::default() });
        let (request, client) = (TestRequest::default().to_http_request(), client("192.0.2.1"));
        let (first, _second) = (admission.enter(&request).unwrap(), admission.enter(&request).unwrap());
        assert_eq!(admission.enter(&request).unwrap_err(), Refused::Busy { retry_after_s: 1 });
        assert_eq!(admission.check(&client).unwrap_err(), Refused::Busy { retry_after_s: 1 }, "before the body");
        assert_eq!(admission.in_flight(), 2);
        drop(first);
        assert!(admission.admit(&request).is_ok());
    }

    #[test]
    fn holds_no_place_while_a_body_comes_thr_87() {
        let admission = Admission::new(&Limits { in_flight: Limit::MIN, ..Limits::default() });
        for _ in 0..1_000 {
            assert_eq!(admission.check(&client("192.0.2.1")), Ok(()));
        }
        assert!(admission.enter(&TestRequest::default().to_http_request()).is_ok());
    }

    #[test]
    fn refuses_one_client_that_asks_too_often_and_no_other() {
        let rate = Some(RateLimit { per_second: Limit::MIN, burst: Limit::new(3).unwrap() });
        let admission = Admission::new(&Limits { rate, ..Limits::default() });
        for _ in 0..3 {
            assert_eq!(admission.check(&client("192.0.2.1")), Ok(()));
        }
        assert_eq!(admission.check(&client("192.0.2.1")).unwrap_err(), Refused::TooManyRequests { retry_after_s: 1 });
        assert_eq!(admission.check(&client("192.0.2.2")), Ok(()));
        assert_eq!(admission.check(&Client::Named("device-1".into())), Ok(()), "a name is another client");
        assert_eq!(admission.in_flight(), 0);
    }
}
