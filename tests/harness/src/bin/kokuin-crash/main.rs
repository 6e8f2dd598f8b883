//! THR-44: kill -9 at random moments under load. Every token that a client holds must be in the log after the restart, no
//! serial number may appear twice, the tree must grow out of every checkpoint that was ever shown, and time must not go back.
//!
//! Works on the real binary, named by `KOKUIN_BIN`, and reads the log as everybody can: over HTTP, with the key from the
//! service's `log/*.vkey` file. Prints `N passed, N failed`.
//!
//! With `--layer` each kill is a power cut (THR-47): what the disk was not told to keep is gone.

mod clients;
mod layer;
mod log;
mod round;
mod server;
mod verdict;

use std::{
    ops::Range,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::Parser;
use layer::{Disk, Layer};
use round::{Held, Round};
use server::Server;

/// Kills the service again and again, and looks at what it leaves behind.
#[derive(Debug, Parser)]
#[command(name = "kokuin-crash")]
pub(crate) struct Arguments {
    /// How often to kill.
    #[arg(long, default_value_t = 10)]
    rounds: u32,
    /// Clients that ask for tokens at the same time.
    #[arg(long, default_value_t = 16)]
    clients: u32,
    /// Longest time between the first token of a round and the kill, in milliseconds.
    #[arg(long, default_value_t = 1_500)]
    longest_ms: u32,
    /// Rounds on the same data; then a new log is begun, because each round reads the whole log.
    #[arg(long, default_value_t = 25)]
    rounds_per_log: u32,
    /// The library made of `tests/faults/unsynced.c`: kills become power cuts.
    #[arg(long, value_name = "FILE")]
    layer: Option<PathBuf>,
    /// What that disk keeps.
    #[arg(long, value_enum, default_value_t = Disk::Forgets)]
    disk: Disk,
    /// Folder to work in; a temporary one, removed afterwards, unless given.
    #[arg(long)]
    data: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let binary = std::env::var_os("KOKUIN_BIN").context("KOKUIN_BIN names the binary to kill")?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.data.clone().unwrap_or_else(|| temporary.path().join("data"));
    let mut tally = Tally::default();
    let mut number = 0;
    while number < arguments.rounds {
        let folder = folder.join(format!("from-{number}"));
        let rounds = number..arguments.rounds.min(number.saturating_add(arguments.rounds_per_log.max(1)));
        number = rounds.end;
        run_log(&arguments, (&binary).into(), &folder, rounds, &mut tally)?;
        if tally.failed == 0 {
            std::fs::remove_dir_all(&folder)?;
        }
    }
    println!("{} tokens held over {} kills", tally.tokens, arguments.rounds);
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was found in all rounds.
#[derive(Debug, Default)]
struct Tally {
    passed: u32,
    failed: u32,
    tokens: usize,
}

/// The rounds on one log.
fn run_log(
    arguments: &Arguments,
    binary: PathBuf,
    folder: &Path,
    rounds: Range<u32>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let data = folder.join("data");
    let layer = arguments.layer.clone().map(|library| Layer::new(library, arguments.disk, &data)).transpose()?;
    let mut held = Held::default();
    let mut server = Server::start(binary, data, layer)?;
    for number in rounds {
        let moment = random_below(arguments.longest_ms)?;
        let mut round = Round::load_and_kill(&mut server, &mut held, arguments.clients, moment)?;
        let cut = match server.restart() {
            Ok(lost) => {
                round.check(&server, &mut held);
                lost.map_or_else(String::new, |writes| format!(", {writes} writes taken back"))
            }
            Err(error) => {
                round.broke(&error);
                String::new()
            }
        };
        println!("round {}: {} tokens, killed after {} ms{cut}", number + 1, round.tokens(), moment.as_millis());
        for failure in round.failures() {
            println!("  FAILED {failure}");
        }
        tally.passed += round.passed();
        tally.failed += u32::try_from(round.failures().len())?;
        if !round.failures().is_empty() {
            // What is lost stays lost: the rounds after it would only say so again.
            tally.tokens += held.tokens();
            return Ok(());
        }
    }
    tally.tokens += held.tokens();
    match last_words(&mut server) {
        Ok(()) => tally.passed += 1,
        Err(error) => {
            println!("  FAILED stopping: {error:#}");
            tally.failed += 1;
        }
    }
    Ok(())
}

/// A regular stop after all that, and the store at rest.
fn last_words(server: &mut Server) -> anyhow::Result<()> {
    server.stop()?;
    server.audit_verify()
}

fn random_below(milliseconds: u32) -> anyhow::Result<Duration> {
    let random = getrandom::u32()?;
    Ok(Duration::from_millis(u64::from(random % milliseconds.max(1))))
}
