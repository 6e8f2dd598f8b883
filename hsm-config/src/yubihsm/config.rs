//! What an operator says of a device.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use kokuin_key::KeyId;
use kokuin_settings::HumanDuration;
use serde::Deserialize;

use crate::yubihsm::{ConfigRule, Way};

/// One device: `[[keys.yubihsm]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceConfig {
    /// What we call it: `kokuin keys create --token NAME`, the first part of its key URIs, and the folder of its keys' records.
    #[serde(deserialize_with = "text")]
    pub name: KeyId,
    /// The connector, `http://127.0.0.1:12345`, or `usb`.
    #[serde(deserialize_with = "text")]
    pub connector: Way,
    /// A connector on another machine is used. The way to it is not encrypted: who listens can guess passwords, who is in between can stop it.
    #[serde(default)]
    pub remote_connector: bool,
    /// The device's serial number. Another device is refused (THR-60).
    pub serial: u32,
    /// Object id of the authentication key that signs.
    pub auth_key: u16,
    /// File with its 32 octets in hexadecimal, or its password; readable by its owner alone.
    pub password_file: PathBuf,
    /// Object id of the P-256 key that tells this device from every other.
    pub identity_key: u16,
    /// SHA-256 of that key's `SubjectPublicKeyInfo`, hexadecimal.
    pub identity_sha256: String,
    /// Object id of the authentication key that reads the device's log: another one than the one that signs.
    #[serde(default)]
    pub audit_key: Option<u16>,
    /// File with its 32 octets in hexadecimal, or its password.
    #[serde(default)]
    pub audit_password_file: Option<PathBuf>,
    /// Object id of the authentication key that makes keys in a ceremony; without it, the one that signs is asked, which should not be able to.
    #[serde(default)]
    pub operator_key: Option<u16>,
    /// File with its 32 octets in hexadecimal, or its password. It need not be there but in ceremonies.
    #[serde(default)]
    pub operator_password_file: Option<PathBuf>,
    /// Domains of new keys, 1 to 16.
    #[serde(default = "first_domain")]
    pub domains: Vec<u8>,
    /// How long the device may take for one answer.
    #[serde(default = "timeout")]
    pub timeout: HumanDuration,
    /// Read the device's log and account for each signature in it.
    #[serde(default = "yes")]
    pub drain: bool,
    /// What to do when the device made a signature that this service did not ask for.
    #[serde(default)]
    pub on_unexplained: OnUnexplained,
    /// Names of other devices that have this device's keys, restored from a backup.
    #[serde(default, deserialize_with = "texts")]
    pub replicas: Vec<KeyId>,
    /// What the device is to be: differences that touch a key in use make the service not ready.
    #[serde(default)]
    pub manifest: Option<PathBuf>,
    /// How often the device is compared with it.
    #[serde(default = "compare_every")]
    pub compare_every: HumanDuration,
}

/// What follows on a signature that nothing explains.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum OnUnexplained {
    /// Alarms, and issuing goes on.
    #[default]
    Alarm,
    /// Alarms, and the device signs nothing more in this process.
    Stop,
}

impl DeviceConfig {
    /// What is wrong with it, by itself.
    pub(super) fn broken_rule(&self) -> Option<ConfigRule> {
        let roles = [Some(self.auth_key), self.audit_key, self.operator_key];
        let mut keys: Vec<u16> = roles.into_iter().flatten().collect();
        let objects = keys.iter().chain([&self.identity_key]).all(|id| !matches!(*id, 0 | u16::MAX));
        let count = keys.len();
        keys.sort_unstable();
        keys.dedup();
        let fingerprint = self.identity_sha256.len() == 64 && hex::decode(&self.identity_sha256).is_ok();
        let domains = !self.domains.is_empty() && self.domains.iter().all(|domain| (1..=16).contains(domain));
        [
            (ConfigRule::Remote, self.remote_connector || self.connector.is_local()),
            (ConfigRule::Usb, self.connector.is_built()),
            (ConfigRule::Object, objects),
            (ConfigRule::Fingerprint, fingerprint),
            (ConfigRule::Domains, domains),
            (ConfigRule::Audit, self.audit_key.is_some() == self.audit_password_file.is_some()),
            (ConfigRule::Operator, self.operator_key.is_some() == self.operator_password_file.is_some()),
            (ConfigRule::Drain, !self.drain || self.audit_key.is_some()),
            (ConfigRule::SameKey, keys.len() == count),
            (ConfigRule::Replica, !self.replicas.contains(&self.name)),
        ]
        .into_iter()
        .find_map(|(rule, holds)| (!holds).then_some(rule))
    }

    /// The files that it names, which are relative to the configuration's folder.
    pub fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        std::iter::once(&mut self.password_file)
            .chain(&mut self.audit_password_file)
            .chain(&mut self.operator_password_file)
            .chain(&mut self.manifest)
    }
}

const fn compare_every() -> HumanDuration {
    HumanDuration::from_millis(60_000)
}

const fn timeout() -> HumanDuration {
    HumanDuration::from_millis(5_000)
}

const fn yes() -> bool {
    true
}

fn first_domain() -> Vec<u8> {
    vec![1]
}

fn text<'de, T: FromStr<Err: fmt::Display>, D: serde::Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<KeyId>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    names.iter().map(|name| name.parse().map_err(serde::de::Error::custom)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_id_of_more_than_16_bits_is_refused_and_never_cut() {
        let config = |id: &str| {
            let text = format!(
                "name = \"a\"\nconnector = \"http://127.0.0.1\"\nserial = 1\nauth_key = {id}\npassword_file = \"p\"\n\
                 identity_key = 2\nidentity_sha256 = \"\"\n"
            );
            toml::from_str::<DeviceConfig>(&text).map(|config| config.auth_key)
        };
        assert_eq!(config("0xffff"), Ok(0xffff));
        assert!(config("0x10005").is_err());
        assert!(config("-1").is_err());
    }
}
