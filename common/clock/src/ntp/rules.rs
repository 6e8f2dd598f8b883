//! What an operator may set about measuring.

use std::time::Duration;

/// Intervals and limits of the measurement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rules {
    /// Between two polls; a tenth of it is jitter.
    pub poll: Duration,
    /// An answer older than this counts no more, and fewer than two young ones are no time.
    pub max_age: Duration,
    /// How fast this machine's oscillator may run away, in parts per million. Bounds grow by it.
    pub drift_ppm: u32,
    /// Nothing is issued for this long before and after an announced leap second.
    pub leap_pause: Duration,
    /// From this bound on the clock says of itself that it is uncertain; it still tells the time (JP-TS-11).
    pub warn: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            poll: Duration::from_secs(64),
            max_age: Duration::from_secs(900),
            drift_ppm: 50,
            leap_pause: Duration::from_secs(2),
            warn: Duration::from_millis(500),
        }
    }
}
