//! THR-44: kill -9 at random moments under load. Every token that a client holds must be in the log after the restart, no
//! serial number may appear twice, the tree must grow out of every checkpoint that was ever shown, and time must not go back.
//!
//! Works on the real binary, named by `KOKUIN_BIN`, and reads the log as everybody can: over HTTP, with the key from the
//! service's `log/*.vkey` file. Prints `N passed, N failed`.

mod clients;
mod log;
mod round;
mod server;
mod verdict;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::Parser;
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
    /// Folder to work in; a temporary one, removed afterwards, unless given.
    #[arg(long)]
    data: Option<PathBuf>,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let binary = std::env::var_os("KOKUIN_BIN").context("KOKUIN_BIN names the binary to kill")?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.data.clone().unwrap_or_else(|| temporary.path().join("data"));
    let mut held = Held::default();
    let (mut passed, mut failed) = (0_u32, 0_u32);
    let mut server = Server::start(binary.into(), folder)?;
    for number in 1..=arguments.rounds {
        let moment = random_below(arguments.longest_ms)?;
        let mut round = Round::load_and_kill(&mut server, &mut held, arguments.clients, moment)?;
        server.restart()?;
        round.check(&server, &mut held);
        println!("round {number}: {} tokens, killed after {} ms", round.tokens(), moment.as_millis());
        for failure in round.failures() {
            println!("  FAILED {failure}");
        }
        passed += round.passed();
        failed += u32::try_from(round.failures().len())?;
    }
    match last_words(&mut server) {
        Ok(()) => passed += 1,
        Err(error) => {
            println!("  FAILED stopping: {error:#}");
            failed += 1;
        }
    }
    println!("{} tokens held over {} kills", held.tokens(), arguments.rounds);
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
