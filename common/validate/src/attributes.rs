//! Signed attributes: what must be there, once, signed, and in agreement with what is around it (CAD-01..CAD-05, THR-22, THR-23).

use kokuin_asn1::{
    AlgorithmId, Oid, Reader, cades,
    cms::{Attributes, SignerInfo},
    ess, oids, tag,
};
use kokuin_suite::{DigestAlgorithm, SignatureAlgorithm};

use crate::{
    checks::{Checks, Conclusion},
    rule::Rule,
    status::SubIndication,
    strength,
};

/// The signed reference to the signing certificate: the first `ESSCertID`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SignerReference {
    /// What made `hash`.
    pub algorithm: DigestAlgorithm,
    /// Digest of the certificate.
    pub hash: Vec<u8>,
    /// Issuer (a `Name` element) and serial (content octets), where the reference has them.
    pub issuer_serial: Option<(Vec<u8>, Vec<u8>)>,
}

/// Signed attributes that keep every rule which can be checked without a certificate.
#[derive(Clone, Debug)]
pub struct CheckedAttributes {
    message_digest: Vec<u8>,
    references: Vec<SignerReference>,
    signing_time: Option<i64>,
    has_signing_time: bool,
    set: Vec<u8>,
}

impl CheckedAttributes {
    /// The digest of the content, as signed.
    #[must_use]
    pub fn message_digest(&self) -> &[u8] {
        &self.message_digest
    }

    /// References to the signing certificate, the strongest first; empty where there are none.
    #[must_use]
    pub fn references(&self) -> &[SignerReference] {
        &self.references
    }

    /// The time that the signer claims, Unix seconds.
    #[must_use]
    pub const fn signing_time(&self) -> Option<i64> {
        self.signing_time
    }

    /// Whether the attribute is there, readable or not.
    #[must_use]
    pub const fn has_signing_time(&self) -> bool {
        self.has_signing_time
    }

    /// The bytes that are signed: a `SET OF`, tag 0x31.
    #[must_use]
    pub fn signed_bytes(&self) -> &[u8] {
        &self.set
    }
}

/// Attributes that are there at most once and with one value.
const SINGLE: [(Oid, &str); 6] = [
    (oids::CONTENT_TYPE, "contentType"),
    (oids::MESSAGE_DIGEST, "messageDigest"),
    (oids::SIGNING_TIME, "signingTime"),
    (oids::SIGNING_CERTIFICATE, "signingCertificate"),
    (oids::SIGNING_CERTIFICATE_V2, "signingCertificateV2"),
    (oids::CMS_ALGORITHM_PROTECTION, "CMSAlgorithmProtection"),
];

/// Checks the attributes of `signer` over content of type `content_type`.
pub(crate) fn check(
    signer: &SignerInfo<'_>,
    content_type: &Oid,
    content: Option<&[u8]>,
    checks: &mut Checks,
) -> Result<CheckedAttributes, Conclusion> {
    let Some(attributes) = &signer.signed_attrs else {
        return Err(refuse_unsigned(content, checks));
    };
    checks.passed(Rule::SignedAttributesPresent, "The signature is over signed attributes.");
    check_placement(signer, checks)?;
    for (oid, name) in &SINGLE {
        let found = attributes.all(oid);
        if found.len() > 1 || found.iter().any(|attribute| attribute.values.len() != 1) {
            return Err(checks.fail(
                Rule::AttributeOnce,
                SubIndication::FormatFailure,
                format!("The signed attribute {name} is not there exactly once with exactly one value."),
            ));
        }
    }
    let value = |oid: &Oid| attributes.all(oid).first().and_then(|attribute| attribute.values.first().copied());
    let signed_type = value(&oids::CONTENT_TYPE)
        .ok_or_else(|| missing(checks, "contentType"))
        .and_then(|value| read(checks, "contentType", Reader::new(value, "contentType").oid("contentType")))?;
    if signed_type != *content_type {
        return Err(checks.fail(
            Rule::ContentTypeMatches,
            SubIndication::FormatFailure,
            format!("The signed content type is {signed_type}, the content's is {content_type}."),
        ));
    }
    checks.passed(Rule::ContentTypeMatches, format!("The signed content type is the content's, {content_type}."));
    let message_digest =
        value(&oids::MESSAGE_DIGEST).ok_or_else(|| missing(checks, "messageDigest")).and_then(|value| {
            read(checks, "messageDigest", Reader::new(value, "messageDigest").octet_string("messageDigest"))
        })?;
    checks.passed(Rule::AttributeOnce, "Every attribute that may be there once is there once, with one value.");
    check_protection(signer, attributes, checks)?;
    let references = references(value(&oids::SIGNING_CERTIFICATE_V2), value(&oids::SIGNING_CERTIFICATE), checks)?;
    let signing_time = value(&oids::SIGNING_TIME);
    Ok(CheckedAttributes {
        message_digest: message_digest.to_vec(),
        references,
        signing_time: cades::parse_signing_time(attributes).ok().flatten(),
        has_signing_time: signing_time.is_some(),
        set: attributes.as_set_of(),
    })
}

/// No signed attributes. Content that is itself a `SET OF Attribute` is the forgery of THR-22, not just an old CMS.
fn refuse_unsigned(content: Option<&[u8]>, checks: &mut Checks) -> Conclusion {
    if content.is_some_and(|content| content.first() == Some(&tag::SET)) {
        return checks.fail(
            Rule::SignedAttributesPresent,
            SubIndication::FormatFailure,
            "There are no signed attributes and the content looks like some, which is how one signature is passed off as another.",
        );
    }
    checks.fail(
        Rule::SignedAttributesPresent,
        SubIndication::SigConstraintsFailure,
        "There are no signed attributes, so nothing binds the signature to its certificate and content type.",
    )
}

fn missing(checks: &mut Checks, name: &str) -> Conclusion {
    checks.fail(Rule::AttributeOnce, SubIndication::FormatFailure, format!("The signed attribute {name} is missing."))
}

fn read<T>(checks: &mut Checks, name: &str, value: Result<T, kokuin_asn1::Asn1Error>) -> Result<T, Conclusion> {
    value.map_err(|error| {
        checks.fail(
            Rule::AttributeSyntax,
            SubIndication::FormatFailure,
            format!("The signed attribute {name} cannot be read: {error}."),
        )
    })
}

fn check_placement(signer: &SignerInfo<'_>, checks: &mut Checks) -> Result<(), Conclusion> {
    let Some(unsigned) = &signer.unsigned_attrs else { return Ok(()) };
    match SINGLE.iter().find(|(oid, _)| !unsigned.all(oid).is_empty()) {
        Some((_, name)) => Err(checks.fail(
            Rule::AttributePlacement,
            SubIndication::FormatFailure,
            format!("{name} is among the unsigned attributes, where anybody can put it."),
        )),
        None => Ok(()),
    }
}

/// RFC 6211: the algorithms as signed are those in use, compared by meaning and not by encoding (CAD-04).
fn check_protection(
    signer: &SignerInfo<'_>,
    attributes: &Attributes<'_>,
    checks: &mut Checks,
) -> Result<(), Conclusion> {
    let protected = cades::parse_cms_algorithm_protection(attributes);
    let Some(protected) = read(checks, "CMSAlgorithmProtection", protected)? else { return Ok(()) };
    let is_same_digest = protected.digest_algorithm.oid == signer.digest_algorithm.oid;
    let is_same_signature = is_same_signature(&protected.signature_algorithm, &protected.digest_algorithm, signer);
    if is_same_digest && is_same_signature {
        checks.passed(Rule::AlgorithmProtection, "The signed algorithms are those used.");
        return Ok(());
    }
    Err(checks.fail(
        Rule::AlgorithmProtection,
        SubIndication::SigConstraintsFailure,
        "The algorithms as signed are not those that the signature uses.",
    ))
}

fn is_same_signature(protected: &AlgorithmId<'_>, digest: &AlgorithmId<'_>, signer: &SignerInfo<'_>) -> bool {
    if protected.raw.get(1..) == signer.signature_algorithm.raw.get(1..) {
        return true;
    }
    let resolved = SignatureAlgorithm::from_cms(&signer.signature_algorithm, &signer.digest_algorithm);
    matches!((SignatureAlgorithm::from_cms(protected, digest), resolved), (Ok(a), Ok(b)) if a == b)
        && protected.oid == signer.signature_algorithm.oid
}

fn references(v2: Option<&[u8]>, v1: Option<&[u8]>, checks: &mut Checks) -> Result<Vec<SignerReference>, Conclusion> {
    let mut references = Vec::new();
    if let Some(value) = v2 {
        let attribute = read(checks, "signingCertificateV2", ess::SigningCertificateV2::parse(value))?;
        references.extend(attribute.certs.first().map(|id| reference(id, DigestAlgorithm::Sha256)));
    }
    if let Some(value) = v1 {
        let attribute = read(checks, "signingCertificate", ess::SigningCertificate::parse(value))?;
        references.extend(attribute.certs.first().map(|id| reference(id, DigestAlgorithm::Sha1)));
    }
    references.into_iter().collect::<Option<Vec<_>>>().ok_or_else(|| {
        checks.conclude(strength::unknown("the reference to the signing certificate", "its digest is not known here"))
    })
}

fn reference(id: &ess::EssCertId<'_>, default: DigestAlgorithm) -> Option<SignerReference> {
    let algorithm = match &id.hash_algorithm {
        Some(algorithm) => DigestAlgorithm::from_oid(&algorithm.oid)?,
        None => default,
    };
    Some(SignerReference {
        algorithm,
        hash: id.hash.to_vec(),
        issuer_serial: id
            .issuer_serial
            .as_ref()
            .map(|pair| (pair.issuer_name.unwrap_or_default().to_vec(), pair.serial.to_vec())),
    })
}
