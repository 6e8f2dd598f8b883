//! Positions in a log, and what a log is called.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The place of an entry in its log, from zero.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeafIndex(pub u64);

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many entries a tree has.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TreeSize(pub u64);

impl TreeSize {
    /// Whether a tree of this size holds `index`.
    #[must_use]
    pub const fn covers(self, index: LeafIndex) -> bool {
        index.0 < self.0
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A name that no log may bear.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NameError {
    /// Origins are one line, usable as a key name: no space, no `+`, no control character, no scheme, no slash at the end.
    #[error("{0:?} is no log origin: 1 to {max} characters, no space, no '+', no scheme, no trailing slash", max = Origin::MAX)]
    Origin(String),
    /// Short names stand in paths and URLs.
    #[error("{0:?} is no log name: 1 to 64 of a-z, 0-9 and '-'")]
    LogName(String),
}

impl NameError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Origin(_) => "audit.origin",
            Self::LogName(_) => "audit.log-name",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Origin(_) => "C2SP tlog-checkpoint, Note text; signed-note, Format",
            Self::LogName(_) => "interfaces: /logs/{name}",
        }
    }
}

/// The identity of a log, for ever: the first line of its checkpoints and the name of its key (TLOG-13).
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Origin(String);

impl Origin {
    /// Most octets of an origin.
    pub const MAX: usize = 255;

    /// Checks an origin.
    ///
    /// # Errors
    /// [`NameError::Origin`] if it could not stand in a note.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let usable = is_key_name(text) && text.len() <= Self::MAX && !text.ends_with('/') && !text.contains("://");
        if usable { Ok(Self(text.to_owned())) } else { Err(NameError::Origin(text.to_owned())) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether C2SP's signed-note allows `text` as the name of a key (TLOG-10).
pub(crate) fn is_key_name(text: &str) -> bool {
    !text.is_empty() && !text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

/// The short name of a log inside one authority: a path segment, a file name.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LogName(String);

impl LogName {
    /// Checks a name.
    ///
    /// # Errors
    /// [`NameError::LogName`] if it is not 1 to 64 of `a-z`, `0-9`, `-`.
    pub fn new(text: &str) -> Result<Self, NameError> {
        let usable = (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if usable { Ok(Self(text.to_owned())) } else { Err(NameError::LogName(text.to_owned())) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LogName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_origins_that_cannot_stand_in_a_note() {
        for bad in ["", "a b", "a+b", "a\nb", "https://log.example", "log.example/", "a\u{2003}b", "a\u{0}"] {
            assert_eq!(Origin::new(bad), Err(NameError::Origin(bad.to_owned())), "{bad:?}");
        }
        assert!(Origin::new("log.example/2026").is_ok());
    }

    #[test]
    fn refuses_log_names_that_could_leave_their_folder() {
        for bad in ["", "..", "a/b", "Tsa", "a b", &"a".repeat(65)] {
            assert!(LogName::new(bad).is_err(), "{bad:?}");
        }
    }
}
