//! `kokuin serve`: one process, its log, and one or both services.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, bail};
use clap::Subcommand;
use kokuin_web::StaticFile;
use time::OffsetDateTime;

use crate::{
    config::Config,
    dev::{self, Layout, TsuKey, Wishes},
    hardening, messages,
};

mod check;
mod clock;
mod devices;
mod intake;
mod logs;
mod marks;
mod neighbours;
mod process;
mod production;
mod reload;
mod seals;
mod tsus;

use process::Process;
pub(crate) use process::{parse_certificates, read_certificates};
pub(crate) use seals::token_key;

/// What to serve.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    production: Option<Production>,
    /// Serve both services with throw-away material, made on first use. Loopback only
    #[arg(long)]
    dev: bool,
    /// Folder of that material
    #[arg(long, value_name = "DIR", default_value = "kokuin-data")]
    data: PathBuf,
    /// Address of the time-stamp service [default: as configured, at first 127.0.0.1:3161]
    #[arg(long, value_name = "ADDRESS")]
    tsa_listen: Option<SocketAddr>,
    /// Address of the e-seal service [default: as configured, at first 127.0.0.1:3162]
    #[arg(long, value_name = "ADDRESS")]
    seal_listen: Option<SocketAddr>,
    /// Key of the first TSU made
    #[arg(long, value_name = "KIND", default_value = "p256")]
    tsu: TsuKey,
    /// Keep the log in the PostgreSQL whose address is in this file, for its owner's eyes alone. For the first start; other instances may share it
    #[arg(long, value_name = "FILE")]
    database_url_file: Option<PathBuf>,
    /// Open a new log where the old one cannot be continued; the reason goes into its first entry (docs/log.md)
    #[arg(long, value_name = "REASON")]
    accept_loss: Option<String>,
}

/// One service of a provider, as a process of its own.
#[derive(Debug, Subcommand)]
enum Production {
    /// The time-stamp authority
    Tsa(production::Args),
    /// The e-seal service
    Eseal(production::Args),
}

/// Runs until it is told to stop.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    messages::start();
    match &args.production {
        Some(Production::Tsa(production)) => production::run(production, process::Role::Tsa),
        Some(Production::Eseal(production)) => production::run(production, process::Role::Eseal),
        None if args.dev => run_dev(args),
        None => bail!("say --dev, or which service: tsa or eseal"),
    }
}

fn run_dev(args: &Args) -> anyhow::Result<()> {
    hardening::apply().warn();
    let layout = Layout { root: args.data.clone() };
    let wishes = Wishes {
        tsu: args.tsu,
        tsa_listen: args.tsa_listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3161))),
        eseal_listen: args.seal_listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 3162))),
        database_url_file: args.database_url_file.as_deref().map(std::path::absolute).transpose()?,
    };
    let (mut config, crl) = dev::prepare(&layout, &wishes, unix_now())?;
    override_addresses(&mut config, args);
    dev::check_own_tsa(&config).with_context(|| layout.config().display().to_string())?;

    let crl_file = StaticFile::new(dev::CRL_ROUTE, crl.path(), "application/pkix-crl");
    let keeping = crl.keep(unix_now)?;
    let process = Process::start(&config, &layout.config(), process::Role::Both, args.accept_loss.as_deref())?;
    let mut services = Vec::new();
    if let Some(tsa) = process.tsa()? {
        services.push(tsa.publishing(crl_file));
    }
    services.extend(process.eseal()?);
    dev::print_next_steps(&layout, &config);
    let outcome = process.serve(services);
    drop(keeping);
    outcome
}

/// The command line moves listeners for this run alone.
fn override_addresses(config: &mut Config, args: &Args) {
    if let Some(address) = args.tsa_listen {
        dev::move_own_tsa(config, address);
        config.listen.tsa = address;
    }
    if let Some(address) = args.seal_listen {
        config.listen.eseal = address;
    }
}

fn unix_now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}
