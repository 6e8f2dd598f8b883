//! What an operator may set about seals. Everything unknown is refused.

use std::path::PathBuf;

use kokuin_asn1::Oid;
use kokuin_settings::{ByteSize, HumanDuration};
use serde::Deserialize;

/// The e-seal service's part of the configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The one business customer of this service.
    pub tenant: String,
    /// The seal key and its certificate.
    pub credential: CredentialConfig,
    /// The TSA that time-stamps seals; without one, only level B-B is offered.
    #[serde(default)]
    pub tsa: Option<TsaConfig>,
    /// PEM files of the authorities that seals must lead to when they are read back.
    pub trust: Vec<PathBuf>,
    /// Largest document.
    #[serde(default = "Config::document_limit")]
    pub document_limit: ByteSize,
    /// Documents that may be here at a time, together; a seal takes about five times its document's memory.
    #[serde(default = "Config::documents_at_once")]
    pub documents_at_once: ByteSize,
}

/// A seal key with its certificate.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CredentialConfig {
    /// The name that requests use: 1 to 64 of a-z, 0-9 and `-`.
    pub name: String,
    /// Key URI, such as `soft:seal`.
    pub key: String,
    /// PEM file: its certificate first, then the issuers'.
    pub certificate: PathBuf,
    /// Certificate profile that it must keep: `seal-jp` or `seal-eu`.
    #[serde(default = "CredentialConfig::profile")]
    pub profile: String,
}

/// A TSA, spoken to over HTTP like by anybody else.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TsaConfig {
    /// Its address.
    pub url: String,
    /// PEM files of the authorities that its tokens must lead to.
    pub trust: Vec<PathBuf>,
    /// The only policy that will do, dotted; any if absent.
    #[serde(default)]
    pub policy: Option<PolicyId>,
    /// File with a bearer token, if the TSA wants one.
    #[serde(default)]
    pub bearer_file: Option<PathBuf>,
    /// PEM file of the certificates that an `https` TSA's own must lead to. Without it there is no `https`.
    #[serde(default)]
    pub tls_ca: Option<PathBuf>,
    /// An answer is here within this.
    #[serde(default = "TsaConfig::timeout")]
    pub timeout: HumanDuration,
    /// How far a token's time may be from this service's clock.
    #[serde(default = "TsaConfig::tolerance")]
    pub tolerance: HumanDuration,
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

/// A rule that the configuration breaks and its types cannot say.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// The tenant has no name, or one that is no word.
    #[error("tenant `{0}` is not 1 to 64 of a-z, 0-9 and `-`")]
    Tenant(String),
    /// The credential's name cannot stand in a request.
    #[error("credential.name `{0}` is not 1 to 64 of a-z, 0-9 and `-`")]
    CredentialName(String),
    /// There is no such profile for seals.
    #[error("credential.profile `{0}` is not a profile for seals")]
    Profile(String),
    /// Nothing vouches for what is read back.
    #[error("{0} names no file")]
    NoTrust(&'static str),
}

impl ConfigError {
    /// Stable name.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Tenant(_) => "eseal.config.tenant",
            Self::CredentialName(_) => "eseal.config.credential-name",
            Self::Profile(_) => "eseal.config.profile",
            Self::NoTrust(_) => "eseal.config.no-trust",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Tenant(_) | Self::CredentialName(_) => "docs/eseal.md",
            Self::Profile(_) => "EN 319 412-3",
            Self::NoTrust(_) => "EN 319 102-1 5.1.4.2",
        }
    }
}

impl Config {
    /// What a development start uses. `root` vouches for seals and time-stamps alike.
    #[must_use]
    pub fn development(key: &str, certificate: PathBuf, root: PathBuf, tsa_url: &str) -> Self {
        Self {
            tenant: "demo".to_owned(),
            credential: CredentialConfig {
                name: "demo".to_owned(),
                key: key.to_owned(),
                certificate,
                profile: CredentialConfig::profile(),
            },
            tsa: Some(TsaConfig {
                url: tsa_url.to_owned(),
                trust: vec![root.clone()],
                policy: None,
                bearer_file: None,
                tls_ca: None,
                timeout: TsaConfig::timeout(),
                tolerance: TsaConfig::tolerance(),
            }),
            trust: vec![root],
            document_limit: Self::document_limit(),
            documents_at_once: Self::documents_at_once(),
        }
    }

    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first rule broken.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !is_word(&self.tenant) {
            return Err(ConfigError::Tenant(self.tenant.clone()));
        }
        if !is_word(&self.credential.name) {
            return Err(ConfigError::CredentialName(self.credential.name.clone()));
        }
        if !self.credential.profile.starts_with("seal-") {
            return Err(ConfigError::Profile(self.credential.profile.clone()));
        }
        if self.trust.is_empty() {
            return Err(ConfigError::NoTrust("trust"));
        }
        if self.tsa.as_ref().is_some_and(|tsa| tsa.trust.is_empty()) {
            return Err(ConfigError::NoTrust("tsa.trust"));
        }
        Ok(())
    }

    const fn documents_at_once() -> ByteSize {
        ByteSize::from_bytes(128 << 20)
    }

    const fn document_limit() -> ByteSize {
        ByteSize::from_bytes(32 << 20)
    }
}

impl CredentialConfig {
    fn profile() -> String {
        "seal-jp".to_owned()
    }
}

impl TsaConfig {
    fn timeout() -> HumanDuration {
        HumanDuration::from_millis(15_000)
    }

    fn tolerance() -> HumanDuration {
        HumanDuration::from_millis(60_000)
    }
}

fn is_word(text: &str) -> bool {
    let spelled = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || octet == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(spelled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> Config {
        Config::development("soft:seal", "seal.pem".into(), "root.pem".into(), "http://127.0.0.1:3161/tsa")
    }

    #[test]
    fn takes_what_a_development_start_uses() {
        assert_eq!(config().check(), Ok(()));
    }

    #[test]
    fn refuses_each_broken_rule() {
        let broken = |change: fn(&mut Config)| {
            let mut config = config();
            change(&mut config);
            config.check().unwrap_err()
        };
        assert_eq!(broken(|c| c.tenant.clear()), ConfigError::Tenant(String::new()));
        assert_eq!(broken(|c| c.credential.name = "A".into()), ConfigError::CredentialName("A".into()));
        assert_eq!(broken(|c| c.credential.profile = "tsu".into()), ConfigError::Profile("tsu".into()));
        assert_eq!(broken(|c| c.trust.clear()), ConfigError::NoTrust("trust"));
        assert_eq!(broken(|c| c.tsa.iter_mut().for_each(|tsa| tsa.trust.clear())), ConfigError::NoTrust("tsa.trust"));
    }
}
