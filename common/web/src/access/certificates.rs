//! Client certificates: of the right authority, and on the list.

use std::{
    collections::HashMap,
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use openssl::{
    error::ErrorStack,
    x509::{
        X509PurposeId, X509StoreContext, X509StoreContextRef,
        store::{X509Store, X509StoreBuilder},
    },
};

use super::{AccessError, Sha256};
use crate::{PeerCertificate, tls::certificates};

/// How long a verdict on a certificate holds before its dates are looked at again.
const KEPT: Duration = Duration::from_secs(60);

/// Verdicts kept.
const MOST: usize = 4_096;

/// When a certificate was looked at, and whom it stands for if it is let in.
type Verdict = (Instant, Option<Arc<str>>);

/// Which certificates are let in.
pub(super) struct Certificates {
    store: X509Store,
    subjects: Vec<String>,
    digests: Vec<Sha256>,
    seen: Mutex<HashMap<[u8; 32], Verdict>>,
}

impl Certificates {
    pub(super) fn load(path: &Path, subjects: &[String], digests: &[Sha256]) -> Result<Self, AccessError> {
        let store = store(path)?;
        Ok(Self { store, subjects: subjects.to_vec(), digests: digests.to_vec(), seen: Mutex::default() })
    }

    /// The name of the client that a certificate stands for: its digest's first half.
    pub(super) fn find(&self, certificate: &PeerCertificate) -> Option<Arc<str>> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, verdict)) = seen.get(certificate.sha256()).filter(|(when, _)| when.elapsed() < KEPT) {
            return verdict.clone();
        }
        let name = self.is_let_in(certificate).then(|| {
            let digits = Sha256(*certificate.sha256()).to_string();
            Arc::from(format!("certificate:{}", &digits[..32]))
        });
        if seen.len() >= MOST {
            seen.clear();
        }
        seen.insert(*certificate.sha256(), (Instant::now(), name.clone()));
        name
    }

    fn is_let_in(&self, certificate: &PeerCertificate) -> bool {
        let listed = (self.subjects.is_empty() && self.digests.is_empty())
            || self.digests.iter().any(|digest| digest.0 == *certificate.sha256())
            || self.subjects.contains(&certificate.subject());
        listed && self.verifies(certificate).unwrap_or(false)
    }

    fn verifies(&self, certificate: &PeerCertificate) -> Result<bool, ErrorStack> {
        let Some(chain) = certificate.chain() else { return Ok(false) };
        X509StoreContext::new()?.init(&self.store, certificate.certificate(), &chain, X509StoreContextRef::verify_cert)
    }
}

fn store(path: &Path) -> Result<X509Store, AccessError> {
    let mut builder = X509StoreBuilder::new().map_err(AccessError::OpenSsl)?;
    for authority in certificates(path)? {
        builder.add_cert(authority).map_err(AccessError::OpenSsl)?;
    }
    builder.set_purpose(X509PurposeId::SSL_CLIENT).map_err(AccessError::OpenSsl)?;
    Ok(builder.build())
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("subjects", &self.subjects).field("digests", &self.digests).finish()
    }
}
