//! The thread of a device: read its lines, put them into our log, then let the device forget them.

use std::{
    io,
    sync::{
        Arc,
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use kokuin_audit::{
    Entry, LeafIndex, Log, LogError, StorageError,
    entry::{DeviceLog as DeviceEntry, Label},
};
use kokuin_key::DeviceLog;
use kokuin_web::metrics::Registry;

use crate::{DrainError, lines, seen, seen::Seen};

/// Between two looks at a device that is not filling up; an unexplained signature is found within this.
const PERIOD: Duration = Duration::from_secs(1);
/// Between two looks at how full it is.
const WATCH: Duration = Duration::from_millis(10);
/// Lines that tell of no signature are put into our log this often.
const QUIET: Duration = Duration::from_secs(60);

/// The threads, one for each device; they end when this is dropped, each after a last look.
#[derive(Debug)]
pub struct Drains {
    stop: Vec<mpsc::Sender<()>>,
    threads: Vec<JoinHandle<()>>,
    seen: Vec<Arc<Seen>>,
}

impl Drains {
    /// Reads each device once, before anything is signed, then each second. A device that cannot be read now is read when it can.
    ///
    /// # Errors
    /// If the operating system gives no thread.
    pub fn start(devices: Vec<Arc<dyn DeviceLog>>, log: &Log) -> io::Result<Self> {
        let mut drains = Self { stop: Vec::new(), threads: Vec::new(), seen: Vec::new() };
        for device in devices {
            let name = format!("drain-{}", device.name());
            let mut drain = Drain::new(device, log.clone());
            drain.look(When::Start);
            drains.seen.push(Arc::clone(&drain.seen));
            let (stop, stopped) = mpsc::channel::<()>();
            drains.threads.push(thread::Builder::new().name(name).spawn(move || drain.run(&stopped))?);
            drains.stop.push(stop);
        }
        Ok(drains)
    }

    /// Shows the devices in `/metrics`.
    pub fn observe(&self, registry: &Registry) {
        if !self.seen.is_empty() {
            seen::observe(registry, &self.seen);
        }
    }
}

impl Drop for Drains {
    fn drop(&mut self) {
        self.stop.clear();
        for thread in self.threads.drain(..) {
            // A panic in there has been printed already.
            thread.join().unwrap_or_default();
        }
    }
}

/// What is going on beside the drain.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum When {
    /// Nothing is signed yet.
    Start,
    Running,
    /// Nothing is signed any more.
    Stop,
}

/// How a look ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Look {
    /// The device has fewer lines now.
    Drained,
    /// There was nothing to do.
    Idle,
    Failed,
}

pub(crate) struct Drain {
    device: Arc<dyn DeviceLog>,
    log: Log,
    pub(crate) seen: Arc<Seen>,
    /// This process has no entry about the device yet.
    begins: bool,
    /// Our log has lines that the device could not be let forget.
    behind: bool,
    failing: bool,
    logged: Instant,
}

impl Drain {
    pub(crate) fn new(device: Arc<dyn DeviceLog>, log: Log) -> Self {
        let seen = Arc::new(Seen::new(Arc::clone(&device)));
        Self { device, log, seen, begins: true, behind: false, failing: false, logged: Instant::now() }
    }

    fn run(mut self, stopped: &mpsc::Receiver<()>) {
        let (mut looked, mut rest) = (Instant::now(), WATCH);
        loop {
            if stopped.recv_timeout(WATCH) != Err(RecvTimeoutError::Timeout) {
                self.look(When::Stop);
                return;
            }
            let (lines, most) = self.device.fill();
            let waited = looked.elapsed();
            if waited >= PERIOD || (waited >= rest && lines >= most / 2) {
                // A device that stays full whatever is done is asked no more often than an empty one.
                rest = if self.look(When::Running) == Look::Drained { WATCH } else { PERIOD };
                looked = Instant::now();
            }
        }
    }

    /// Reads, logs, acknowledges. Whatever fails is done again: lines stay in the device until our log has them.
    pub(crate) fn look(&mut self, when: When) -> Look {
        match self.drain(when) {
            Ok(look) => {
                if self.failing {
                    tracing::info!(device = %self.device.name(), "the device's log is drained again");
                }
                self.failing = false;
                self.seen.drained();
                look
            }
            Err(error) => {
                self.seen.failed();
                if !self.failing {
                    let (lines, most) = self.device.fill();
                    tracing::error!(
                        device = %self.device.name(), code = error.code(), %error, lines, most,
                        "the device's log cannot be drained: once it is full, a device that must log does not sign"
                    );
                }
                self.failing = true;
                Look::Failed
            }
        }
    }

    fn drain(&mut self, when: When) -> Result<Look, DrainError> {
        let extract = self.device.read()?;
        let (held, most) = extract.fill;
        let says = !extract.unexplained.is_empty()
            || extract.unlogged > 0
            || extract.signatures.iter().any(|said| said.made > 0 || said.refused > 0);
        let due = self.begins || says || held >= most / 2 || when == When::Stop || self.logged.elapsed() >= QUIET;
        if !due || (extract.count == 0 && !says && !self.begins) {
            if self.behind {
                self.device.acknowledge(&extract)?;
                self.behind = false;
                return Ok(Look::Drained);
            }
            return Ok(Look::Idle);
        }
        let before = if self.begins { self.last_entry()? } else { None };
        let mut entry = lines::entry(&self.label()?, extract.clone(), self.begins, before.as_ref())?;
        if when == When::Start {
            let found = lines::compare(&self.log.accounts(), LeafIndex(u64::MAX), &entry);
            lines::add(&mut entry, &found);
        }
        self.log.append(&Entry::DeviceLog(entry.clone()))?.wait()?;
        (self.begins, self.behind, self.logged) = (false, true, Instant::now());
        self.seen.logged(&entry);
        self.alarm(&entry);
        self.device.acknowledge(&extract)?;
        self.behind = false;
        Ok(Look::Drained)
    }

    fn alarm(&self, entry: &DeviceEntry) {
        for reason in &entry.reasons {
            tracing::error!(
                device = %self.device.name(), serial = %entry.device, %reason,
                "unexplained: the device's log and ours differ; look into it, `kokuin audit report --hsm` says more"
            );
        }
    }

    fn label(&self) -> Result<Label, DrainError> {
        Ok(Label::new(&self.device.device().replace(' ', "-"))?)
    }

    /// The last entry about this device, of an earlier process.
    fn last_entry(&self) -> Result<Option<DeviceEntry>, DrainError> {
        let accounts = self.log.accounts();
        let Some(known) = accounts.of_device(&self.label()?) else { return Ok(None) };
        let damaged = || LogError::Storage(StorageError::Damaged { what: "entry", at: known.entry.0 });
        let body = self.log.reader().entry(known.entry).map_err(LogError::Storage)?.ok_or_else(damaged)?;
        match Entry::parse(&body) {
            Ok(Entry::DeviceLog(entry)) => Ok(Some(entry)),
            Ok(_) | Err(_) => Err(damaged().into()),
        }
    }
}

#[cfg(test)]
mod tests;
