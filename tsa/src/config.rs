//! What an operator may set about time-stamps. Everything unknown is refused, `ordering` too: no token claims it (TSP-37).

use std::{num::NonZeroU32, path::PathBuf};

use kokuin_asn1::Oid;
use kokuin_settings::HumanDuration;
use kokuin_suite::DigestAlgorithm;
use serde::Deserialize;

/// The policy of development tokens, 2.999.3161.1: an OID under the arc reserved for examples.
pub const DEVELOPMENT_POLICY: Oid = Oid::from_static(&[0x88, 0x37, 0x98, 0x59, 0x01]);

/// The time-stamp service's part of the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The time-stamping unit.
    pub tsu: TsuConfig,
    /// A reading older than this when the key is used is taken again (THR-35). At most the accuracy.
    #[serde(default = "Config::reading_max_age")]
    pub reading_max_age: HumanDuration,
    /// One signature in this many is verified before its token leaves; 1 verifies each. Device keys: always each.
    #[serde(default = "Config::verify_every")]
    pub verify_every: NonZeroU32,
    /// Threads that sign where signing takes long (RSA, devices). 0: as many as the key calls for.
    #[serde(default)]
    pub signing_threads: usize,
    /// Requests that may wait for such a key before new ones are turned away with 503.
    #[serde(default = "Config::signing_queue")]
    pub signing_queue: usize,
}

/// One TSU: one key, one certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TsuConfig {
    /// Last part of its address, `/tsa/{name}`: 1 to 64 of a-z, 0-9 and `-`.
    pub name: String,
    /// Key URI, such as `soft:tsu`.
    pub key: String,
    /// PEM file: its certificate first, then the issuers'.
    pub certificate: PathBuf,
    /// Policies it issues under.
    pub policies: Vec<PolicyId>,
    /// The policy of requests that ask for none; without it the first of `policies`.
    #[serde(default)]
    pub default_policy: Option<PolicyId>,
    /// What the policies promise: no token is less accurate. 1 to 1000 (EN 319 422 5.2.2).
    #[serde(default = "TsuConfig::accuracy_ms")]
    pub accuracy_ms: u32,
    /// Digest algorithms it stamps.
    #[serde(default = "TsuConfig::hashes")]
    pub hashes: Vec<HashName>,
    /// Whether tokens name the TSU in their `tsa` field.
    #[serde(default = "TsuConfig::tsa_name")]
    pub tsa_name: bool,
    /// Whether each token claims to be a qualified time-stamp (TSP-53).
    #[serde(default)]
    pub qualified: bool,
}

/// A policy's OID as configuration spells it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct PolicyId(pub Oid);

impl TryFrom<String> for PolicyId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("`{text}` is not a dotted OID"))
    }
}

/// A digest algorithm as configuration spells it. SHA-1 is not among them (TSP-03).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct HashName(pub DigestAlgorithm);

impl TryFrom<String> for HashName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.parse::<DigestAlgorithm>() {
            Ok(DigestAlgorithm::Sha1) => Err("sha1 is not stamped any more".to_owned()),
            Ok(algorithm) => Ok(Self(algorithm)),
            Err(_) => Err(format!("`{text}` is not a digest algorithm known here")),
        }
    }
}

/// A rule that the configuration breaks and its types cannot say.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// The name cannot stand in an address.
    #[error("tsu.name `{0}` is not 1 to 64 of a-z, 0-9 and `-`")]
    Name(String),
    /// A name that is an address of something else.
    #[error("tsu.name `{0}` is an address of the service itself")]
    NameTaken(String),
    /// No policy is offered.
    #[error("tsu.policies is empty")]
    NoPolicy,
    /// The default is none of the policies.
    #[error("tsu.default_policy {0} is not among tsu.policies")]
    DefaultPolicy(Oid),
    /// Nothing can be stamped.
    #[error("tsu.hashes is empty")]
    NoHash,
    /// Worse than EN 319 422 allows, or nothing.
    #[error("tsu.accuracy_ms is {0}, 1 to 1000 is allowed")]
    Accuracy(u32),
    /// A reading could be older than the accuracy.
    #[error("reading_max_age is {age_ms} ms, tsu.accuracy_ms {accuracy_ms} is the most")]
    ReadingAge {
        /// As configured.
        age_ms: u128,
        /// The policy's.
        accuracy_ms: u32,
    },
    /// A queue without places.
    #[error("signing_queue is 0")]
    NoQueue,
}

impl ConfigError {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name(_) => "tsa.config.name",
            Self::NameTaken(_) => "tsa.config.name-taken",
            Self::NoPolicy => "tsa.config.no-policy",
            Self::DefaultPolicy(_) => "tsa.config.default-policy",
            Self::NoHash => "tsa.config.no-hash",
            Self::Accuracy(_) => "tsa.config.accuracy",
            Self::ReadingAge { .. } => "tsa.config.reading-age",
            Self::NoQueue => "tsa.config.no-queue",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Name(_) | Self::NameTaken(_) | Self::NoQueue => "docs/tsa.md",
            Self::NoPolicy | Self::DefaultPolicy(_) => "RFC 3161 2.4.2",
            Self::NoHash => "EN 319 422 5.1.3",
            Self::Accuracy(_) => "EN 319 422 5.2.2",
            Self::ReadingAge { .. } => "EN 319 421 TIS-7.7.2-02",
        }
    }
}

/// Addresses under `/tsa/` that are no TSU.
const RESERVED: [&str; 2] = ["certchain", "receipts"];

impl Config {
    /// What a development start uses for the key and certificate named.
    #[must_use]
    pub fn development(name: &str, key: &str, certificate: PathBuf) -> Self {
        Self {
            tsu: TsuConfig {
                name: name.to_owned(),
                key: key.to_owned(),
                certificate,
                policies: vec![PolicyId(DEVELOPMENT_POLICY)],
                default_policy: None,
                accuracy_ms: TsuConfig::accuracy_ms(),
                hashes: TsuConfig::hashes(),
                tsa_name: true,
                qualified: false,
            },
            reading_max_age: Self::reading_max_age(),
            verify_every: Self::verify_every(),
            signing_threads: 0,
            signing_queue: Self::signing_queue(),
        }
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.tsu.check()?;
        let age_ms = self.reading_max_age.as_std().as_millis();
        if age_ms > u128::from(self.tsu.accuracy_ms) {
            return Err(ConfigError::ReadingAge { age_ms, accuracy_ms: self.tsu.accuracy_ms });
        }
        if self.signing_queue == 0 {
            return Err(ConfigError::NoQueue);
        }
        Ok(())
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

impl TsuConfig {
    fn check(&self) -> Result<(), ConfigError> {
        let spelled = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        if self.name.is_empty() || self.name.len() > 64 || !self.name.bytes().all(spelled) {
            return Err(ConfigError::Name(self.name.clone()));
        }
        if RESERVED.contains(&self.name.as_str()) {
            return Err(ConfigError::NameTaken(self.name.clone()));
        }
        if self.policies.is_empty() {
            return Err(ConfigError::NoPolicy);
        }
        if let Some(PolicyId(oid)) = self.default_policy.as_ref().filter(|policy| !self.policies.contains(policy)) {
            return Err(ConfigError::DefaultPolicy(oid.clone()));
        }
        if self.hashes.is_empty() {
            return Err(ConfigError::NoHash);
        }
        if !(1..=1000).contains(&self.accuracy_ms) {
            return Err(ConfigError::Accuracy(self.accuracy_ms));
        }
        Ok(())
    }

    const fn accuracy_ms() -> u32 {
        1000
    }

    fn hashes() -> Vec<HashName> {
        use DigestAlgorithm::{Sha3_256, Sha3_384, Sha3_512, Sha256, Sha384, Sha512};
        [Sha256, Sha384, Sha512, Sha3_256, Sha3_384, Sha3_512].map(HashName).to_vec()
    }

    const fn tsa_name() -> bool {
        true
    }
}
