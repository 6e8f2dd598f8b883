//! The short stable name of a key, in configuration, log entries and file names.

use std::fmt;
use std::str::FromStr;

/// A key's name: 1 to 64 of `a-z`, `0-9` and `-`, not beginning with `-`. Safe as a file name and as an argument.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId(String);

/// The name is empty, too long, or has other characters.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0:?} is not a key name: 1 to 64 of a-z, 0-9 and '-', not beginning with '-'")]
pub struct KeyIdError(pub String);

impl KeyId {
    /// Checks a name.
    ///
    /// # Errors
    /// [`KeyIdError`].
    pub fn new(name: &str) -> Result<Self, KeyIdError> {
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if (1..=64).contains(&name.len()) && name.bytes().all(allowed) && !name.starts_with('-') {
            Ok(Self(name.to_owned()))
        } else {
            Err(KeyIdError(name.to_owned()))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for KeyId {
    type Err = KeyIdError;

    fn from_str(name: &str) -> Result<Self, KeyIdError> {
        Self::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_names_that_could_be_paths_or_options() {
        let long = "a".repeat(65);
        for name in ["", "..", "a/b", "-a", "A", "a b", "é", "a.p8", "a\0", &long] {
            assert_eq!(KeyId::new(name), Err(KeyIdError(name.to_owned())));
        }
        for name in ["tsu-2026", "0", &long[1..]] {
            assert_eq!(KeyId::new(name).map(|id| id.to_string()), Ok(name.to_owned()));
        }
    }
}
