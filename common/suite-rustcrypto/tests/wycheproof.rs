//! Both engines give every Wycheproof vector of the corpus the same verdict, and the right one (THR-10).
//!
//! Decided here, once, against or beyond the vectors:
//! - `acceptable` (PKCS#1 v1.5 whose `DigestInfo` lacks the NULL): refused. RFC 8017 section 9.2 lets a verifier compare
//!   encodings, and RFC 8017 A.2.4 says that the NULL is there.
//! - RSASSA-PSS with another salt length than the digest's, MGF1 with another digest, or SHA-1 or SHA-224: no algorithm of
//!   ours; refused when the `AlgorithmIdentifier` is read, so that no engine is asked.
//! - Ed448: no algorithm of ours; the key is refused.
//! - ML-DSA with a context string: refused, ours is empty (ALG-21, ALG-23). Vectors of the internal interface (without a
//!   message) and of private keys are not about verification.
//! - P1363 values are carried over into DER where they are two numbers of the right length; other lengths have no DER.

#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test stops at the first surprise")]

#[path = "wycheproof/corpus.rs"]
mod corpus;

use corpus::{Vector, for_each, hex_of, text_of};
use kokuin_asn1::{AlgorithmId, Oid, enc, oids};
use kokuin_suite::{AlgorithmRefusal, KeyAlgorithm, KeyRefusal, SignatureAlgorithm, Verify, VerifyError};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_suite_rustcrypto::RustCryptoEngine;

/// Asks both engines and checks the verdicts: the same, and `expected` where it is known.
fn judge(vector: &Vector<'_>, algorithm: SignatureAlgorithm, spki: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let message = hex_of(vector.test, "msg");
    let openssl = OpenSslEngine.verify(algorithm, spki, &message, signature);
    let rustcrypto = RustCryptoEngine.verify(algorithm, spki, &message, signature);
    if !matches!(rustcrypto, Err(VerifyError::Unsupported { .. })) {
        assert_eq!(openssl, rustcrypto, "{vector}: openssl, rustcrypto");
    }
    assert_eq!(openssl.is_ok(), vector.result == "valid", "{vector}: {openssl:?}");
    rustcrypto
}

fn by_digest(sha: &str, algorithms: [SignatureAlgorithm; 3]) -> SignatureAlgorithm {
    match sha {
        "SHA-256" => algorithms[0],
        "SHA-384" => algorithms[1],
        "SHA-512" => algorithms[2],
        other => panic!("no algorithm with {other}"),
    }
}

const ECDSA: [SignatureAlgorithm; 3] =
    [SignatureAlgorithm::EcdsaSha256, SignatureAlgorithm::EcdsaSha384, SignatureAlgorithm::EcdsaSha512];
const PKCS1: [SignatureAlgorithm; 3] =
    [SignatureAlgorithm::RsaPkcs1Sha256, SignatureAlgorithm::RsaPkcs1Sha384, SignatureAlgorithm::RsaPkcs1Sha512];

#[test]
fn ecdsa_in_der() {
    let counted = for_each("ecdsa_", "_test", |vector| {
        if vector.file.contains("p1363") {
            return false;
        }
        let algorithm = by_digest(&text_of(vector.group, "sha"), ECDSA);
        let verdict = judge(vector, algorithm, &hex_of(vector.group, "publicKeyDer"), &hex_of(vector.test, "sig"));
        assert!(!matches!(verdict, Err(VerifyError::Unsupported { .. })), "{vector}");
        true
    });
    assert!(counted.is_none_or(|count| count == 1026), "{counted:?}");
}

#[test]
fn ecdsa_as_two_numbers() {
    let counted = for_each("ecdsa_", "p1363", |vector| {
        let value = hex_of(vector.test, "sig");
        let order_len = if vector.file.contains("secp256r1") { 32 } else { 48 };
        if value.len() != 2 * order_len {
            assert_eq!(vector.result, "invalid", "{vector}");
            return false;
        }
        let (r, s) = value.split_at(order_len);
        let der = enc::sequence(&[&enc::uint(r), &enc::uint(s)]);
        let algorithm = by_digest(&text_of(vector.group, "sha"), ECDSA);
        let verdict = judge(vector, algorithm, &hex_of(vector.group, "publicKeyDer"), &der);
        assert!(!matches!(verdict, Err(VerifyError::Unsupported { .. })), "{vector}");
        true
    });
    assert!(counted.is_none_or(|count| count > 1000), "{counted:?}");
}

#[test]
fn rsa_pkcs1() {
    let counted = for_each("rsa_signature_", "_test", |vector| {
        let algorithm = by_digest(&text_of(vector.group, "sha"), PKCS1);
        let verdict = judge(vector, algorithm, &hex_of(vector.group, "publicKeyDer"), &hex_of(vector.test, "sig"));
        assert!(!matches!(verdict, Err(VerifyError::Unsupported { .. })), "{vector}");
        true
    });
    assert!(counted.is_none_or(|count| count == 1294), "{counted:?}");
}

/// The `AlgorithmIdentifier` that a group's fields describe.
fn pss_id(group: &serde_json::Value) -> Vec<u8> {
    let oid = |sha: &str| -> Oid {
        match sha {
            "SHA-1" => oids::SHA1,
            "SHA-224" => "2.16.840.1.101.3.4.2.4".parse().unwrap(),
            "SHA-256" => oids::SHA256,
            "SHA-384" => oids::SHA384,
            "SHA-512" => oids::SHA512,
            other => panic!("no OID for {other}"),
        }
    };
    let hash = |sha: String| enc::sequence(&[&enc::oid(&oid(&sha)), &enc::null()]);
    let mgf1: Oid = "1.2.840.113549.1.1.8".parse().unwrap();
    let mask = enc::sequence(&[&enc::oid(&mgf1), &hash(text_of(group, "mgfSha"))]);
    let salt = enc::uint_u64(group["sLen"].as_u64().unwrap());
    let parameters = enc::sequence(&[
        &enc::explicit(0, &hash(text_of(group, "sha"))),
        &enc::explicit(1, &mask),
        &enc::explicit(2, &salt),
    ]);
    enc::sequence(&[&enc::oid(&oids::RSASSA_PSS), &parameters])
}

#[test]
fn rsa_pss() {
    let (mut asked, mut refused) = (0, 0);
    let counted = for_each("rsa_pss_", "_test", |vector| {
        let der = pss_id(vector.group);
        let spki = hex_of(vector.group, "publicKeyDer");
        match SignatureAlgorithm::from_x509(&AlgorithmId::parse(&der).unwrap()) {
            Ok(algorithm) => {
                asked += 1;
                let verdict = judge(vector, algorithm, &spki, &hex_of(vector.test, "sig"));
                assert!(!matches!(verdict, Err(VerifyError::Unsupported { .. })), "{vector}");
            }
            Err(
                AlgorithmRefusal::PssSaltLength { .. }
                | AlgorithmRefusal::PssMaskDigest { .. }
                | AlgorithmRefusal::PssDigest(_)
                | AlgorithmRefusal::UnknownDigest(_),
            ) => refused += 1,
            Err(other) => panic!("{vector}: {other:?}"),
        }
        true
    });
    // Four whole files, three of the 150 odd combinations; the file whose key says salt 32 with SHA-512 is refused whole.
    assert!(counted.is_none_or(|_| (asked, refused) == (539, 324)), "{asked} asked, {refused} refused");
}

#[test]
fn a_pss_key_restricted_to_another_salt_is_refused() {
    for_each("rsa_pss_4096_sha512_mgf1_32_params", "_test", |vector| {
        let spki = hex_of(vector.group, "publicKeyDer");
        assert!(matches!(KeyAlgorithm::from_spki(&spki), Err(KeyRefusal::Pss(_))), "{vector}");
        true
    });
}

#[test]
fn ed448_keys_are_refused() {
    let counted = for_each("ed448", "_test", |vector| {
        let refusal = KeyAlgorithm::from_spki(&hex_of(vector.group, "publicKeyDer"));
        assert_eq!(refusal, Err(KeyRefusal::UnknownAlgorithm("1.3.101.113".into())), "{vector}");
        true
    });
    assert!(counted.is_none_or(|count| count == 87), "{counted:?}");
}

#[test]
fn ml_dsa_with_an_empty_context_only() {
    let (mut right, mut with_context) = (0, 0);
    for_each("mldsa_", "_test", |vector| {
        let (algorithm, oid) = match vector.file.as_bytes()[6] {
            b'4' => (SignatureAlgorithm::MlDsa44, oids::ML_DSA_44),
            b'6' => (SignatureAlgorithm::MlDsa65, oids::ML_DSA_65),
            _ => (SignatureAlgorithm::MlDsa87, oids::ML_DSA_87),
        };
        if vector.result != "valid" || vector.group["publicKey"].is_null() || vector.test["msg"].is_null() {
            return false;
        }
        if vector.flags().any(|flag| flag == "Internal") {
            return false;
        }
        let key = hex_of(vector.group, "publicKey");
        let spki = enc::sequence(&[&enc::sequence(&[&enc::oid(&oid)]), &enc::bit_string(&key, 0)]);
        let (message, mut signature) = (hex_of(vector.test, "msg"), hex_of(vector.test, "sig"));
        let verdict = OpenSslEngine.verify(algorithm, &spki, &message, &signature);
        if vector.test["ctx"].as_str().is_some_and(|context| !context.is_empty()) {
            with_context += 1;
            assert_eq!(verdict, Err(VerifyError::Mismatch), "{vector}");
            return true;
        }
        right += 1;
        assert_eq!(verdict, Ok(()), "{vector}");
        signature[17] ^= 1;
        let verdict = OpenSslEngine.verify(algorithm, &spki, &message, &signature);
        assert_eq!(verdict, Err(VerifyError::Mismatch), "{vector}");
        signature.pop();
        let verdict = OpenSslEngine.verify(algorithm, &spki, &message, &signature);
        assert!(matches!(verdict, Err(VerifyError::Length { .. })), "{vector}");
        let verdict = RustCryptoEngine.verify(algorithm, &spki, &message, &hex_of(vector.test, "sig"));
        assert!(matches!(verdict, Err(VerifyError::Unsupported { .. })), "{vector}");
        true
    })
    .inspect(|_| assert!((right, with_context) == (265, 10), "{right} right, {with_context} with context"));
}
