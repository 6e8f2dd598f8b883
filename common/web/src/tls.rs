//! TLS of a listener (TSP-47): 1.2 and 1.3, HTTP/1.1 only, exchanged while it serves.
//!
//! HTTP/2 is not spoken, so that its floods (rapid reset, CONTINUATION) have nothing to meet (THR-87). There are no
//! sessions and no tickets: each connection shakes hands, and a certificate authority that is taken away is gone at once.

mod context;
mod error;
mod peer;

use std::{path::PathBuf, sync::Arc, time::UNIX_EPOCH};

use arc_swap::ArcSwap;
pub(crate) use context::certificates;
pub use error::TlsError;
use openssl::ssl::{Ssl, SslContext};
pub use peer::PeerCertificate;
use serde::Deserialize;

use crate::metrics::Registry;

/// The certificate of a listener, and what it asks clients for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// PEM file: the listener's certificate, then its issuers'.
    pub certificate: PathBuf,
    /// PEM file of its private key, not encrypted, its owner's alone.
    pub key_file: PathBuf,
    /// PEM file of the authorities whose client certificates are taken. Without it none is asked for.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// Whether a client without a certificate is turned away in the handshake, on every path.
    #[serde(default)]
    pub client_certificate_required: bool,
}

/// TLS as it is now. Clones share it: what one reloads, all use.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    config: TlsConfig,
    loaded: ArcSwap<Loaded>,
}

/// What was read.
struct Loaded {
    context: SslContext,
    /// The last second of the listener's certificate, Unix time.
    not_after: i64,
}

impl Tls {
    /// Reads certificate and key and tries them against each other.
    ///
    /// # Errors
    /// [`TlsError`]: nothing is served then.
    pub fn load(config: TlsConfig) -> Result<Self, TlsError> {
        let loaded = ArcSwap::from_pointee(context::load(&config)?);
        Ok(Self(Arc::new(Shared { config, loaded })))
    }

    /// Reads the same files again. Nothing changes before [`RenewedTls::put_in_force`], so that they are taken up together with what else
    /// was changed, or not at all.
    ///
    /// # Errors
    /// [`TlsError`]: what was served before is served further.
    pub fn renewed(&self) -> Result<RenewedTls, TlsError> {
        let loaded = context::load(&self.0.config)?;
        Ok(RenewedTls { of: self.clone(), loaded })
    }

    /// Whether clients are asked for a certificate.
    #[must_use]
    pub fn asks_for_certificates(&self) -> bool {
        self.0.config.client_ca.is_some()
    }

    /// Shows how long the listener's certificate is still valid.
    pub fn observe(&self, registry: &Registry) {
        let tls = self.clone();
        registry.observe(
            "kokuin_tls_certificate_days_left",
            "Whole days until the listener's certificate ends.",
            move || {
                let now = UNIX_EPOCH.elapsed().map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
                (tls.0.loaded.load().not_after - now).div_euclid(86_400)
            },
        );
    }

    /// The state of one connection.
    pub(crate) fn session(&self) -> Result<Ssl, TlsError> {
        Ssl::new(&self.0.loaded.load().context).map_err(TlsError::OpenSsl)
    }
}

/// Files that were read again, good to be served.
#[must_use]
pub struct RenewedTls {
    of: Tls,
    loaded: Loaded,
}

impl RenewedTls {
    /// For connections from now on; those that are open keep what they have.
    pub fn put_in_force(self) {
        self.of.0.loaded.store(Arc::new(self.loaded));
    }
}

impl std::fmt::Debug for RenewedTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RenewedTls").field(&self.of).finish()
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tls").field(&self.0.config).finish()
    }
}
