//! The PKCS#11 back end on a real module, started by `tests/pkcs11/run`. Ends with «N passed, N failed».

mod attacks;
mod conformance;
#[path = "../../fault_table.rs"]
mod fault_table;
mod matrix;
mod pins;
mod place;
mod rate;

use std::path::PathBuf;

use clap::Parser;
use kokuin_suite::KeyAlgorithm;
use place::Place;

/// Tries the back end on one module.
#[derive(Debug, Parser)]
struct Arguments {
    /// The module; with `--faults`, the one that fails when it is told to.
    #[arg(long)]
    module: PathBuf,
    /// Where that module looks for what to show.
    #[arg(long)]
    faults: PathBuf,
    /// Kinds of key that the module makes.
    #[arg(long, required = true, value_delimiter = ',')]
    algorithms: Vec<KeyAlgorithm>,
    /// Measures signatures a second and ends: this back end, and a bare loop that also verifies each signature.
    #[arg(long)]
    measure: bool,
    /// Makes a token of this name, with the PIN of these tests, and ends.
    #[arg(long)]
    make_token: Option<String>,
    /// The token locks after this many wrong PINs, and says so before.
    #[arg(long)]
    locks_after: Option<u32>,
}

/// Counts, and says each.
#[derive(Debug, Default)]
struct Findings {
    passed: u32,
    failed: u32,
}

impl Findings {
    fn add(&mut self, name: &str, outcome: anyhow::Result<()>) {
        match outcome {
            Ok(()) => {
                self.passed += 1;
                println!("ok    {name}");
            }
            Err(error) => {
                self.failed += 1;
                println!("FAIL  {name}: {error:#}");
            }
        }
    }
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let place = Place::new(&arguments.module)?;
    if let Some(label) = &arguments.make_token {
        return place.make_token(label).map(drop);
    }
    if arguments.measure {
        return rate::run(&place, &arguments);
    }
    let mut findings = Findings::default();
    conformance::run(&place, &arguments, &mut findings)?;
    attacks::run(&place, &mut findings)?;
    pins::run(&place, &arguments, &mut findings)?;
    findings.add("THR-60 THR-67 the table of faults in docs/hsm.md is what is seen", matrix::run(&place, &arguments));
    println!("{} passed, {} failed", findings.passed, findings.failed);
    if findings.failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}
