//! A request that the TSU's policy lets through: what goes into the token, octet for octet as it was asked for.

use kokuin_suite::DigestAlgorithm;

use super::ParsedRequest;
use crate::{
    offer::{Offer, PolicyIndex},
    refusal::{DigestName, Refusal},
};

/// What the token will repeat, and whether it carries certificates. Owned, so that it can wait for a key elsewhere.
#[derive(Debug)]
pub struct AdmittedRequest {
    imprint: Box<[u8]>,
    nonce: Option<Box<[u8]>>,
    policy: PolicyIndex,
    cert_req: bool,
}

impl AdmittedRequest {
    /// Holds a request against what is offered (TSP-03, TSP-05, TSP-08). The imprint is not looked into (TSP-09).
    ///
    /// # Errors
    /// [`Refusal::Extension`], [`Refusal::AlgorithmNotAccepted`], [`Refusal::PolicyNotOffered`].
    pub fn new(parsed: ParsedRequest<'_>, offer: &Offer) -> Result<Self, Refusal> {
        let (request, algorithm) = parsed.into_parts();
        if let Some(extension) = request.extensions.first() {
            return Err(Refusal::Extension(extension.oid.clone()));
        }
        check_algorithm(algorithm, offer)?;
        let policy = match request.policy {
            None => offer.default_policy(),
            Some(asked) => offer.find(&asked).ok_or(Refusal::PolicyNotOffered(asked))?,
        };
        Ok(Self {
            imprint: request.imprint.raw.into(),
            nonce: request.nonce.map(Into::into),
            policy,
            cert_req: request.cert_req,
        })
    }

    /// The `MessageImprint` TLV, as received (TSP-04).
    #[must_use]
    pub fn imprint(&self) -> &[u8] {
        &self.imprint
    }

    /// Content octets of the nonce, as received (TSP-06).
    #[must_use]
    pub fn nonce(&self) -> Option<&[u8]> {
        self.nonce.as_deref()
    }

    /// The policy that the token is issued under.
    #[must_use]
    pub const fn policy(&self) -> PolicyIndex {
        self.policy
    }

    /// Whether the token carries the TSU's certificates (TSP-07).
    #[must_use]
    pub const fn cert_req(&self) -> bool {
        self.cert_req
    }
}

fn check_algorithm(algorithm: DigestAlgorithm, offer: &Offer) -> Result<(), Refusal> {
    if offer.accepts(algorithm) { Ok(()) } else { Err(Refusal::AlgorithmNotAccepted(DigestName(algorithm))) }
}
