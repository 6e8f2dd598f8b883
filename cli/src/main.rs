//! `kokuin`: the operator's front door.
//!
//! Lives here: the command line, and the wiring of keys, clock, log and services. May use: everything but `kokuin-verify`.
//! Must not know: DER, HTTP, SQL.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod audit;
mod completions;
mod config;
mod control;
mod dev;
mod eseal;
mod fresh;
mod hardening;
mod hsm;
mod init;
mod keyring;
mod keys;
mod messages;
mod output;
mod problem;
mod profile;
mod receipt;
mod seal;
mod serve;
mod spool;
mod timestamp;
mod tls;
mod tsa;

/// Allocates and frees a little quicker than the C library: some thirty times a token, from threads that hand memory to each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Time-stamps and e-seals with a log that anyone can check.
#[derive(Debug, Parser)]
#[command(name = "kokuin", version, max_term_width = 120)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the folders, secrets and configuration of a provider's services
    Init(init::Args),
    /// Run the services
    Serve(serve::Args),
    /// Time-stamp files: FILE.tsr, or with --batch FILE.ers, and the log receipt beside it
    Timestamp(timestamp::Args),
    /// Seal files through the e-seal service
    Seal(seal::Args),
    /// Read, export and check the log
    #[command(subcommand)]
    Audit(audit::Action),
    /// Keys: make, certify, list, suspend, resume
    #[command(subcommand)]
    Keys(keys::Action),
    /// YubiHSM 2 devices, declared in a manifest: plan, apply, drift, attest, backup, restore, bench
    #[command(subcommand)]
    Hsm(hsm::Action),
    /// The e-seal service: API tokens
    #[command(subcommand)]
    Eseal(eseal::Action),
    /// A running time-stamp service
    #[command(subcommand)]
    Tsa(tsa::Action),
    /// Certificate profiles
    #[command(subcommand)]
    Profile(profile::Action),
    /// Print shell completions
    Completions(completions::Args),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Init(args) => success(init::run(&args)),
        Command::Serve(args) => success(serve::run(&args)),
        Command::Timestamp(args) => success(timestamp::run(&args)),
        Command::Seal(args) => success(seal::run(&args)),
        Command::Audit(action) => audit::run(&action),
        Command::Keys(action) => success(keys::run(&action)),
        Command::Hsm(action) => hsm::run(&action),
        Command::Eseal(action) => success(eseal::run(&action)),
        Command::Tsa(action) => success(tsa::run(&action)),
        Command::Profile(action) => success(profile::run(&action)),
        Command::Completions(args) => {
            completions::run(&args);
            Ok(ExitCode::SUCCESS)
        }
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("kokuin: {error:#}");
        ExitCode::FAILURE
    })
}

fn success(done: anyhow::Result<()>) -> anyhow::Result<ExitCode> {
    done.map(|()| ExitCode::SUCCESS)
}
