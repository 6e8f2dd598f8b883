//! Certificate policies, simply: where a CA requires a policy, the whole path must share one (RFC 5280 6.1.5 without mappings).

use std::collections::BTreeSet;

use kokuin_asn1::{Asn1Error, Certificate, Oid, Reader, oids, tag};

/// Policies read in one certificate.
const LIMIT: usize = 256;

/// The state that RFC 5280 6.1.2 keeps while going down.
#[derive(Debug)]
pub(super) struct PolicyState {
    /// Policies that every certificate so far has; `None` is any policy.
    shared: Option<BTreeSet<Oid>>,
    /// Certificates left until a policy is required.
    explicit_after: Option<u64>,
    /// Certificates left until anyPolicy no longer counts.
    any_until: Option<u64>,
}

impl PolicyState {
    pub(super) const fn new() -> Self {
        Self { shared: None, explicit_after: None, any_until: None }
    }

    /// Takes in the next certificate downwards.
    pub(super) fn take(&mut self, certificate: &Certificate, is_last: bool) -> Result<(), String> {
        let is_self_issued = certificate.is_self_issued();
        let any_counts = self.any_until != Some(0) || (is_self_issued && !is_last);
        let own = policies(certificate).map_err(|error| error.to_string())?;
        let has_any = own.contains(&oids::ANY_POLICY);
        if !(has_any && any_counts) {
            self.shared = Some(match self.shared.take() {
                None => own.into_iter().filter(|policy| *policy != oids::ANY_POLICY).collect(),
                Some(shared) => shared.intersection(&own).cloned().collect(),
            });
        }
        if !is_last {
            if certificate.extension(&oids::POLICY_MAPPINGS).is_some() {
                // A mapping renames what follows; without following it, no policy is known to be shared.
                self.shared = Some(BTreeSet::new());
            }
            if !is_self_issued {
                self.explicit_after = self.explicit_after.map(|left| left.saturating_sub(1));
                self.any_until = self.any_until.map(|left| left.saturating_sub(1));
            }
        }
        if is_last {
            self.explicit_after = self.explicit_after.map(|left| left.saturating_sub(1));
        }
        let (explicit, any) = constraints(certificate, is_last).map_err(|error| error.to_string())?;
        self.explicit_after = smaller(self.explicit_after, explicit);
        self.any_until = smaller(self.any_until, any);
        if self.explicit_after == Some(0) && self.shared.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err("a certificate policy is required and the path has none in common".to_owned());
        }
        Ok(())
    }
}

fn smaller(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, None) => a,
        (None, b) => b,
    }
}

fn policies(certificate: &Certificate) -> Result<BTreeSet<Oid>, Asn1Error> {
    let mut found = BTreeSet::new();
    let Some(extension) = certificate.extension(&oids::CERT_POLICIES) else { return Ok(found) };
    let mut reader = Reader::enter_only(extension.value, tag::SEQUENCE, "CertificatePolicies")?;
    while !reader.is_empty() && found.len() < LIMIT {
        let mut information = reader.enter(tag::SEQUENCE, "PolicyInformation")?;
        found.insert(information.oid("policyIdentifier")?);
    }
    Ok(found)
}

/// requireExplicitPolicy and inhibitAnyPolicy; in the last certificate only a zero counts (RFC 5280 6.1.5 (b)).
fn constraints(certificate: &Certificate, is_last: bool) -> Result<(Option<u64>, Option<u64>), Asn1Error> {
    let mut explicit = None;
    if let Some(extension) = certificate.extension(&oids::POLICY_CONSTRAINTS) {
        let mut reader = Reader::enter_only(extension.value, tag::SEQUENCE, "PolicyConstraints")?;
        if let Some(skip) = reader.optional(tag::context(0), "requireExplicitPolicy")? {
            explicit = kokuin_asn1::integer::to_u64(skip.value);
        }
    }
    let mut any = None;
    if let Some(extension) = certificate.extension(&oids::INHIBIT_ANY_POLICY) {
        any = kokuin_asn1::integer::to_u64(Reader::new(extension.value, "InhibitAnyPolicy").integer("SkipCerts")?);
    }
    Ok(if is_last { (explicit.filter(|skip| *skip == 0), None) } else { (explicit, any) })
}
