//! `kokuin hsm restore`: before `apply`, on the device that takes another one's place.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail};
use kokuin_hsm_config::{
    plan::ObjectKind,
    yubihsm::manage::{Backup, DeviceSession, Share, recover},
};
use kokuin_settings::SecretFile;

use super::{
    people::People,
    place::{Place, Which, told},
    record::{Log, Record, digest_of},
};

/// Which device, backups and shares, by whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    log: Log,
    #[command(flatten)]
    people: People,
    /// A custodian's share of the wrap key; as many as are needed. Not needed where the wrap key is in the device. Repeated
    #[arg(long = "share", value_name = "FILE")]
    shares: Vec<PathBuf>,
    /// What `backup` wrote
    #[arg(value_name = "BACKUP", required = true)]
    backups: Vec<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let place = Place::open(&args.which)?;
    let (folder, actors) = (args.log.keys()?, args.people.names(&place.manifest)?);
    let backups: Vec<Backup> = args.backups.iter().map(|path| read(path)).collect::<anyhow::Result<_>>()?;
    let shares: Vec<Share> = args.shares.iter().map(|path| read(path)).collect::<anyhow::Result<_>>()?;
    for backup in &backups {
        place.signing_key(backup.key.parse()?)?;
    }
    let mut sessions = place.administrators()?;
    let logins = sessions.iter().map(|session| session.login().to_string()).collect();
    let session = sessions.first_mut().context("nobody is logged in")?;
    let mut record = Record {
        action: "hsm-restore",
        serial: place.manifest.device.serial,
        device: place.manifest.device.name.to_string(),
        manifest_sha256: digest_of(&args.which.manifest)?,
        actors,
        logins,
        log_before: session.log_mark().map_err(told)?,
        ..Record::default()
    };
    let outcome = restore(&place, session, &shares, &backups, &mut record.steps);
    record.stopped = outcome.as_ref().err().map(|error| format!("{error:#}"));
    record.log_after = session.log_mark().ok().flatten();
    record.leave(&folder)?;
    outcome.map(|()| ExitCode::SUCCESS)
}

fn restore(
    place: &Place,
    session: &mut DeviceSession,
    shares: &[Share],
    backups: &[Backup],
    steps: &mut Vec<String>,
) -> anyhow::Result<()> {
    let inventory = session.inventory(&place.station).map_err(told)?;
    let serial = place.manifest.device.serial;
    if inventory.serial != serial {
        bail!("serial number is {}, the manifest is about {serial}", inventory.serial);
    }
    if let Some(first) = shares.first() {
        let id = first.wrap_key.parse()?;
        let mut wraps = place.manifest.wrap_keys.iter();
        let wrap = wraps.find(|wrap| wrap.id == id).with_context(|| format!("the manifest has no wrap key {id}"))?;
        if inventory.object(ObjectKind::WrapKey, id).is_some() {
            bail!("wrap-key:{id} is in the device already: without --share, its backups are restored with it");
        }
        let key = recover(shares).map_err(|error| anyhow::anyhow!("{error} ({})", error.code()))?;
        session.put_wrap_key(wrap, &key).map_err(told)?;
        let numbers: Vec<String> = shares.iter().map(|share| share.number.to_string()).collect();
        println!("wrap-key:{id} is in the device");
        steps.push(format!("add wrap-key:{id} from shares {}", numbers.join(", ")));
    }
    for backup in backups {
        session.restore(backup).map_err(told)?;
        println!("signing-key:{} is in the device, with the public key it had", backup.key);
        steps.push(format!("restore signing-key:{} of device {}", backup.key, backup.serial));
    }
    Ok(())
}

/// Shares and backups are for few people's eyes: a file that others can read is refused.
fn read<T: serde::de::DeserializeOwned>(path: &Path) -> anyhow::Result<T> {
    let secret = SecretFile::new(path.to_owned()).read()?;
    let text = secret.expose_text().with_context(|| format!("{} is no text", path.display()))?;
    // The library's own message would quote the file.
    toml::from_str(text).map_err(|_| anyhow::anyhow!("{} is no share or backup", path.display()))
}
