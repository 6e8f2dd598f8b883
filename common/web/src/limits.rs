//! How much a listener takes.

use kokuin_settings::{HumanDuration, Limit};
use serde::Deserialize;

/// Limits of one listener. Every default is safe for the internet; none can be zero (THR-87, THR-103).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at a time, over all workers; further ones wait in the kernel.
    pub connections: Limit,
    /// Requests at a time; further ones are answered 503.
    pub in_flight: Limit,
    /// The request line and all headers are here within this.
    pub header_timeout: HumanDuration,
    /// The whole body is here within this.
    pub body_timeout: HumanDuration,
    /// An idle connection is closed after this.
    pub keep_alive: HumanDuration,
    /// On a stop, requests get this long to finish.
    pub shutdown_timeout: HumanDuration,
    /// Worker threads; as many as there are processors if absent.
    pub workers: Option<Limit>,
    /// Requests a client may send; unlimited if absent.
    pub rate: Option<RateLimit>,
}

/// How often one client, that is one IPv4 address or one IPv6 /64, may ask.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests a second in the long run.
    pub per_second: Limit,
    /// Requests at once after a pause.
    pub burst: Limit,
}

const fn limit(count: u32) -> Limit {
    match Limit::new(count) {
        Some(limit) => limit,
        None => Limit::MIN,
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: limit(4_096),
            in_flight: limit(1_024),
            header_timeout: HumanDuration::from_millis(5_000),
            body_timeout: HumanDuration::from_millis(30_000),
            keep_alive: HumanDuration::from_millis(75_000),
            shutdown_timeout: HumanDuration::from_millis(10_000),
            workers: None,
            rate: None,
        }
    }
}

impl Limits {
    /// Worker threads of this listener.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        self.workers.map_or_else(
            || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            |workers| usize::try_from(workers.get()).unwrap_or(1),
        )
    }
}
