//! What each source said last and what became of it, for the log and for operators.

use crate::{
    Instant, Monotonic, SourceName,
    ntp::{Leap, Sample},
};

/// What the last poll found. Times are offsets against the monotonic clock.
#[derive(Clone, Debug)]
pub struct ClockReport {
    /// Polls so far: two reports with the same number say the same.
    pub polls: u64,
    /// The machine's clock minus the monotonic one, in microseconds.
    pub wall_us: i64,
    /// UTC minus the monotonic clock, in microseconds; `None` while the sources do not agree.
    pub offset_us: Option<i64>,
    /// What bounds grow by.
    pub drift_ppm: u32,
    /// Every source configured, in that order.
    pub sources: Vec<SourceReport>,
    /// How often a source began to lie apart from what the others share.
    pub falsetickers: u64,
    /// How often the machine's clock was found moved.
    pub steps: u64,
    /// The leap second that was announced last, once it is over.
    pub leap: Option<LeapRecord>,
}

/// One source.
#[derive(Clone, Debug)]
pub struct SourceReport {
    /// What the configuration calls it.
    pub name: SourceName,
    /// What became of its answer.
    pub mark: Mark,
    /// Why it gave no time when it was asked last; an answer from before may still count.
    pub unanswered: Option<&'static str>,
    /// Its last answer, unless it was dropped.
    pub sample: Option<Sample>,
}

impl SourceReport {
    /// Whether it is part of what the sources agree on.
    #[must_use]
    pub const fn is_used(&self) -> bool {
        matches!(self.mark, Mark::Used | Mark::AloneOnLeap)
    }

    /// What is wrong or doubtful about it: stable name, for the log, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn reason(&self) -> Option<&'static str> {
        match (self.mark, self.unanswered) {
            (Mark::Falseticker | Mark::Smeared | Mark::Duplicate, _) | (_, None) => self.mark.code(),
            (_, unanswered) => unanswered,
        }
    }

    /// The source's time minus UTC as the sources agree on it, in microseconds.
    #[must_use]
    pub fn offset_us(&self, report: &ClockReport) -> Option<i64> {
        Some(self.sample?.offset_us.saturating_sub(report.offset_us?))
    }

    /// How old its answer is at `now`, and how far UTC may be from it then; both in microseconds.
    #[must_use]
    pub fn age_and_bound_us(&self, report: &ClockReport, now: Monotonic) -> Option<(u64, u64)> {
        let sample = self.sample?;
        let age_us = u64::try_from(now.since(sample.taken_at).as_micros()).unwrap_or(u64::MAX);
        Some((age_us, sample.bound_us(now, report.drift_ppm)))
    }
}

/// What became of a source's last answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mark {
    /// There is none that could be used.
    Absent,
    /// It is too old.
    Stale,
    /// It comes from an address that has a vote already.
    Duplicate,
    /// Nobody agreed on anything.
    Disputed,
    /// It lies apart from what the majority shares.
    Falseticker,
    /// So it does, around a leap second that it alone does not announce.
    Smeared,
    /// It agrees on the time, and is alone in what it says of a leap second.
    AloneOnLeap,
    /// It is part of what the sources agree on.
    Used,
}

impl Mark {
    /// Every mark.
    pub const ALL: [Self; 8] = [
        Self::Absent,
        Self::Stale,
        Self::Duplicate,
        Self::Disputed,
        Self::Falseticker,
        Self::Smeared,
        Self::AloneOnLeap,
        Self::Used,
    ];

    /// Stable name; `None` if nothing is wrong.
    #[must_use]
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Absent => Some("source.absent"),
            Self::Stale => Some("source.stale"),
            Self::Duplicate => Some("source.duplicate"),
            Self::Disputed => Some("source.disputed"),
            Self::Falseticker => Some("source.falseticker"),
            Self::Smeared => Some("source.smeared"),
            Self::AloneOnLeap => Some("source.alone-on-leap"),
            Self::Used => None,
        }
    }

    /// Whether it was weighed against the others.
    pub(crate) const fn has_vote(self) -> bool {
        !matches!(self, Self::Absent | Self::Stale | Self::Duplicate)
    }

    /// Whether the majority contradicts it on the time.
    #[must_use]
    pub const fn is_false(self) -> bool {
        matches!(self, Self::Falseticker | Self::Smeared)
    }
}

/// A leap second that was announced, and is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LeapRecord {
    /// The midnight that it came before.
    pub midnight: Instant,
    /// What happened.
    pub outcome: LeapOutcome,
}

/// What happened at an announced leap second.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LeapOutcome {
    /// The clock applied it at its moment.
    Followed(Leap),
    /// Nothing was issued around it, and it came.
    Paused(Leap),
    /// Nothing was issued, and it did not come.
    NotTaken,
}

impl LeapOutcome {
    /// Stable name, for the log and `docs/errors.md`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Followed(Leap::Insert) => "leap.inserted-followed",
            Self::Followed(Leap::Delete) => "leap.deleted-followed",
            Self::Paused(Leap::Insert) => "leap.inserted-paused",
            Self::Paused(Leap::Delete) => "leap.deleted-paused",
            Self::Followed(Leap::None) | Self::Paused(Leap::None) | Self::NotTaken => "leap.not-taken",
        }
    }
}
