//! Everything about a token's `SignedData` that is the same for each token of a TSU, encoded once.

use kokuin_asn1::{
    Certificate, cades,
    cms::{SignedDataTemplate, SignerIdParts, TemplateParts},
    enc, oids,
};
use kokuin_suite::{DigestAlgorithm, SignatureAlgorithm, digest};

/// The constant parts of a TSU's tokens.
#[derive(Debug)]
pub struct TokenTemplate {
    digest: DigestAlgorithm,
    /// For requests without `certReq`: no `certificates` field (TSP-07).
    bare: SignedDataTemplate,
    /// For requests with it.
    with_certificates: SignedDataTemplate,
    /// The signed attributes as `SET OF`, in DER's order, with the message digest zero.
    attributes: Vec<u8>,
    /// Where the message digest goes in `attributes`.
    hole: usize,
}

impl TokenTemplate {
    /// Encodes what is constant for tokens of the certificate `tsu`, whose issuers are `chain`.
    ///
    /// `contentType`, `messageDigest`, `signingCertificateV2` with `issuerSerial` (TSP-32) and `CMSAlgorithmProtection`;
    /// no `signingTime`: the time of a token is its `genTime` and nothing else.
    #[must_use]
    pub fn new(tsu: &Certificate, chain: &[Certificate], algorithm: SignatureAlgorithm) -> Self {
        let hash = algorithm.digest();
        let hash_id = hash.algorithm_id_der();
        let signature_algorithm = algorithm.algorithm_id_der();
        let message_digest = cades::message_digest(&vec![0; hash.output_len()]);
        let attributes = enc::set_of(&[
            &cades::content_type(&oids::ID_CT_TST_INFO),
            &message_digest,
            &cades::signing_certificate_v2(tsu, &hash_id, &digest(hash, tsu.der())),
            &cades::cms_algorithm_protection(&hash_id, &signature_algorithm),
        ]);
        // A root that a relying party has to have anyway only makes tokens longer.
        let issuers = chain.iter().filter(|issuer| !issuer.is_self_issued());
        let bag: Vec<&[u8]> = std::iter::once(tsu).chain(issuers).map(Certificate::der).collect();
        let parts = TemplateParts {
            content_type: &oids::ID_CT_TST_INFO,
            sid: SignerIdParts::IssuerSerial { issuer: tsu.issuer(), serial: tsu.serial() },
            digest_algorithm: &hash_id,
            signature_algorithm: &signature_algorithm,
            certificates: &[],
            crls: &[],
        };
        Self {
            digest: hash,
            bare: SignedDataTemplate::new(&parts),
            with_certificates: SignedDataTemplate::new(&TemplateParts { certificates: &bag, ..parts }),
            hole: end(&attributes, &message_digest) - hash.output_len(),
            attributes,
        }
    }

    /// Writes the signed attributes of a token over `tst_info` as `SET OF`: the octets to sign.
    pub fn attributes_into(&self, out: &mut Vec<u8>, tst_info: &[u8]) {
        out.clear();
        out.extend_from_slice(&self.attributes);
        let made = digest(self.digest, tst_info);
        out[self.hole..self.hole + made.len()].copy_from_slice(&made);
    }

    /// The whole token (`ContentInfo`), TSP-30 and TSP-31. `attributes` are those that were signed, tagged as a SET.
    #[must_use]
    pub fn token(&self, tst_info: &[u8], attributes: &[u8], signature: &[u8], cert_req: bool) -> Vec<u8> {
        let template = if cert_req { &self.with_certificates } else { &self.bare };
        template.finish(Some(tst_info), attributes, signature)
    }
}

/// Where `element` ends in the set that it was put into.
fn end(set: &[u8], element: &[u8]) -> usize {
    let place = set.windows(element.len()).position(|window| window == element);
    place.expect("invariant: a SET OF holds its elements whole") + element.len()
}
