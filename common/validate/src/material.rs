//! What one validation may use: the caller's evidence, the artefact's own, and what is around it.

use kokuin_asn1::Certificate;

use crate::{
    integrity::Embedded,
    limit::{self, Budget},
    path::Material,
    request::Request,
};

/// Everything a path may be made from: the caller's, the token's own, and what is around it.
pub(crate) fn collect<'a>(
    request: &'a Request<'_>,
    budget: &'a Budget,
    own: &Embedded,
    outer: &Embedded,
) -> Material<'a> {
    let mut certificates: Vec<Certificate> = Vec::new();
    for certificate in own.certificates.iter().chain(request.intermediates).chain(&outer.certificates) {
        if certificates.len() < limit::CERTIFICATES && certificates.iter().all(|known| known.der() != certificate.der())
        {
            certificates.push(certificate.clone());
        }
    }
    // None of the caller's own is left out: the one that matters may be the last.
    let embedded = own.crls.iter().chain(&outer.crls).take(limit::REVOCATION_LISTS);
    let crls = request.crls.iter().chain(embedded).cloned();
    Material {
        trust: request.trust,
        certificates,
        crls: crls.collect(),
        engine: request.engine,
        crypto_policy: request.crypto_policy,
        revocation: request.revocation,
        budget,
    }
}

/// Who may have signed: everybody at hand, the anchors included.
pub(crate) fn signer_candidates(material: &Material<'_>) -> Vec<Certificate> {
    let anchors = material.trust.anchors().iter().map(|anchor| anchor.certificate().clone());
    material.certificates.iter().cloned().chain(anchors).collect()
}
