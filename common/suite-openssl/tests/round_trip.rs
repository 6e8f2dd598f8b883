//! What OpenSSL signs by other calls than ours, this engine verifies; one changed bit, another message or another
//! padding, and it does not. For the algorithms that have no public vectors in the corpus: P-521, PSS with an RSASSA-PSS
//! key, RSA with SHA-1.

#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test stops at the first surprise")]

use kokuin_suite::{KeyAlgorithm, SignatureAlgorithm, Verify, VerifyError};
use kokuin_suite_openssl::OpenSslEngine;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};

const MESSAGE: &[u8] = b"a message";

fn assert_only_this(algorithm: SignatureAlgorithm, spki: &[u8], signature: &[u8]) {
    let verify = |message: &[u8], value: &[u8]| OpenSslEngine.verify(algorithm, spki, message, value);
    assert_eq!(verify(MESSAGE, signature), Ok(()));
    assert_eq!(verify(b"another", signature), Err(VerifyError::Mismatch));
    let mut wrong = signature.to_vec();
    let middle = wrong.len() / 2 + 5;
    wrong[middle] ^= 4;
    assert_eq!(verify(MESSAGE, &wrong), Err(VerifyError::Mismatch));
    wrong.push(0);
    assert!(matches!(verify(MESSAGE, &wrong), Err(VerifyError::Length { .. } | VerifyError::EcdsaEncoding)));
}

#[test]
fn p521() {
    let group = EcGroup::from_curve_name(Nid::SECP521R1).unwrap();
    let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let spki = key.public_key_to_der().unwrap();
    assert_eq!(KeyAlgorithm::from_spki(&spki), Ok(KeyAlgorithm::P521));
    let signature = Signer::new(MessageDigest::sha512(), &key).unwrap().sign_oneshot_to_vec(MESSAGE).unwrap();
    assert_only_this(SignatureAlgorithm::EcdsaSha512, &spki, &signature);
}

fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

#[test]
fn rsa_with_sha1_is_still_read() {
    let key = rsa();
    let signature = Signer::new(MessageDigest::sha1(), &key).unwrap().sign_oneshot_to_vec(MESSAGE).unwrap();
    assert_only_this(SignatureAlgorithm::RsaPkcs1Sha1, &key.public_key_to_der().unwrap(), &signature);
}

fn pss(key: &PKey<Private>, salt: RsaPssSaltlen) -> Vec<u8> {
    let mut signer = Signer::new(MessageDigest::sha256(), key).unwrap();
    signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
    signer.set_rsa_mgf1_md(MessageDigest::sha256()).unwrap();
    signer.set_rsa_pss_saltlen(salt).unwrap();
    signer.sign_oneshot_to_vec(MESSAGE).unwrap()
}

#[test]
fn refuses_pss_with_another_salt_length() {
    let key = rsa();
    let spki = key.public_key_to_der().unwrap();
    assert_only_this(SignatureAlgorithm::RsaPssSha256, &spki, &pss(&key, RsaPssSaltlen::DIGEST_LENGTH));
    for salt in [RsaPssSaltlen::custom(0), RsaPssSaltlen::custom(20), RsaPssSaltlen::MAXIMUM_LENGTH] {
        let verdict = OpenSslEngine.verify(SignatureAlgorithm::RsaPssSha256, &spki, MESSAGE, &pss(&key, salt));
        assert_eq!(verdict, Err(VerifyError::Mismatch));
    }
}

/// The same key under `id-RSASSA-PSS`: the parameters given, or none.
fn as_pss_key(key: &PKey<Private>, parameters: &str) -> Vec<u8> {
    // SEQUENCE { SEQUENCE { rsaEncryption, NULL }, BIT STRING }: the algorithm is octets 4 to 19.
    let plain = key.public_key_to_der().unwrap();
    let mut algorithm = hex::decode("06092a864886f70d01010a").unwrap();
    algorithm.extend(hex::decode(parameters).unwrap());
    let mut content = vec![0x30, u8::try_from(algorithm.len()).unwrap()];
    content.extend(algorithm);
    content.extend_from_slice(&plain[19..]);
    let mut spki = vec![0x30, 0x82];
    spki.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
    spki.extend(content);
    spki
}

#[test]
fn a_pss_key_signs_with_its_own_parameters_only() {
    let key = rsa();
    let signature = pss(&key, RsaPssSaltlen::DIGEST_LENGTH);
    let any = as_pss_key(&key, "");
    assert_only_this(SignatureAlgorithm::RsaPssSha256, &any, &signature);
    let wrong_padding = OpenSslEngine.verify(SignatureAlgorithm::RsaPkcs1Sha256, &any, MESSAGE, &signature);
    assert!(matches!(wrong_padding, Err(VerifyError::WrongKey { .. })));
    // RFC 4055 section 2.1: SHA-256, MGF1 with SHA-256, salt of 32 octets.
    let sha256 = as_pss_key(
        &key,
        "3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120",
    );
    assert_only_this(SignatureAlgorithm::RsaPssSha256, &sha256, &signature);
    let wrong_digest = OpenSslEngine.verify(SignatureAlgorithm::RsaPssSha512, &sha256, MESSAGE, &signature);
    assert!(matches!(wrong_digest, Err(VerifyError::WrongKey { .. })));
}
