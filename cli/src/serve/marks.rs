//! Time marks: a foreign authority stamps the log's checkpoint, every hour unless said otherwise. Whatever fails, tokens and seals go on.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use anyhow::{Context as _, bail};
use kokuin_attest::{AnchoredJudge, Stamper};
use kokuin_audit::{Log, entry::LogTime};
use kokuin_clock::Clock;
use kokuin_fetch::{Limits, Reach};
use kokuin_settings::SecretFile;
use kokuin_suite::{CryptoPolicy, Verify};
use kokuin_validate::{Purpose, Purposes, TrustStore};
use kokuin_web::metrics::Registry;

use super::process::read_certificates;
use crate::{config::TimeMark, tls::configured_client};

/// The shortest time between two marks: an authority is not to be run down.
const SHORTEST: Duration = Duration::from_secs(10);
/// After a failure the next attempt comes sooner than the next mark.
const RETRY: Duration = Duration::from_secs(60);

/// What operators see of it.
#[derive(Debug, Default)]
struct Seen {
    taken: AtomicU64,
    failed: AtomicU64,
    /// Unix seconds of the last one; zero: none since the start.
    last: AtomicI64,
}

/// The thread; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct TimeMarks {
    seen: Arc<Seen>,
    every: Duration,
    started: i64,
    stop: Option<mpsc::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the thread works with.
struct Marker {
    stamper: Stamper,
    judge: AnchoredJudge,
    log: Log,
    clock: Arc<dyn Clock>,
    seen: Arc<Seen>,
    every: Duration,
}

/// Everything that a start refuses, without asking anybody.
pub(super) fn check(config: &TimeMark) -> anyhow::Result<()> {
    read(config).map(|_| ())
}

/// Who is asked, and whom to trust.
fn read(config: &TimeMark) -> anyhow::Result<(Stamper, TrustStore)> {
    if config.every.as_std() < SHORTEST {
        bail!("log.time_mark.every is {}, at least 10s", config.every);
    }
    let mut trust = TrustStore::new();
    for path in &config.trust {
        let certificates = read_certificates(path).context("log.time_mark.trust")?;
        certificates.into_iter().for_each(|one| trust.add(one, Purposes::only(Purpose::Tsa)));
    }
    if trust.anchors().is_empty() {
        bail!("log.time_mark.trust names no certificate: no mark would be believed");
    }
    let mut limits = Limits::TSP.with_reach(Reach::CONFIGURED);
    limits.total = config.timeout.as_std();
    let policy = config.policy.as_ref().map(|policy| policy.parse()).transpose();
    let bearer = config.bearer_file.clone().map(|path| SecretFile::new(path).read()).transpose();
    let stamper = Stamper {
        client: configured_client(limits, config.tls_ca.as_deref()).context("log.time_mark.tls_ca")?,
        url: config.url.parse().context("log.time_mark.url")?,
        policy: policy.context("log.time_mark.policy")?,
        bearer: bearer.context("log.time_mark.bearer_file")?,
    };
    stamper.client.check(&stamper.url).context("log.time_mark.url needs log.time_mark.tls_ca")?;
    Ok((stamper, trust))
}

impl TimeMarks {
    /// Asks for the first mark at once, then every so often.
    ///
    /// # Errors
    /// If a setting breaks a rule, a certificate cannot be read, or the operating system gives no thread.
    pub(super) fn start(
        config: &TimeMark,
        log: Log,
        clock: Arc<dyn Clock>,
        engine: Arc<dyn Verify>,
        crypto_policy: Arc<CryptoPolicy>,
    ) -> anyhow::Result<Self> {
        let (stamper, trust) = read(config)?;
        let every = config.every.as_std();
        let judge = AnchoredJudge { trust, crypto_policy, engine, now: now() };
        let seen = Arc::new(Seen::default());
        let marker = Marker { stamper, judge, log, clock, seen: Arc::clone(&seen), every };
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new().name("time-marks".to_owned()).spawn(move || marker.run(&stopped))?;
        Ok(Self { seen, every, started: now(), stop: Some(stop), thread: Some(thread) })
    }

    /// Shows how old the last mark is, and how many there were.
    pub(super) fn observe(&self, registry: &Registry) {
        let (seen, started) = (Arc::clone(&self.seen), self.started);
        registry.observe(
            "kokuin_log_time_mark_age_seconds",
            "Since the last time mark, or since the start where there was none.",
            move || now() - started.max(seen.last.load(Ordering::Relaxed)),
        );
        let seen = Arc::clone(&self.seen);
        registry.observe("kokuin_log_time_marks", "Time marks logged since the start.", move || {
            i64::try_from(seen.taken.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
        });
        let seen = Arc::clone(&self.seen);
        registry.observe("kokuin_log_time_mark_failures", "Attempts that gave none since the start.", move || {
            i64::try_from(seen.failed.load(Ordering::Relaxed)).unwrap_or(i64::MAX)
        });
        let every = i64::try_from(self.every.as_secs()).unwrap_or(i64::MAX);
        registry.observe("kokuin_log_time_mark_period_seconds", "Configured between two.", move || every);
    }
}

impl Drop for TimeMarks {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already.
            thread.join().unwrap_or_default();
        }
    }
}

impl Marker {
    fn run(mut self, stopped: &mpsc::Receiver<()>) {
        loop {
            let wait = if self.mark() { self.every } else { RETRY.min(self.every) };
            if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }

    fn mark(&mut self) -> bool {
        self.judge.now = now();
        let clock = Arc::clone(&self.clock);
        let own = || {
            let reading = clock.read().ok()?;
            let bound = Duration::from_micros(reading.uncertainty().as_micros());
            Some((LogTime::from_unix_micros(reading.instant().unix_micros()), bound))
        };
        match self.stamper.stamp(&self.log, &self.judge, &own) {
            Ok((index, mark)) => {
                self.seen.taken.fetch_add(1, Ordering::Relaxed);
                self.seen.last.store(now(), Ordering::Relaxed);
                tracing::info!(entry = index.0, size = mark.size.0, time = %mark.gen_time, "time mark logged");
                true
            }
            Err(error) => {
                self.seen.failed.fetch_add(1, Ordering::Relaxed);
                let silent = now() - self.seen.last.load(Ordering::Relaxed);
                let is_old = u64::try_from(silent).is_ok_and(|silent| silent > 2 * self.every.as_secs());
                tracing::warn!(code = error.code(), %error, older_than_two_periods = is_old, "no time mark");
                false
            }
        }
    }
}

fn now() -> i64 {
    LogTime::system_now().unix_micros().div_euclid(1_000_000)
}
