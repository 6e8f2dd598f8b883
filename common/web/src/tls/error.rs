//! Why a listener has no TLS.

use std::path::PathBuf;

use kokuin_settings::SecretError;
use openssl::error::ErrorStack;

/// A rule that a listener's certificate, key or authorities break.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// The key's file is absent, empty, or open to others.
    #[error(transparent)]
    KeyFile(#[from] SecretError),
    /// No certificate in the file, or none that can be read.
    #[error("{}: no PEM certificate", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
    },
    /// No key in the file, or an encrypted one.
    #[error("{}: no PEM private key without a passphrase", path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// The key is another certificate's.
    #[error("{} does not hold the key of the certificate in {}", key_file.display(), certificate.display())]
    KeyOfAnother {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key_file: PathBuf,
    },
    /// The certificate is not valid yet, or no longer.
    #[error("{}: the certificate is valid from {not_before} to {not_after}", path.display())]
    NotValidNow {
        /// The file.
        path: PathBuf,
        /// First instant.
        not_before: String,
        /// Last instant.
        not_after: String,
    },
    /// Certificates of clients are wanted, but nobody says whose.
    #[error("tls.client_certificate_required needs tls.client_ca")]
    NoAuthority,
    /// OpenSSL refuses the settings, such as a key that is too short.
    #[error("OpenSSL refuses: {0}")]
    OpenSsl(#[source] ErrorStack),
}

impl TlsError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "tls.unreadable",
            Self::KeyFile(error) => error.code(),
            Self::Certificate { .. } => "tls.certificate",
            Self::Key { .. } => "tls.key",
            Self::KeyOfAnother { .. } => "tls.key-of-another",
            Self::NotValidNow { .. } => "tls.not-valid-now",
            Self::NoAuthority => "tls.no-authority",
            Self::OpenSsl(_) => "tls.openssl",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::KeyFile(error) => error.clause(),
            Self::Unreadable { .. }
            | Self::Certificate { .. }
            | Self::Key { .. }
            | Self::KeyOfAnother { .. }
            | Self::NotValidNow { .. }
            | Self::OpenSsl(_) => "RFC 8446 4.4.2",
            Self::NoAuthority => "RFC 8446 4.3.2",
        }
    }
}
