//! Why nobody can be told apart.

use std::path::PathBuf;

use kokuin_settings::SecretError;
use openssl::error::ErrorStack;

use crate::TlsError;

/// A rule that an access configuration or its files break.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The file of keys is absent, empty, or open to others.
    #[error(transparent)]
    KeyFile(#[from] SecretError),
    /// A line that is none, or a name or key that is there twice. What it says is not shown: it may be a key.
    #[error("{}:{line}: not `name sha256` with a name and a hash of its own", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
    },
    /// A name that cannot stand in the file.
    #[error("`{found}` is not 1 to 64 letters, digits, `-`, `_`, `.`")]
    Name {
        /// The name.
        found: String,
    },
    /// Subjects or digests of certificates, but no authority.
    #[error("access.subjects and access.certificates need access.client_ca")]
    NoAuthority,
    /// The authorities cannot be read.
    #[error(transparent)]
    Authorities(#[from] TlsError),
    /// OpenSSL refuses an authority.
    #[error("OpenSSL refuses: {0}")]
    OpenSsl(#[source] ErrorStack),
    /// No random octets.
    #[error("the machine has no random octets")]
    Random,
}

impl AccessError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::KeyFile(error) => error.code(),
            Self::Line { .. } => "access.line",
            Self::Name { .. } => "access.name",
            Self::NoAuthority => "access.no-authority",
            Self::Authorities(error) => error.code(),
            Self::OpenSsl(_) => "access.openssl",
            Self::Random => "access.random",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::KeyFile(error) => error.clause(),
            Self::Authorities(error) => error.clause(),
            Self::Line { .. } | Self::Name { .. } | Self::NoAuthority | Self::OpenSsl(_) | Self::Random => {
                "Kokuin THR-103"
            }
        }
    }
}
