//! `kokuin hsm bench`.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use kokuin_hsm_config::manifest::{KeyUse, ObjectId, Role, SigningKey};

use super::place::{Place, Which, told};

/// Lines that a measurement leaves free in the device's log, which with force-audit stops the device when it is full.
const SPARE: u32 = 12;

/// Which device and keys.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    /// Signing key [default: those that only prove the device's identity]. Repeated
    #[arg(long = "key", value_name = "ID")]
    keys: Vec<ObjectId>,
    /// How long each key signs; less, if the device's log has no room for so many lines
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Sign with keys whose signatures are accounted for: the service will report each of these as unexplained
    #[arg(long)]
    unaccounted: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let place = Place::open(&args.which)?;
    let keys: Vec<&SigningKey> = if args.keys.is_empty() {
        place.manifest.signing_keys.iter().filter(|key| key.purpose == KeyUse::Identity).collect()
    } else {
        args.keys.iter().map(|id| place.signing_key(*id)).collect::<anyhow::Result<_>>()?
    };
    if keys.is_empty() {
        bail!("the manifest has no identity key: --key names another one");
    }
    if let Some(key) = keys.iter().find(|key| key.purpose != KeyUse::Identity && !args.unaccounted) {
        bail!(
            "each signature of signing-key:{} ({}) is accounted for: these would be alarms; --unaccounted accepts that",
            key.id,
            key.purpose.name()
        );
    }
    for key in keys {
        let mut logins = place.manifest.with_role(Role::Service);
        let login = logins
            .find(|login| login.domains.meet(key.domains) && login.capabilities.cover(key.algorithm.signs_with()));
        let mut session = place.log_in(login.context("no service login reaches the key")?)?;
        let room = session.log_room().map_err(told)?.saturating_sub(SPARE);
        if room == 0 {
            bail!("the device's log is full; the service reads it and makes room");
        }
        let (begun, enough) = (Instant::now(), Duration::from_secs(args.seconds));
        let mut count: u32 = 0;
        while begun.elapsed() < enough && count < room {
            session.sign_probe(key, count).map_err(told)?;
            count += 1;
        }
        let rate = f64::from(count) / begun.elapsed().as_secs_f64();
        println!(
            "signing-key:{} {:?} ({}): {rate:.1} signatures/s, {count} made",
            key.id,
            key.label.as_str(),
            key.algorithm
        );
    }
    Ok(ExitCode::SUCCESS)
}
