//! `kokuin serve tsa|eseal --config FILE`: a provider's service.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::{
    check,
    process::{Process, Role},
};
use crate::{config::Config, hardening};

/// Which configuration.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Configuration file; there is no default, and none is made up where it cannot be read
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Open a new log where the old one cannot be continued; the reason goes into its first entry (docs/log.md)
    #[arg(long, value_name = "REASON")]
    accept_loss: Option<String>,
    /// Check configuration, keys, certificates, clock settings and log, and end: nothing is recorded or issued
    #[arg(long, conflicts_with = "accept_loss")]
    check: bool,
}

/// Serves one service of `args`.
pub(crate) fn run(args: &Args, role: Role) -> anyhow::Result<()> {
    hardening::apply().require()?;
    if args.check {
        return check::run(&args.config, role);
    }
    let config = load(&args.config)?;
    let process = Process::start(&config, &args.config, role, args.accept_loss.as_deref())?;
    let units = match role {
        Role::Tsa => process.tsa()?,
        Role::Eseal => process.eseal()?,
        Role::Both => None,
    };
    process.serve(units.into_iter().collect())
}

/// A configuration that production may start on (THR-62).
pub(super) fn load(path: &Path) -> anyhow::Result<Config> {
    let config = Config::load(path)?;
    if config.development {
        bail!("{} is a development configuration; `kokuin serve --dev` runs it", path.display());
    }
    if config.has_software_keys() && !config.keys.not_protected_by_a_device {
        bail!(
            "{}: keys in files are protected by no device; keys.not_protected_by_a_device = true accepts that",
            path.display()
        );
    }
    Ok(config)
}
