//! `kokuin hsm backup`.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context as _, bail};
use kokuin_hsm_config::manifest::{Capabilities, ObjectId, SigningKey};

use super::{
    people::People,
    place::{Place, Which, told},
    record::{Log, Record, digest_of},
};
use crate::{
    fresh,
    output::{self, Readers},
};

/// Which device and keys, by whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    log: Log,
    #[command(flatten)]
    people: People,
    /// Signing key [default: all that are exportable-under-wrap]. Repeated
    #[arg(long = "key", value_name = "ID")]
    keys: Vec<ObjectId>,
    /// Folder of the backup
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let place = Place::open(&args.which)?;
    let (folder, actors) = (args.log.keys()?, args.people.names(&place.manifest)?);
    let keys: Vec<&SigningKey> = if args.keys.is_empty() {
        let may_leave = |key: &&SigningKey| key.capabilities.cover(Capabilities::EXPORTABLE);
        place.manifest.signing_keys.iter().filter(may_leave).collect()
    } else {
        args.keys.iter().map(|id| place.signing_key(*id)).collect::<anyhow::Result<_>>()?
    };
    if keys.is_empty() {
        bail!("the manifest has no key that is exportable-under-wrap");
    }
    let mut sessions = place.administrators()?;
    let serial = place.manifest.device.serial;
    let logins = sessions.iter().map(|session| session.login().to_string()).collect();
    let session = sessions.first_mut().context("nobody is logged in")?;
    let found = session.inventory(&place.station).map_err(told)?.serial;
    if found != serial {
        bail!("serial number is {found}, the manifest is about {serial}");
    }
    let mut record = Record {
        action: "hsm-backup",
        serial,
        device: place.manifest.device.name.to_string(),
        manifest_sha256: digest_of(&args.which.manifest)?,
        actors,
        logins,
        log_before: session.log_mark().map_err(told)?,
        ..Record::default()
    };
    fresh::make_private(&args.out)?;
    let mut outcome = Ok(());
    for key in keys {
        let mut wraps = place.manifest.wrap_keys.iter();
        let fits = wraps.find(|wrap| wrap.domains.meet(key.domains) && wrap.delegated.cover(key.capabilities));
        let wrap = fits.with_context(|| format!("no wrap key of the manifest wraps signing-key:{}", key.id))?;
        let path = args.out.join(format!("signing-key-{}.backup.toml", key.id));
        outcome = session
            .back_up(serial, wrap.id, key)
            .map_err(told)
            .and_then(|backup| output::create(&path, toml::to_string(&backup)?.as_bytes(), Readers::Owner));
        if outcome.is_err() {
            break;
        }
        println!("signing-key:{} is in {}", key.id, path.display());
        record.steps.push(format!("back up signing-key:{} under wrap-key:{}", key.id, wrap.id));
    }
    record.stopped = outcome.as_ref().err().map(|error| format!("{error:#}"));
    record.log_after = session.log_mark().ok().flatten();
    record.leave(&folder)?;
    outcome.map(|()| ExitCode::SUCCESS)
}
