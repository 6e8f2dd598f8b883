//! The clock of a service that has no source of time.

use crate::{Clock, ClockRefusal, ClockState, TimeReading};

/// Never tells the time. What a production service has until a source is configured: it refuses to issue rather than
/// trust the machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct RefusingClock;

impl Clock for RefusingClock {
    fn read(&self) -> Result<TimeReading, ClockRefusal> {
        Err(ClockRefusal::Undisciplined)
    }

    fn state(&self) -> ClockState {
        ClockState::Refusing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_to_tell_an_undisciplined_time() {
        assert_eq!(RefusingClock.read().unwrap_err(), ClockRefusal::Undisciplined);
        assert!(!RefusingClock.state().can_issue());
    }
}
