//! What is shown about the transparency log. Receipts are verified elsewhere; here they are matched to a signature.

use kokuin_asn1::{cms::SignedData, tsp::TimeStampResp};
use kokuin_evidence::EvidenceRecord;
use kokuin_suite::{DigestAlgorithm, digest};

use crate::artifact::{self, ArtifactKind, DetectedArtifact};

/// An entry that a verified receipt proves to be in a log.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoggedSignature {
    /// Which log.
    pub origin: String,
    /// Where in it.
    pub index: u64,
    /// SHA-256 of the signature value.
    pub signature: [u8; 32],
    /// SHA-256 of the signed attributes as a DER `SET OF` (tag 0x31).
    pub attributes: [u8; 32],
}

impl LoggedSignature {
    /// Whether the entry is about the signature with this value and these signed attributes.
    pub(crate) fn is_of(&self, signature: &[u8], attributes: &[u8]) -> bool {
        digest(DigestAlgorithm::Sha256, signature) == self.signature
            && digest(DigestAlgorithm::Sha256, attributes) == self.attributes
    }
}

/// The caller's answer to "is it logged?".
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum LogEvidence {
    /// No receipt was given.
    NotGiven,
    /// Receipts were given and hold; whether they belong to this artefact is decided here, by signature and signed attributes.
    Verified(Vec<LoggedSignature>),
    /// A receipt was given and does not hold: why, in one clause.
    Refused(String),
}

/// What a receipt is matched by, of one signature of an artefact.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignedParts {
    /// A field's name or a number, from 1.
    pub label: String,
    /// The signature value.
    pub signature: Vec<u8>,
    /// The signed attributes as a DER `SET OF` (tag 0x31).
    pub attributes: Vec<u8>,
}

/// Why an artefact has nothing that a receipt could be matched by.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct NothingSigned {
    /// In one sentence.
    pub reason: String,
}

/// The signature values of a token, a CMS, a PDF or an evidence record. Nothing is judged.
///
/// # Errors
/// [`NothingSigned`] if the bytes cannot be read, or hold no signature with signed attributes.
pub fn signed_parts(artifact: &[u8]) -> Result<Vec<SignedParts>, NothingSigned> {
    let nothing = |reason: String| NothingSigned { reason };
    let detected = DetectedArtifact::detect(artifact).map_err(|conclusion| nothing(conclusion.reason))?;
    let mut parts = Vec::new();
    match detected.kind() {
        ArtifactKind::Tst | ArtifactKind::Cades => take(&mut parts, detected.bytes(), None),
        ArtifactKind::Tsr => {
            let response = TimeStampResp::parse(detected.bytes()).map_err(|error| nothing(error.to_string()))?;
            take(&mut parts, response.token.unwrap_or_default(), None);
        }
        ArtifactKind::EvidenceRecord => {
            let record = EvidenceRecord::parse(detected.bytes()).map_err(|error| nothing(error.to_string()))?;
            for (stamp, number) in record.stamps().zip(1..) {
                take(&mut parts, stamp.token, Some(&i32::to_string(&number)));
            }
        }
        ArtifactKind::Pades => {
            let found = kokuin_pdf::signatures(detected.bytes()).map_err(|error| nothing(error.to_string()))?;
            for signature in found.into_iter().flatten() {
                take(&mut parts, &signature.contents, Some(&signature.field_name));
            }
        }
    }
    if parts.is_empty() { Err(nothing("No signature with signed attributes was found.".to_owned())) } else { Ok(parts) }
}

fn take(parts: &mut Vec<SignedParts>, cms: &[u8], label: Option<&str>) {
    let Ok(der) = artifact::definite(cms) else { return };
    let Ok(signed_data) = SignedData::parse(&der) else { return };
    for (signer, number) in signed_data.signer_infos.iter().zip(1..) {
        if let Some(attributes) = &signer.signed_attrs {
            parts.push(SignedParts {
                label: label.map_or_else(|| i32::to_string(&number), ToOwned::to_owned),
                signature: signer.signature.to_vec(),
                attributes: attributes.as_set_of(),
            });
        }
    }
}
