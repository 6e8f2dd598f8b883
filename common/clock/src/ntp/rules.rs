//! What an operator may set about measuring.

use std::time::Duration;

/// What happens at an announced leap second.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum LeapPolicy {
    /// Nothing is issued around it; then the sources are asked anew.
    #[default]
    Pause,
    /// It is applied at its moment, if a strict majority announces it for the end of a month. In an inserted second nothing is issued.
    Follow,
}

/// Intervals and limits of the measurement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rules {
    /// Between two polls; a tenth of it is jitter.
    pub poll: Duration,
    /// An answer older than this counts no more, and fewer than two young ones are no time.
    pub max_age: Duration,
    /// How fast this machine's oscillator may run away, in parts per million. Bounds grow by it.
    pub drift_ppm: u32,
    /// What happens at a leap second.
    pub leap: LeapPolicy,
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
            leap: LeapPolicy::Pause,
            leap_pause: Duration::from_secs(2),
            warn: Duration::from_millis(500),
        }
    }
}
