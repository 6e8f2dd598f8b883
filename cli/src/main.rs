//! `kokuin`: the operator's front door.
//!
//! Lives here: the command line, and the wiring of keys, clock, log and services. May use: everything but `kokuin-verify`.
//! Must not know: DER, HTTP, SQL.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod completions;
mod config;
mod dev;
mod output;
mod profile;
mod receipt;
mod serve;
mod timestamp;

/// Time-stamps and e-seals with a log that anyone can check.
#[derive(Debug, Parser)]
#[command(name = "kokuin", version, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the services
    Serve(serve::Args),
    /// Time-stamp files: FILE.tsr and its log receipt FILE.tsr.tlog-proof
    Timestamp(timestamp::Args),
    /// Certificate profiles
    Profile(profile::Args),
    /// Print shell completions
    Completions(completions::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Serve(args) => serve::run(args),
        Command::Timestamp(args) => timestamp::run(&args),
        Command::Profile(args) => profile::run(&args),
        Command::Completions(args) => {
            completions::run(&args);
            Ok(())
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kokuin: {error:#}");
            ExitCode::FAILURE
        }
    }
}
