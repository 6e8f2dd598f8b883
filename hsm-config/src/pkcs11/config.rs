//! What an operator says of a token.

use std::num::NonZeroU32;
use std::path::PathBuf;

use kokuin_key::KeyId;
use kokuin_settings::HumanDuration;
use serde::Deserialize;

use crate::pkcs11::weakness::Weakness;

/// One token: `[[keys.pkcs11]]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenConfig {
    /// What we call it: `kokuin keys create --token NAME`, and the folder of its keys' records.
    #[serde(deserialize_with = "name")]
    pub name: KeyId,
    /// File of the vendor's module, absolute.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// Its serial number: another token with the same label is then refused (THR-60).
    #[serde(default)]
    pub serial: Option<String>,
    /// File with the user's PIN, readable by its owner alone.
    pub pin_file: PathBuf,
    /// Most sessions open at a time; more signers are refused.
    #[serde(default = "sessions")]
    pub max_sessions: NonZeroU32,
    /// How long the token may take for one answer.
    #[serde(default = "timeout")]
    pub timeout: HumanDuration,
    /// Log in although the token says that one more wrong PIN locks it (THR-67).
    #[serde(default)]
    pub try_last_pin: bool,
    /// Weaknesses of keys that are accepted, each with its reason.
    #[serde(default)]
    pub accept: Accepted,
}

/// What may be weak about a key, and why that is accepted. Anything else never is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    /// Why attributes that can be changed are accepted.
    #[serde(default, deserialize_with = "reason")]
    pub modifiable: Option<String>,
    /// Why keys that can be copied are accepted.
    #[serde(default, deserialize_with = "reason")]
    pub copyable: Option<String>,
}

impl Accepted {
    /// Whether this weakness is accepted in writing.
    #[must_use]
    pub const fn covers(&self, weakness: Weakness) -> bool {
        match weakness {
            Weakness::Modifiable => self.modifiable.is_some(),
            Weakness::Copyable => self.copyable.is_some(),
            Weakness::NotOnToken
            | Weakness::NotPrivate
            | Weakness::NotSensitive
            | Weakness::WasNotSensitive
            | Weakness::Extractable
            | Weakness::WasExtractable
            | Weakness::Imported
            | Weakness::CannotSign
            | Weakness::Decrypts
            | Weakness::Unwraps
            | Weakness::Derives
            | Weakness::SignsWithRecovery
            | Weakness::AlwaysAuthenticates => false,
        }
    }
}

const fn sessions() -> NonZeroU32 {
    match NonZeroU32::new(16) {
        Some(sessions) => sessions,
        None => NonZeroU32::MIN,
    }
}

const fn timeout() -> HumanDuration {
    HumanDuration::from_millis(5_000)
}

fn name<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<KeyId, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn reason<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let reason = String::deserialize(deserializer)?;
    if reason.trim().is_empty() {
        return Err(serde::de::Error::custom("a weakness is accepted with a reason in words"));
    }
    Ok(Some(reason))
}
