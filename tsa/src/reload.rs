//! Another configuration for a service that runs: taken whole, or refused whole.

use std::sync::{Arc, PoisonError};

use kokuin_audit::{
    LeafIndex, LogError, Tested,
    entry::{Digest, LogTime},
};
use kokuin_key::KeyError;

use crate::{
    assemble::{self, CheckedUnit, Common, Rules},
    changed::Changed,
    config::Config,
    journal::record_test,
    seat::Seat,
    service::{Service, TsuParts, record_certificate, record_config},
    start::StartError,
    tester::Tester,
    tsu::CheckedTsu,
    units::Units,
};

/// What takes the place of the configuration in force.
#[derive(Debug)]
pub struct Reload {
    /// The settings.
    pub config: Config,
    /// SHA-256 of the configuration as it was read.
    pub config_digest: Digest,
    /// Keys and certificates of each TSU of `config`, in any order.
    pub tsus: Vec<TsuParts>,
}

/// Why the configuration in force stays in force.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A rule of the start does not hold.
    #[error(transparent)]
    Rule(#[from] StartError),
    /// A key that is new here does not sign.
    #[error("self-test of key {key}: {error}")]
    Key {
        /// Its name.
        key: String,
        /// What the test said.
        error: KeyError,
    },
    /// The service has been stopped.
    #[error("the service has been stopped")]
    Stopped,
    /// The batch lane keeps its settings until the next start.
    #[error("tsa.batch is changed, which needs a restart")]
    Batch,
}

impl From<LogError> for ReloadError {
    fn from(error: LogError) -> Self {
        Self::Rule(error.into())
    }
}

impl ReloadError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Rule(error) => error.code(),
            Self::Key { .. } => "tsa.reload.key",
            Self::Stopped => "tsa.reload.stopped",
            Self::Batch => "tsa.reload.batch",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Rule(error) => error.clause(),
            Self::Key { .. } => "EN 319 421 TIS-7.6.2-03",
            Self::Stopped | Self::Batch => "docs/tsa.md",
        }
    }
}

impl Service {
    /// Puts another configuration in force. Requests that have begun end under the old one, later ones see the new one, none sees both.
    ///
    /// The log hears of it first: certificates that are new, then the configuration with what changed.
    ///
    /// # Errors
    /// The first rule broken; then nothing has changed, though the log may already introduce a certificate that no token names.
    pub fn reload(&self, reload: Reload) -> Result<Changed, ReloadError> {
        // One at a time, and none while the service stops.
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if journal.is_none() {
            return Err(ReloadError::Stopped);
        }
        let mut in_force = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        let Reload { config, config_digest, tsus } = reload;
        if config.batch != in_force.config.batch {
            return Err(ReloadError::Batch);
        }
        let (old, micros, now) = (self.units(), self.now_micros(), LogTime::system_now());
        let rules =
            Rules { engine: &*self.engine, crypto_policy: &self.crypto_policy, at: micros.div_euclid(1_000_000) };
        let checked = assemble::check(&config, tsus, rules)?;
        in_force.past.check(&checked)?;
        let tests = self.test(&checked, &old)?;

        let seats = || checked.iter().flat_map(|unit| &unit.seats);
        let entries = seats().map(|seat| match introduced(seat, &old) {
            Some(index) => Ok(index),
            None => record_certificate(&self.log, seat, now),
        });
        let entries: Vec<LeafIndex> = entries.collect::<Result<_, _>>()?;
        let common = Common { config: &config, engine: &self.engine, base: &self.base, serials: &self.serials };
        let mut entries = entries.into_iter();
        let units = checked.into_iter().map(|unit| unit.open(&mut entries, &old, &common).map(Arc::new));
        let new = Units::new(units.collect::<Result<_, StartError>>()?);
        for (seat, tested) in new.seats().zip(tests) {
            let signs = tested.outcome.is_ok();
            record_test(&self.log, seat, tested, now)?;
            seat.health().set_key(signs);
        }
        new.look(micros);

        let mut changed = Changed::between(&in_force.config, &config);
        changed.files(&old, &new);
        record_config(&self.log, config_digest, changed.labels(), now)?;
        in_force.past.remember(&new, &config);
        in_force.config = config;
        self.units.store(Arc::new(new));
        Ok(changed)
    }

    /// Tests all keys: one that is new has to pass, one that is known is served when it does.
    fn test(&self, checked: &[CheckedUnit], old: &Units) -> Result<Vec<Tested>, ReloadError> {
        let tester = Tester {
            log: self.log.clone(),
            engine: Arc::clone(&self.engine),
            serials: Arc::clone(&self.serials),
            secret: self.intent_secret.clone(),
        };
        let outcomes = assemble::test_keys(checked, &tester)?;
        let seats = checked.iter().flat_map(|unit| &unit.seats);
        let judged = seats.zip(outcomes).map(|(seat, tested)| match &tested.outcome {
            Err(error) if known(seat, old).is_none() => {
                Err(ReloadError::Key { key: seat.key().id().to_string(), error: error.clone() })
            }
            _ => Ok(tested),
        });
        judged.collect()
    }
}

/// The seat that has this key already.
fn known<'a>(seat: &CheckedTsu, old: &'a Units) -> Option<&'a Seat> {
    old.seats().find(|known| known.tsu().key().public_key() == seat.key().public_key())
}

/// The entry that introduced this certificate, if the log has it since this start.
fn introduced(seat: &CheckedTsu, old: &Units) -> Option<LeafIndex> {
    let same = |known: &&Seat| {
        known.tsu().certificate().der() == seat.certificate().der() && known.tsu().key().id() == seat.key().id()
    };
    old.seats().find(same).map(|known| known.tsu().certificate_entry())
}
