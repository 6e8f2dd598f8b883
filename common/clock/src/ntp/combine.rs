//! What several sources say together.

use crate::{ClockRefusal, ntp::sample::Interval};

/// What a strict majority of sources agrees on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Agreement {
    /// UTC minus the monotonic clock, in microseconds: the middle of what they share.
    pub(crate) offset_us: i64,
    /// Reaches to the far end of every source that agrees, so it holds even if only one of them is right.
    pub(crate) bound_us: u64,
    /// Which of the sources agree.
    pub(crate) agreeing: Vec<usize>,
    /// Which lie apart from what the majority shares.
    pub(crate) falsetickers: Vec<usize>,
}

/// Combines where the sources say that UTC lies.
///
/// # Errors
/// [`ClockRefusal::TooFewSources`] under two, [`ClockRefusal::Disputed`] if no strict majority shares a point: both have to
/// agree of two, two of three, three of four (THR-31).
pub(crate) fn combine(intervals: &[Interval]) -> Result<Agreement, ClockRefusal> {
    let sources = intervals.len();
    if sources < NEEDED {
        return Err(ClockRefusal::TooFewSources { answering: sources, needed: NEEDED });
    }
    let majority = sources / 2 + 1;
    let shared_by = |point: i64| intervals.iter().filter(|one| one.low <= point && point <= one.high).count();
    // Where intervals overlap begins at the low end of one, and ends at the high end of one.
    let low = intervals.iter().map(|one| one.low).filter(|low| shared_by(*low) >= majority).min();
    let high = intervals.iter().map(|one| one.high).filter(|high| shared_by(*high) >= majority).max();
    let (Some(low), Some(high)) = (low, high) else {
        return Err(ClockRefusal::Disputed { sources, apart_us: apart(intervals) });
    };
    let shared = Interval { low, high };
    let (agreeing, falsetickers): (Vec<_>, Vec<_>) =
        (0..sources).partition(|at| intervals[*at].intersection(shared).is_some());
    let offset_us = low.midpoint(high);
    let ends = agreeing.iter().flat_map(|at| [intervals[*at].low, intervals[*at].high]);
    let bound_us = ends.map(|end| end.abs_diff(offset_us)).max().unwrap_or(u64::MAX);
    Ok(Agreement { offset_us, bound_us, agreeing, falsetickers })
}

/// Sources that have to answer.
pub(crate) const NEEDED: usize = 2;

/// The widest gap between two sources.
fn apart(intervals: &[Interval]) -> u64 {
    let highest_low = intervals.iter().map(|one| one.low).max().unwrap_or(0);
    let lowest_high = intervals.iter().map(|one| one.high).min().unwrap_or(0);
    highest_low.saturating_sub(lowest_high).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn around(centres: &[i64]) -> Vec<Interval> {
        centres.iter().map(|centre| Interval::around(*centre, 10)).collect()
    }

    #[test]
    fn refuses_a_single_source_jp_ts_20() {
        let refusal = ClockRefusal::TooFewSources { answering: 1, needed: 2 };
        assert_eq!(combine(&around(&[0])), Err(refusal));
        assert_eq!(combine(&[]).unwrap_err().code(), "clock.too-few-sources");
    }

    #[test]
    fn refuses_two_sources_that_disagree_thr_31() {
        let refusal = ClockRefusal::Disputed { sources: 2, apart_us: 1_980 };
        assert_eq!(combine(&around(&[0, 2_000])), Err(refusal));
    }

    #[test]
    fn outvotes_one_of_three_and_names_it_thr_31() {
        let agreement = combine(&around(&[0, 2_000, 4])).unwrap();
        assert_eq!(agreement, Agreement { offset_us: 2, bound_us: 12, agreeing: vec![0, 2], falsetickers: vec![1] });
    }

    #[test]
    fn refuses_half_of_four_thr_31() {
        assert_eq!(combine(&around(&[0, 1, 2_000, 2_001])).unwrap_err().code(), "clock.disputed");
        assert_eq!(combine(&around(&[0, 1_000, 2_000])).unwrap_err().code(), "clock.disputed");
    }

    #[test]
    fn believes_a_point_no_more_than_the_sources_that_share_it() {
        let touching = [Interval { low: 0, high: 10 }, Interval { low: 10, high: 40 }];
        let agreement = combine(&touching).unwrap();
        assert_eq!((agreement.offset_us, agreement.bound_us), (10, 30), "not 10 give or take nothing");
    }

    proptest! {
        #[test]
        fn holds_wherever_one_agreeing_source_is_right(
            sources in prop::collection::vec((-500_i64..500, 0_u64..300), 2..7),
        ) {
            let intervals: Vec<_> = sources.iter().map(|(centre, bound)| Interval::around(*centre, *bound)).collect();
            if let Ok(agreement) = combine(&intervals) {
                prop_assert!(agreement.agreeing.len() > intervals.len() / 2);
                let stated = Interval::around(agreement.offset_us, agreement.bound_us);
                for at in agreement.agreeing {
                    prop_assert_eq!(stated.intersection(intervals[at]), Some(intervals[at]));
                }
            }
        }
    }
}
