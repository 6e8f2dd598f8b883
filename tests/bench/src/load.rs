//! The load itself: few threads, each with many connections and one epoll.

mod lane;

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use lane::Lane;

use crate::{
    histogram::Histogram,
    options::{Target, TsaOptions},
    question::Questions,
};

/// What is to be sent, and when to stop.
#[derive(Debug)]
pub(crate) struct Load<'a> {
    target: &'a Target,
    options: &'a TsaOptions,
    questions: &'a Questions,
    duration: Option<Duration>,
    count: Option<u64>,
    /// Requests sent so far, over all threads.
    sent: AtomicU64,
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Tokens.
    pub(crate) tokens: u64,
    /// Everything else, by its name.
    pub(crate) errors: BTreeMap<String, u64>,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
    /// From sending to the last byte, or from the moment a request was due.
    pub(crate) latency: Histogram,
}

impl<'a> Load<'a> {
    pub(crate) const fn new(target: &'a Target, options: &'a TsaOptions, questions: &'a Questions) -> Self {
        Self { target, options, questions, duration: None, count: None, sent: AtomicU64::new(0) }
    }

    /// Stops after a time, or after a number of requests, whichever is given and comes first.
    pub(crate) const fn until(mut self, duration: Option<Duration>, count: Option<u64>) -> Self {
        self.duration = duration;
        self.count = count;
        self
    }

    pub(crate) fn run(&self) -> anyhow::Result<Measured> {
        let threads = self.options.threads.min(self.options.connections);
        let start = Instant::now();
        let lanes = std::thread::scope(|scope| {
            let run = |thread| scope.spawn(move || Lane::open(self, thread, threads)?.run());
            let started: Vec<_> = (0..threads).map(run).collect();
            let ended = started.into_iter().map(|lane| lane.join().map_err(|_| anyhow::anyhow!("a thread broke"))?);
            ended.collect::<anyhow::Result<Vec<_>>>()
        })?;
        let mut measured =
            Measured { tokens: 0, errors: BTreeMap::new(), elapsed: start.elapsed(), latency: Histogram::new() };
        for lane in lanes {
            measured.add(lane);
        }
        Ok(measured)
    }

    /// The number of the next request; `None` if there is to be none.
    fn next(&self, start: Instant) -> Option<u64> {
        if self.duration.is_some_and(|duration| start.elapsed() >= duration) {
            return None;
        }
        let turn = self.sent.fetch_add(1, Ordering::Relaxed);
        (turn < self.count.unwrap_or(u64::MAX)).then_some(turn)
    }
}

impl Measured {
    fn add(&mut self, other: Self) {
        self.tokens += other.tokens;
        for (name, count) in other.errors {
            *self.errors.entry(name).or_default() += count;
        }
        self.latency.add(&other.latency);
    }
}
