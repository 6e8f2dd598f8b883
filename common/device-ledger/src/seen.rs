//! What operators see of the drains.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use kokuin_audit::entry::DeviceLog;
use kokuin_key::DeviceLog as Device;
use kokuin_web::metrics::Registry;

/// Counts of one device since the start.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) device: Arc<dyn Device>,
    started: Instant,
    signatures: AtomicU64,
    unexplained: AtomicU64,
    unlogged: AtomicU64,
    failures: AtomicU64,
    /// Milliseconds from the start to the last drain.
    drained: AtomicU64,
}

impl Seen {
    pub(crate) fn new(device: Arc<dyn Device>) -> Self {
        Self {
            device,
            started: Instant::now(),
            signatures: AtomicU64::new(0),
            unexplained: AtomicU64::new(0),
            unlogged: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            drained: AtomicU64::new(0),
        }
    }

    pub(crate) fn logged(&self, entry: &DeviceLog) {
        let made = entry.signatures.iter().map(|said| said.made).sum();
        self.signatures.fetch_add(made, Ordering::Relaxed);
        self.unexplained.fetch_add(entry.unexplained, Ordering::Relaxed);
        self.unlogged.fetch_add(u64::from(entry.unlogged), Ordering::Relaxed);
    }

    pub(crate) fn drained(&self) {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.drained.store(now, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    fn age_seconds(&self) -> i64 {
        let now = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        number(now.saturating_sub(self.drained.load(Ordering::Relaxed)) / 1000)
    }
}

/// Shows each device by its name in the configuration.
pub(crate) fn observe(registry: &Registry, seen: &[Arc<Seen>]) {
    type Read = fn(&Seen) -> i64;
    let metrics: [(&'static str, &'static str, Read); 7] = [
        ("kokuin_device_signatures_total", "Signatures that the device says it made.", |seen| {
            number(seen.signatures.load(Ordering::Relaxed))
        }),
        (
            "kokuin_device_unexplained_total",
            "Lines of the device that no call of this service explains, and calls without a line.",
            |seen| number(seen.unexplained.load(Ordering::Relaxed)),
        ),
        ("kokuin_device_unlogged_total", "Events that the device counted without a line.", |seen| {
            number(seen.unlogged.load(Ordering::Relaxed))
        }),
        ("kokuin_device_drain_failures_total", "Attempts to read the device's log that failed.", |seen| {
            number(seen.failures.load(Ordering::Relaxed))
        }),
        ("kokuin_device_drain_age_seconds", "Since the device's log was last read.", Seen::age_seconds),
        ("kokuin_device_log_lines", "Lines in the device, as far as is known without asking.", |seen| {
            i64::from(seen.device.fill().0)
        }),
        ("kokuin_device_log_capacity", "Lines that the device can hold.", |seen| i64::from(seen.device.fill().1)),
    ];
    for (name, help, read) in metrics {
        let seen = seen.to_vec();
        registry.observe_named(name, help, "device", move || {
            seen.iter().map(|seen| (seen.device.name().to_string(), read(seen))).collect()
        });
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
