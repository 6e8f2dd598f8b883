//! Why a configuration is refused: the file, the line, the rule.

use std::path::PathBuf;

/// A rule of configuration files that a file broke (THR-103).
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// Larger than any configuration is.
    #[error("{}: {found} bytes, a configuration has at most {limit}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Bytes in the file.
        found: u64,
        /// Bytes allowed.
        limit: u64,
    },
    /// TOML is UTF-8.
    #[error("{}:{line}: not UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// Line of the first wrong byte, from 1.
        line: usize,
    },
    /// Not TOML.
    #[error("{}:{line}: not TOML: {rule}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The rule of TOML.
        rule: String,
    },
    /// One key, two values.
    #[error("{}:{line}: key given twice", path.display())]
    DuplicateKey {
        /// The file.
        path: PathBuf,
        /// Line of the second one, from 1.
        line: usize,
    },
    /// A key that nothing reads, most often a typing error in one that something reads.
    #[error("{}:{line}: {rule}", path.display())]
    UnknownField {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The field, and which ones exist.
        rule: String,
    },
    /// A key that has to be there.
    #[error("{}:{line}: {rule}", path.display())]
    MissingField {
        /// The file.
        path: PathBuf,
        /// First line of the table it is missing from, from 1.
        line: usize,
        /// The field.
        rule: String,
    },
    /// A value outside what its key allows.
    #[error("{}:{line}: {rule}", path.display())]
    Value {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is allowed, and what was found.
        rule: String,
    },
}

impl SettingsError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "settings.unreadable",
            Self::TooLarge { .. } => "settings.too-large",
            Self::NotUtf8 { .. } => "settings.not-utf8",
            Self::Syntax { .. } => "settings.syntax",
            Self::DuplicateKey { .. } => "settings.duplicate-key",
            Self::UnknownField { .. } => "settings.unknown-field",
            Self::MissingField { .. } => "settings.missing-field",
            Self::Value { .. } => "settings.value",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::NotUtf8 { .. } | Self::Syntax { .. } | Self::DuplicateKey { .. } => "TOML 1.1",
            Self::Unreadable { .. }
            | Self::TooLarge { .. }
            | Self::UnknownField { .. }
            | Self::MissingField { .. }
            | Self::Value { .. } => "Kokuin THR-103",
        }
    }

    /// The line that broke the rule, from 1; `None` if no line did.
    #[must_use]
    pub const fn line(&self) -> Option<usize> {
        match self {
            Self::Unreadable { .. } | Self::TooLarge { .. } => None,
            Self::NotUtf8 { line, .. }
            | Self::Syntax { line, .. }
            | Self::DuplicateKey { line, .. }
            | Self::UnknownField { line, .. }
            | Self::MissingField { line, .. }
            | Self::Value { line, .. } => Some(*line),
        }
    }
}
