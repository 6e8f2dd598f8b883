//! What the process itself uses, with the names that Prometheus' own clients give it.

use std::fmt::Write as _;

use super::render::{head, seconds};

/// Writes memory and processor time, where the system tells them.
pub(super) fn render(text: &mut String) {
    let Some(usage) = usage() else { return };
    head(text, "process_resident_memory_bytes", "Resident memory.", "gauge");
    let written = writeln!(text, "process_resident_memory_bytes {}", usage.resident_bytes);
    debug_assert!(written.is_ok());
    head(text, "process_cpu_seconds_total", "Processor time, user and system.", "counter");
    let written = writeln!(text, "process_cpu_seconds_total {}", seconds(usage.cpu_us));
    debug_assert!(written.is_ok());
}

struct Usage {
    resident_bytes: u64,
    cpu_us: u64,
}

fn usage() -> Option<Usage> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The command name before the last parenthesis may hold spaces.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()?.checked_add(fields.next()?.parse().ok()?)?;
    Some(Usage {
        resident_bytes: pages.checked_mul(u64::try_from(rustix::param::page_size()).ok()?)?,
        cpu_us: ticks.checked_mul(1_000_000)? / rustix::param::clock_ticks_per_second().max(1),
    })
}
