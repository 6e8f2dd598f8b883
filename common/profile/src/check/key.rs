//! The certified key: which algorithm, and until when its strength is usable.

use kokuin_asn1::{Oid, Reader, oids, tag};
use kokuin_suite::{CryptoPolicy, KeyAlgorithm};

use super::{
    Findings, list,
    time::{Times, show},
};
use crate::{definition::Role, rule::Rule, view::View};

/// The families that profiles name.
pub(super) const FAMILIES: [&str; 6] = ["p256", "p384", "p521", "rsa", "ed25519", "ml-dsa"];

/// What a key's object identifier says, also of algorithms that Kokuin does not use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Family {
    Rsa,
    Ec,
    Edwards,
    Montgomery,
    MlDsa,
    HashMlDsa,
    SlhDsa,
    HashSlhDsa,
}

impl Family {
    pub(super) fn of(spki: &[u8]) -> Option<Self> {
        let oid = algorithm(spki)?;
        let arcs: Vec<u128> = oid.arcs().collect();
        match arcs.as_slice() {
            // NIST's signature algorithms: four families, the pre-hash ones apart.
            [2, 16, 840, 1, 101, 3, 4, 3, 17..=19] => Some(Self::MlDsa),
            [2, 16, 840, 1, 101, 3, 4, 3, 20..=31] => Some(Self::SlhDsa),
            [2, 16, 840, 1, 101, 3, 4, 3, 32..=34] => Some(Self::HashMlDsa),
            [2, 16, 840, 1, 101, 3, 4, 3, 35..=46] => Some(Self::HashSlhDsa),
            // X25519 and X448 agree on keys and never sign.
            [1, 3, 101, 110 | 111] => Some(Self::Montgomery),
            _ if oid == oids::RSA_ENCRYPTION || oid == oids::RSASSA_PSS => Some(Self::Rsa),
            _ if oid == oids::EC_PUBLIC_KEY => Some(Self::Ec),
            _ if oid == oids::ED25519 || oid == oids::ED448 => Some(Self::Edwards),
            _ => None,
        }
    }
}

fn algorithm(spki: &[u8]) -> Option<Oid> {
    let mut reader = Reader::enter_only(spki, tag::SEQUENCE, "SubjectPublicKeyInfo").ok()?;
    reader.enter(tag::SEQUENCE, "algorithm").ok()?.oid("algorithm").ok()
}

pub(super) fn check(view: &View<'_>, times: &Times, findings: &mut Findings<'_>) {
    let oid = algorithm(view.spki).map_or_else(|| "unreadable".to_owned(), |oid| oid.to_string());
    let prehash = matches!(Family::of(view.spki), Some(Family::HashMlDsa | Family::HashSlhDsa));
    findings.add_if(prehash && findings.profile.role != Role::EndEntity, Rule::NoPrehashCaKey, || {
        format!("the CA's key is of the pre-hash algorithm {oid}")
    });
    // Dilithium of round 3 and of the initial public draft; SPHINCS+ and Falcon under the Open Quantum Safe arcs.
    let drafts = ["1.3.6.1.4.1.2.267.", "1.3.9999."];
    findings.add_if(drafts.iter().any(|arc| oid.starts_with(arc)), Rule::NoDraftAlgorithm, || {
        format!("the key's algorithm {oid} is a draft")
    });

    // With what the policy has against this very key: an exponent out of its range (ALG-14, THR-68).
    let (family, bits) = match CryptoPolicy::etsi().check_key(view.spki) {
        Ok(algorithm) => strength(algorithm),
        Err(refusal) => {
            findings.add(Rule::KeyAlgorithm, format!("the key ({oid}) cannot be used: {refusal}"));
            return;
        }
    };
    let rule = &findings.profile.key;
    findings.add_if(!rule.algorithms.iter().any(|allowed| allowed == family), Rule::KeyAlgorithm, || {
        format!("the key is {family}, allowed are {}", list(&rule.algorithms))
    });
    let Some(end) = times.not_after else { return };
    let Some(row) = rule.strength.iter().rev().find(|row| row.bits <= bits) else {
        findings.add(Rule::StrengthToTheEnd, format!("a strength of {bits} bits is not usable at all"));
        return;
    };
    if end >= row.usable_until {
        let message = format!("{bits} bits are usable before {}, notAfter is {}", show(row.usable_until), show(end));
        findings.add(Rule::StrengthToTheEnd, message);
    } else if end >= row.recommended_until {
        let limit = show(row.recommended_until);
        let message = format!("{bits} bits should be gone by {limit}, notAfter is {}", show(end));
        findings.add(Rule::StrengthRecommended, message);
    }
}

/// The family's name and the security strength in bits (JP-CR-06).
fn strength(algorithm: KeyAlgorithm) -> (&'static str, u16) {
    match algorithm {
        KeyAlgorithm::P256 => ("p256", 128),
        KeyAlgorithm::P384 => ("p384", 192),
        KeyAlgorithm::P521 => ("p521", 256),
        KeyAlgorithm::Rsa { bits } => ("rsa", rsa_strength(bits)),
        KeyAlgorithm::Ed25519 => ("ed25519", 128),
        KeyAlgorithm::MlDsa44 => ("ml-dsa", 128),
        KeyAlgorithm::MlDsa65 => ("ml-dsa", 192),
        KeyAlgorithm::MlDsa87 => ("ml-dsa", 256),
    }
}

const fn rsa_strength(bits: u32) -> u16 {
    match bits {
        0..2048 => 0,
        2048..3072 => 112,
        3072..7680 => 128,
        7680..15360 => 192,
        15360.. => 256,
    }
}
