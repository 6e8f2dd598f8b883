//! API keys: 256 random bits each, of which a file holds only hashes.

use std::{fmt, path::Path, str::FromStr, sync::Arc};

use kokuin_settings::SecretFile;
use openssl::{memcmp, sha::sha256};
use serde::Deserialize;

use super::AccessError;

/// What every key begins with, so that one that was lost is found by those who look for such.
const PREFIX: &str = "kokuin_";

/// A SHA-256 value as configuration writes it: 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct Sha256(pub [u8; 32]);

impl FromStr for Sha256 {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "a SHA-256 value has 64 hexadecimal digits";
        let mut octets = [0; 32];
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(wrong);
        }
        for (octet, at) in octets.iter_mut().zip((0..64).step_by(2)) {
            *octet = u8::from_str_radix(&text[at..at + 2], 16).map_err(|_| wrong)?;
        }
        Ok(Self(octets))
    }
}

impl TryFrom<String> for Sha256 {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// A fresh key. Shown once, to whoever it is made for; only [`ApiKey::line`] is kept.
#[derive(Clone, Eq, PartialEq)]
pub struct ApiKey(String);

impl ApiKey {
    /// A key of 32 random octets.
    ///
    /// # Errors
    /// If the machine has no random octets.
    pub fn generate() -> Result<Self, AccessError> {
        let mut octets = [0; 32];
        openssl::rand::rand_bytes(&mut octets).map_err(|_| AccessError::Random)?;
        let digits = Sha256(octets).to_string();
        Ok(Self(format!("{PREFIX}{digits}")))
    }

    /// What a client sends: `Authorization: Bearer` and this.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The line for the file of keys.
    ///
    /// # Errors
    /// [`AccessError::Name`] if `name` cannot stand there.
    pub fn line(&self, name: &str) -> Result<String, AccessError> {
        check_name(name).map_err(|()| AccessError::Name { found: name.chars().take(64).collect() })?;
        Ok(format!("{name} {}", Sha256(sha256(self.0.as_bytes()))))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(not shown)")
    }
}

/// The keys of a file.
pub(super) struct ApiKeys(Vec<(Arc<str>, [u8; 32])>);

impl ApiKeys {
    pub(super) fn load(path: &Path) -> Result<Self, AccessError> {
        let secret = SecretFile::new(path.to_owned()).read()?;
        let text = secret.expose_text().ok_or_else(|| AccessError::Line { path: path.to_owned(), line: 1 })?;
        let mut keys: Vec<(Arc<str>, [u8; 32])> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = || AccessError::Line { path: path.to_owned(), line: number };
            let (name, digest) = line.split_once(' ').ok_or_else(wrong)?;
            check_name(name).map_err(|()| wrong())?;
            let Sha256(digest) = digest.trim().parse().map_err(|_| wrong())?;
            let twice = keys.iter().any(|(known, value)| **known == *name || *value == digest);
            if twice {
                return Err(wrong());
            }
            keys.push((name.into(), digest));
        }
        Ok(Self(keys))
    }

    /// The name of the key that `token` is. Takes equally long whichever it is, and whether it is one.
    pub(super) fn find(&self, token: &str) -> Option<Arc<str>> {
        let digest = sha256(token.as_bytes());
        let mut found = None;
        for (name, known) in &self.0 {
            if memcmp::eq(known, &digest) {
                found = Some(name);
            }
        }
        found.cloned()
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({})", self.0.len())
    }
}

/// 1 to 64 letters, digits, `-`, `_` and `.`.
fn check_name(name: &str) -> Result<(), ()> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if (1..=64).contains(&name.len()) && name.bytes().all(allowed) { Ok(()) } else { Err(()) }
}
