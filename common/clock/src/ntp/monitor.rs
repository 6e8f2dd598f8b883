//! Asks the servers and judges what they answer.

use std::{sync::Arc, thread, time::Duration};

use arc_swap::ArcSwap;

use crate::{
    ClockRefusal, Monotonic, SourceName, TimeSource,
    ntp::{
        Leap, Rules, Sample, TimeServer, Unanswered,
        combine::{Agreement, NEEDED, combine},
        leap::{Announcement, LeapPause},
        sample::{Interval, drift_us},
        status::{Estimate, Status},
    },
    system::{WallStep, wall_offset},
};

/// While there is no time, the servers are asked this often: as often as public ones like it at most.
const RETRY: Duration = Duration::from_secs(16);
/// How long a step is shown before the servers are asked again: the log looks once a second.
const STEP_SHOWN: Duration = Duration::from_secs(3);
/// A server that says kiss-o'-death is left alone for so many polls.
const KISSED: u32 = 8;

/// One server and what it said last.
#[derive(Debug)]
struct Source {
    server: Box<dyn TimeServer>,
    sample: Option<Sample>,
    /// Polls to leave out.
    quiet: u32,
}

/// The half of a measured clock that asks. One thread drives it; a test may do so itself.
#[derive(Debug)]
pub struct Monitor<S> {
    time: S,
    rules: Rules,
    sources: Vec<Source>,
    known: Known,
    leap: Option<LeapPause>,
    published: Arc<ArcSwap<Status>>,
}

impl<S: TimeSource> Monitor<S> {
    pub(crate) fn new(time: S, rules: Rules, servers: Vec<Box<dyn TimeServer>>) -> Self {
        let verdict = Err(ClockRefusal::NotMeasured);
        let status = Status { verdict, wall_us: wall_offset(&time) };
        let sources = servers.into_iter().map(|server| Source { server, sample: None, quiet: 0 }).collect();
        let published = Arc::new(ArcSwap::from_pointee(status));
        Self { time, rules, sources, known: Known::default(), leap: None, published }
    }

    pub(crate) fn published(&self) -> Arc<ArcSwap<Status>> {
        Arc::clone(&self.published)
    }

    /// Whether the machine's clock was moved since the last poll began.
    pub(crate) fn is_stepped(&self) -> bool {
        WallStep::check(&self.time, self.published.load().wall_us).is_err()
    }

    pub(crate) fn now(&self) -> Monotonic {
        self.time.monotonic()
    }

    /// Asks every server once, publishes what follows, and says how long to wait for the next time.
    pub fn poll(&mut self) -> Duration {
        let before = self.published.load_full();
        let (now, wall_us) = (self.now(), wall_offset(&self.time));
        if let Some(leap) = self.leap.filter(|leap| now >= leap.start) {
            // The machine's clock may take the second in here as well. Nothing from before it counts afterwards.
            self.forget();
            if now < leap.end {
                self.publish(Err(ClockRefusal::LeapPause), wall_us);
                return leap.end.since(now);
            }
            self.leap = None;
        } else if let Err(refusal) = WallStep::check(&self.time, before.wall_us) {
            // Whoever set the clock may have stopped or restored the machine: nothing from before counts.
            self.forget();
            self.publish(Err(refusal), wall_us);
            return STEP_SHOWN;
        }
        self.ask(wall_us);
        let verdict = self.judge();
        let good = verdict.is_ok();
        self.publish(verdict, wall_us);
        let pause = if good { self.rules.poll } else { self.rules.poll.min(RETRY) };
        // The answers end at a leap second; what comes after is to be had soon.
        let now = self.now();
        self.leap.map_or(pause, |leap| pause.min(leap.start.since(now)))
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

    /// What the young answers say together.
    fn judge(&mut self) -> Result<Estimate, ClockRefusal> {
        let now = self.now();
        if self.leap.is_some_and(|leap| now >= leap.start) {
            return Err(ClockRefusal::LeapPause);
        }
        let voters = voters(&self.sources, now, self.rules.max_age);
        let intervals: Vec<_> = voters.iter().map(|(_, one)| one.interval(now, self.rules.drift_ppm)).collect();
        let agreement = combine(&intervals)?;
        self.known.take(&agreement, now, self.rules.drift_ppm)?;
        let agreeing = || agreement.agreeing.iter().map(|at| voters[*at]);
        let announced = Announcement::of(agreeing().map(|(_, sample)| sample.leap));
        let leap = match announced {
            Announcement::Believed => {
                let (offset, bound) = (agreement.offset_us, agreement.bound_us);
                Some(LeapPause::at_midnight(now, offset, bound, self.rules.leap_pause))
            }
            Announcement::Nothing | Announcement::Outvoted => None,
        };
        let falseticker = agreement.falsetickers.first().map(|at| voters[*at]);
        // Who does not announce what the others do may smear it over a day.
        let odd = falseticker.or_else(|| match announced {
            Announcement::Nothing => None,
            Announcement::Outvoted => agreeing().find(|(_, sample)| sample.leap != Leap::None),
            Announcement::Believed => agreeing().find(|(_, sample)| sample.leap == Leap::None),
        });
        let mut taken: Vec<_> = agreeing().map(|(_, sample)| sample.taken_at).collect();
        taken.sort_unstable();
        let second_youngest = taken[taken.len() - NEEDED];
        let estimate = Estimate {
            offset_us: agreement.offset_us,
            bound_us: agreement.bound_us,
            at: now,
            expires: second_youngest.plus(self.rules.max_age),
            leap,
            source: names(agreeing().map(|(name, _)| name)),
            doubted: odd.map(|(name, _)| name.clone()),
        };
        self.leap = leap;
        Ok(estimate)
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
        self.published.store(Arc::new(Status { verdict, wall_us }));
    }
}

impl Source {
    fn ask(&mut self, clock: &dyn Fn() -> Monotonic, wall_us: i64) {
        if self.quiet > 0 {
            self.quiet -= 1;
            return;
        }
        let name = self.server.name();
        match self.server.ask(clock) {
            Ok(sample) => {
                tracing::info!(
                    source = %name,
                    system_us = sample.offset_us.saturating_sub(wall_us),
                    delay_us = sample.delay.as_micros(),
                    root_delay_us = sample.root_delay.as_micros(),
                    root_dispersion_us = sample.root_dispersion.as_micros(),
                    stratum = sample.stratum,
                    leap = ?sample.leap,
                    reference_id = %sample.reference_id.escape_ascii(),
                    authenticated = false,
                    "a source of time answered"
                );
                self.sample = Some(sample);
            }
            Err(unanswered) => {
                tracing::warn!(source = %name, code = unanswered.code(), %unanswered, "a source of time gave no time");
                match unanswered {
                    // It says itself that it is not to be used, and so of its last answer.
                    Unanswered::Unsynchronised => self.sample = None,
                    Unanswered::KissOfDeath(_) => self.quiet = KISSED,
                    // The last answer ages, and is dropped when it is too old.
                    Unanswered::NoAddress
                    | Unanswered::Unreachable(_)
                    | Unanswered::Silent
                    | Unanswered::Malformed(_) => {}
                }
            }
        }
    }
}

fn names<'a>(agreeing: impl Iterator<Item = &'a SourceName>) -> SourceName {
    let names: Vec<_> = agreeing.map(SourceName::as_str).collect();
    SourceName::new(format!("ntp:{}", names.join("+")))
}

/// The last answer of each source, while young. Two names of one address have one vote.
fn voters(sources: &[Source], now: Monotonic, max_age: Duration) -> Vec<(&SourceName, &Sample)> {
    let mut voters: Vec<(&SourceName, &Sample)> = Vec::new();
    for source in sources {
        let Some(sample) = &source.sample else { continue };
        let young = now.since(sample.taken_at) < max_age;
        if young && voters.iter().all(|(_, other)| other.address != sample.address) {
            voters.push((source.server.name(), sample));
        }
    }
    voters
}

/// What is known of the offset, and what contradicted it last.
#[derive(Debug, Default)]
struct Known {
    /// Where UTC must be by everything measured so far: each poll can only narrow it, drift widens it. Sources that walk
    /// away, in steps however small, leave it (THR-31).
    interval: Option<(Interval, Monotonic)>,
    /// What every source that answers said, without exception, against it.
    contradiction: Option<(Interval, Monotonic)>,
}

impl Known {
    /// Narrows what is known by what was found. A contradiction is followed only when all that answer uphold it at the next
    /// poll: the machine may have slept, or the oscillator may be worse than allowed. A majority alone cannot do that.
    fn take(&mut self, agreement: &Agreement, now: Monotonic, drift_ppm: u32) -> Result<(), ClockRefusal> {
        let found = Interval::around(agreement.offset_us, agreement.bound_us);
        let aged = |(interval, since): (Interval, Monotonic)| interval.widened(drift_us(now.since(since), drift_ppm));
        let expected = self.interval.map_or(found, aged);
        if let Some(shared) = expected.intersection(found) {
            *self = Self { interval: Some((shared, now)), contradiction: None };
            return Ok(());
        }
        let unanimous = agreement.falsetickers.is_empty();
        let upheld = self.contradiction.map(aged).and_then(|before| before.intersection(found));
        if let Some(upheld) = upheld.filter(|_| unanimous) {
            *self = Self { interval: Some((upheld, now)), contradiction: None };
            return Ok(());
        }
        self.contradiction = unanimous.then_some((found, now));
        let by_micros = if found.low > expected.high {
            found.low.saturating_sub(expected.high)
        } else {
            found.high.saturating_sub(expected.low)
        };
        Err(ClockRefusal::Drifted { by_micros })
    }
}
