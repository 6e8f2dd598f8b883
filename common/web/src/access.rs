//! Who may use a resource: from which networks, and with which key or certificate. Decided from connection and headers, before a
//! body is read.
//!
//! Networks AND (key OR certificate). What is not configured asks for nothing; with nothing configured all is open.

mod certificates;
mod error;
mod keys;

use std::{net::IpAddr, path::PathBuf, sync::Arc};

use actix_web::HttpRequest;
use certificates::Certificates;
pub use error::AccessError;
use keys::ApiKeys;
pub use keys::{ApiKey, Sha256};
use serde::Deserialize;

use crate::{Network, PeerCertificate, Refused, bearer, client::Client};

/// What an operator may set, such as in `[tsa.tsu.access]`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct AccessConfig {
    /// Clients come from one of these. Empty: from anywhere.
    pub networks: Vec<Network>,
    /// File of hashed API keys, `name sha256` a line.
    pub api_keys_file: Option<PathBuf>,
    /// PEM file of authorities. A client's certificate is issued by one of them, and the listener asks for certificates of theirs.
    pub client_ca: Option<PathBuf>,
    /// Subjects of the certificates that are let in, one line each as [`PeerCertificate::subject`] writes them. With
    /// `certificates` empty too: all of `client_ca`'s.
    pub subjects: Vec<String>,
    /// SHA-256 of the certificates that are let in.
    pub certificates: Vec<Sha256>,
}

/// The rules, ready to be asked. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Access(Arc<Rules>);

#[derive(Debug, Default)]
struct Rules {
    networks: Vec<Network>,
    keys: Option<ApiKeys>,
    certificates: Option<Certificates>,
}

impl Access {
    /// Reads the files that `config` names.
    ///
    /// # Errors
    /// [`AccessError`]: whoever would have been let in is not then, and nobody else either.
    pub fn load(config: &AccessConfig) -> Result<Self, AccessError> {
        let keys = config.api_keys_file.as_deref().map(ApiKeys::load).transpose()?;
        let certificates = match &config.client_ca {
            Some(path) => Some(Certificates::load(path, &config.subjects, &config.certificates)?),
            None if config.subjects.is_empty() && config.certificates.is_empty() => None,
            None => return Err(AccessError::NoAuthority),
        };
        Ok(Self(Arc::new(Rules { networks: config.networks.clone(), keys, certificates })))
    }

    /// Whether everybody is let in.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.0.networks.is_empty() && self.0.keys.is_none() && self.0.certificates.is_none()
    }

    /// Whether the listener has to ask for certificates.
    #[must_use]
    pub fn wants_certificates(&self) -> bool {
        self.0.certificates.is_some()
    }

    /// Tells who sends a request from `address`, and that it may.
    ///
    /// # Errors
    /// [`Refused::Forbidden`] (403) for other networks and certificates, [`Refused::CertificateMissing`] (403) where only one would do,
    /// [`Refused::CredentialsMissing`] and [`Refused::CredentialsInvalid`] (401) without a key or with a wrong one.
    pub fn check(&self, request: &HttpRequest, address: IpAddr) -> Result<Client, Refused> {
        let Rules { networks, keys, certificates } = &*self.0;
        if !networks.is_empty() && !networks.iter().any(|network| network.contains(address)) {
            return Err(Refused::Forbidden);
        }
        if keys.is_none() && certificates.is_none() {
            return Ok(Client::at(address));
        }
        let shown = match keys {
            // A key that is wrong is not made good by a certificate.
            Some(keys) => match bearer(request.headers()) {
                Ok(token) => return keys.find(token).map(Client::Named).ok_or(Refused::CredentialsInvalid),
                Err(Refused::CredentialsMissing) => Refused::CredentialsMissing,
                Err(refused) => return Err(refused),
            },
            None => Refused::CertificateMissing,
        };
        match (certificates, request.conn_data::<Option<PeerCertificate>>()) {
            (Some(certificates), Some(Some(certificate))) => {
                certificates.find(certificate).map(Client::Named).ok_or(Refused::Forbidden)
            }
            (Some(_) | None, Some(_) | None) => Err(shown),
        }
    }
}

#[cfg(test)]
mod tests;
