//! The clock that tells what was measured.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread,
    time::Duration,
};

use arc_swap::ArcSwap;

use crate::{
    Clock, ClockRefusal, ClockState, Monotonic, OsTime, SourceName, TimeReading, TimeSource,
    ntp::{ClockReport, Monitor, Rules, TimeServer, status::Status},
    system::{WallStep, plausible},
};

/// How often the thread looks whether the machine's clock was moved.
const LOOK: Duration = Duration::from_millis(500);

/// UTC as the monotonic clock plus the offset that the sources agree on. The machine's wall clock is not part of it; that
/// it is moved is a sign of somebody at work, of a restored or a stopped machine, and stops the clock until the sources
/// have been asked again.
#[derive(Debug)]
pub struct MeasuredClock<S: TimeSource = OsTime> {
    time: S,
    rules: Rules,
    published: Arc<ArcSwap<Status>>,
    _poller: Option<Poller>,
}

impl MeasuredClock {
    /// Measures by a thread of its own, which ends with the clock. Refuses until the first poll is done.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(rules: Rules, servers: Vec<Box<dyn TimeServer>>) -> io::Result<Self> {
        let (mut clock, monitor) = Self::with_monitor(OsTime, rules, servers);
        clock._poller = Some(Poller::start(monitor)?);
        Ok(clock)
    }
}

impl<S: TimeSource + Clone> MeasuredClock<S> {
    /// A clock and the monitor that feeds it, for whoever polls himself.
    #[must_use]
    pub fn with_monitor(time: S, rules: Rules, servers: Vec<Box<dyn TimeServer>>) -> (Self, Monitor<S>) {
        let monitor = Monitor::new(time.clone(), rules, servers);
        let clock = Self { time, rules, published: monitor.published(), _poller: None };
        (clock, monitor)
    }
}

impl<S: TimeSource> Clock for MeasuredClock<S> {
    fn read(&self) -> Result<TimeReading, ClockRefusal> {
        let status = self.published.load();
        let estimate = status.verdict.as_ref().map_err(Clone::clone)?;
        let now = self.time.monotonic();
        let (utc, bound) = estimate.tell(now, self.rules.drift_ppm, self.rules.max_age)?;
        let leapt = estimate.leap.and_then(|leap| leap.wall_shift(now));
        WallStep::check_unless_leapt(&self.time, status.wall_us, leapt)?;
        Ok(TimeReading::new(plausible(utc)?, bound, true, estimate.source.clone(), now))
    }

    fn state(&self) -> ClockState {
        match self.read() {
            Ok(_) if self.doubted().is_some() => ClockState::Outvoted,
            Ok(reading) if Duration::from_micros(reading.uncertainty().as_micros()) >= self.rules.warn => {
                ClockState::Uncertain
            }
            Ok(_) => ClockState::Synchronised,
            Err(refusal) => refusal.state(),
        }
    }

    fn monotonic(&self) -> Monotonic {
        self.time.monotonic()
    }

    fn report(&self) -> Option<Arc<ClockReport>> {
        Some(Arc::clone(&self.published.load().report))
    }

    fn doubted(&self) -> Option<SourceName> {
        self.published.load().verdict.as_ref().ok()?.doubted.clone()
    }
}

/// Ends the thread when it is dropped, within [`LOOK`] and what a poll takes.
#[derive(Debug)]
struct Poller {
    _stop: Sender<()>,
}

impl Poller {
    fn start(mut monitor: Monitor<OsTime>) -> io::Result<Self> {
        let (stop, stopped) = channel();
        thread::Builder::new().name("clock".to_owned()).spawn(move || {
            loop {
                let wait = jittered(monitor.poll());
                if !sleep(&monitor, wait, &stopped) {
                    return;
                }
            }
        })?;
        Ok(Self { _stop: stop })
    }
}

/// Waits, shorter if the machine's clock is moved; false when told to stop.
fn sleep(monitor: &Monitor<OsTime>, wait: Duration, stopped: &Receiver<()>) -> bool {
    let begun = monitor.now();
    loop {
        let left = wait.saturating_sub(monitor.now().since(begun));
        if left.is_zero() || monitor.is_stepped() {
            return true;
        }
        match stopped.recv_timeout(left.min(LOOK)) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
}

/// Up to a tenth longer, so that many clients do not ask in step.
fn jittered(wait: Duration) -> Duration {
    let tenth = u64::try_from(wait.as_micros() / 10).unwrap_or(u64::MAX).max(1);
    // Without randomness the interval is what was configured.
    wait + Duration::from_micros(getrandom::u64().map_or(0, |random| random % tenth))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitters_by_a_tenth_at_most() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_secs(64));
            assert!((Duration::from_secs(64)..Duration::from_millis(70_400)).contains(&wait), "{wait:?}");
        }
    }
}
