//! What a process has used, as the kernel counts it.

use std::{fs::read_to_string, time::Duration};

use anyhow::Context as _;

/// Processor time and memory of one or several processes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// User and system time together.
    pub(crate) time: Duration,
    /// Resident memory in bytes.
    pub(crate) resident: u64,
}

impl Usage {
    /// The sum over processes; `None` if none is given.
    pub(crate) fn of_all(processes: &[u32]) -> anyhow::Result<Option<Self>> {
        let mut sum = None;
        for process in processes {
            let one = Self::of(*process).with_context(|| format!("reading what process {process} has used"))?;
            let all = sum.unwrap_or(Self { time: Duration::ZERO, resident: 0 });
            sum = Some(Self { time: all.time + one.time, resident: all.resident + one.resident });
        }
        Ok(sum)
    }

    fn of(process: u32) -> anyhow::Result<Self> {
        let stat = read_to_string(format!("/proc/{process}/stat"))?;
        // The command's name, in parentheses, may hold spaces.
        let fields = stat.rsplit_once(')').context("no name")?.1;
        let ticks = fields.split_ascii_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks = ticks.sum::<Result<u64, _>>()?;
        let time = Duration::from_micros(ticks * 1_000_000 / rustix::param::clock_ticks_per_second().max(1));
        let status = read_to_string(format!("/proc/{process}/status"))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(Self { time, resident: kibibytes * 1_024 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_this_process() {
        let before = Usage::of(std::process::id()).unwrap();
        let start = std::time::Instant::now();
        while start.elapsed() < Duration::from_millis(100) {
            std::hint::black_box(start);
        }
        let after = Usage::of_all(&[std::process::id()]).unwrap().unwrap();
        assert!(after.time >= before.time + Duration::from_millis(20), "{before:?} {after:?}");
        assert!(before.resident > 100_000);
        assert!(Usage::of_all(&[]).unwrap().is_none());
    }
}
