//! The development CA while it serves: its CRL stays fresh.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use anyhow::Context as _;
use kokuin_asn1::Crl;
use kokuin_devca::DevCa;
use kokuin_hsm_config::soft::SoftStore;
use kokuin_key::KeyId;

use super::{Layout, material};
use crate::{
    config::Keys,
    output::{self, Readers},
};

/// Where relying parties find the CRL, under the time-stamp service's address.
pub(crate) const CRL_ROUTE: &str = "/ca/root.crl";

/// How long a CRL is valid, in seconds.
const VALIDITY: i64 = 7 * 24 * 3600;
/// A CRL older than this is replaced, in seconds.
const RENEW_AFTER: i64 = 3600;
/// How often its age is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Renews the root's CRL.
#[derive(Debug)]
pub(crate) struct CrlKeeper {
    ca: DevCa,
    path: PathBuf,
}

impl CrlKeeper {
    /// Takes up the CA below `layout`.
    pub(super) fn load(layout: &Layout, keys: &Keys) -> anyhow::Result<Self> {
        let store = SoftStore::open(&keys.directory, &keys.passphrase_file)?;
        let certificate = material::read_certificate(&layout.root_certificate())?;
        let url = certificate.crl_distribution_points().into_iter().next().unwrap_or_default();
        let ca = DevCa::load(certificate, store.load(&KeyId::new(material::CA)?)?, &url)?;
        Ok(Self { ca, path: layout.root_crl() })
    }

    /// Where the CRL is.
    pub(crate) fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// Writes a new CRL where there is none, or an old one. `now`: Unix seconds.
    pub(super) fn refresh(&self, now: i64) -> anyhow::Result<()> {
        if self.current().is_some_and(|this_update| (this_update..this_update + RENEW_AFTER).contains(&now)) {
            return Ok(());
        }
        let number = u64::try_from(now).context("the system clock is before 1970")?;
        let crl = self.ca.crl(now, now + VALIDITY, &[], number)?;
        output::replace(&self.path, &crl, Readers::Anyone)
    }

    /// thisUpdate of the CRL that is there.
    fn current(&self) -> Option<i64> {
        let crl = Crl::parse(&fs::read(&self.path).ok()?).ok()?;
        Some(crl.this_update())
    }

    /// Looks after the CRL until the guard is dropped. `clock`: Unix seconds.
    pub(crate) fn keep(self, clock: fn() -> i64) -> anyhow::Result<Keeping> {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = thread::Builder::new().name("dev-crl".to_owned()).spawn(move || {
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(LOOK_EVERY) {
                if let Err(error) = self.refresh(clock()) {
                    tracing::error!(%error, "the development CA could not renew its CRL");
                }
            }
        })?;
        Ok(Keeping { stop: Some(stop), thread: Some(thread) })
    }
}

/// Ends the looking-after when dropped.
#[derive(Debug)]
pub(crate) struct Keeping {
    stop: Option<mpsc::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Drop for Keeping {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed already.
            thread.join().unwrap_or_default();
        }
    }
}

/// The CRL's address when the time-stamp service listens on `address`.
pub(super) fn crl_url(address: SocketAddr) -> String {
    format!("http://{address}{CRL_ROUTE}")
}
