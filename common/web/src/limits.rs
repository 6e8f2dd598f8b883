//! How much a listener takes.

use kokuin_settings::{ByteSize, HumanDuration, Limit};
use serde::Deserialize;

use crate::Proxies;

/// Limits of one listener. Every default is safe for the internet; none can be zero (THR-87, THR-103).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at a time, over all workers. One more, and the quietest of the client with most is closed.
    pub connections: Limit,
    /// Connections of one client at a time; one more, and its quietest is closed. Proxies are not counted.
    pub connections_per_client: Limit,
    /// Requests at a time; further ones are answered 503.
    pub in_flight: Limit,
    /// A TLS handshake is done within this.
    pub handshake_timeout: HumanDuration,
    /// The request line and all headers are here within this.
    pub header_timeout: HumanDuration,
    /// The whole body is here within this.
    pub body_timeout: HumanDuration,
    /// A body of at most 64 KiB is here within this.
    pub small_body_timeout: HumanDuration,
    /// An idle connection is closed after this.
    pub keep_alive: HumanDuration,
    /// On a stop, requests get this long to finish.
    pub shutdown_timeout: HumanDuration,
    /// Worker threads; as many as there are processors if absent.
    pub workers: Option<Limit>,
    /// Requests a client may send; unlimited if absent.
    pub rate: Option<RateLimit>,
    /// Proxies in front; without them the other end of a connection is the client.
    pub proxies: Option<Proxies>,
}

/// How often one client may ask: whoever its credentials name, else one IPv4 address or one IPv6 /64.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests a second in the long run.
    pub per_second: Limit,
    /// Requests at once after a pause.
    pub burst: Limit,
}

/// Bytes of a body that needs no time.
const SMALL: u64 = 64 * 1024;

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
            connections_per_client: limit(1_024),
            in_flight: limit(1_024),
            handshake_timeout: HumanDuration::from_millis(5_000),
            header_timeout: HumanDuration::from_millis(5_000),
            body_timeout: HumanDuration::from_millis(30_000),
            small_body_timeout: HumanDuration::from_millis(5_000),
            keep_alive: HumanDuration::from_millis(75_000),
            shutdown_timeout: HumanDuration::from_millis(10_000),
            workers: None,
            rate: None,
            proxies: None,
        }
    }
}

impl Limits {
    /// How long a body of at most `limit` bytes may take.
    #[must_use]
    pub fn body_within(&self, limit: ByteSize) -> HumanDuration {
        if limit.bytes() <= SMALL { self.small_body_timeout.min(self.body_timeout) } else { self.body_timeout }
    }

    /// Worker threads of this listener.
    #[must_use]
    pub fn worker_count(&self) -> usize {
        self.workers.map_or_else(
            || std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            |workers| usize::try_from(workers.get()).unwrap_or(1),
        )
    }
}
