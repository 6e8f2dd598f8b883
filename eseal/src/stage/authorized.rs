//! A seal that may be made: by this actor, with this credential, at this level, now.

use std::sync::Arc;

use kokuin_suite::CryptoPolicy;

use crate::{credential::Credential, error::SealError, format::SealLevel, stage::DocumentDigest};

/// A digest that may be signed with a credential.
#[derive(Debug)]
pub struct AuthorizedSeal {
    pub(super) digest: DocumentDigest,
    pub(super) credential: Arc<Credential>,
}

impl AuthorizedSeal {
    /// Decides. `has_tsa`: whether there is anybody who could time-stamp.
    ///
    /// # Errors
    /// [`SealError::CredentialUnknown`], [`SealError::LevelNotOffered`], or why the credential is not in service.
    pub(crate) fn decide(
        digest: DocumentDigest,
        credential: &Arc<Credential>,
        policy: &CryptoPolicy,
        has_tsa: bool,
    ) -> Result<Self, SealError> {
        if digest.credential_name.as_deref().is_some_and(|name| name != credential.name()) {
            return Err(SealError::CredentialUnknown);
        }
        if digest.level == SealLevel::Timestamped && !has_tsa {
            return Err(SealError::LevelNotOffered(digest.level));
        }
        credential.check_in_service(digest.time.unix_seconds(), policy)?;
        Ok(Self { digest, credential: Arc::clone(credential) })
    }
}
