//! How long it takes until a service that is being started gives its first token.

use std::time::{Duration, Instant};

use anyhow::ensure;

use crate::{
    load::Load,
    options::{FirstOptions, TsaOptions},
    question::Questions,
};

/// Asks until there is a token, and prints the time since this process began, in milliseconds.
pub(crate) fn run(options: &FirstOptions, start: Instant) -> anyhow::Result<()> {
    let tsa = TsaOptions { connections: 1, check_every: 1, ..TsaOptions::of(options.url.clone()) };
    let target = tsa.url.target()?;
    let questions = Questions::new(&target, &tsa)?;
    loop {
        let load = Load::new(&target, &tsa, &questions).until(None, Some(1)).run();
        if load.is_ok_and(|load| load.tokens == 1) {
            println!("{}", start.elapsed().as_millis());
            return Ok(());
        }
        ensure!(start.elapsed() < options.within.as_std(), "no token within {}", options.within);
        std::thread::sleep(Duration::from_millis(2));
    }
}
