//! One `SignerInfo`, from its attributes to its signature value, before anybody is trusted (EN 319 102-1 5.2.2, 5.2.3, 5.2.7).

use kokuin_asn1::{
    Certificate, Crl, Oid,
    cms::{CertificateChoice, RevocationChoice, SignedData, SignerInfo},
};
use kokuin_suite::{DigestAlgorithm, Hasher, SignatureAlgorithm, Verify, VerifyError, digest};

use crate::{
    attributes::{self, CheckedAttributes},
    checks::{Checks, Conclusion},
    limit,
    request::DetachedData,
    rule::Rule,
    signer::{self, IdentifiedSigner},
    status::SubIndication,
    strength::{self, Use},
};

/// What a signature or a token is over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    /// All of it.
    Bytes(&'a [u8]),
    /// The two ranges of a PDF.
    Pieces([&'a [u8]; 2]),
    /// What the caller gave.
    Given(&'a DetachedData<'a>),
    /// Nothing at hand.
    Missing,
}

impl Source<'_> {
    /// The digest by `algorithm`, or why there is none.
    pub(crate) fn digest(&self, algorithm: DigestAlgorithm) -> Result<Vec<u8>, Conclusion> {
        match self {
            Self::Bytes(bytes) => Ok(digest(algorithm, bytes)),
            Self::Pieces(pieces) => {
                let mut hasher = Hasher::new(algorithm);
                pieces.iter().for_each(|piece| hasher.update(piece));
                Ok(hasher.finish())
            }
            Self::Given(data) => data.digest(algorithm).ok_or_else(|| {
                Conclusion::new(
                    Rule::DataGiven,
                    SubIndication::SignedDataNotFound,
                    format!("The digest given is of another algorithm than {}, which was signed.", algorithm.name()),
                )
            }),
            Self::Missing => Err(Conclusion::new(
                Rule::DataGiven,
                SubIndication::SignedDataNotFound,
                "The data that was signed was not given, so nothing shows that it is unchanged.",
            )),
        }
    }
}

/// What a `SignedData` carries along. Trusted for nothing.
#[derive(Debug, Default)]
pub(crate) struct Embedded {
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) crls: Vec<Crl>,
}

impl Embedded {
    /// Takes what can be read; what cannot is no certificate of anybody's.
    pub(crate) fn of(signed_data: &SignedData<'_>) -> Self {
        let certificates = signed_data
            .certificates
            .iter()
            .filter_map(CertificateChoice::certificate)
            .filter_map(|der| Certificate::parse(der).ok());
        let crls = signed_data.crls.iter().filter_map(|choice| match choice {
            RevocationChoice::Crl(der) => Crl::parse(der).ok(),
            RevocationChoice::Other { .. } => None,
        });
        Self {
            certificates: certificates.take(limit::CERTIFICATES).collect(),
            crls: crls.take(limit::REVOCATION_LISTS).collect(),
        }
    }
}

/// What is known about one `SignerInfo`.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    pub(crate) attributes: Option<CheckedAttributes>,
    pub(crate) signer: Option<IdentifiedSigner>,
    pub(crate) algorithms: Vec<Use>,
    pub(crate) problems: Vec<Conclusion>,
}

/// Examines `signer` over `source`. `content` is what the structure itself carries.
pub(crate) fn examine(
    signer: &SignerInfo<'_>,
    content_type: &Oid,
    content: Option<&[u8]>,
    source: Source<'_>,
    candidates: &[Certificate],
    engine: &dyn Verify,
    checks: &mut Checks,
) -> Examined {
    let mut examined = Examined::default();
    let attributes = match attributes::check(signer, content_type, content, checks) {
        Ok(attributes) => attributes,
        Err(conclusion) => {
            examined.problems.push(conclusion);
            return examined;
        }
    };
    match signer::identify(signer, &attributes, candidates, engine, checks) {
        Ok(identified) => {
            match check_value(signer, &attributes, identified.certificate(), engine, checks) {
                Ok(used) => examined.algorithms.push(used),
                Err(conclusion) => examined.problems.push(conclusion),
            }
            let algorithm = identified.reference().algorithm;
            examined.algorithms.push(Use::of_digest("the reference to the signing certificate", algorithm));
            examined.signer = Some(identified);
        }
        Err(conclusion) => examined.problems.push(conclusion),
    }
    match check_digest(signer, &attributes, source, checks) {
        Ok(used) => examined.algorithms.push(used),
        Err(conclusion) => examined.problems.push(conclusion),
    }
    examined.attributes = Some(attributes);
    examined
}

fn check_digest(
    signer: &SignerInfo<'_>,
    attributes: &CheckedAttributes,
    source: Source<'_>,
    checks: &mut Checks,
) -> Result<Use, Conclusion> {
    let oid = &signer.digest_algorithm.oid;
    let Some(algorithm) = DigestAlgorithm::from_oid(oid) else {
        return Err(checks.conclude(strength::unknown("the content's digest", &format!("{oid} is not known here"))));
    };
    let found = source.digest(algorithm).map_err(|conclusion| checks.conclude(conclusion))?;
    if found != attributes.message_digest() {
        return Err(checks.fail(
            Rule::MessageDigest,
            SubIndication::HashFailure,
            format!("The data is not what was signed: its {} digest differs from the one signed.", algorithm.name()),
        ));
    }
    checks.passed(Rule::MessageDigest, format!("The data has the {} digest that was signed.", algorithm.name()));
    Ok(Use::of_digest("the signed content", algorithm))
}

fn check_value(
    signer: &SignerInfo<'_>,
    attributes: &CheckedAttributes,
    certificate: &Certificate,
    engine: &dyn Verify,
    checks: &mut Checks,
) -> Result<Use, Conclusion> {
    let algorithm = SignatureAlgorithm::from_cms(&signer.signature_algorithm, &signer.digest_algorithm)
        .map_err(|refusal| checks.conclude(strength::unknown("the signature", &refusal.to_string())))?;
    match engine.verify(algorithm, certificate.spki(), attributes.signed_bytes(), signer.signature) {
        Ok(()) => {
            checks.passed(Rule::SignatureValue, format!("{} made the signature value.", certificate.subject_text()));
            Use::of_signature("the signature", algorithm, certificate.spki())
                .map_err(|conclusion| checks.conclude(conclusion))
        }
        Err(error @ VerifyError::Unsupported { .. }) => {
            Err(checks.conclude(strength::unknown("the signature", &error.to_string())))
        }
        Err(error) => Err(checks.fail(
            Rule::SignatureValue,
            SubIndication::SigCryptoFailure,
            format!("The signature value was not made by the key of {}: {error}.", certificate.subject_text()),
        )),
    }
}
