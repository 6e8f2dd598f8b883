//! Whether algorithms are strong enough at the time that counts (EN 319 102-1 5.2.8; VAL-29, VAL-30).

use kokuin_asn1::AlgorithmId;
use kokuin_suite::{CryptoPolicy, DigestAlgorithm, KeyAlgorithm, SignatureAlgorithm, key::public::PublicKey};

use crate::{checks::Conclusion, instant::rfc3339, report::AlgorithmUse, rule::Rule, status::SubIndication};

/// One algorithm in use.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Use {
    used_for: String,
    algorithm: Algorithm,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Algorithm {
    /// With the public exponent of an RSA key.
    Signature(SignatureAlgorithm, KeyAlgorithm, Option<Box<[u8]>>),
    Digest(DigestAlgorithm),
}

impl Use {
    /// A digest that binds something.
    #[must_use]
    pub fn of_digest(used_for: impl Into<String>, algorithm: DigestAlgorithm) -> Self {
        Self { used_for: used_for.into(), algorithm: Algorithm::Digest(algorithm) }
    }

    /// A signature by the key in `spki`.
    pub(crate) fn of_signature(
        used_for: impl Into<String>,
        algorithm: SignatureAlgorithm,
        spki: &[u8],
    ) -> Result<Self, Conclusion> {
        let used_for = used_for.into();
        match PublicKey::parse(spki) {
            Ok(key) => {
                let exponent = if let PublicKey::Rsa(rsa) = key { Some(rsa.exponent.into()) } else { None };
                Ok(Self { used_for, algorithm: Algorithm::Signature(algorithm, key.algorithm(), exponent) })
            }
            Err(refusal) => Err(unknown(&used_for, &refusal.to_string())),
        }
    }

    /// The signature on a certificate or a revocation list.
    pub(crate) fn of_x509(
        used_for: String,
        algorithm: &AlgorithmId<'_>,
        issuer_spki: &[u8],
    ) -> Result<Self, Conclusion> {
        match SignatureAlgorithm::from_x509(algorithm) {
            Ok(algorithm) => Self::of_signature(used_for, algorithm, issuer_spki),
            Err(refusal) => Err(unknown(&used_for, &refusal.to_string())),
        }
    }

    /// As the report shows it.
    #[must_use]
    pub fn report(&self) -> AlgorithmUse {
        AlgorithmUse { used_for: self.used_for.clone(), name: self.name() }
    }

    fn name(&self) -> String {
        match &self.algorithm {
            Algorithm::Signature(algorithm, key, _) => format!("{algorithm} ({key})"),
            Algorithm::Digest(algorithm) => algorithm.name().to_owned(),
        }
    }

    fn may_rely(&self, policy: &CryptoPolicy, proof_time: i64, now: i64) -> Result<(), String> {
        let verdict = match &self.algorithm {
            Algorithm::Signature(algorithm, key, exponent) => {
                let exponent = exponent.as_deref().map_or(Ok(()), |exponent| policy.check_rsa_exponent(exponent));
                exponent.and_then(|()| policy.may_rely(*algorithm, *key, proof_time, now))
            }
            Algorithm::Digest(algorithm) => policy.may_rely_on_digest(*algorithm, proof_time, now),
        };
        verdict.map_err(|unsuitable| unsuitable.to_string())
    }
}

/// An algorithm that no list calls reliable is treated like one whose time is over, with nothing known about when (VAL-30).
pub(crate) fn unknown(used_for: &str, why: &str) -> Conclusion {
    Conclusion::new(
        Rule::AlgorithmKnown,
        SubIndication::CryptoConstraintsFailureNoPoe,
        format!("The algorithm of {used_for} is not one that this verifier relies on: {why}."),
    )
}

/// Checks one use: `proof_time` is when the thing is shown to have existed, `claimed_time` when it says that it was made.
pub(crate) fn check(
    policy: &CryptoPolicy,
    used: &Use,
    proof_time: i64,
    now: i64,
    claimed_time: Option<i64>,
) -> Result<(), Conclusion> {
    let Err(why) = used.may_rely(policy, proof_time, now) else { return Ok(()) };
    let was_weak_when_made = claimed_time.is_some_and(|claimed| used.may_rely(policy, claimed, claimed).is_err());
    let (sub_indication, more) = if was_weak_when_made {
        (SubIndication::CryptoConstraintsFailure, "and was no longer when it was made")
    } else {
        (SubIndication::CryptoConstraintsFailureNoPoe, "and nothing proves that it is older than that")
    };
    Err(Conclusion::new(
        Rule::AlgorithmStrength,
        sub_indication,
        format!(
            "The algorithm of {}, {}, is not reliable at {} ({why}), {more}.",
            used.used_for,
            used.name(),
            rfc3339(proof_time)
        ),
    ))
}

/// When the first of `uses`, or what ends at `end`, no longer counts.
pub(crate) fn first_end(policy: &CryptoPolicy, uses: &[Use], end: Option<i64>) -> Option<i64> {
    let algorithm_ends = uses.iter().filter_map(|each| match &each.algorithm {
        Algorithm::Signature(algorithm, key, _) => policy.relied_until(*algorithm, *key).ok().flatten(),
        Algorithm::Digest(_) => None,
    });
    end.map(|end| algorithm_ends.fold(end, i64::min))
}

#[cfg(test)]
mod tests {
    use kokuin_asn1::{enc, oids};

    use super::*;

    /// THR-68: however long its modulus, a signature by a key with a small exponent is not relied on.
    #[test]
    fn a_key_with_an_exponent_out_of_range_is_not_strong_enough_thr_68() {
        let now = 1_767_225_600;
        let verdict = |exponent: &[u8]| {
            let algorithm = enc::sequence(&[&enc::oid(&oids::RSA_ENCRYPTION), &enc::null()]);
            let key = enc::sequence(&[&enc::uint(&[0xc1; 384]), &enc::uint(exponent)]);
            let spki = enc::sequence(&[&algorithm, &enc::bit_string(&key, 0)]);
            let used = Use::of_signature("the signature", SignatureAlgorithm::RsaPkcs1Sha256, &spki).unwrap();
            check(&CryptoPolicy::etsi(), &used, now, now, None).map_err(|conclusion| conclusion.rule)
        };
        assert_eq!(verdict(&[1, 0, 1]), Ok(()));
        assert_eq!(verdict(&[3]), Err(Rule::AlgorithmStrength));
    }
}
