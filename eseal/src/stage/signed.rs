//! The signature: CMS with the attributes of CAdES (CAD-01..CAD-10, PAD-02).

use kokuin_asn1::{
    Certificate, cades,
    cms::{SignedAttributes, SignedDataParts, SignerIdParts, SignerParts, build_signed_data},
    oids,
};
use kokuin_audit::{OpenIntent, entry::Digest};
use kokuin_suite::{DigestAlgorithm, digest};

use crate::{
    error::SealError,
    format::SealFormat,
    signers::Signers,
    stage::{AuthorizedSeal, IntendedSeal},
};

/// What stays true when unsigned attributes are added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Commitments {
    /// Of the signature value.
    pub(super) signature: Digest,
    /// Of the signed attributes as they were signed (tag SET).
    pub(super) attributes: Digest,
}

/// A CMS that has been signed and that nobody may have yet.
#[derive(Debug)]
pub struct SignedSeal {
    pub(super) authorized: AuthorizedSeal,
    pub(super) cms: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) commitments: Commitments,
    /// Dropped with the seal, it says that the signature was thrown away.
    pub(super) intent: Option<OpenIntent>,
}

impl SignedSeal {
    /// Signs.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub(crate) fn sign(intended: IntendedSeal, signers: &Signers) -> Result<Self, SealError> {
        let IntendedSeal { authorized, mut intent } = intended;
        let credential = &authorized.credential;
        let algorithm = credential.algorithm();
        let attributes = attributes(&authorized)?.der_set();
        let signature = signers.sign(algorithm, &attributes, intent.as_mut()).map_err(SealError::from);
        let signature = signature.inspect_err(|error| credential.heed(error))?;
        let digest_algorithm = authorized.digest.algorithm.algorithm_id_der();
        let certificate = credential.certificate();
        let certificates: Vec<&[u8]> =
            std::iter::once(certificate).chain(credential.chain()).map(Certificate::der).collect();
        let cms = build_signed_data(&SignedDataParts {
            digest_algorithms: &[&digest_algorithm],
            content_type: &oids::ID_DATA,
            content: None,
            certificates: &certificates,
            crls: &[],
            signers: &[SignerParts {
                sid: SignerIdParts::IssuerSerial { issuer: certificate.issuer(), serial: certificate.serial() },
                digest_algorithm: &digest_algorithm,
                signed_attributes: Some(&attributes),
                signature_algorithm: &algorithm.algorithm_id_der(),
                signature: &signature,
                unsigned_attributes: &[],
            }],
        });
        let commitments = Commitments { signature: Digest::of(&signature), attributes: Digest::of(&attributes) };
        Ok(Self { authorized, cms, signature, commitments, intent })
    }
}

/// The signed attributes. A PDF's seal has its time in `/M`, and `signing-time` must be absent (PAD-02).
fn attributes(authorized: &AuthorizedSeal) -> Result<SignedAttributes<'static>, SealError> {
    let AuthorizedSeal { digest: document, credential } = authorized;
    let sha256 = DigestAlgorithm::Sha256;
    let certificate = credential.certificate();
    let attributes = SignedAttributes::new()
        .with(cades::content_type(&oids::ID_DATA))
        .with(cades::message_digest(&document.value))
        .with(cades::signing_certificate_v2(
            certificate,
            &sha256.algorithm_id_der(),
            &digest(sha256, certificate.der()),
        ))
        .with(cades::cms_algorithm_protection(
            &document.algorithm.algorithm_id_der(),
            &credential.algorithm().algorithm_id_der(),
        ));
    match document.format {
        SealFormat::Cades => {
            let time = cades::signing_time(document.time.unix_seconds());
            Ok(attributes.with(time.map_err(|error| SealError::ReadBack(error.to_string()))?))
        }
        SealFormat::Pades | SealFormat::Jades | SealFormat::Xades | SealFormat::AsicS | SealFormat::AsicE => {
            Ok(attributes)
        }
    }
}
