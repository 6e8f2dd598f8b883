//! What will be signed over: a digest computed here, or one supplied. Which one it is goes into the log.

use actix_web::web::Bytes;
use kokuin_audit::entry::DigestSource;
use kokuin_pdf::{Limits, Prepared, SignatureRequest, SubFilter, prepare_within};
use kokuin_suite::{DigestAlgorithm, Hasher, digest};

use crate::{
    actor::Actor,
    credential::Credential,
    error::SealError,
    format::{SealFormat, SealLevel},
    id::SealId,
    idempotency::IdempotencyKey,
    request::SealRequest,
    stage::submission::{SubmissionBytes, Submitted},
    timekeeper::SealTime,
};

/// Octets reserved for a seal, its token included, besides its certificates (PAD-11).
const CLASSICAL_ROOM: usize = 16 * 1024;

/// The same for keys whose signatures have thousands of octets (PAD-11).
const POST_QUANTUM_ROOM: usize = 32 * 1024;

/// Where the seal goes.
#[derive(Debug)]
pub(super) enum Carrier {
    /// Into this PDF.
    Pdf(Prepared),
    /// Beside this document.
    Document(Bytes),
    /// Beside a document that only the caller has.
    Elsewhere,
}

/// A digest by the credential's algorithm, and where its seal goes.
#[derive(Debug)]
pub struct DocumentDigest {
    pub(super) actor: Actor,
    pub(super) id: SealId,
    pub(super) time: SealTime,
    pub(super) format: SealFormat,
    pub(super) level: SealLevel,
    pub(super) credential_name: Option<String>,
    pub(super) algorithm: DigestAlgorithm,
    pub(super) value: Vec<u8>,
    pub(super) carrier: Carrier,
    pub(super) source: DigestSource,
    pub(super) request_hash: Vec<u8>,
    pub(super) idempotency_key: Option<IdempotencyKey>,
}

impl DocumentDigest {
    /// Takes the digest. For a PDF the signature dictionary is written first, since it is part of what is signed.
    ///
    /// # Errors
    /// [`SealError::Pdf`] for a document that is not sealed, [`SealError::DigestAlgorithm`] for a digest by another algorithm.
    pub(crate) fn compute(
        submission: SubmissionBytes,
        id: SealId,
        time: SealTime,
        credential: &Credential,
    ) -> Result<Self, SealError> {
        let SubmissionBytes { actor, request, submitted, idempotency_key } = submission;
        let algorithm = credential.algorithm().digest();
        let request_hash = request_hash(&request, &submitted);
        let (value, carrier, source) = match (request.format, submitted) {
            (SealFormat::Pades, Submitted::Document(document)) => {
                let prepared = prepare_pdf(&document, &request, id, &time, credential)?;
                let mut hasher = Hasher::new(algorithm);
                prepared.digest_input().into_iter().for_each(|piece| hasher.update(piece));
                (hasher.finish(), Carrier::Pdf(prepared), DigestSource::Computed)
            }
            (_, Submitted::Document(document)) => {
                (digest(algorithm, &document), Carrier::Document(document), DigestSource::Computed)
            }
            (_, Submitted::Digest(found, value)) if found == algorithm => {
                (value, Carrier::Elsewhere, DigestSource::Supplied)
            }
            (_, Submitted::Digest(found, _)) => {
                return Err(SealError::DigestAlgorithm { expected: algorithm.name(), found: found.name() });
            }
        };
        let SealRequest { format, level, credential: credential_name, .. } = request;
        Ok(Self {
            actor,
            id,
            time,
            format,
            level,
            credential_name,
            algorithm,
            value,
            carrier,
            source,
            request_hash,
            idempotency_key,
        })
    }

    /// SHA-256 of the request, the document's digest included: what an idempotency key stands for.
    pub(crate) fn request_hash(&self) -> &[u8] {
        &self.request_hash
    }

    pub(crate) const fn idempotency_key(&self) -> Option<&IdempotencyKey> {
        self.idempotency_key.as_ref()
    }
}

fn prepare_pdf(
    document: &[u8],
    request: &SealRequest,
    id: SealId,
    time: &SealTime,
    credential: &Credential,
) -> Result<Prepared, SealError> {
    let signature_len = credential.key().algorithm().max_signature_len();
    let room = if signature_len > 1024 { POST_QUANTUM_ROOM } else { CLASSICAL_ROOM };
    let chain: usize = credential.chain().iter().map(|issuer| issuer.der().len()).sum();
    let limits = Limits { file_len: document.len(), ..Limits::default() };
    let wanted = SignatureRequest {
        field_name: &format!("Seal-{id}"),
        reason: request.reason.as_deref(),
        location: request.location.as_deref(),
        signing_time: time.unix_seconds(),
        sub_filter: SubFilter::CadesDetached,
        contents_len: room + chain,
    };
    Ok(prepare_within(document, &wanted, &limits)?)
}

/// Lengths go before texts, so that no two requests have one hash.
fn request_hash(request: &SealRequest, submitted: &Submitted) -> Vec<u8> {
    let mut hasher = Hasher::new(DigestAlgorithm::Sha256);
    let texts = [
        Some(request.format.name()),
        Some(request.level.name()),
        request.credential.as_deref(),
        request.reason.as_deref(),
        request.location.as_deref(),
    ];
    for text in texts {
        let length = text.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(u64::MAX - 1));
        hasher.update(&length.to_be_bytes());
        hasher.update(text.unwrap_or_default().as_bytes());
    }
    match submitted {
        Submitted::Document(document) => {
            hasher.update(&[0]);
            hasher.update(&digest(DigestAlgorithm::Sha256, document));
        }
        Submitted::Digest(algorithm, value) => {
            hasher.update(&[1]);
            hasher.update(algorithm.name().as_bytes());
            hasher.update(value);
        }
    }
    hasher.finish()
}
