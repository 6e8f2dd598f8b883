//! What an operator may set about time-stamps. Everything unknown is refused, `ordering` too: no token claims it (TSP-37).

mod error;
mod moment;
mod tables;
mod tsu;

use std::{num::NonZeroU32, path::PathBuf};

pub use error::ConfigError;
use kokuin_asn1::Oid;
use kokuin_settings::HumanDuration;
pub use moment::Moment;
use serde::Deserialize;
pub use tsu::{ConfiguredState, HashName, NextKey, PolicyId, TsuConfig};

use crate::batch::BatchConfig;

/// The policy of development tokens, 2.999.3161.1: an OID under the arc reserved for examples.
pub const DEVELOPMENT_POLICY: Oid = Oid::from_static(&[0x88, 0x37, 0x98, 0x59, 0x01]);

/// Places of one key's queue: their memory is taken at once, so that a slip of the pen in a reload would end the service.
const MOST_WAITING: usize = 65_536;

/// Threads of one key.
const MOST_THREADS: usize = 1_024;

/// The time-stamp service's part of the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The time-stamping units, `[[tsa.tsu]]`.
    #[serde(deserialize_with = "tables::read")]
    pub tsu: Vec<TsuConfig>,
    /// A reading older than this when the key is used is taken again (THR-35). At most the accuracy.
    #[serde(default = "Config::reading_max_age")]
    pub reading_max_age: HumanDuration,
    /// One signature in this many is verified before its token leaves; 1 verifies each. Device keys: always each.
    #[serde(default = "Config::verify_every")]
    pub verify_every: NonZeroU32,
    /// Threads of one key that sign where signing takes long (RSA, devices). 0: as many as the key calls for.
    #[serde(default)]
    pub signing_threads: usize,
    /// Requests that may wait for such a key before new ones are turned away with 503.
    #[serde(default = "Config::signing_queue")]
    pub signing_queue: usize,
    /// Batches.
    #[serde(default)]
    pub batch: BatchConfig,
}

impl Config {
    /// What a development start uses for the key and certificate named.
    #[must_use]
    pub fn development(name: &str, key: &str, certificate: PathBuf) -> Self {
        Self {
            tsu: vec![TsuConfig::development(name, key, certificate)],
            reading_max_age: Self::reading_max_age(),
            verify_every: Self::verify_every(),
            signing_threads: 0,
            signing_queue: Self::signing_queue(),
            batch: BatchConfig::default(),
        }
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.tsu.is_empty() {
            return Err(ConfigError::NoTsu);
        }
        let age_ms = self.reading_max_age.as_std().as_millis();
        for (place, tsu) in self.tsu.iter().enumerate() {
            tsu.check()?;
            if self.tsu[..place].iter().any(|other| other.name == tsu.name) {
                return Err(ConfigError::NameTwice(tsu.name.clone()));
            }
            let accuracy_ms = tsu.accuracy_ms;
            if age_ms > u128::from(accuracy_ms) {
                return Err(ConfigError::ReadingAge { tsu: tsu.name.clone(), age_ms, accuracy_ms });
            }
        }
        if self.signing_queue == 0 {
            return Err(ConfigError::NoQueue);
        }
        for (name, found, most) in [
            ("signing_queue", self.signing_queue, MOST_WAITING),
            ("signing_threads", self.signing_threads, MOST_THREADS),
        ] {
            if found > most {
                return Err(ConfigError::TooMany { name, found, most });
            }
        }
        self.check_access_points()
    }

    /// `/tsa` is one TSU's, and never sometimes a qualified one's and sometimes another's (TSP-72).
    fn check_access_points(&self) -> Result<(), ConfigError> {
        let mut defaults = self.tsu.iter().filter(|tsu| tsu.default);
        match (defaults.next(), defaults.next()) {
            (Some(one), Some(other)) => return Err(ConfigError::TwoDefaults(one.name.clone(), other.name.clone())),
            (Some(_), None) => return Ok(()),
            (None, _) => (),
        }
        let issuing = |qualified| {
            let kind = self.tsu.iter().filter(move |tsu| tsu.qualified == qualified);
            kind.map(|tsu| &tsu.name).next()
        };
        match (issuing(true), issuing(false)) {
            (Some(qualified), Some(other)) => {
                Err(ConfigError::Mixed { qualified: qualified.clone(), other: other.clone() })
            }
            (Some(_) | None, _) => Ok(()),
        }
    }

    fn reading_max_age() -> HumanDuration {
        HumanDuration::from_millis(250)
    }

    const fn verify_every() -> NonZeroU32 {
        NonZeroU32::new(256).expect("invariant: not zero")
    }

    const fn signing_queue() -> usize {
        256
    }
}
