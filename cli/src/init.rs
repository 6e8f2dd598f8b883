//! `kokuin init`: the folders, secrets and configuration of a provider's services. It makes nothing that could be mistaken for a
//! certificate, and decides nothing that is the operator's to decide.

mod configuration;
mod next_steps;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use configuration::Decisions;
use kokuin_audit::Origin;
use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::{KeyId, Purpose};
use kokuin_suite::KeyAlgorithm;

use crate::{
    fresh, hardening,
    output::{self, Readers},
    spool::Spool,
};

/// Name of the key that signs checkpoints.
const LOG_KEY: &str = "log";

/// Where, and what of it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Folder to make; one that holds anything is refused
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Only this service, in DIR itself [default: both, in DIR/tsa and DIR/eseal, for two users]
    #[arg(long, value_name = "SERVICE")]
    service: Option<Service>,
    /// The log's name for ever, an address without scheme: tsa.example/log [default: this machine's name and a random number]
    #[arg(long, value_name = "NAME", requires = "service")]
    origin: Option<String>,
    /// Your time-stamp policy, dotted; may be given several times
    #[arg(long = "policy", value_name = "OID")]
    policies: Vec<String>,
    /// An NTP server, HOST or HOST:PORT; two at least are needed
    #[arg(long = "clock-source", value_name = "HOST")]
    clock_sources: Vec<String>,
    /// Accept that keys are in files, which no device protects: writes `keys.not_protected_by_a_device = true`
    #[arg(long)]
    software_keys: bool,
}

/// A service of a provider.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Service {
    /// The time-stamp authority
    Tsa,
    /// The e-seal service
    Eseal,
}

impl Service {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Tsa => "tsa",
            Self::Eseal => "eseal",
        }
    }
}

/// Makes everything, and prints what to do next.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    hardening::apply().require()?;
    for policy in &args.policies {
        if policy.parse::<kokuin_asn1::Oid>().is_err() {
            bail!("--policy {policy} is not a dotted OID");
        }
    }
    if args.data.exists() && !fresh::is_empty(&args.data)? {
        bail!("{} is not empty; name another folder with --data", args.data.display());
    }
    fresh::make_private(&args.data)?;
    let data = fs::canonicalize(&args.data).with_context(|| format!("cannot find {}", args.data.display()))?;
    let made: Vec<(Service, PathBuf)> = match args.service {
        Some(service) => vec![(service, data)],
        None => [Service::Tsa, Service::Eseal].map(|service| (service, data.join(service.name()))).to_vec(),
    };
    for (service, folder) in &made {
        make(args, *service, folder)?;
    }
    if args.service.is_none() {
        open_to_both(&args.data)?;
    }
    next_steps::print(args, &made);
    Ok(())
}

fn make(args: &Args, service: Service, folder: &Path) -> anyhow::Result<()> {
    let origin = match &args.origin {
        Some(origin) => origin.clone(),
        None => made_up_origin(service)?,
    };
    Origin::new(&origin)?;
    let keys = folder.join("keys");
    for folder in
        [folder.to_owned(), keys.clone(), folder.join("log"), folder.join("certificates"), folder.join("trust")]
    {
        fresh::make_private(&folder)?;
    }
    let passphrase = keys.join("passphrase");
    fresh::make_secret(&passphrase)?;
    if service == Service::Eseal {
        fresh::make_secret(&keys.join("tenant-secret"))?;
        fresh::make_secret(&keys.join("token-secret"))?;
    }
    let store = SoftStore::open(&keys, &passphrase)?;
    let log = store.create(&KeyId::new(LOG_KEY)?, KeyAlgorithm::Ed25519, Purpose::Log)?;
    Spool::new(&keys).leave("key-create", LOG_KEY, Some("ed25519 for log"))?;
    fresh::publish_log_key(&folder.join("log/main.vkey"), &origin, &*log)?;
    let decisions = Decisions {
        origin: &origin,
        policies: &args.policies,
        clock_sources: &args.clock_sources,
        software_keys: args.software_keys,
    };
    let text = configuration::text(service, &decisions);
    // It comes last: who finds it finds everything.
    output::create(&folder.join("kokuin.toml"), text.as_bytes(), Readers::Owner)
}

/// Two users must be able to reach their own folders in it.
fn open_to_both(folder: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let opened = fs::set_permissions(folder, fs::Permissions::from_mode(0o711));
    opened.with_context(|| format!("cannot open {} to the services' users", folder.display()))
}

fn made_up_origin(service: Service) -> anyhow::Result<String> {
    let mut suffix = [0_u8; 8];
    getrandom::fill(&mut suffix).map_err(|e| anyhow::anyhow!("no random octets: {e}"))?;
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String = host.trim().chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')).collect();
    let host = if host.is_empty() { "localhost" } else { &host };
    Ok(format!("{host}/{}/{}", service.name(), hex::encode(suffix)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn args(data: &Path) -> Args {
        Args {
            data: data.to_owned(),
            service: None,
            origin: None,
            policies: vec!["1.2.3.4".to_owned()],
            clock_sources: Vec::new(),
            software_keys: false,
        }
    }

    #[test]
    fn makes_two_services_whose_secrets_are_their_owners_alone_thr_104() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        run(&args(&data)).unwrap();
        let mode = |path: &str| fs::metadata(data.join(path)).unwrap().permissions().mode() & 0o777;
        for path in ["tsa", "tsa/keys", "eseal", "eseal/keys"] {
            assert_eq!(mode(path), 0o700, "{path}");
        }
        for path in ["tsa/keys/passphrase", "tsa/kokuin.toml", "eseal/keys/tenant-secret", "eseal/keys/token-secret"] {
            assert_eq!(mode(path), 0o600, "{path}");
        }
        let passphrase = |service| fs::read(data.join(service).join("keys/passphrase")).unwrap();
        assert_ne!(passphrase("tsa"), passphrase("eseal"));
        assert!(data.join("tsa/log/main.vkey").exists());
    }

    #[test]
    fn refuses_a_folder_that_holds_anything() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("thesis.txt"), "mine").unwrap();
        assert!(run(&args(dir.path())).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn refuses_a_policy_that_is_no_oid_before_it_makes_anything() {
        let dir = tempfile::tempdir().unwrap();
        let wrong = Args { policies: vec!["1.2\"\n".to_owned()], ..args(dir.path()) };
        assert!(run(&wrong).is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}
