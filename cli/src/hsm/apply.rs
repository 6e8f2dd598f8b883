//! `kokuin hsm apply`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use kokuin_hsm_config::{
    manifest::Manifest,
    plan::{ObjectName, Step, compare},
    yubihsm::manage::{Applier, DeviceSession},
};

use super::{
    DIFFERS,
    people::People,
    place::{Place, Which, told},
    record::{Log, Record, digest_of, folder},
};
use crate::{config::Config, fresh};

/// Which device, by whom, and what may go.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    log: Log,
    #[command(flatten)]
    people: People,
    /// Folder for the shares of a wrap key that is made: each file is handed to one custodian, and deleted here
    #[arg(long, value_name = "DIR")]
    shares: Option<PathBuf>,
    /// Delete this object, as `plan` names it, and make it anew if the manifest has it. Repeated
    #[arg(long, value_name = "TYPE:ID", value_parser = object)]
    delete: Vec<ObjectName>,
}

fn object(text: &str) -> Result<ObjectName, String> {
    text.parse().map_err(|error| format!("{error}"))
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let place = Place::open(&args.which)?;
    let (config, actors) = (args.log.config()?, args.people.names(&place.manifest)?);
    let keys = &config.keys.directory;
    let mut sessions = place.administrators()?;
    let logins = sessions.iter().map(|session| session.login().to_string()).collect();
    // The others stay open until the end: who cannot log in takes part in nothing.
    let mut session = sessions.remove(0);
    let plan = compare(&place.manifest, &session.inventory(&place.station).map_err(told)?);
    let unsolvable: Vec<String> = plan.unsolvable().map(ToString::to_string).collect();
    if !unsolvable.is_empty() {
        bail!("nothing is done, because no step can end this: {}", unsolvable.join("; "));
    }
    let steps = plan.steps(&args.delete)?;
    if steps.is_empty() {
        enroll(&place, &config, &mut session)?;
        println!("nothing to do");
        return Ok(if plan.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DIFFERS) });
    }
    let shares = match &args.shares {
        Some(folder) => folder.clone(),
        None if steps.iter().any(|step| matches!(step, Step::AddWrapKey(_))) => {
            bail!("a wrap key is made: --shares says where its shares go");
        }
        None => PathBuf::new(),
    };
    if args.shares.is_some() {
        fresh::make_private(&shares)?;
    }
    let mut record = Record {
        action: "hsm-apply",
        serial: place.manifest.device.serial,
        device: place.manifest.device.name.to_string(),
        manifest_sha256: digest_of(&args.which.manifest)?,
        actors,
        logins,
        log_before: session.log_mark().map_err(told)?,
        ..Record::default()
    };
    let lines = folder(keys, place.manifest.device.serial)?;
    let mut applier = Applier::new(&place.station, &place.manifest, session, &shares, &lines);
    let mut outcome = Ok(());
    for step in &steps {
        println!("{step}");
        outcome = applier.take(step);
        if outcome.is_err() {
            break;
        }
    }
    let (mut session, applied) = applier.into_parts();
    for key in &applied.keys {
        println!("signing-key:{} has public_key_sha256 = \"{}\"", key.id, key.public_key_sha256);
    }
    for share in &applied.shares {
        println!("share {}", share.display());
    }
    for file in &applied.lines_files {
        println!("the device's log had to make room: its lines are in {}", file.display());
    }
    (record.steps, record.keys, record.log_lines) = (applied.steps, applied.keys, applied.lines);
    record.stopped = outcome.as_ref().err().map(|error| error.code().to_owned());
    // What was done is recorded, whatever the device says now.
    record.log_after = session.log_mark().ok().flatten();
    record.leave(keys)?;
    drop(sessions);
    outcome.map_err(told).context("the same command goes on from here")?;
    enroll(&place, &config, &mut session)?;
    Ok(ExitCode::SUCCESS)
}

/// The device's keys become keys of the configuration, if that has the device.
fn enroll(place: &Place, config: &Config, session: &mut DeviceSession) -> anyhow::Result<()> {
    let Manifest { device, signing_keys, .. } = &place.manifest;
    let Some(configured) = config.keys.yubihsm.iter().find(|configured| configured.serial == device.serial) else {
        println!("no [[keys.yubihsm]] has serial = {}: its keys get their records once one has", device.serial);
        return Ok(());
    };
    for key in signing_keys {
        if let Some(name) = session.enroll(&config.keys.directory, &configured.name, key).map_err(told)? {
            println!("yubihsm:{}/{name} is signing-key:{}", configured.name, key.id);
        }
    }
    Ok(())
}
