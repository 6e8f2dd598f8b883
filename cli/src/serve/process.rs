//! The wiring of one process: its keys, its clock, its log, and the services on top of them.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use kokuin_asn1::{Certificate, pem};
use kokuin_audit::{Log, entry::Digest};
use kokuin_clock::Clock;
use kokuin_device_ledger::Drains;
use kokuin_profile::is_development;
use kokuin_store::{BatchRepository, Database};
use kokuin_suite::{CryptoPolicy, Verify};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_tsa::{
    DEVELOPMENT_POLICY, TsuConfig,
    batch::{BatchConfig, Lane},
};
use kokuin_web::{
    Application, Hindrance, Limits, LogRoutes, RenewedTls, ServiceSpec, StaticFile, Tls, metrics::Registry,
};

use super::{
    clock,
    devices::Devices,
    intake::Intake,
    logs,
    marks::TimeMarks,
    neighbours::Neighbours,
    reload::{Apply, Reloader},
    tsus,
};
use crate::{
    config::Config,
    control::{self, Listener, Reload},
    keyring::Keyring,
    spool::Spool,
};

/// Which services the process runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    Tsa,
    Eseal,
    Both,
}

impl Role {
    pub(super) const fn stamps(self) -> bool {
        matches!(self, Self::Tsa | Self::Both)
    }

    pub(super) const fn seals(self) -> bool {
        matches!(self, Self::Eseal | Self::Both)
    }
}

/// What the services of one process share.
pub(crate) struct Process {
    pub(super) config: Config,
    pub(super) config_digest: Digest,
    /// The file that the configuration came from.
    path: PathBuf,
    pub(super) role: Role,
    pub(super) keys: Arc<Keyring>,
    pub(super) database: Database,
    pub(super) log: Log,
    neighbours: Neighbours,
    pub(super) engine: Arc<dyn Verify>,
    pub(super) crypto_policy: Arc<CryptoPolicy>,
    pub(super) clock: Arc<dyn Clock>,
    /// TLS of the listeners; [`Tls::renewed`] takes new files without a restart.
    pub(super) tls: Option<Tls>,
    intake: Intake,
    pub(super) drains: Drains,
    devices: Devices,
    pub(super) marks: Option<TimeMarks>,
}

/// One service, ready to listen.
pub(crate) struct Unit {
    pub(super) name: &'static str,
    pub(super) listener: TcpListener,
    pub(super) limits: Limits,
    pub(super) application: Application,
    pub(super) stop: Box<dyn FnOnce() + Send>,
    /// How it takes up a changed configuration, if it does.
    pub(super) apply: Option<Apply>,
}

impl Unit {
    /// Publishes a file beside the service's own routes.
    pub(crate) fn publishing(self, file: StaticFile) -> Self {
        let inner = self.application;
        Self {
            application: Arc::new(move |config| {
                inner(config);
                file.configure(config);
            }),
            ..self
        }
    }

    /// Is not ready while `hindrance` stands.
    fn hindered_by(self, hindrance: Hindrance) -> Self {
        let inner = self.application;
        Self {
            application: Arc::new(move |config| {
                hindrance.configure(config);
                inner(config);
            }),
            ..self
        }
    }
}

impl Process {
    /// Opens keys, database and log. Nothing is issued yet.
    ///
    /// # Errors
    /// If anything cannot be opened, or the log does not fit its anchor (THR-42).
    pub(crate) fn start(config: &Config, path: &Path, role: Role, accept_loss: Option<&str>) -> anyhow::Result<Self> {
        refuse_development(config, role)?;
        let config_digest = Digest::of(&fs::read(path).with_context(|| format!("cannot read {}", path.display()))?);
        let tls = config.listen.tls.clone().map(Tls::load).transpose()?;
        let engine: Arc<dyn Verify> = Arc::new(OpenSslEngine);
        let keys = Arc::new(Keyring::open(&config.keys, &engine)?);
        let devices = Devices::start(config, &keys, role)?;
        let database = config.log.place()?.open()?;
        let log = logs::open(config, &keys, &database, &engine, accept_loss)?;
        let neighbours = Neighbours::start(&log, &database, &engine)?;
        let clock = clock::start(config)?;
        let intake = Intake::start(log.clone(), Spool::new(&config.keys.directory))?;
        // After the records of ceremonies, which devices signed before; and before anything is signed.
        let drains = Drains::start(keys.device_logs(), &log)?;
        let crypto_policy = Arc::new(CryptoPolicy::etsi());
        let marks = config.log.time_mark.as_ref().map(|marks| {
            TimeMarks::start(marks, log.clone(), Arc::clone(&clock), Arc::clone(&engine), Arc::clone(&crypto_policy))
        });
        Ok(Self {
            config: config.clone(),
            config_digest,
            path: std::path::absolute(path)?,
            role,
            keys,
            database,
            log,
            neighbours,
            engine,
            crypto_policy,
            clock,
            tls,
            intake,
            drains,
            devices,
            marks: marks.transpose()?,
        })
    }

    /// The time-stamp service, if this process runs it.
    ///
    /// # Errors
    /// The first rule that its parts break.
    pub(crate) fn tsa(&self) -> anyhow::Result<Option<Unit>> {
        let Some(config) = self.config.tsa.as_ref().filter(|_| self.role.stamps()) else { return Ok(None) };
        let listener = bind(self.config.listen.tsa)?;
        let registry = Registry::new();
        kokuin_clock_record::observe(&registry, &self.clock);
        self.marks.iter().for_each(|marks| marks.observe(&registry));
        self.drains.observe(&registry);
        self.tls.iter().for_each(|tls| tls.observe(&registry));
        let service = kokuin_tsa::Service::new(kokuin_tsa::Parts {
            config: config.clone(),
            config_digest: self.config_digest,
            tsus: tsus::load(&self.keys, self.tls.as_ref(), config)?,
            clock: Arc::clone(&self.clock),
            log: self.log.clone(),
            engine: Arc::clone(&self.engine),
            crypto_policy: Arc::clone(&self.crypto_policy),
            registry: registry.clone(),
        })?;
        let limits = self.config.limits.clone();
        let lane = self.batch_lane(&service, &config.batch, &registry)?;
        let application = kokuin_tsa::http::routes(&service, &limits, &registry, self.log_routes(), lane.as_ref());
        let (keys, tls, running) = (Arc::clone(&self.keys), self.tls.clone(), Arc::clone(&service));
        let apply: Apply = Box::new(move |config, config_digest| {
            let config = config.tsa.clone().context("there is no [tsa] any more")?;
            let tsus = tsus::load(&keys, tls.as_ref(), &config)?;
            // The same files, for new connections: a renewed certificate needs no restart. In force once nothing else can refuse.
            let renewed = tls.as_ref().map(Tls::renewed).transpose()?;
            let changed = running.reload(kokuin_tsa::Reload { config, config_digest, tsus })?;
            renewed.into_iter().for_each(RenewedTls::put_in_force);
            Ok(changed.names().to_vec())
        });
        let stop = Box::new(move || {
            lane.iter().for_each(|lane| lane.stop());
            report_stop("tsa", service.stop());
        });
        Ok(Some(Unit { name: "tsa", listener, limits, application, stop, apply: Some(apply) }))
    }

    /// The batch lane, if the configuration has one.
    fn batch_lane(
        &self,
        service: &Arc<kokuin_tsa::Service>,
        config: &BatchConfig,
        registry: &Registry,
    ) -> anyhow::Result<Option<Arc<Lane>>> {
        if !config.enabled {
            return Ok(None);
        }
        let store = BatchRepository::new(self.database.for_batches()?);
        Ok(Some(Lane::start(service, config.clone(), store, registry)?))
    }

    /// Serves until told to stop, and closes the log.
    ///
    /// # Errors
    /// If there is nothing to serve, or a listener fails.
    pub(crate) fn serve(self, units: Vec<Unit>) -> anyhow::Result<()> {
        let mut listeners = Vec::new();
        let mut specs = Vec::new();
        let hindrance = Hindrance::new(self.devices.readiness());
        for unit in units.into_iter().map(|unit| unit.hindered_by(hindrance.clone())) {
            let spec = ServiceSpec::new(unit.name, unit.listener, unit.limits, unit.application);
            let spec = spec.tls(self.tls.clone()).on_shutdown(unit.stop);
            let Some(apply) = unit.apply else {
                let name = unit.name;
                specs.push(spec.on_hangup(move || tracing::warn!(service = name, "takes no changes while it runs")));
                continue;
            };
            let mut reloader = Reloader::new(&self.path, self.role, apply)?;
            let socket = control::socket(&self.config.keys.directory, unit.name);
            let reload = Reload::new(&self.path, move || reloader.reload());
            specs.push(spec.on_hangup(reload.on_hangup()));
            // The service is worth more than the command that changes it: SIGHUP is heard all the same.
            match Listener::start(socket, reload) {
                Ok(listener) => listeners.push(listener),
                Err(error) => tracing::error!(
                    error = format!("{error:#}"),
                    "`kokuin {} reload` cannot reach this service",
                    unit.name
                ),
            }
        }
        if specs.is_empty() {
            bail!("the configuration has no service to run");
        }
        let outcome = kokuin_web::run(specs);
        drop(listeners);
        // The last lines of devices are of signatures that have been made by now.
        drop((self.intake, self.devices, self.marks, self.drains, self.neighbours));
        report_stop("log", self.log.close());
        Ok(outcome?)
    }

    pub(super) fn log_routes(&self) -> LogRoutes {
        LogRoutes::new(Arc::new(self.log.clone())).with_others(self.neighbours.others.clone())
    }
}

/// Development certificates and policies are refused before anything is opened (THR-62).
pub(super) fn refuse_development(config: &Config, role: Role) -> anyhow::Result<()> {
    if config.development {
        return Ok(());
    }
    let tsa = config.tsa.as_ref().filter(|_| role.stamps());
    let eseal = config.eseal.as_ref().filter(|_| role.seals());
    let tsus = || tsa.iter().flat_map(|tsa| &tsa.tsu);
    let files = tsus().flat_map(TsuConfig::certificates).chain(eseal.map(|eseal| &eseal.credential.certificate));
    for path in files {
        let throwaway = read_certificates(path)?.into_iter().find(is_development);
        if let Some(throwaway) = throwaway {
            bail!("{}: {} is development material", path.display(), throwaway.subject_text());
        }
    }
    if let Some(tsu) = tsus().find(|tsu| tsu.policies.iter().any(|policy| policy.0 == DEVELOPMENT_POLICY)) {
        bail!("policies of TSU {} names {DEVELOPMENT_POLICY}, the policy of development tokens", tsu.name);
    }
    Ok(())
}

/// Takes an address before the service is made: one that is in use leaves no start in the log.
pub(super) fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    kokuin_web::bind(address).with_context(|| format!("cannot listen on {address}"))
}

/// Every certificate of a PEM file, in its order.
pub(crate) fn read_certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let failed = || format!("cannot read certificates from {}", path.display());
    parse_certificates(&fs::read(path).with_context(failed)?).with_context(failed)
}

/// Every certificate of a PEM text, in its order.
pub(crate) fn parse_certificates(text: &[u8]) -> anyhow::Result<Vec<Certificate>> {
    pem::decode_all(text)?.iter().map(|block| Ok(Certificate::parse(&block.der)?)).collect()
}

pub(super) fn report_stop<E: std::fmt::Display>(what: &str, stopped: Result<(), E>) {
    if let Err(error) = stopped {
        tracing::error!(%error, "{what} did not stop cleanly");
    }
}
