//! Self-tests, each of a device's announced in the log before it is made (THR-57).

use std::sync::Arc;

use kokuin_audit::{Log, LogError, TenantSecret, Tested, entry, test_key};
use kokuin_key::SigningKey;
use kokuin_suite::Verify;

use crate::serial::SerialSource;

/// What a test needs beside the key.
#[derive(Clone, Debug)]
pub(crate) struct Tester {
    pub(crate) log: Log,
    pub(crate) engine: Arc<dyn Verify>,
    pub(crate) serials: Arc<SerialSource>,
    pub(crate) secret: TenantSecret,
}

impl Tester {
    /// Tests `key`. Its number is one that no token gets.
    ///
    /// # Errors
    /// If the log does not take the intent: nothing was signed.
    pub(crate) fn test(&self, key: &dyn SigningKey) -> Result<Tested, LogError> {
        let micros = entry::LogTime::system_now().unix_micros();
        let serial = self.serials.next(micros).ok_or(LogError::Closed)?.logged();
        test_key(&self.log, key, &*self.engine, serial, &self.secret)
    }
}
