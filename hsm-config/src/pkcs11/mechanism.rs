//! How a token is asked for each signature algorithm, and what its answer becomes.

use cryptoki::mechanism::dsa::{HedgeType, SignAdditionalContext};
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::mechanism::rsa::{PkcsMgfType, PkcsPssParams};
use cryptoki::mechanism::{Mechanism, MechanismType};
use kokuin_asn1::enc;
use kokuin_key::{KeyError, Prepared};
use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm};

/// A question to a token.
#[derive(Debug)]
pub(super) struct Question {
    algorithm: SignatureAlgorithm,
    pub(super) data: Vec<u8>,
}

/// What to ask for. Digests are made here, so that a token far away is sent 64 octets and not a document.
pub(super) fn question(key: KeyAlgorithm, prepared: &Prepared<'_>) -> Result<Question, KeyError> {
    let algorithm = prepared.algorithm();
    let data = match algorithm {
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 | SignatureAlgorithm::EcdsaSha512 => {
            fitting(key, prepared.digest())
        }
        SignatureAlgorithm::RsaPkcs1Sha256
        | SignatureAlgorithm::RsaPkcs1Sha384
        | SignatureAlgorithm::RsaPkcs1Sha512 => {
            // RFC 8017 9.2: with NULL, unlike in certificates.
            let digest_id = enc::sequence(&[&enc::oid(&algorithm.digest().oid()), &enc::null()]);
            enc::sequence(&[&digest_id, &enc::octet_string(&prepared.digest())])
        }
        SignatureAlgorithm::RsaPssSha256 | SignatureAlgorithm::RsaPssSha384 | SignatureAlgorithm::RsaPssSha512 => {
            prepared.digest()
        }
        SignatureAlgorithm::Ed25519
        | SignatureAlgorithm::MlDsa44
        | SignatureAlgorithm::MlDsa65
        | SignatureAlgorithm::MlDsa87 => prepared.message().to_vec(),
        SignatureAlgorithm::RsaPkcs1Sha1 => return Err(KeyError::WrongAlgorithm { key, asked: algorithm }),
    };
    Ok(Question { algorithm, data })
}

impl Question {
    /// The mechanism that it is put with; `None` for SHA-1, which [`question`] refuses.
    pub(super) fn mechanism(&self) -> Option<Mechanism<'static>> {
        Some(match self.algorithm {
            SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 | SignatureAlgorithm::EcdsaSha512 => {
                Mechanism::Ecdsa
            }
            SignatureAlgorithm::RsaPkcs1Sha256
            | SignatureAlgorithm::RsaPkcs1Sha384
            | SignatureAlgorithm::RsaPkcs1Sha512 => Mechanism::RsaPkcs,
            SignatureAlgorithm::RsaPssSha256 => pss(MechanismType::SHA256, PkcsMgfType::MGF1_SHA256, 32),
            SignatureAlgorithm::RsaPssSha384 => pss(MechanismType::SHA384, PkcsMgfType::MGF1_SHA384, 48),
            SignatureAlgorithm::RsaPssSha512 => pss(MechanismType::SHA512, PkcsMgfType::MGF1_SHA512, 64),
            SignatureAlgorithm::Ed25519 => Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519)),
            SignatureAlgorithm::MlDsa44 | SignatureAlgorithm::MlDsa65 | SignatureAlgorithm::MlDsa87 => {
                Mechanism::MlDsa(SignAdditionalContext::new(HedgeType::Preferred, None))
            }
            SignatureAlgorithm::RsaPkcs1Sha1 => return None,
        })
    }
}

/// The salt is as long as the digest.
fn pss(hash_alg: MechanismType, mgf: PkcsMgfType, salt: u64) -> Mechanism<'static> {
    Mechanism::RsaPkcsPss(PkcsPssParams { hash_alg, mgf, s_len: salt.into() })
}

/// The signature as CMS and X.509 hold it; `None` if it is not of the form that the algorithm has.
pub(super) fn answer(key: KeyAlgorithm, raw: Vec<u8>) -> Option<Vec<u8>> {
    let coordinate = match key {
        KeyAlgorithm::P256 => 32,
        KeyAlgorithm::P384 => 48,
        KeyAlgorithm::P521 => 66,
        KeyAlgorithm::Rsa { .. }
        | KeyAlgorithm::Ed25519
        | KeyAlgorithm::MlDsa44
        | KeyAlgorithm::MlDsa65
        | KeyAlgorithm::MlDsa87 => return Some(raw),
    };
    // PKCS#11: r and s, each as long as the curve's order.
    let (r, s) = raw.split_at_checked(coordinate).filter(|(_, s)| s.len() == coordinate)?;
    Some(enc::sequence(&[&enc::uint(r), &enc::uint(s)]))
}

/// A digest that is longer than the curve's order counts with its leftmost bits (FIPS 186-5 6.4.1); some tokens refuse the rest.
fn fitting(key: KeyAlgorithm, mut digest: Vec<u8>) -> Vec<u8> {
    let order = match key {
        KeyAlgorithm::P256 => 32,
        KeyAlgorithm::P384 => 48,
        KeyAlgorithm::P521
        | KeyAlgorithm::Rsa { .. }
        | KeyAlgorithm::Ed25519
        | KeyAlgorithm::MlDsa44
        | KeyAlgorithm::MlDsa65
        | KeyAlgorithm::MlDsa87 => return digest,
    };
    digest.truncate(order);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r_and_s_become_the_der_that_certificates_hold() {
        let mut raw = vec![0; 64];
        raw[30..32].copy_from_slice(&[0x80, 0x01]);
        raw[63] = 5;
        assert_eq!(answer(KeyAlgorithm::P256, raw), Some(vec![0x30, 8, 2, 3, 0, 0x80, 1, 2, 1, 5]));
        for length in [0, 32, 63, 65, 96] {
            assert_eq!(answer(KeyAlgorithm::P256, vec![1; length]), None, "{length}");
        }
        assert_eq!(answer(KeyAlgorithm::Ed25519, vec![7; 3]), Some(vec![7; 3]), "verified afterwards");
    }
}
