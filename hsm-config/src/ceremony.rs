//! What people do with keys: make them, ask for certificates over them, stop them. One trait, one implementation a back end.
//!
//! These types are for commands that a person runs. A service is given [`SigningKey`]s and never one of these, so that nothing that reaches a
//! service can make, suspend or resume a key, or have it sign a request.

mod error;
mod record;

use std::fmt::Debug;

use kokuin_asn1::CertificationRequestInfo;
#[cfg(any(feature = "pkcs11", feature = "yubihsm"))]
use kokuin_key::{KeyError, KeyState, Prepared};
use kokuin_key::{KeyId, Purpose, Scheme, SigningKey};
use kokuin_suite::KeyAlgorithm;
use std::sync::Arc;

pub use error::CeremonyError;
pub use record::KeyRecord;

/// A back end as the operator sees it.
pub trait Ceremony: Debug {
    /// The scheme of its key URIs.
    fn scheme(&self) -> Scheme;

    /// The URI by which a configuration names the key `id`.
    fn uri(&self, id: &KeyId) -> String {
        format!("{}:{id}", self.scheme().name())
    }

    /// Whether `uri`, as a configuration has it, means the key `id` of this back end. Nothing is asked of a device.
    fn is_named(&self, uri: &str, id: &KeyId) -> bool {
        uri == self.uri(id)
    }

    /// Makes a key. One that is there is never replaced (EN 319 421 7.6.2).
    ///
    /// # Errors
    /// [`CeremonyError`] of the back end.
    fn create(
        &self,
        id: &KeyId,
        algorithm: KeyAlgorithm,
        purpose: Purpose,
    ) -> Result<Arc<dyn SigningKey>, CeremonyError>;

    /// Opens a key as services do.
    ///
    /// # Errors
    /// [`CeremonyError`] of the back end.
    fn load(&self, id: &KeyId) -> Result<Arc<dyn SigningKey>, CeremonyError>;

    /// Every key, by name.
    ///
    /// # Errors
    /// [`CeremonyError`] of the back end.
    fn list(&self) -> Result<Vec<KeyRecord>, CeremonyError>;

    /// A PKCS#10 request (DER) signed with the key that it is about: the one signature that a key gives besides those of its purpose.
    ///
    /// # Errors
    /// [`CeremonyError::OtherKey`] if the request is about another key, [`CeremonyError::NotActive`], and those of the back end.
    fn sign_request(&self, id: &KeyId, request: &CertificationRequestInfo) -> Result<Vec<u8>, CeremonyError>;

    /// Stops a key within a second wherever it is in use (THR-65).
    ///
    /// # Errors
    /// [`CeremonyError`] of the back end.
    fn suspend(&self, id: &KeyId) -> Result<(), CeremonyError>;

    /// Lets a suspended key go on.
    ///
    /// # Errors
    /// [`CeremonyError`] of the back end.
    fn resume(&self, id: &KeyId) -> Result<(), CeremonyError>;
}

/// A request signed by a key in a device: the one signature besides those of its purpose. A service has no way here.
#[cfg(any(feature = "pkcs11", feature = "yubihsm"))]
pub(crate) fn signed_by_device<E>(
    key: &dyn SigningKey,
    request: &CertificationRequestInfo,
) -> Result<Vec<u8>, CeremonyError>
where
    E: From<KeyError>,
    CeremonyError: From<E>,
{
    let id = key.id().clone();
    if key.public_key() != request.spki() {
        return Err(CeremonyError::OtherKey(id));
    }
    let state = key.state();
    if state != KeyState::Active {
        return Err(CeremonyError::NotActive { id, state });
    }
    let algorithm = key.algorithm().signature_algorithm();
    let prepared = Prepared::new(key.purpose(), algorithm, request.der());
    let signature = key.open().and_then(|mut signer| signer.sign(prepared)).map_err(E::from)?;
    Ok(request.signed(&algorithm.algorithm_id_der(), &signature))
}
