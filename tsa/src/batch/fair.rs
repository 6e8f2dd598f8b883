//! How many digests a second one client may send (THR-92).

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use kokuin_web::Client;

use super::BatchRefusal;

/// Clients remembered before those that have been quiet are forgotten.
const REMEMBERED: usize = 65_536;

/// What each client may still send: at most as many digests as one batch holds, filled up at a steady rate.
#[derive(Debug)]
pub(super) struct Allowances {
    per_second: f64,
    most: f64,
    clients: HashMap<Client, (f64, Instant)>,
}

impl Allowances {
    pub(super) fn new(per_second: u32, most: u32) -> Self {
        Self { per_second: f64::from(per_second), most: f64::from(most), clients: HashMap::new() }
    }

    /// Takes `digests` from what `client` may send.
    pub(super) fn take(&mut self, client: &Client, digests: usize, now: Instant) -> Result<(), BatchRefusal> {
        let (per_second, most) = (self.per_second, self.most);
        let filled = |(left, since): (f64, Instant)| {
            (left + now.saturating_duration_since(since).as_secs_f64() * per_second).min(most)
        };
        if self.clients.len() >= REMEMBERED {
            self.clients.retain(|_, state| filled(*state) < most);
        }
        let state = self.clients.entry(client.clone()).or_insert((most, now));
        let wanted = f64::from(u32::try_from(digests).unwrap_or(u32::MAX));
        let left = filled(*state) - wanted;
        if left < 0.0 {
            let seconds = Duration::from_secs_f64((-left / per_second).min(86_400.0)).as_secs() + 1;
            return Err(BatchRefusal::ClientRate { seconds });
        }
        *state = (left, now);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_sends_without_end_is_told_to_wait_and_no_other_thr_92() {
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|address| Client::at(address.parse().unwrap()));
        let mut allowances = Allowances::new(10_000, 100_000);
        let now = Instant::now();
        for _ in 0..10 {
            allowances.take(&one, 10_000, now).unwrap();
        }
        let refused = allowances.take(&one, 10_000, now).unwrap_err();
        assert!(matches!(refused, BatchRefusal::ClientRate { seconds: 2 }));
        allowances.take(&other, 100_000, now).unwrap();
        allowances.take(&one, 10_000, now + Duration::from_secs(1)).unwrap();
        assert!(allowances.take(&one, 1, now + Duration::from_secs(1)).is_err());
    }
}
