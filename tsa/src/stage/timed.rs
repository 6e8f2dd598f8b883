//! A request that has been given its time.

use kokuin_audit::LeafIndex;
use kokuin_clock::TimeReading;

use super::AdmittedRequest;
use crate::{refusal::Refusal, timekeeper::Timekeeper};

/// A request whose time a clock vouches for, within what the policy promises and never before the last token's.
#[derive(Debug)]
pub struct TimedRequest {
    request: AdmittedRequest,
    time: TokenTime,
}

/// The time of one token.
#[derive(Clone, Debug)]
pub struct TokenTime {
    /// What the clock said; its instant has passed the monotonic guard and becomes `genTime`.
    pub reading: TimeReading,
    /// The bound stated in the token, microseconds, rounded up to a whole millisecond.
    pub bound_us: u64,
    /// The log's entry that says where the time comes from.
    pub clock_entry: LeafIndex,
}

impl TokenTime {
    /// `genTime`, microseconds since 1970.
    #[must_use]
    pub const fn micros(&self) -> i64 {
        self.reading.instant().unix_micros()
    }
}

impl TimedRequest {
    /// Gives the request its time. The only way to make one: what is signed later cannot have skipped the clock.
    ///
    /// # Errors
    /// As [`Timekeeper::now`].
    pub fn new(request: AdmittedRequest, keeper: &Timekeeper) -> Result<Self, Refusal> {
        Ok(Self { time: keeper.now()?, request })
    }

    /// `genTime`, microseconds since 1970.
    #[must_use]
    pub const fn micros(&self) -> i64 {
        self.time.micros()
    }

    /// Hands the parts to the stage that assigns a TSU.
    #[must_use]
    pub fn into_parts(self) -> (AdmittedRequest, TokenTime) {
        (self.request, self.time)
    }
}
