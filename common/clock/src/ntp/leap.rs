//! The pause around a leap second.

use std::time::Duration;

use crate::{
    Monotonic,
    ntp::{Leap, sample::micros_up},
};

const DAY_US: i64 = 86_400_000_000;
const SECOND_US: i64 = 1_000_000;

/// Nothing is issued from `start` on until answers from after `end` agree. In monotonic time: UTC repeats or skips a
/// second in here, the monotonic clock does neither, and no `:60` can be written (TSP-63).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LeapPause {
    pub(crate) start: Monotonic,
    pub(crate) end: Monotonic,
}

impl LeapPause {
    /// The pause at the end of the day that it is now: `offset_us` and `bound_us` are the estimate at `now`.
    pub(crate) fn at_midnight(now: Monotonic, offset_us: i64, bound_us: u64, pause: Duration) -> Self {
        let utc = now.micros().saturating_add(offset_us);
        let midnight = (utc.div_euclid(DAY_US) + 1).saturating_mul(DAY_US).saturating_sub(offset_us);
        let margin = micros_up(pause).saturating_add(bound_us);
        // A second deleted is the one before midnight, a second inserted ends one after it by this count.
        let start = midnight.saturating_sub(SECOND_US).saturating_sub_unsigned(margin);
        let end = midnight.saturating_add(SECOND_US).saturating_add_unsigned(margin);
        Self { start: monotonic(start), end: monotonic(end) }
    }
}

/// Whether a leap second is announced, by the votes of sources that agree on the time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Announcement {
    /// By nobody.
    Nothing,
    /// By fewer than half: not believed, but reported.
    Outvoted,
    /// By half or more: a tie is not settled, and a pause costs seconds.
    Believed,
}

impl Announcement {
    pub(crate) fn of(votes: impl Iterator<Item = Leap>) -> Self {
        let (mut voters, mut leaping) = (0_usize, 0_usize);
        for vote in votes {
            voters += 1;
            leaping += match vote {
                Leap::None => 0,
                Leap::Insert | Leap::Delete => 1,
            };
        }
        if leaping == 0 {
            Self::Nothing
        } else if leaping * 2 >= voters {
            Self::Believed
        } else {
            Self::Outvoted
        }
    }
}

fn monotonic(micros: i64) -> Monotonic {
    Monotonic::from_start(Duration::from_micros(micros.max(0).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-12-31T23:59:00Z.
    const LATE: i64 = 1_798_761_540 * SECOND_US;

    #[test]
    fn pauses_around_the_end_of_the_day_tsp_63() {
        let now = Monotonic::from_start(Duration::from_secs(100));
        let pause = LeapPause::at_midnight(now, LATE - 100 * SECOND_US, 5, Duration::from_secs(2));
        assert_eq!(pause.start, Monotonic::from_start(Duration::from_micros(156_999_995)));
        assert_eq!(pause.end, Monotonic::from_start(Duration::from_micros(163_000_005)));
    }

    #[test]
    fn believes_half_or_more_thr_34() {
        let votes = |votes: &[Leap]| Announcement::of(votes.iter().copied());
        assert_eq!(votes(&[Leap::None, Leap::None]), Announcement::Nothing);
        assert_eq!(votes(&[Leap::Insert, Leap::None, Leap::None]), Announcement::Outvoted);
        assert_eq!(votes(&[Leap::Insert, Leap::None]), Announcement::Believed);
        assert_eq!(votes(&[Leap::Delete, Leap::Delete, Leap::None]), Announcement::Believed);
    }
}
