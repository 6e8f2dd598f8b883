//! Hours of load in windows: what grows is found by holding the last third of them against the second.

use std::{
    fs::{metadata, read_dir},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde::Serialize;

use crate::{
    load::Load,
    options::{SoakOptions, TsaOptions},
    processor::Usage,
    question::Questions,
};

/// What one window showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
struct Window {
    /// Tokens.
    tokens: u64,
    /// Requests that got something else, or nothing.
    errors: u64,
    /// Whether the service and the generator kept to the rate: latencies are compared between such windows only.
    kept_rate: bool,
    p50_us: u64,
    p99_us: u64,
    resident_kib: u64,
    descriptors: u64,
    /// Bytes of the write-ahead log.
    wal: u64,
}

/// What grew.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Grew {
    what: &'static str,
    second_third: u64,
    last_third: u64,
    most: u64,
}

/// How much more the last third may show than the second, in percent and beside that.
type Allowance = (u64, u64);

/// 5 % and 4 MiB: caches that are still filling.
const MEMORY: Allowance = (5, 4 * 1_024);
/// Connections that are being closed.
const DESCRIPTORS: Allowance = (0, 16);
/// Twice what it has between two checkpoints.
const WAL: Allowance = (25, 32 << 20);
/// From ten minutes on; below it, other work on the machine shows: [`BRIEF`].
const LATENCY: Allowance = (50, 2_000);
/// Of less than ten minutes.
const BRIEF: Allowance = (200, 50_000);

/// Runs the windows, prints each, and fails if anything grew or was not answered.
pub(crate) fn run(options: &SoakOptions) -> anyhow::Result<()> {
    let tsa = options.tsa();
    let target = tsa.url.target()?;
    let questions = Questions::new(&target, &tsa)?;
    let end = Instant::now() + options.duration.as_std();
    let mut windows = Vec::new();
    println!("window tokens errors kept_rate p50_us p99_us resident_kib descriptors wal_bytes");
    while Instant::now() < end {
        let load = Load::new(&target, &tsa, &questions).until(Some(options.window.as_std()), None).run()?;
        // Connections of the window that has ended are closed by now.
        std::thread::sleep(Duration::from_millis(200));
        let usage = Usage::of_all(&tsa.pid)?.context("a soak needs --pid")?;
        let expected = u64::from(options.rate) * options.window.as_std().as_secs();
        let window = Window {
            tokens: load.tokens,
            errors: load.errors.values().sum(),
            kept_rate: load.tokens * 100 >= expected * 95,
            p50_us: load.latency.quantile_us(500),
            p99_us: load.latency.quantile_us(990),
            resident_kib: usage.resident / 1_024,
            descriptors: descriptors(&tsa)?,
            wal: options.wal.as_deref().map_or(0, length),
        };
        println!(
            "{} {} {} {} {} {} {} {} {}",
            windows.len(),
            window.tokens,
            window.errors,
            window.kept_rate,
            window.p50_us,
            window.p99_us,
            window.resident_kib,
            window.descriptors,
            window.wal
        );
        windows.push(window);
    }
    let lost: u64 = windows.iter().map(|window| window.errors).sum();
    ensure!(lost == 0, "{lost} requests got no token");
    let brief = options.duration.as_std() < Duration::from_secs(600);
    let grown = judge(&windows, if brief { BRIEF } else { LATENCY })?;
    for Grew { what, second_third, last_third, most } in &grown {
        println!("{what} grew: {second_third} in the second third, {last_third} in the last, {most} at most");
    }
    ensure!(grown.is_empty(), "{} of the measures grew", grown.len());
    println!("memory, descriptors, write-ahead log and latency stayed flat over {} windows", windows.len());
    Ok(())
}

/// Medians of the last third against those of the second. The first third is for caches to fill.
fn judge(windows: &[Window], latency: Allowance) -> anyhow::Result<Vec<Grew>> {
    let third = windows.len() / 3;
    ensure!(third >= 2, "{} windows are too few to compare", windows.len());
    let (second, last) = (&windows[third..2 * third], &windows[2 * third..]);
    let all = |_: &Window| true;
    let mut grown = Vec::new();
    grown.extend(compare("resident memory, KiB", (second, last), MEMORY, all, |window| window.resident_kib));
    grown.extend(compare("descriptors", (second, last), DESCRIPTORS, all, |window| window.descriptors));
    grown.extend(compare("write-ahead log, bytes", (second, last), WAL, all, |window| window.wal));
    let kept = |windows: &[Window]| 2 * windows.iter().filter(|window| window.kept_rate).count() >= windows.len();
    if kept(second) && kept(last) {
        let rate = |window: &Window| window.kept_rate;
        grown.extend(compare("p50, us", (second, last), latency, rate, |window| window.p50_us));
        grown.extend(compare("p99, us", (second, last), latency, rate, |window| window.p99_us));
    } else {
        println!("latency is not judged: the machine was too busy to keep the rate in half of the windows");
    }
    Ok(grown)
}

fn compare(
    what: &'static str,
    (second, last): (&[Window], &[Window]),
    (percent, beside): Allowance,
    counts: fn(&Window) -> bool,
    value: fn(&Window) -> u64,
) -> Option<Grew> {
    let median = |windows: &[Window]| {
        let mut values: Vec<u64> = windows.iter().filter(|window| counts(window)).map(value).collect();
        values.sort_unstable();
        values.get(values.len() / 2).copied().unwrap_or(0)
    };
    let (second_third, last_third) = (median(second), median(last));
    let most = second_third + second_third * percent / 100 + beside;
    (last_third > most).then_some(Grew { what, second_third, last_third, most })
}

fn descriptors(tsa: &TsaOptions) -> anyhow::Result<u64> {
    tsa.pid.iter().map(|process| Ok(read_dir(PathBuf::from(format!("/proc/{process}/fd")))?.count() as u64)).sum()
}

/// Its length; nothing if it is not there, as after a checkpoint that emptied it.
fn length(path: &Path) -> u64 {
    metadata(path).map_or(0, |found| found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat() -> Vec<Window> {
        let window = Window {
            tokens: 100,
            errors: 0,
            kept_rate: true,
            p50_us: 900,
            p99_us: 4_000,
            resident_kib: 60_000,
            descriptors: 30,
            wal: 16 << 20,
        };
        vec![window; 12]
    }

    fn grown(change: impl Fn(&mut Window, u64)) -> Vec<&'static str> {
        let mut windows = flat();
        for (number, window) in (0..).zip(&mut windows) {
            change(window, number);
        }
        judge(&windows, LATENCY).unwrap().into_iter().map(|grew| grew.what).collect()
    }

    #[test]
    fn passes_what_is_flat_and_what_shakes() {
        assert!(grown(|_, _| ()).is_empty());
        assert!(grown(|window, number| window.p99_us += number % 2 * 1_000).is_empty());
        // One window in which the machine was elsewhere.
        assert!(
            grown(|window, number| if number == 11 {
                window.p99_us = 900_000;
            })
            .is_empty()
        );
    }

    #[test]
    fn finds_each_measure_that_grows() {
        assert_eq!(grown(|window, number| window.resident_kib += number * 2_000), ["resident memory, KiB"]);
        assert_eq!(grown(|window, number| window.descriptors += number * 8), ["descriptors"]);
        assert_eq!(grown(|window, number| window.wal += number << 24), ["write-ahead log, bytes"]);
        assert_eq!(grown(|window, number| window.p50_us += number * 5_000), ["p50, us"]);
        assert_eq!(grown(|window, number| window.p99_us += number * 10_000), ["p99, us"]);
    }

    #[test]
    fn does_not_blame_the_service_for_a_machine_too_busy() {
        let late = |window: &mut Window, number| {
            window.kept_rate = number < 8;
            window.p99_us += number * 100_000;
        };
        assert!(grown(late).is_empty());
        assert!(judge(&flat()[..5], LATENCY).is_err());
    }
}
