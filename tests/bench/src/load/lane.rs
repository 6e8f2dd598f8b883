//! One thread's share of the load.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use rustix::{
    buffer::spare_capacity,
    event::{Timespec, epoll},
    fd::OwnedFd,
};

use super::{Load, Measured};
use crate::{
    connection::{Connection, Outcome, Progress},
    histogram::Histogram,
};

/// A connection that stays silent for so long is an error.
const SILENCE: Duration = Duration::from_secs(10);

/// Connections, and when their next requests are due.
pub(super) struct Lane<'a> {
    load: &'a Load<'a>,
    start: Instant,
    epoll: OwnedFd,
    connections: Vec<Connection>,
    /// Connections without a request on its way, and since when.
    idle: VecDeque<(usize, Instant)>,
    /// Time between two requests of this thread, if they are paced.
    pace: Option<Duration>,
    /// When the next one is due.
    due: Instant,
    measured: Measured,
}

impl<'a> Lane<'a> {
    /// The share of thread number `thread` of `threads`.
    pub(super) fn open(load: &'a Load<'a>, thread: u32, threads: u32) -> anyhow::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let (all, start) = (load.options.connections, Instant::now());
        let share = all / threads + u32::from(thread < all % threads);
        let mut lane = Self {
            load,
            start,
            epoll,
            connections: Vec::new(),
            idle: VecDeque::new(),
            pace: load.options.rate.map(|rate| Duration::from_secs(u64::from(threads)) / rate.max(1)),
            due: start,
            measured: Measured {
                tokens: 0,
                errors: BTreeMap::new(),
                elapsed: Duration::ZERO,
                latency: Histogram::new(),
            },
        };
        for place in 0..usize::try_from(share)? {
            let connection = lane.connect(place)?;
            lane.connections.push(connection);
            lane.idle.push_back((place, start));
        }
        // Connecting took its time; nothing is late because of it.
        lane.start = Instant::now();
        lane.due = lane.start;
        Ok(lane)
    }

    fn connect(&self, place: usize) -> anyhow::Result<Connection> {
        let connection = Connection::open(self.load.target).context("connecting")?;
        let data = epoll::EventData::new_u64(u64::try_from(place)?);
        epoll::add(&self.epoll, connection.stream(), data, epoll::EventFlags::IN)?;
        Ok(connection)
    }

    pub(super) fn run(mut self) -> anyhow::Result<Measured> {
        let mut events = Vec::with_capacity(self.connections.len());
        let mut looked = Instant::now();
        let mut more = true;
        loop {
            more = more && self.send_due()?;
            if !more && self.idle.len() == self.connections.len() {
                return Ok(self.measured);
            }
            let timeout = self.patience(more);
            match epoll::wait(&self.epoll, spare_capacity(&mut events), Some(&timeout)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => (),
                Err(error) => return Err(error.into()),
            }
            for event in events.drain(..) {
                self.receive(usize::try_from(event.data.u64())?)?;
            }
            if looked.elapsed() > Duration::from_secs(1) {
                looked = Instant::now();
                self.give_up_silent()?;
            }
        }
    }

    /// Sends on idle connections what is due; `false` when nothing more is to be sent.
    fn send_due(&mut self) -> anyhow::Result<bool> {
        while let Some(&(place, idle_since)) = self.idle.front() {
            let now = Instant::now();
            let since = match self.pace {
                None => now,
                Some(_) if self.due > now => return Ok(true),
                // Late because no connection was free: that is the service's time. Otherwise it is our own.
                Some(pace) => {
                    let due = self.due;
                    self.due += pace;
                    if idle_since > due { due } else { now }
                }
            };
            let Some(turn) = self.load.next(self.start) else { return Ok(false) };
            self.idle.pop_front();
            self.connections[place].waiting = Some((turn, since));
            if self.connections[place].send(self.load.questions.at(turn)).is_err() {
                self.settle(place, Outcome::Connection, true)?;
            }
        }
        Ok(true)
    }

    /// How long to wait for answers: until the next request is due, at most a tenth of a second.
    fn patience(&self, more: bool) -> Timespec {
        let longest = Duration::from_millis(100);
        let wait = match self.pace {
            Some(_) if more && !self.idle.is_empty() => self.due.saturating_duration_since(Instant::now()).min(longest),
            Some(_) | None => longest,
        };
        Timespec { tv_sec: 0, tv_nsec: i64::from(wait.subsec_nanos()) }
    }

    fn receive(&mut self, place: usize) -> anyhow::Result<()> {
        let load = self.load;
        let connection = &mut self.connections[place];
        let Some((turn, _)) = connection.waiting else {
            // Closed while it was idle: opened anew, which is no error of anybody's.
            self.connections[place] = self.connect(place)?;
            return Ok(());
        };
        let closely = turn.is_multiple_of(load.options.check_every);
        match connection.receive(load.questions.at(turn), closely) {
            Progress::Waiting => Ok(()),
            Progress::Answer(outcome, closes) => self.settle(place, outcome, closes),
        }
    }

    fn settle(&mut self, place: usize, outcome: Outcome, closes: bool) -> anyhow::Result<()> {
        let now = Instant::now();
        if let Some((_, since)) = self.connections[place].waiting.take() {
            if outcome == Outcome::Token {
                self.measured.tokens += 1;
                self.measured.latency.record(now.duration_since(since));
            } else {
                *self.measured.errors.entry(outcome.name()).or_default() += 1;
            }
        }
        if closes {
            self.connections[place] = self.connect(place)?;
        }
        self.idle.push_back((place, now));
        Ok(())
    }

    fn give_up_silent(&mut self) -> anyhow::Result<()> {
        for place in 0..self.connections.len() {
            if self.connections[place].waiting.is_some_and(|(_, since)| since.elapsed() > SILENCE) {
                self.settle(place, Outcome::Connection, true)?;
            }
        }
        Ok(())
    }
}
