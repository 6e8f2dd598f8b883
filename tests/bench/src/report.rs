//! What was measured, for people and for programs.

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;

use crate::{load::Measured, options::TsaOptions, processor::Usage, signing::Raw, syncing::Syncing};

/// One run.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    url: String,
    connections: u32,
    rate: Option<u32>,
    machine: Machine,
    seconds: f64,
    tokens: u64,
    tokens_per_second: f64,
    latency_us: Latency,
    errors: BTreeMap<String, u64>,
    server: Option<Server>,
    raw: Signing,
    fdatasync: Option<Syncing>,
}

/// Where it ran.
#[derive(Debug, Serialize)]
struct Machine {
    processor: String,
    processors: usize,
    openssl: &'static str,
}

#[derive(Debug, Serialize)]
struct Latency {
    p50: u64,
    p99: u64,
    p999: u64,
}

/// What it cost the service.
#[derive(Debug, Serialize)]
struct Server {
    cpu_us_per_token: f64,
    /// One raw signature divided by it.
    signing_share: f64,
    resident_before_mib: f64,
    resident_after_mib: f64,
}

/// Raw signatures, measured before and after the load.
#[derive(Debug, Serialize)]
struct Signing {
    key: crate::options::KeyKind,
    before: Raw,
    after: Raw,
    /// The mean of both of what a token is held against.
    yardstick_us: f64,
}

impl Report {
    pub(crate) fn new(
        options: &TsaOptions,
        load: &Measured,
        (before, after): (Option<Usage>, Option<Usage>),
        (raw_before, raw_after): (Raw, Raw),
        fdatasync: Option<Syncing>,
    ) -> Self {
        let yardstick_us = raw_before.mean(raw_after).yardstick_us(options.key);
        let seconds = load.elapsed.as_secs_f64();
        let server = before.zip(after).map(|(before, after)| {
            let cpu_us_per_token = micros(after.time.saturating_sub(before.time)) / count(load.tokens.max(1));
            Server {
                cpu_us_per_token,
                signing_share: yardstick_us / cpu_us_per_token,
                resident_before_mib: count(before.resident) / 1_048_576.0,
                resident_after_mib: count(after.resident) / 1_048_576.0,
            }
        });
        Self {
            url: options.url.to_string(),
            connections: options.connections,
            rate: options.rate,
            machine: Machine::this(),
            seconds,
            tokens: load.tokens,
            tokens_per_second: count(load.tokens) / seconds,
            latency_us: Latency {
                p50: load.latency.quantile_us(500),
                p99: load.latency.quantile_us(990),
                p999: load.latency.quantile_us(999),
            },
            errors: load.errors.clone(),
            server,
            raw: Signing { key: options.key, before: raw_before, after: raw_after, yardstick_us },
            fdatasync,
        }
    }
}

impl Machine {
    fn this() -> Self {
        let information = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let name = information.lines().find_map(|line| line.strip_prefix("model name"));
        Self {
            processor: name.map_or("unknown", |name| name.trim_start_matches([' ', '\t', ':'])).to_owned(),
            processors: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            openssl: openssl::version::version(),
        }
    }
}

fn micros(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// Exact up to 2^53, far above anything counted here.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
const fn count(number: u64) -> f64 {
    number as f64
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Machine { processor, processors, openssl } = &self.machine;
        writeln!(f, "machine      {processor}, {processors} processors, {openssl}")?;
        write!(f, "load         {} connections", self.connections)?;
        if let Some(rate) = self.rate {
            write!(f, ", {rate} requests/s")?;
        }
        writeln!(f, ", {:.1} s, {}", self.seconds, self.url)?;
        writeln!(f, "tokens       {} ({:.0}/s)", self.tokens, self.tokens_per_second)?;
        let Latency { p50, p99, p999 } = self.latency_us;
        writeln!(f, "latency      p50 {p50} us, p99 {p99} us, p99.9 {p999} us")?;
        match self.errors.is_empty() {
            true => writeln!(f, "errors       none")?,
            false => writeln!(f, "errors       {:?}", self.errors)?,
        }
        let Signing { key, before, after, .. } = &self.raw;
        for (library, before, after) in
            [("openssl", before.openssl_us, after.openssl_us), ("aws-lc-rs", before.aws_lc_us, after.aws_lc_us)]
        {
            writeln!(f, "{library:<12} {before:.1} us a signature before, {after:.1} us after ({key:?})")?;
        }
        if let Some(server) = &self.server {
            let Server { cpu_us_per_token, signing_share, resident_before_mib, resident_after_mib } = server;
            writeln!(f, "server CPU   {cpu_us_per_token:.1} us a token; a raw signature is {signing_share:.2} of it")?;
            writeln!(f, "memory       {resident_before_mib:.1} MiB before, {resident_after_mib:.1} MiB after")?;
        }
        match &self.fdatasync {
            Some(Syncing { p50_us, p99_us }) => writeln!(f, "fdatasync    p50 {p50_us} us, p99 {p99_us} us"),
            None => Ok(()),
        }
    }
}
