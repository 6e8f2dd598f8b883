//! Load generator that takes any TSA URL.
//!
//! Lives here: how a time-stamp service is measured, so that others are measured with the same load. May use: `asn1`,
//! `settings`, OpenSSL and aws-lc-rs for their raw signing times. `audit` and `store`
//! for filling a log before a start is measured. Must not know: how Kokuin works inside, but for that.

mod answer;
mod connection;
mod fill;
mod first;
mod histogram;
mod load;
mod options;
mod processor;
mod question;
mod report;
mod signing;
mod soak;
mod syncing;

use anyhow::Context as _;
use clap::Parser as _;
use load::Load;
use options::{Arguments, Command, TsaOptions};
use processor::Usage;
use question::Questions;
use report::Report;
use signing::Raw;

fn main() -> anyhow::Result<()> {
    let start = std::time::Instant::now();
    match Arguments::parse().command {
        Command::Soak(options) => soak::run(&options),
        Command::First(options) => first::run(&options, start),
        Command::Fill { data, entries } => fill::fill(&data, entries),
        Command::Tsa(options) => measure(&options),
        Command::Raw { key } => {
            println!("{}", serde_json::to_string(&Raw::measure(key)?)?);
            Ok(())
        }
    }
}

/// Raw signing, warm-up, load, raw signing again, disk.
fn measure(options: &TsaOptions) -> anyhow::Result<()> {
    let target = options.url.target()?;
    let questions = Questions::new(&target, options)?;
    let signing_before = Raw::measure(options.key)?;
    let warm_up = Load::new(&target, options, &questions).until(Some(options.warm_up.as_std()), None);
    warm_up.run().with_context(|| format!("warming {} up", options.url))?;
    let before = Usage::of_all(&options.pid)?;
    let load = Load::new(&target, options, &questions).until(options.duration_limit(), options.count).run()?;
    let after = Usage::of_all(&options.pid)?;
    let signing_after = Raw::measure(options.key)?;
    let syncing = options.data.as_deref().map(syncing::measure).transpose()?;
    let report = Report::new(options, &load, (before, after), (signing_before, signing_after), syncing);
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print!("{report}");
    }
    anyhow::ensure!(load.errors.is_empty() && load.tokens > 0, "not every request got its token");
    Ok(())
}
