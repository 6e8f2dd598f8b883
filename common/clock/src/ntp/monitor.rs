//! Asks the servers and judges what they answer.

use std::{sync::Arc, thread, time::Duration};

use arc_swap::ArcSwap;

use crate::{
    ClockRefusal, Instant, Monotonic, SourceName, TimeSource,
    ntp::{
        ClockReport, Leap, LeapOutcome, LeapRecord, Mark, Rules, Sample, SourceReport, TimeServer,
        combine::{Agreement, NEEDED, combine},
        known::Known,
        leap::{Announcement, LeapPlan, LeapStep},
        source::Source,
        status::{Estimate, Status},
    },
    system::{WallStep, wall_offset},
};

/// While there is no time, the servers are asked this often: as often as public ones like it at most.
const RETRY: Duration = Duration::from_secs(16);
/// How long a step is shown before the servers are asked again: the log looks once a second.
const STEP_SHOWN: Duration = Duration::from_secs(3);
/// Between the questions of the burst after a leap second.
const BURST: Duration = Duration::from_secs(2);
/// An answer that takes longer than this is none.
const LONGEST_ANSWER: Duration = Duration::from_secs(5);
/// So long after a leap second a source may still smear it.
const SMEAR: Duration = Duration::from_hours(24);

/// The half of a measured clock that asks. One thread drives it; a test may do so itself.
#[derive(Debug)]
pub struct Monitor<S> {
    time: S,
    rules: Rules,
    sources: Vec<Source>,
    known: Known,
    leap: Leaping,
    counts: Counts,
    published: Arc<ArcSwap<Status>>,
}

/// What is planned, and what was.
#[derive(Debug, Default)]
struct Leaping {
    plan: Option<LeapPlan>,
    /// A leap second was followed, and is to be confirmed.
    followed: bool,
    /// UTC minus the monotonic clock before a pause, in microseconds, and the midnight of it.
    before: Option<(i64, Instant)>,
    record: Option<LeapRecord>,
    /// When the last one was over.
    over: Option<Monotonic>,
}

#[derive(Debug, Default)]
struct Counts {
    polls: u64,
    falsetickers: u64,
    steps: u64,
    marks: Vec<Mark>,
}

impl<S: TimeSource> Monitor<S> {
    pub(crate) fn new(time: S, rules: Rules, servers: Vec<Box<dyn TimeServer>>) -> Self {
        let sources: Vec<_> = servers.into_iter().map(Source::new).collect();
        let counts = Counts { marks: vec![Mark::Absent; sources.len()], ..Counts::default() };
        let wall_us = wall_offset(&time);
        let report = Arc::new(report(&sources, &counts, None, &rules, wall_us, None));
        let status = Status { verdict: Err(ClockRefusal::NotMeasured), report, wall_us };
        let published = Arc::new(ArcSwap::from_pointee(status));
        Self { time, rules, sources, known: Known::default(), leap: Leaping::default(), counts, published }
    }

    pub(crate) fn published(&self) -> Arc<ArcSwap<Status>> {
        Arc::clone(&self.published)
    }

    /// Whether the machine's clock was moved since the last poll began.
    pub(crate) fn is_stepped(&self) -> bool {
        self.step(self.published.load().wall_us).is_err()
    }

    fn step(&self, wall_us: i64) -> Result<(), ClockRefusal> {
        let leapt = self.leap.plan.and_then(|plan| plan.wall_shift(self.now()));
        WallStep::check_unless_leapt(&self.time, wall_us, leapt)
    }

    pub(crate) fn now(&self) -> Monotonic {
        self.time.monotonic()
    }

    /// Asks every server once, publishes what follows, and says how long to wait for the next time.
    pub fn poll(&mut self) -> Duration {
        let before = self.published.load_full();
        let (now, wall_us) = (self.now(), wall_offset(&self.time));
        match self.leap.plan {
            Some(LeapPlan::Pause(pause)) if now >= pause.start => {
                // The machine's clock may take the second in here as well. Nothing from before it counts afterwards.
                self.forget();
                if now < pause.end {
                    self.publish(Err(ClockRefusal::LeapPause), wall_us);
                    return pause.end.since(now);
                }
                self.leap.plan = None;
                self.leap.over = Some(now);
            }
            plan => {
                if let Err(refusal) = self.step(before.wall_us) {
                    // Whoever set the clock may have stopped or restored the machine: nothing from before counts.
                    self.forget();
                    self.counts.steps += 1;
                    self.publish(Err(refusal), wall_us);
                    return STEP_SHOWN;
                }
                if let Some(LeapPlan::Follow(step)) = plan
                    && let Some(wait) = self.follow(step, now, &before)
                {
                    return wait;
                }
            }
        }
        self.ask(wall_us);
        self.counts.polls += 1;
        self.conclude(&before, now, wall_us)
    }

    /// Waits where a question could meet the leap second, and applies it once it is over.
    fn follow(&mut self, step: LeapStep, now: Monotonic, before: &Status) -> Option<Duration> {
        let bound = |estimate: &Estimate| estimate.bound_at(now, self.rules.drift_ppm);
        let over = step.over(before.verdict.as_ref().map_or(0, bound));
        let begins = LeapPlan::Follow(step).begins();
        if now.plus(LONGEST_ANSWER) < begins {
            return None;
        }
        if now < over {
            return Some(over.since(now));
        }
        if !self.leap.followed {
            self.leap.followed = true;
            self.known.shift(step.shift_us());
            for source in &mut self.sources {
                source.sample = None;
            }
            let midnight = step.midnight();
            tracing::warn!(%midnight, kind = ?step.kind(), "a leap second was applied");
            self.leap.record = Some(LeapRecord { midnight, outcome: LeapOutcome::Followed(step.kind()) });
            self.leap.over = Some(now);
        }
        None
    }

    fn conclude(&mut self, before: &Status, began: Monotonic, wall_us: i64) -> Duration {
        let verdict = self.judge(began);
        let now = self.now();
        let unconfirmed = match self.leap.plan {
            Some(LeapPlan::Follow(step)) if self.leap.followed => Some(step.confirmed_by()),
            Some(LeapPlan::Follow(_) | LeapPlan::Pause(_)) | None => None,
        };
        if let (Some(by), Err(ClockRefusal::TooFewSources { .. })) = (unconfirmed, &verdict)
            && now < by
        {
            // Silence does not contradict it yet.
            self.publish(before.verdict.clone(), wall_us);
            return BURST;
        }
        if let Ok(estimate) = &verdict {
            self.settle(estimate.offset_us);
            self.plan(estimate);
        } else if unconfirmed.is_some() {
            self.leap.plan = None;
        }
        let pause = if verdict.is_ok() { self.rules.poll } else { self.rules.poll.min(RETRY) };
        self.publish(verdict, wall_us);
        // The answers end at a leap second; what comes after is to be had soon.
        self.leap.plan.map_or(pause, |plan| pause.min(plan.begins().since(now)))
    }

    /// What the pause was for, now that there is a time again.
    fn settle(&mut self, offset_us: i64) {
        if self.leap.plan.is_some() {
            return;
        }
        let Some((before, midnight)) = self.leap.before.take() else { return };
        let outcome = match offset_us.saturating_sub(before) {
            -1_500_000..=-500_000 => LeapOutcome::Paused(Leap::Insert),
            500_000..=1_500_000 => LeapOutcome::Paused(Leap::Delete),
            _ => LeapOutcome::NotTaken,
        };
        self.leap.record = Some(LeapRecord { midnight, outcome });
    }

    fn plan(&mut self, estimate: &Estimate) {
        self.leap.plan = estimate.leap;
        self.leap.followed = false;
        self.leap.before = match estimate.leap {
            Some(LeapPlan::Pause(pause)) => {
                let middle = pause.start.micros().midpoint(pause.end.micros()).saturating_add(estimate.offset_us);
                Some((estimate.offset_us, Instant::from_unix_seconds((middle + 500_000).div_euclid(1_000_000))))
            }
            Some(LeapPlan::Follow(_)) | None => None,
        };
    }

    fn forget(&mut self) {
        self.known = Known::default();
        for source in &mut self.sources {
            source.sample = None;
        }
    }

    fn ask(&mut self, wall_us: i64) {
        let time = &self.time;
        let clock = || time.monotonic();
        thread::scope(|scope| {
            for source in &mut self.sources {
                let asking = thread::Builder::new().spawn_scoped(scope, move || source.ask(&clock, wall_us));
                if let Err(error) = asking {
                    tracing::warn!(%error, "no thread to ask a source of time with");
                }
            }
        });
    }

    /// What the young answers say together, and what becomes of each. Those of this poll were asked for after `began`.
    fn judge(&mut self, began: Monotonic) -> Result<Estimate, ClockRefusal> {
        let now = self.now();
        if let Some(LeapPlan::Pause(pause)) = self.leap.plan
            && now >= pause.start
        {
            return Err(ClockRefusal::LeapPause);
        }
        let mut marks = vec![Mark::Absent; self.sources.len()];
        let voters = voters(&self.sources, now, self.rules.max_age, &mut marks);
        let intervals: Vec<_> = voters.iter().map(|one| one.sample.interval(now, self.rules.drift_ppm)).collect();
        let judged = combine(&intervals).map(|agreement| self.weigh(&agreement, &voters, (began, now), &mut marks));
        let judged = judged.and_then(|(agreement, estimate)| {
            let taken = self.known.take(&agreement, now, self.rules.drift_ppm);
            if taken.is_err() {
                // Who of them is right is not known.
                marks.iter_mut().filter(|mark| mark.has_vote()).for_each(|mark| *mark = Mark::Disputed);
            }
            taken.map(|()| estimate)
        });
        self.counts.mark(marks);
        judged
    }

    fn weigh(
        &self,
        agreement: &Agreement,
        voters: &[Voter<'_>],
        (began, now): (Monotonic, Monotonic),
        marks: &mut [Mark],
    ) -> (Agreement, Estimate) {
        let smearing = self.leap.over.is_some_and(|over| now.since(over) < SMEAR);
        let agreeing = || agreement.agreeing.iter().map(|at| voters[*at]);
        let announced = Announcement::of(agreeing().map(|one| one.sample.leap));
        // Who does not announce what the others do may smear it over a day.
        let is_odd = |leap: Leap| match announced {
            Announcement::Nothing => false,
            Announcement::Outvoted => leap != Leap::None,
            Announcement::Tied | Announcement::Settled(_) => leap == Leap::None,
        };
        for one in agreeing() {
            marks[one.at] = if is_odd(one.sample.leap) { Mark::AloneOnLeap } else { Mark::Used };
        }
        for at in &agreement.falsetickers {
            let one = voters[*at];
            let apart = one.sample.offset_us.abs_diff(agreement.offset_us);
            let by_a_leap = (smearing || announced.is_believed()) && one.sample.leap == Leap::None && apart < 1_000_000;
            marks[one.at] = if by_a_leap { Mark::Smeared } else { Mark::Falseticker };
        }
        let doubted = |mark: Mark| voters.iter().find(|one| marks[one.at] == mark).map(|one| one.name.clone());
        let doubted = [Mark::Falseticker, Mark::Smeared, Mark::AloneOnLeap].into_iter().find_map(doubted);
        let mut taken: Vec<_> = agreeing().map(|one| one.sample.taken_at).collect();
        taken.sort_unstable();
        let second_youngest = taken[taken.len() - NEEDED];
        let estimate = Estimate {
            offset_us: agreement.offset_us,
            bound_us: agreement.bound_us,
            at: now,
            expires: second_youngest.plus(self.rules.max_age),
            leap: LeapPlan::of(announced, began, now, (agreement.offset_us, agreement.bound_us), &self.rules),
            source: names(agreeing().map(|one| one.name)),
            doubted,
        };
        (agreement.clone(), estimate)
    }

    fn publish(&self, verdict: Result<Estimate, ClockRefusal>, wall_us: i64) {
        match &verdict {
            Ok(estimate) => {
                if let Some(doubted) = &estimate.doubted {
                    tracing::warn!(source = %doubted, "a source of time is outvoted");
                }
                let system_us = estimate.offset_us.saturating_sub(wall_us);
                tracing::info!(
                    source = %estimate.source, bound_us = estimate.bound_us, system_us, "the sources of time agree"
                );
            }
            Err(refusal) => tracing::warn!(code = refusal.code(), %refusal, "the clock does not tell the time"),
        }
        let offset_us = verdict.as_ref().ok().map(|estimate| estimate.offset_us);
        let report = report(&self.sources, &self.counts, offset_us, &self.rules, wall_us, self.leap.record);
        self.published.store(Arc::new(Status { verdict, report: Arc::new(report), wall_us }));
    }
}

impl Counts {
    /// Takes over what became of each source, and counts those that began to lie apart.
    fn mark(&mut self, marks: Vec<Mark>) {
        let begun = marks.iter().zip(&self.marks).filter(|(now, before)| now.is_false() && !before.is_false());
        self.falsetickers += u64::try_from(begun.count()).unwrap_or(u64::MAX);
        self.marks = marks;
    }
}

fn report(
    sources: &[Source],
    counts: &Counts,
    offset_us: Option<i64>,
    rules: &Rules,
    wall_us: i64,
    leap: Option<LeapRecord>,
) -> ClockReport {
    let told = |(source, mark): (&Source, &Mark)| SourceReport {
        name: source.name().clone(),
        mark: if source.sample.is_none() { Mark::Absent } else { *mark },
        unanswered: source.unanswered,
        sample: source.sample,
    };
    ClockReport {
        polls: counts.polls,
        wall_us,
        offset_us,
        drift_ppm: rules.drift_ppm,
        sources: sources.iter().zip(&counts.marks).map(told).collect(),
        falsetickers: counts.falsetickers,
        steps: counts.steps,
        leap,
    }
}

fn names<'a>(agreeing: impl Iterator<Item = &'a SourceName>) -> SourceName {
    let names: Vec<_> = agreeing.map(SourceName::as_str).collect();
    SourceName::new(format!("ntp:{}", names.join("+")))
}

/// A source that has a vote.
#[derive(Clone, Copy, Debug)]
struct Voter<'a> {
    at: usize,
    name: &'a SourceName,
    sample: &'a Sample,
}

/// The last answer of each source, while young. Two names of one address have one vote.
fn voters<'a>(sources: &'a [Source], now: Monotonic, max_age: Duration, marks: &mut [Mark]) -> Vec<Voter<'a>> {
    let mut voters: Vec<Voter<'a>> = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        let Some(sample) = &source.sample else { continue };
        marks[at] = if now.since(sample.taken_at) >= max_age {
            Mark::Stale
        } else if voters.iter().any(|other| is_same(other.sample, sample)) {
            Mark::Duplicate
        } else {
            voters.push(Voter { at, name: source.name(), sample });
            Mark::Disputed
        };
    }
    voters
}

/// Whether two answers come from one server. A chrony says which server it follows, but not at which port.
fn is_same(one: &Sample, other: &Sample) -> bool {
    let by_chrony = |sample: &Sample| sample.authentication.is_by_chrony();
    if by_chrony(one) || by_chrony(other) {
        one.address.ip() == other.address.ip()
    } else {
        one.address == other.address
    }
}
