//! The search: from the signer upwards by name and signature, inside a budget (THR-90).

use std::collections::HashMap;

use kokuin_asn1::Certificate;
use kokuin_suite::SignatureAlgorithm;

use super::{CandidatePath, Material};
use crate::{
    limit, name,
    report::{Outcome, PathReport},
};

/// What the search came to.
pub(super) struct Found {
    pub(super) paths: Vec<CandidatePath>,
    /// Ways that ended before an anchor.
    pub(super) dead_ends: Vec<PathReport>,
    pub(super) limit_reached: bool,
}

/// Every path from `signer` to an anchor, shortest first as far as the search order gives it.
pub(super) fn candidates(material: &Material<'_>, signer: &Certificate) -> Found {
    let mut search = Search {
        material,
        verified: HashMap::new(),
        found: Found { paths: Vec::new(), dead_ends: Vec::new(), limit_reached: false },
    };
    search.extend(&mut vec![signer.clone()]);
    search.found
}

struct Search<'a> {
    material: &'a Material<'a>,
    /// Whether one certificate is signed by another's key, by their digests: each pair is computed once.
    verified: HashMap<([u8; 32], [u8; 32]), bool>,
    found: Found,
}

impl Search<'_> {
    fn extend(&mut self, path: &mut Vec<Certificate>) {
        let Some(last) = path.last().cloned() else { return };
        if self.is_full() {
            return;
        }
        if let Some(anchor) = self.material.trust.anchor_of(&last) {
            self.found.paths.push(CandidatePath { certificates: path.clone(), anchor: anchor.clone() });
            return;
        }
        let mut is_dead_end = true;
        for anchor in self.material.trust.anchors() {
            if self.is_issued_by(&last, anchor.certificate()) {
                self.found.paths.push(CandidatePath { certificates: path.clone(), anchor: anchor.clone() });
                is_dead_end = false;
            }
        }
        if path.len() >= limit::PATH_LENGTH {
            self.found.limit_reached = true;
            return;
        }
        for index in 0..self.material.certificates.len() {
            let Some(issuer) = self.material.certificates.get(index).cloned() else { break };
            if self.is_full() {
                return;
            }
            let is_used = path.iter().any(|used| used.subject() == issuer.subject() && used.spki() == issuer.spki());
            if !is_used && self.material.trust.anchor_of(&issuer).is_none() && self.is_issued_by(&last, &issuer) {
                is_dead_end = false;
                path.push(issuer);
                self.extend(path);
                path.pop();
            }
        }
        if is_dead_end && self.found.dead_ends.len() < limit::PATHS {
            self.found.dead_ends.push(PathReport {
                certificates: path.iter().map(Certificate::subject_text).collect(),
                anchor: None,
                purposes: Vec::new(),
                outcome: Outcome::Indeterminate,
                reason: Some(format!(
                    "No certificate at hand issued the last one; its issuer is {}.",
                    last.issuer_text()
                )),
            });
        }
    }

    fn is_full(&mut self) -> bool {
        if self.found.paths.len() >= limit::PATHS || !self.material.budget.take_step() {
            self.found.limit_reached = true;
        }
        self.found.limit_reached
    }

    fn is_issued_by(&mut self, child: &Certificate, issuer: &Certificate) -> bool {
        if !name::is_same(child.issuer(), issuer.subject()) {
            return false;
        }
        let pair = (child.sha256(), issuer.sha256());
        if let Some(known) = self.verified.get(&pair) {
            return *known;
        }
        if !self.material.budget.take_signature() {
            self.found.limit_reached = true;
            return false;
        }
        let verdict = SignatureAlgorithm::from_x509(&child.signature_algorithm()).is_ok_and(|algorithm| {
            self.material.engine.verify(algorithm, issuer.spki(), child.tbs(), child.signature()).is_ok()
        });
        self.verified.insert(pair, verdict);
        verdict
    }
}
