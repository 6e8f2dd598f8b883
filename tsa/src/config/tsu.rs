//! What an operator may set about one time-stamping unit.

use std::{fmt, path::PathBuf};

use kokuin_asn1::Oid;
use kokuin_suite::DigestAlgorithm;
use kokuin_web::{AccessConfig, RateLimit};
use serde::Deserialize;

use super::{ConfigError, DEVELOPMENT_POLICY, Moment};

/// One TSU: an address, what it offers, and the key that signs there; possibly the key that will.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TsuConfig {
    /// Last part of its address, `/tsa/{name}`: 1 to 64 of a-z, 0-9 and `-`.
    pub name: String,
    /// Whether `/tsa` is this one and no other; without any, `/tsa` is the first active one.
    #[serde(default)]
    pub default: bool,
    /// Whether it may sign: `prepared`, `active`, `retired`.
    #[serde(default)]
    pub state: ConfiguredState,
    /// It signs from then on. One that is `prepared` becomes active by it.
    #[serde(default)]
    pub active_from: Option<Moment>,
    /// It signs until then, and never again.
    #[serde(default)]
    pub active_until: Option<Moment>,
    /// Key URI, such as `soft:tsu`.
    pub key: String,
    /// PEM file: its certificate first, then the issuers'.
    pub certificate: PathBuf,
    /// The key that follows, loaded and tested already.
    #[serde(default)]
    pub next: Option<NextKey>,
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
    /// Who may use it; everybody if nothing is said.
    #[serde(default)]
    pub access: AccessConfig,
    /// Requests that all clients together may send to its address; unlimited if absent.
    #[serde(default)]
    pub quota: Option<RateLimit>,
}

/// The key that takes over, and when.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextKey {
    /// Key URI.
    pub key: String,
    /// PEM file: its certificate first, then the issuers'.
    pub certificate: PathBuf,
    /// Tokens of this time and later are signed with it, earlier ones with the key before it.
    pub active_from: Moment,
}

/// What the configuration says about a TSU's life; dates do the rest.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum ConfiguredState {
    /// Loaded and tested; signs from `active_from` on, and without one not at all.
    Prepared,
    /// Signs, within its dates.
    #[default]
    Active,
    /// Never signs again; its certificates stay published.
    Retired,
}

impl fmt::Display for ConfiguredState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepared => "prepared",
            Self::Active => "active",
            Self::Retired => "retired",
        })
    }
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

/// Addresses under `/tsa/` that are no TSU.
const RESERVED: [&str; 3] = ["batches", "certchain", "receipts"];

impl TsuConfig {
    /// What a development start uses for the key and certificate named.
    #[must_use]
    pub fn development(name: &str, key: &str, certificate: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            default: false,
            state: ConfiguredState::Active,
            active_from: None,
            active_until: None,
            key: key.to_owned(),
            certificate,
            next: None,
            policies: vec![PolicyId(DEVELOPMENT_POLICY)],
            default_policy: None,
            accuracy_ms: Self::accuracy_ms(),
            hashes: Self::hashes(),
            tsa_name: true,
            qualified: false,
            access: AccessConfig::default(),
            quota: None,
        }
    }

    /// Every file it names, to be made absolute.
    pub fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        let next = self.next.as_mut().map(|next| &mut next.certificate);
        let access = [&mut self.access.api_keys_file, &mut self.access.client_ca].into_iter().flatten();
        std::iter::once(&mut self.certificate).chain(next).chain(access).collect()
    }

    /// Every certificate file.
    pub fn certificates(&self) -> impl Iterator<Item = &PathBuf> {
        std::iter::once(&self.certificate).chain(self.next.as_ref().map(|next| &next.certificate))
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let name = || self.name.clone();
        let spelled = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
        if self.name.is_empty() || self.name.len() > 64 || !self.name.bytes().all(spelled) {
            return Err(ConfigError::Name(name()));
        }
        if RESERVED.contains(&self.name.as_str()) {
            return Err(ConfigError::NameTaken(name()));
        }
        if self.policies.is_empty() {
            return Err(ConfigError::NoPolicy(name()));
        }
        if let Some(PolicyId(oid)) = self.default_policy.as_ref().filter(|policy| !self.policies.contains(policy)) {
            return Err(ConfigError::DefaultPolicy { tsu: name(), policy: oid.clone() });
        }
        if self.hashes.is_empty() {
            return Err(ConfigError::NoHash(name()));
        }
        if !(1..=1000).contains(&self.accuracy_ms) {
            return Err(ConfigError::Accuracy { tsu: name(), found: self.accuracy_ms });
        }
        self.check_life()
    }

    /// Dates in their order; a next key follows one that is active.
    fn check_life(&self) -> Result<(), ConfigError> {
        let next = self.next.as_ref().map(|next| next.active_from);
        if next.is_some() && self.state != ConfiguredState::Active {
            return Err(ConfigError::Next { tsu: self.name.clone(), state: self.state });
        }
        let dates: Vec<Moment> = [self.active_from, next, self.active_until].into_iter().flatten().collect();
        match dates.array_windows().find(|[from, until]| from >= until) {
            Some(&[from, until]) => Err(ConfigError::Period { tsu: self.name.clone(), from, until }),
            None => Ok(()),
        }
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
