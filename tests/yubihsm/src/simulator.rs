//! A running device, and the ways to reach into it.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use crate::{
    command_log::Entry,
    connector::{self, Connector},
    device::{Device, SignatureMade},
    fault::Armed,
    refusal::Refusal,
    saved::Saved,
    server::Server,
    settings::{Latency, Settings},
    wire::Command,
};

/// Why a simulator does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address cannot be listened at.
    #[error("the connector cannot listen: {0}")]
    Listen(io::Error),
    /// The file that the device is kept in cannot be read.
    #[error("the saved device cannot be read: {0}")]
    Saved(io::Error),
    /// The device could not be made.
    #[error("the device cannot start: {0}")]
    Device(#[from] Refusal),
}

/// A device behind a connector. Dropping it stops both.
#[derive(Debug)]
pub struct Simulator {
    connector: Arc<Connector>,
    address: SocketAddr,
    idle: Option<Duration>,
    server: Mutex<Option<Server>>,
}

impl Simulator {
    /// Starts a fresh device, or the one that was kept, and its connector.
    ///
    /// # Errors
    /// [`StartError`] if the address is taken, what was kept cannot be read, or OpenSSL fails.
    pub fn start(settings: Settings) -> Result<Self, StartError> {
        let (listen, idle) = (settings.listen, settings.idle);
        let saved = settings.state.as_deref().map_or(Ok(None), Saved::load).map_err(StartError::Saved)?;
        let device = match saved {
            Some(saved) => Device::restore(settings, &saved)?,
            None => Device::new(settings)?,
        };
        let connector = Arc::new(Connector::new(device));
        let server = Server::open(listen, idle, Arc::<Connector>::clone(&connector)).map_err(StartError::Listen)?;
        Ok(Self { connector, address: server.address(), idle, server: Mutex::new(Some(server)) })
    }

    /// Where the connector listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The connector's address as a URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Arms a fault.
    pub fn fault(&self, fault: impl Into<Armed>) {
        self.connector.faults().arm(fault.into());
    }

    /// How many faults have not come up yet.
    #[must_use]
    pub fn faults_waiting(&self) -> usize {
        self.connector.faults().waiting()
    }

    /// Disarms all faults.
    pub fn clear_faults(&self) {
        self.connector.faults().clear();
    }

    /// The command log as it stands.
    #[must_use]
    pub fn log(&self) -> Vec<Entry> {
        self.connector.device().log.entries().copied().collect()
    }

    /// Every signature made since the start, whatever became of the answer.
    #[must_use]
    pub fn signatures(&self) -> Vec<SignatureMade> {
        self.connector.device().signatures.clone()
    }

    /// Sessions that are taken, half-open ones too.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.connector.device().sessions.open()
    }

    /// The serial number.
    #[must_use]
    pub fn serial(&self) -> u32 {
        self.connector.device().serial
    }

    /// Runs a command past every service: opens a session with authentication key `key`, runs it, closes. All is logged.
    ///
    /// # Errors
    /// What the device refuses.
    pub fn direct(&self, key: u16, command: Command, payload: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.connector.device().direct(key, command, payload)
    }

    /// A signature over `digest` made straight on the device, with the factory key's rights or those of `key`.
    ///
    /// # Errors
    /// What the device refuses.
    pub fn rogue_sign_ecdsa(&self, key: u16, signing_key: u16, digest: &[u8]) -> Result<Vec<u8>, Refusal> {
        self.direct(key, Command::SIGN_ECDSA, &[&signing_key.to_be_bytes(), digest].concat())
    }

    /// Power goes and comes back: sessions are lost, the start is logged.
    pub fn power_cycle(&self) {
        self.connector.device().power_cycle();
    }

    /// Changes how long commands take from now on: set up at once, then sign at a real device's pace.
    pub fn set_latency(&self, latency: Latency) {
        self.connector.device().settings.latency = latency;
    }

    /// Lets the device's clock run ahead, for the expiry of sessions.
    pub fn advance(&self, by: Duration) {
        self.connector.device().advance(by);
    }

    /// Pulls the device out, or puts it back in with its sessions lost.
    pub fn plug(&self, plugged_in: bool) {
        self.connector.plug(plugged_in);
        if plugged_in {
            self.power_cycle();
        }
    }

    /// Another device of this serial number takes its place: a fresh one, or with everything that the old one had.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn swap(&self, serial: u32, with_objects: bool) -> Result<(), Refusal> {
        self.connector.device().swap(serial, with_objects)
    }

    /// The simulated maker's root certificate, DER, which attestation certificates lead up to.
    ///
    /// # Errors
    /// If OpenSSL fails.
    pub fn attestation_root(&self) -> Result<Vec<u8>, Refusal> {
        self.connector.device().attestor.root()
    }

    /// Fills the command log with starts of the device.
    pub fn fill_log(&self) {
        let mut device = self.connector.device();
        while !device.log.is_full() {
            device.log.boot(0);
        }
    }

    /// Loses the newest entry of the log, as no device should.
    pub fn lose_log_entry(&self) {
        self.connector.device().log.lose_last();
    }

    /// Makes the newest entry's digest a wrong one.
    pub fn break_log_chain(&self) {
        self.connector.device().log.break_last();
    }

    /// Writes the device to [`Settings::state`] now, as every frame over the connector does.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self) -> io::Result<()> {
        connector::keep(&self.connector.device())
    }

    /// The connector stops: its connections end, and new ones are refused. The device and its sessions stay.
    pub fn stop_connector(&self) {
        drop(self.server.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// The connector starts again at the same address.
    ///
    /// # Errors
    /// If something else has taken it.
    pub fn start_connector(&self) -> io::Result<()> {
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        if server.is_none() {
            *server = Some(Server::open(self.address, self.idle, Arc::<Connector>::clone(&self.connector))?);
        }
        Ok(())
    }

    /// Stops the connector and starts it again.
    ///
    /// # Errors
    /// If something else has taken its address.
    pub fn restart_connector(&self) -> io::Result<()> {
        self.stop_connector();
        self.start_connector()
    }
}
