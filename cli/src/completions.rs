//! `kokuin completions SHELL`: what a shell needs to complete the command line.

use std::io;

use clap::CommandFactory as _;

/// Which shell.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// bash, elvish, fish, powershell or zsh
    shell: clap_complete::Shell,
}

/// Prints the script.
pub(crate) fn run(args: &Args) {
    clap_complete::generate(args.shell, &mut crate::Cli::command(), "kokuin", &mut io::stdout());
}
