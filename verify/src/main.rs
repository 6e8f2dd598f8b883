//! The relying party's and the auditor's offline tool: `kokuin-verify`.
//!
//! Lives here: reading files and arguments, and the renderings of a report. May use: `validate`, `audit`, `fetch` (only with `--online`).
//! Must not know: servers, databases, HSMs, private keys.

mod arguments;
mod exit;
mod input;
mod inspect;
mod json;
mod judge;
mod log;
mod material;
mod nonces;
mod online;
mod receipt;
mod shown;
mod text;

use std::process::ExitCode;

use clap::Parser as _;

use crate::{
    arguments::{Arguments, Command},
    exit::Exit,
};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return exit::of_clap(&error).into(),
    };
    let result = match &arguments.command {
        Some(Command::Log(log)) => log::run(log),
        Some(Command::Receipt(receipt)) => receipt::run(receipt),
        Some(Command::Inspect(inspect)) => inspect::run(inspect),
        None => judge::run(&arguments.verify),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            exit::complain(&error);
            Exit::from(&error).into()
        }
    }
}
