//! Checkpoints: what a log signs about its tree (C2SP tlog-checkpoint, TLOG-13).

use std::fmt;

use kokuin_suite::Verify;

use crate::{
    hash::Hash,
    name::{NameError, Origin, TreeSize},
    note::{NoteError, SignatureLine, SignedNote, VerifierKey},
};

/// Most extension lines that are read.
const MAX_EXTENSIONS: usize = 16;

/// Why a text is no checkpoint, or not one of this log.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum CheckpointError {
    /// The note itself.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The first line.
    #[error(transparent)]
    Origin(#[from] NameError),
    /// Origin, size, root are three lines.
    #[error("checkpoint has {found} lines, at least 3 are needed")]
    Lines {
        /// Lines.
        found: usize,
    },
    /// Decimal, no leading zeros, below 2^63.
    #[error("{found:?} is no tree size")]
    Size {
        /// Second line.
        found: String,
    },
    /// Base64 of 32 octets.
    #[error("{found:?} is no root hash")]
    Root {
        /// Third line.
        found: String,
    },
    /// Lines after the root are never empty.
    #[error("extension line {number} is empty, or one too many")]
    Extension {
        /// From one.
        number: usize,
    },
    /// The key's name is the log's origin.
    #[error("checkpoint of {found}, not of {expected}")]
    OtherLog {
        /// First line.
        found: Origin,
        /// Name of the key.
        expected: String,
    },
}

impl CheckpointError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Note(error) => error.code(),
            Self::Origin(error) => error.code(),
            Self::Lines { .. } => "audit.checkpoint-lines",
            Self::Size { .. } => "audit.checkpoint-size",
            Self::Root { .. } => "audit.checkpoint-root",
            Self::Extension { .. } => "audit.checkpoint-extension",
            Self::OtherLog { .. } => "audit.checkpoint-other-log",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Note(error) => error.clause(),
            Self::Origin(error) => error.clause(),
            Self::Lines { .. }
            | Self::Size { .. }
            | Self::Root { .. }
            | Self::Extension { .. }
            | Self::OtherLog { .. } => "C2SP tlog-checkpoint, Note text",
        }
    }
}

/// Origin, size and root of a tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// How many entries.
    pub size: TreeSize,
    /// The root over them.
    pub root: Hash,
    /// Further lines; ours have none.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// Reads the text of a note.
    ///
    /// # Errors
    /// [`CheckpointError`] for the first rule broken.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.strip_suffix('\n').unwrap_or(text).split('\n').collect();
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            return Err(CheckpointError::Lines { found: lines.len() });
        };
        let wrong_size = || CheckpointError::Size { found: size.chars().take(30).collect() };
        let number: u64 = size.parse().map_err(|_| wrong_size())?;
        if number.to_string() != *size || number >= 1 << 63 {
            return Err(wrong_size());
        }
        let wrong_root = || CheckpointError::Root { found: root.chars().take(60).collect() };
        let root = Hash::from_base64(root).ok_or_else(wrong_root)?;
        for (number, line) in extensions.iter().enumerate() {
            if line.is_empty() || number >= MAX_EXTENSIONS {
                return Err(CheckpointError::Extension { number: number + 1 });
            }
        }
        let extensions = extensions.iter().map(|&line| line.to_owned()).collect();
        Ok(Self { origin: Origin::new(origin)?, size: TreeSize(number), root, extensions })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A checkpoint whose log signature has been verified; the only ways to get one are to verify and to sign.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: SignedNote,
}

impl SignedCheckpoint {
    /// Reads a note and checks it under the log's key.
    ///
    /// # Errors
    /// [`CheckpointError`] if it is malformed, of another log, or not signed by `key`.
    pub fn verify(note: &[u8], key: &VerifierKey, engine: &dyn Verify) -> Result<Self, CheckpointError> {
        let note = SignedNote::parse(note)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        if checkpoint.origin.as_str() != key.name() {
            return Err(CheckpointError::OtherLog { found: checkpoint.origin, expected: key.name().to_owned() });
        }
        note.check_signed_by(key, engine)?;
        Ok(Self { checkpoint, note })
    }

    /// Puts the log's own signature below its checkpoint.
    pub(crate) fn signed(checkpoint: Checkpoint, key: &VerifierKey, signature: Vec<u8>) -> Self {
        let line = SignatureLine::new(key.name(), key.key_hash(), signature);
        let note = SignedNote::new(checkpoint.to_string(), vec![line]);
        Self { checkpoint, note }
    }

    /// What is signed.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// How many entries.
    #[must_use]
    pub const fn size(&self) -> TreeSize {
        self.checkpoint.size
    }

    /// The root over them.
    #[must_use]
    pub const fn root(&self) -> Hash {
        self.checkpoint.root
    }

    /// The note, as it is served.
    #[must_use]
    pub const fn note(&self) -> &SignedNote {
        &self.note
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

    #[test]
    fn reads_what_it_writes() {
        let text = format!("log.example/tsa\n42\n{ROOT}\n");
        let checkpoint = Checkpoint::parse(&text).unwrap();
        assert_eq!((checkpoint.size, checkpoint.root), (TreeSize(42), Hash::empty_root()));
        assert_eq!(checkpoint.to_string(), text);
    }

    #[test]
    fn refuses_other_spellings() {
        let code = |text: &str| Checkpoint::parse(text).map_err(|error| error.code());
        for size in ["042", "+1", "-1", "", "1 ", "9223372036854775808"] {
            assert_eq!(code(&format!("log.example\n{size}\n{ROOT}\n")), Err("audit.checkpoint-size"), "{size}");
        }
        assert_eq!(code("log.example\n1\n"), Err("audit.checkpoint-lines"));
        assert_eq!(code("log.example\n1\nAAAA\n"), Err("audit.checkpoint-root"));
        assert_eq!(code(&format!("log.example\n1\n{ROOT}\n\nx\n")), Err("audit.checkpoint-extension"));
        assert_eq!(code(&format!("https://log.example\n1\n{ROOT}\n")), Err("audit.origin"));
    }
}
