//! What a TSU offers: the policies it issues under and the digests it stamps.

use kokuin_asn1::Oid;
use kokuin_audit::entry::{FieldError, PolicyOid};
use kokuin_suite::DigestAlgorithm;

use crate::config::{HashName, PolicyId, TsuConfig};

/// Place of a policy in its [`Offer`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PolicyIndex(usize);

/// One policy at least, and a default among them.
#[derive(Clone, Debug)]
pub struct Offer {
    policies: Vec<(Oid, PolicyOid)>,
    default: PolicyIndex,
    hashes: Vec<DigestAlgorithm>,
}

impl Offer {
    /// The offer of a configuration that has been checked.
    ///
    /// # Errors
    /// A policy that the log cannot spell.
    pub fn new(config: &TsuConfig) -> Result<Self, FieldError> {
        let default = config.default_policy.as_ref();
        let place = default.and_then(|default| config.policies.iter().position(|policy| policy == default));
        let logged = |PolicyId(oid): &PolicyId| Ok((oid.clone(), PolicyOid::new(&oid.to_string())?));
        Ok(Self {
            policies: config.policies.iter().map(logged).collect::<Result<_, _>>()?,
            default: PolicyIndex(place.unwrap_or(0)),
            hashes: config.hashes.iter().map(|HashName(algorithm)| *algorithm).collect(),
        })
    }

    /// The policy of requests that ask for none (TSP-05).
    #[must_use]
    pub const fn default_policy(&self) -> PolicyIndex {
        self.default
    }

    /// The policy asked for, if it is offered.
    #[must_use]
    pub fn find(&self, asked: &Oid) -> Option<PolicyIndex> {
        self.policies.iter().position(|(oid, _)| oid == asked).map(PolicyIndex)
    }

    /// The OID of a policy of this offer.
    #[must_use]
    pub fn oid(&self, policy: PolicyIndex) -> &Oid {
        &self.policies[policy.0].0
    }

    /// The same as the log spells it.
    #[must_use]
    pub fn logged(&self, policy: PolicyIndex) -> &PolicyOid {
        &self.policies[policy.0].1
    }

    /// Whether digests of `algorithm` are stamped (TSP-03).
    #[must_use]
    pub fn accepts(&self, algorithm: DigestAlgorithm) -> bool {
        self.hashes.contains(&algorithm)
    }
}
