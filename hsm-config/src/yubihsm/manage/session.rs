//! A login on a device, for one command of an operator.

use std::time::Duration;

use kokuin_settings::Secret;
use yubihsm::{Client, client};

use crate::manifest::{FACTORY_KEY, ObjectId};
use crate::yubihsm::connection::{Connection, Link};
use crate::yubihsm::login::Login;
use crate::yubihsm::manage::ManageError;
use crate::yubihsm::{CallError, Way};

/// The password that every device leaves the factory with.
const FACTORY_PASSWORD: &[u8] = b"password";
/// RSA keys take minutes.
const KEY_GENERATION: Duration = Duration::from_secs(300);

/// A device behind its connector.
#[derive(Clone, Debug)]
pub struct Station(Link);

impl Station {
    /// The device at the end of `way`, which may take `timeout` for an answer. On USB its serial number tells it from others.
    #[must_use]
    pub const fn new(way: Way, serial: u32, timeout: Duration) -> Self {
        Self(Link { way, serial, timeout })
    }

    /// Logs in, once: a wrong secret is not tried again.
    ///
    /// # Errors
    /// [`ManageError::Call`].
    pub fn open(&self, login: ObjectId, secret: &Secret) -> Result<DeviceSession, ManageError> {
        let opened = Connection::open(&self.0, &Login::new(login.as_u16(), secret));
        let connection = opened.map_err(|error| ManageError::Call { what: "log in", error })?;
        Ok(DeviceSession { connection, login, patience: self.0.timeout })
    }

    /// Logs in with the factory's key and password; `None` if it does not open.
    ///
    /// # Errors
    /// [`ManageError::Call`] if the device cannot be reached.
    pub fn open_factory(&self) -> Result<Option<DeviceSession>, ManageError> {
        match self.open(FACTORY_KEY, &Secret::new(FACTORY_PASSWORD.to_vec())) {
            Ok(session) => Ok(Some(session)),
            Err(ManageError::Call { error: CallError::Login(_), .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }
}

/// A session with a device.
#[derive(Debug)]
pub struct DeviceSession {
    connection: Connection,
    login: ObjectId,
    patience: Duration,
}

impl DeviceSession {
    /// The authentication key it was opened with.
    #[must_use]
    pub const fn login(&self) -> ObjectId {
        self.login
    }

    /// Runs one command; `what` is for the message.
    pub(super) fn call<T: Send + 'static>(
        &mut self,
        what: &'static str,
        command: impl FnOnce(&Client) -> Result<T, client::Error> + Send + 'static,
    ) -> Result<T, ManageError> {
        self.connection.call_within(self.patience, command).map_err(|error| ManageError::Call { what, error })
    }

    /// The same for making a key.
    pub(super) fn call_slowly<T: Send + 'static>(
        &mut self,
        what: &'static str,
        command: impl FnOnce(&Client) -> Result<T, client::Error> + Send + 'static,
    ) -> Result<T, ManageError> {
        let patience = self.patience.max(KEY_GENERATION);
        self.connection.call_within(patience, command).map_err(|error| ManageError::Call { what, error })
    }
}
