//! What the disk needs to make a small write durable.

use std::{
    fs::OpenOptions,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use serde::Serialize;

use crate::histogram::Histogram;

/// Writes that are measured.
const WRITES: u32 = 500;

/// Time of one appended record of 512 bytes with fdatasync, in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Syncing {
    /// Half of the writes took no longer.
    pub(crate) p50_us: u64,
    /// 99 of 100 took no longer.
    pub(crate) p99_us: u64,
}

/// Measures in `folder`, and leaves nothing there.
pub(crate) fn measure(folder: &Path) -> anyhow::Result<Syncing> {
    let path = folder.join(format!(".kokuin-bench-{}", std::process::id()));
    let measured = measure_file(&path);
    std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    measured
}

fn measure_file(path: &Path) -> anyhow::Result<Syncing> {
    let mut file =
        OpenOptions::new().append(true).create_new(true).open(path).with_context(|| path.display().to_string())?;
    let mut times = Histogram::new();
    let longest = Instant::now() + Duration::from_secs(10);
    for _ in 0..WRITES {
        let start = Instant::now();
        file.write_all(&[0x5a; 512])?;
        file.sync_data()?;
        times.record(start.elapsed());
        // A slow disk is measured with fewer writes.
        if start > longest {
            break;
        }
    }
    Ok(Syncing { p50_us: times.quantile_us(500), p99_us: times.quantile_us(990) })
}
