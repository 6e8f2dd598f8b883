//! `--tls-ca`, `--client-cert`, `--client-key`: how a command speaks TLS.

use std::path::{Path, PathBuf};

use kokuin_fetch::{Client, FetchError, Limits, Tls};

/// Whom to trust over TLS, and who to be.
#[derive(Debug, clap::Args)]
pub(crate) struct TlsArgs {
    /// Certificates (PEM) that an https server's must lead to; no others are trusted, and without it no https
    #[arg(long, value_name = "FILE")]
    tls_ca: Option<PathBuf>,
    /// Certificate (PEM) to show to a server that asks for one, with its issuers'
    #[arg(long, value_name = "FILE", requires_all = ["client_key", "tls_ca"])]
    client_cert: Option<PathBuf>,
    /// Its private key (PKCS #8 in PEM, not encrypted, mode 0600)
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
}

impl TlsArgs {
    /// A client that speaks so.
    ///
    /// # Errors
    /// If a file cannot be read or has not what it should.
    pub(crate) fn client(&self, limits: Limits) -> Result<Client, FetchError> {
        let Some(anchors) = &self.tls_ca else { return Ok(Client::new(limits)) };
        let mut tls = Tls::load_anchors(anchors)?;
        if let (Some(certificate), Some(key)) = (&self.client_cert, &self.client_key) {
            tls = tls.load_identity(certificate, key)?;
        }
        Ok(Client::with_tls(limits, &tls))
    }
}

/// A client that a configuration names anchors for, or not.
///
/// # Errors
/// If the file cannot be read or has no certificate.
pub(crate) fn configured_client(limits: Limits, anchors: Option<&Path>) -> Result<Client, FetchError> {
    match anchors {
        Some(path) => Ok(Client::with_tls(limits, &Tls::load_anchors(path)?)),
        None => Ok(Client::new(limits)),
    }
}
