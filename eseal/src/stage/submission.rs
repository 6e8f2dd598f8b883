//! What came in, and who sent it.

use actix_web::web::Bytes;
use kokuin_suite::DigestAlgorithm;

use crate::{
    actor::Actor,
    error::SealError,
    format::{SealFormat, SealLevel},
    idempotency::IdempotencyKey,
    request::SealRequest,
};

/// A document, or a digest of one.
#[derive(Debug)]
pub(super) enum Submitted {
    Document(Bytes),
    Digest(DigestAlgorithm, Vec<u8>),
}

/// A request that asks for something offered, from somebody who may ask, with exactly one thing to seal.
#[derive(Debug)]
pub struct SubmissionBytes {
    pub(super) actor: Actor,
    pub(super) request: SealRequest,
    pub(super) submitted: Submitted,
    pub(super) idempotency_key: Option<IdempotencyKey>,
}

impl SubmissionBytes {
    /// Pairs a request with what it is about.
    ///
    /// # Errors
    /// [`SealError`] with what is not offered, or does not belong together.
    pub(crate) fn new(
        actor: Actor,
        request: SealRequest,
        document: Option<Bytes>,
        idempotency_key: Option<IdempotencyKey>,
        limit: usize,
    ) -> Result<Self, SealError> {
        request.check_offered()?;
        let submitted = match (document, &request.digest) {
            (Some(document), None) if document.is_empty() => return Err(SealError::DocumentEmpty),
            (Some(document), None) if document.len() > limit => {
                return Err(SealError::DocumentTooLarge { found: document.len(), limit });
            }
            (Some(document), None) => Submitted::Document(document),
            (None, Some(_)) if request.format != SealFormat::Cades => return Err(SealError::DigestNotForFormat),
            (None, Some(digest)) => {
                let (algorithm, value) = digest.read()?;
                Submitted::Digest(algorithm, value)
            }
            (Some(_), Some(_)) | (None, None) => return Err(SealError::DocumentOrDigest),
        };
        Ok(Self { actor, request, submitted, idempotency_key })
    }

    /// Whether its seal has to wait for a TSA.
    pub(crate) fn is_timestamped(&self) -> bool {
        self.request.level == SealLevel::Timestamped
    }

    /// Whose submission it is.
    pub(crate) fn tenant(&self) -> &str {
        self.actor.tenant()
    }
}
