//! `kokuin tsa`: a running time-stamp service.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde::Deserialize;

use crate::control::{self, Answer};

/// What to do with it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Have the running service take up its changed configuration, whole or not at all; fails with the reason if it is refused
    Reload(Reload),
}

#[derive(Debug, clap::Args)]
struct Reload {
    /// Configuration file that the service was started with
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// The part of the file that says where the service is. What else is in it is for the service to judge.
#[derive(Debug, Deserialize)]
struct Settings {
    keys: Keys,
}

#[derive(Debug, Deserialize)]
struct Keys {
    directory: PathBuf,
}

/// Runs the action.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let Action::Reload(reload) = &args.action;
    let config = std::path::absolute(&reload.config)?;
    let settings: Settings = kokuin_settings::load(&config)?;
    let folder = config.parent().unwrap_or_else(|| Path::new("/"));
    let socket = control::socket(&folder.join(settings.keys.directory), "tsa");
    match control::ask(&socket, &config).context("nothing was changed")? {
        Answer::Changed(changed) if changed.is_empty() => println!("nothing has changed"),
        Answer::Changed(changed) => println!("in force, changed: {}", changed.join(", ")),
        Answer::Refused(reason) => bail!("refused, the configuration before stays in force: {reason}"),
    }
    Ok(())
}
