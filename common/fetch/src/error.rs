//! Why nothing could be fetched.

use std::{net::IpAddr, path::PathBuf};

use kokuin_settings::SecretError;

/// A rule of outgoing requests that was broken, on either side.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Not an absolute address.
    #[error("not an address to fetch from: {found:?}")]
    Url {
        /// Its first characters.
        found: String,
    },
    /// Neither `http` nor `https`.
    #[error("scheme {found:?} is not fetched, only http and https")]
    Scheme {
        /// The scheme.
        found: String,
    },
    /// This build has no TLS.
    #[error("https needs a build with the feature native-tls of kokuin-fetch")]
    Https,
    /// Nobody to trust.
    #[error("https needs anchors: certificates that the server's must lead to")]
    NoAnchors,
    /// A file of certificates that cannot be read.
    #[error("{} cannot be read: {reason}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// A PEM file with something else in it.
    #[error("{} has not what it should: {expected}, in PEM", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
    },
    /// A private key that cannot be read, or that others can read.
    #[error(transparent)]
    KeyFile(#[from] SecretError),
    /// The name has no address.
    #[error("{host} has no address")]
    HostUnknown {
        /// The name.
        host: String,
    },
    /// Every address of the name is out of reach.
    #[error("{host} is at {address}, which this service may not connect to")]
    AddressForbidden {
        /// The name.
        host: String,
        /// One of its addresses.
        address: IpAddr,
    },
    /// No connection, or it broke.
    #[error("no connection: {reason}")]
    Connection {
        /// What the operating system says.
        reason: std::io::Error,
    },
    /// The server could not be authenticated.
    #[error("no trusted TLS connection: {reason}")]
    Tls {
        /// What the TLS library says.
        reason: String,
    },
    /// Too slow.
    #[error("no complete answer within {limit_ms} ms")]
    Timeout {
        /// Milliseconds allowed.
        limit_ms: u64,
    },
    /// A redirect; none is followed.
    #[error("redirected with status {status}, which is not followed")]
    Redirect {
        /// The HTTP status.
        status: u16,
    },
    /// Another status than 200.
    #[error("answered with status {status}")]
    Status {
        /// The HTTP status.
        status: u16,
    },
    /// Not the type that was asked for.
    #[error("answered with content type {found:?}, expected {expected}")]
    ContentType {
        /// The type asked for.
        expected: &'static str,
        /// The type sent.
        found: String,
    },
    /// More bytes than allowed.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// Not HTTP.
    #[error("not an HTTP answer: {reason}")]
    Protocol {
        /// What the HTTP library says.
        reason: String,
    },
}

impl FetchError {
    /// Stable name, for logs and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Url { .. } => "fetch.url",
            Self::Scheme { .. } => "fetch.scheme",
            Self::Https => "fetch.https",
            Self::NoAnchors => "fetch.no-anchors",
            Self::File { .. } => "fetch.file",
            Self::Pem { .. } => "fetch.pem",
            Self::KeyFile(error) => error.code(),
            Self::HostUnknown { .. } => "fetch.host-unknown",
            Self::AddressForbidden { .. } => "fetch.address-forbidden",
            Self::Connection { .. } => "fetch.connection",
            Self::Tls { .. } => "fetch.tls",
            Self::Timeout { .. } => "fetch.timeout",
            Self::Redirect { .. } => "fetch.redirect",
            Self::Status { .. } => "fetch.status",
            Self::ContentType { .. } => "fetch.content-type",
            Self::TooLarge { .. } => "fetch.too-large",
            Self::Protocol { .. } => "fetch.protocol",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::Url { .. } => "RFC 9110 4.2",
            Self::Status { .. } | Self::ContentType { .. } | Self::Protocol { .. } => "RFC 9110",
            Self::KeyFile(error) => error.clause(),
            Self::Pem { .. } => "RFC 7468",
            Self::Scheme { .. }
            | Self::Https
            | Self::NoAnchors
            | Self::File { .. }
            | Self::HostUnknown { .. }
            | Self::AddressForbidden { .. }
            | Self::Connection { .. }
            | Self::Tls { .. }
            | Self::Timeout { .. }
            | Self::Redirect { .. }
            | Self::TooLarge { .. } => "Kokuin THR-89",
        }
    }

    /// Whether the same request may succeed a little later.
    #[must_use]
    pub const fn may_pass(&self) -> bool {
        match self {
            Self::HostUnknown { .. } | Self::Connection { .. } | Self::Timeout { .. } => true,
            Self::Status { status } => *status == 429 || *status >= 500,
            Self::Url { .. }
            | Self::Scheme { .. }
            | Self::Https
            | Self::NoAnchors
            | Self::File { .. }
            | Self::Pem { .. }
            | Self::KeyFile(_)
            | Self::AddressForbidden { .. }
            | Self::Tls { .. }
            | Self::Redirect { .. }
            | Self::ContentType { .. }
            | Self::TooLarge { .. }
            | Self::Protocol { .. } => false,
        }
    }
}
