//! What happens around a leap second.

use std::time::Duration;

use time::OffsetDateTime;

use crate::{
    Instant, Monotonic,
    ntp::{Leap, LeapPolicy, Rules, sample::micros_up},
};

const DAY_US: i64 = 86_400_000_000;
const SECOND_US: i64 = 1_000_000;
/// So long after a leap second that was followed, the sources have to have confirmed it.
const BURST_US: i64 = 10 * SECOND_US;

/// What is planned for the end of this day.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LeapPlan {
    Pause(LeapPause),
    Follow(LeapStep),
}

impl LeapPlan {
    /// What follows from an announcement for the day that it was when the sources began to be asked: `offset_us` and `bound_us` are the
    /// estimate at `now`. What is not beyond doubt is paused for: a tie, another day than a month's last (ITU-R TF.460-6), or a leap second
    /// that came while they were asked.
    pub(crate) fn of(
        announced: Announcement,
        began: Monotonic,
        now: Monotonic,
        (offset_us, bound_us): (i64, u64),
        rules: &Rules,
    ) -> Option<Self> {
        let kind = match announced {
            Announcement::Nothing | Announcement::Outvoted => return None,
            Announcement::Settled(kind) => Some(kind),
            Announcement::Tied => None,
        };
        let midnight = midnight_after(began.micros().saturating_add(offset_us));
        let step = kind.map(|kind| LeapStep::at_midnight(kind, midnight, offset_us));
        let may_follow = rules.leap == LeapPolicy::Follow && is_first_of_month(midnight);
        Some(match step.filter(|step| may_follow && now.micros() < step.at_us) {
            Some(step) => Self::Follow(step),
            None => Self::Pause(LeapPause::at_midnight(began, offset_us, bound_us, rules.leap_pause)),
        })
    }

    /// When it begins.
    pub(crate) fn begins(&self) -> Monotonic {
        match self {
            Self::Pause(pause) => pause.start,
            Self::Follow(step) => monotonic(step.at_us),
        }
    }

    /// What the machine's clock may be moved by at `now` because of it, in microseconds.
    pub(crate) fn wall_shift(&self, now: Monotonic) -> Option<i64> {
        match self {
            Self::Pause(_) => None,
            Self::Follow(step) => (now.micros() >= step.at_us.saturating_sub(SECOND_US)).then(|| step.shift_us()),
        }
    }
}

/// A leap second that is applied at its moment, in monotonic time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LeapStep {
    kind: Leap,
    /// Begin of the inserted second, or of the one that does not occur.
    at_us: i64,
    midnight: Instant,
}

/// Where a moment lies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    Before,
    /// In the inserted second, or so near to it, or to the moment of a deleted one, that the bound does not tell.
    Within,
    /// After it, by so many microseconds.
    After(u64),
}

impl LeapStep {
    fn at_midnight(kind: Leap, midnight: Instant, offset_us: i64) -> Self {
        let at = midnight.unix_micros().saturating_sub(offset_us);
        let at_us = if kind == Leap::Delete { at.saturating_sub(SECOND_US) } else { at };
        Self { kind, at_us, midnight }
    }

    /// What UTC does against the monotonic clock.
    pub(crate) const fn shift_us(&self) -> i64 {
        match self.kind {
            Leap::Insert => -SECOND_US,
            Leap::Delete => SECOND_US,
            Leap::None => 0,
        }
    }

    /// The time that no time-stamp can say lasts so long.
    const fn length_us(&self) -> i64 {
        match self.kind {
            Leap::Insert => SECOND_US,
            Leap::Delete | Leap::None => 0,
        }
    }

    pub(crate) fn phase(&self, now: Monotonic, bound_us: u64) -> Phase {
        let now = now.micros();
        let over = self.at_us.saturating_add(self.length_us()).saturating_add_unsigned(bound_us);
        if now.saturating_add_unsigned(bound_us) < self.at_us {
            Phase::Before
        } else if now <= over {
            Phase::Within
        } else {
            Phase::After(now.saturating_sub(over).unsigned_abs())
        }
    }

    /// When it is over for every bound allowed.
    pub(crate) fn over(&self, bound_us: u64) -> Monotonic {
        monotonic(self.at_us.saturating_add(self.length_us()).saturating_add_unsigned(bound_us).saturating_add(1_000))
    }

    /// Until then the sources have to have confirmed it.
    pub(crate) fn confirmed_by(&self) -> Monotonic {
        monotonic(self.at_us.saturating_add(self.length_us()).saturating_add(BURST_US))
    }

    pub(crate) const fn kind(&self) -> Leap {
        self.kind
    }

    pub(crate) const fn midnight(&self) -> Instant {
        self.midnight
    }
}

/// The next midnight.
fn midnight_after(utc_us: i64) -> Instant {
    Instant::from_unix_micros((utc_us.div_euclid(DAY_US) + 1).saturating_mul(DAY_US))
}

fn is_first_of_month(midnight: Instant) -> bool {
    OffsetDateTime::from_unix_timestamp(midnight.unix_seconds()).is_ok_and(|time| time.day() == 1)
}

/// Nothing is issued from `start` on until answers from after `end` agree. In monotonic time: UTC repeats or skips a
/// second in here, the monotonic clock does neither, and no `:60` can be written (TSP-63).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct LeapPause {
    pub(crate) start: Monotonic,
    pub(crate) end: Monotonic,
}

impl LeapPause {
    /// The pause at the end of the day that it is at `now`, with the estimate `offset_us` and `bound_us`.
    pub(crate) fn at_midnight(now: Monotonic, offset_us: i64, bound_us: u64, pause: Duration) -> Self {
        let utc = now.micros().saturating_add(offset_us);
        let midnight = midnight_after(utc).unix_micros().saturating_sub(offset_us);
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
    /// By half or more, but not by a strict majority for the same: a pause costs seconds.
    Tied,
    /// By a strict majority.
    Settled(Leap),
}

impl Announcement {
    pub(crate) fn of(votes: impl Iterator<Item = Leap>) -> Self {
        let (mut voters, mut inserting, mut deleting) = (0_usize, 0_usize, 0_usize);
        for vote in votes {
            voters += 1;
            match vote {
                Leap::None => {}
                Leap::Insert => inserting += 1,
                Leap::Delete => deleting += 1,
            }
        }
        let leaping = inserting + deleting;
        if inserting * 2 > voters {
            Self::Settled(Leap::Insert)
        } else if deleting * 2 > voters {
            Self::Settled(Leap::Delete)
        } else if leaping == 0 {
            Self::Nothing
        } else if leaping * 2 >= voters {
            Self::Tied
        } else {
            Self::Outvoted
        }
    }

    /// Whether something is done about it.
    pub(crate) const fn is_believed(self) -> bool {
        matches!(self, Self::Tied | Self::Settled(_))
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
        assert_eq!(votes(&[Leap::Insert, Leap::None]), Announcement::Tied);
        assert_eq!(votes(&[Leap::Insert, Leap::Delete]), Announcement::Tied);
        assert_eq!(votes(&[Leap::Delete, Leap::Delete, Leap::None]), Announcement::Settled(Leap::Delete));
    }

    #[test]
    fn follows_only_what_a_strict_majority_says_for_the_end_of_a_month_tsp_63() {
        let rules = Rules { leap: LeapPolicy::Follow, ..Rules::default() };
        let now = Monotonic::from_start(Duration::from_secs(100));
        let plan = |announced, utc| LeapPlan::of(announced, now, now, (utc - 100 * SECOND_US, 5), &rules);
        let insert = Announcement::Settled(Leap::Insert);
        let Some(LeapPlan::Follow(step)) = plan(insert, LATE) else { panic!("{:?}", plan(insert, LATE)) };
        assert_eq!((step.at_us, step.midnight.to_string().as_str()), (160_000_000, "2027-01-01T00:00:00.000000Z"));
        let Some(LeapPlan::Follow(step)) = plan(Announcement::Settled(Leap::Delete), LATE) else { panic!("followed") };
        assert_eq!(step.at_us, 159_000_000, "23:59:59 does not occur");
        assert!(matches!(plan(Announcement::Tied, LATE), Some(LeapPlan::Pause(_))));
        assert!(matches!(plan(insert, LATE - DAY_US), Some(LeapPlan::Pause(_))), "the 30th");
        assert_eq!(plan(Announcement::Outvoted, LATE), None);
    }

    #[test]
    fn leaves_out_the_inserted_second_and_what_the_bound_does_not_tell_tsp_63() {
        let at = |us: u64| Monotonic::from_start(Duration::from_micros(us));
        let insert = LeapStep { kind: Leap::Insert, at_us: 10_000_000, midnight: Instant::from_unix_seconds(0) };
        assert_eq!(insert.phase(at(9_999_994), 5), Phase::Before);
        assert_eq!(insert.phase(at(9_999_995), 5), Phase::Within);
        assert_eq!(insert.phase(at(11_000_005), 5), Phase::Within);
        assert_eq!(insert.phase(at(11_000_006), 5), Phase::After(1));
        let delete = LeapStep { kind: Leap::Delete, ..insert };
        assert_eq!(
            (delete.phase(at(10_000_005), 5), delete.phase(at(10_000_006), 5)),
            (Phase::Within, Phase::After(1))
        );
        assert_eq!((insert.shift_us(), delete.shift_us()), (-1_000_000, 1_000_000));
    }
}
