//! Who signed: chosen by the signed certificate hash, then by the signer identifier, never by position (THR-01, THR-03, TSP-31).

use kokuin_asn1::{
    Certificate,
    cms::{SignerId, SignerInfo},
};
use kokuin_suite::{SignatureAlgorithm, Verify, digest};

use crate::{
    attributes::{CheckedAttributes, SignerReference},
    checks::{Checks, Conclusion},
    name,
    rule::Rule,
    status::SubIndication,
};

/// A signer whose certificate is the one that the signed attributes name.
#[derive(Clone, Debug)]
pub struct IdentifiedSigner {
    certificate: Certificate,
    reference: SignerReference,
}

impl IdentifiedSigner {
    /// The signing certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The signed reference that names it.
    #[must_use]
    pub const fn reference(&self) -> &SignerReference {
        &self.reference
    }
}

/// Finds the signer among `candidates`, whose order means nothing.
pub(crate) fn identify(
    signer: &SignerInfo<'_>,
    attributes: &CheckedAttributes,
    candidates: &[Certificate],
    engine: &dyn Verify,
    checks: &mut Checks,
) -> Result<IdentifiedSigner, Conclusion> {
    let Some(reference) = attributes.references().first() else {
        return Err(checks.fail(
            Rule::SignerReference,
            SubIndication::SigConstraintsFailure,
            "No signed attribute names the signing certificate by its hash.",
        ));
    };
    let Some(certificate) = candidates.iter().find(|candidate| names(reference, candidate)) else {
        return Err(checks.conclude(not_found(signer, attributes, candidates, engine)));
    };
    checks.passed(Rule::SignerFound, format!("The signed hash names {}.", certificate.subject_text()));
    for other in attributes.references() {
        if !names(other, certificate) {
            return Err(checks.fail(
                Rule::SignerReference,
                SubIndication::SigConstraintsFailure,
                "The signed references name different certificates.",
            ));
        }
        check_issuer_serial(other, certificate, checks)?;
    }
    checks.passed(Rule::SignerReference, "The signed certificate hash is that of the signing certificate.");
    if !is_sid_of(&signer.sid, certificate) {
        return Err(checks.fail(
            Rule::SignerIdMatches,
            SubIndication::SigConstraintsFailure,
            "The signer identifier names another certificate than the signed hash does.",
        ));
    }
    checks.passed(Rule::SignerIdMatches, "The signer identifier names the same certificate.");
    Ok(IdentifiedSigner { certificate: certificate.clone(), reference: reference.clone() })
}

fn names(reference: &SignerReference, certificate: &Certificate) -> bool {
    digest(reference.algorithm, certificate.der()) == reference.hash
}

fn check_issuer_serial(
    reference: &SignerReference,
    certificate: &Certificate,
    checks: &mut Checks,
) -> Result<(), Conclusion> {
    match &reference.issuer_serial {
        Some((issuer, serial))
            if !name::is_same(issuer, certificate.issuer()) || serial.as_slice() != certificate.serial() =>
        {
            Err(checks.fail(
                Rule::SignerReference,
                SubIndication::SigConstraintsFailure,
                "The signed issuer and serial number are not those of the certificate whose hash is signed.",
            ))
        }
        Some(_) | None => Ok(()),
    }
}

fn is_sid_of(sid: &SignerId<'_>, certificate: &Certificate) -> bool {
    match sid {
        SignerId::IssuerSerial { issuer, serial } => {
            name::is_same(issuer, certificate.issuer()) && *serial == certificate.serial()
        }
        SignerId::KeyId(id) => certificate.ski().is_some_and(|ski| ski == *id),
    }
}

/// Nobody has the signed hash. A certificate that the (unsigned) identifier names and whose key fits was swapped in; without one the signer is unknown (THR-03).
fn not_found(
    signer: &SignerInfo<'_>,
    attributes: &CheckedAttributes,
    candidates: &[Certificate],
    engine: &dyn Verify,
) -> Conclusion {
    let algorithm = SignatureAlgorithm::from_cms(&signer.signature_algorithm, &signer.digest_algorithm);
    let swapped = candidates.iter().filter(|candidate| is_sid_of(&signer.sid, candidate)).take(4).find(|candidate| {
        algorithm.as_ref().is_ok_and(|algorithm| {
            engine.verify(*algorithm, candidate.spki(), attributes.signed_bytes(), signer.signature).is_ok()
        })
    });
    match swapped {
        Some(certificate) => Conclusion::new(
            Rule::SignerReference,
            SubIndication::SigConstraintsFailure,
            format!(
                "The signed certificate hash is not that of {}, although its key fits.",
                certificate.subject_text()
            ),
        ),
        None => Conclusion::new(
            Rule::SignerFound,
            SubIndication::NoSigningCertificateFound,
            "The certificate that the signature names is neither in the artefact nor among those given.",
        ),
    }
}
