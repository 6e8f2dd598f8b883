//! What the public vectors leave out: both engines say the same, and what (THR-10).

#![allow(clippy::unwrap_used, clippy::unwrap_in_result, reason = "a test stops at the first surprise")]

use ed25519_dalek::{Signer as _, SigningKey};
use kokuin_asn1::{enc, oids};
use kokuin_suite::{KeyAlgorithm, KeyRefusal, SignatureAlgorithm, Verify, VerifyError};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_suite_rustcrypto::RustCryptoEngine;

const MESSAGE: &[u8] = b"a message";

fn both(algorithm: SignatureAlgorithm, spki: &[u8], message: &[u8], signature: &[u8]) -> Result<(), VerifyError> {
    let openssl = OpenSslEngine.verify(algorithm, spki, message, signature);
    let rustcrypto = RustCryptoEngine.verify(algorithm, spki, message, signature);
    assert_eq!(openssl, rustcrypto, "openssl, rustcrypto");
    openssl
}

fn ed25519_spki(point: &[u8]) -> Vec<u8> {
    enc::sequence(&[&enc::sequence(&[&enc::oid(&oids::ED25519)]), &enc::bit_string(point, 0)])
}

fn ec_spki(point: &[u8]) -> Vec<u8> {
    let algorithm = enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &enc::oid(&oids::P256)]);
    enc::sequence(&[&algorithm, &enc::bit_string(point, 0)])
}

fn ed25519() -> (Vec<u8>, Vec<u8>) {
    let key = SigningKey::from_bytes(&[7; 32]);
    (ed25519_spki(key.verifying_key().as_bytes()), key.sign(MESSAGE).to_bytes().to_vec())
}

#[test]
fn ed25519_right_and_wrong() {
    let (spki, signature) = ed25519();
    assert_eq!(both(SignatureAlgorithm::Ed25519, &spki, MESSAGE, &signature), Ok(()));
    assert_eq!(both(SignatureAlgorithm::Ed25519, &spki, b"another", &signature), Err(VerifyError::Mismatch));
    for octet in [0, 20, 40, 63] {
        let mut wrong = signature.clone();
        wrong[octet] ^= 1;
        assert_eq!(both(SignatureAlgorithm::Ed25519, &spki, MESSAGE, &wrong), Err(VerifyError::Mismatch));
    }
}

#[test]
fn refuses_ed25519_s_that_is_not_below_the_order() {
    // RFC 8032 section 5.1.7: S + L would verify where nobody looks. L, little-endian, added to S.
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let (spki, mut signature) = ed25519();
    let mut carry = 0;
    for (s, l) in signature[32..].iter_mut().zip(order) {
        let sum = u16::from(*s) + u16::from(l) + carry;
        *s = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    assert_eq!(carry, 0);
    assert_eq!(both(SignatureAlgorithm::Ed25519, &spki, MESSAGE, &signature), Err(VerifyError::Mismatch));
}

#[test]
fn refuses_ed25519_keys_and_commitments_of_small_order() {
    // With the neutral point as key and commitment and S = 0, the bare equation holds for every message.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut signature = [0; 64];
    signature[0] = 1;
    let weak = Err(VerifyError::Key(KeyRefusal::WeakPoint));
    assert_eq!(both(SignatureAlgorithm::Ed25519, &ed25519_spki(&neutral), MESSAGE, &signature), weak);
    let (spki, _) = ed25519();
    assert_eq!(both(SignatureAlgorithm::Ed25519, &spki, MESSAGE, &signature), Err(VerifyError::WeakCommitment));
}

#[test]
fn refuses_ed25519_keys_that_are_no_point() {
    // y = 2 has no x on the curve.
    let mut none = [0; 32];
    none[0] = 2;
    let (_, signature) = ed25519();
    let verdict = both(SignatureAlgorithm::Ed25519, &ed25519_spki(&none), MESSAGE, &signature);
    assert_eq!(verdict, Err(VerifyError::Mismatch));
}

#[test]
fn refuses_points_off_the_curve() {
    // THR-68: (1, 1) is not on P-256.
    let mut point = [0; 65];
    (point[0], point[32], point[64]) = (4, 1, 1);
    let signature = [0x30, 6, 2, 1, 1, 2, 1, 1];
    let verdict = both(SignatureAlgorithm::EcdsaSha256, &ec_spki(&point), MESSAGE, &signature);
    assert_eq!(verdict, Err(VerifyError::NotOnCurve));
}

#[test]
fn refuses_points_in_another_form() {
    for form in [0x02, 0x03] {
        let mut point = [0x11; 33];
        point[0] = form;
        let refusal = KeyAlgorithm::from_spki(&ec_spki(&point));
        assert_eq!(refusal, Err(KeyRefusal::PointForm(form)));
    }
    assert!(matches!(KeyAlgorithm::from_spki(&ec_spki(&[0])), Err(KeyRefusal::PointForm(0))));
}

#[test]
fn refuses_curves_that_are_written_out() {
    // A chosen generator lets anybody forge: only names are read (RFC 5480 section 2.1.1).
    let parameters = enc::sequence(&[&enc::uint_u64(1)]);
    let algorithm = enc::sequence(&[&enc::oid(&oids::EC_PUBLIC_KEY), &parameters]);
    let spki = enc::sequence(&[&algorithm, &enc::bit_string(&[4; 65], 0)]);
    assert!(matches!(KeyAlgorithm::from_spki(&spki), Err(KeyRefusal::UnknownCurve(_))));
}

#[test]
fn refuses_a_key_of_another_kind() {
    let (spki, signature) = ed25519();
    let verdict = both(SignatureAlgorithm::EcdsaSha256, &spki, MESSAGE, &signature);
    let expected = VerifyError::WrongKey { algorithm: SignatureAlgorithm::EcdsaSha256, key: KeyAlgorithm::Ed25519 };
    assert_eq!(verdict, Err(expected));
}

#[test]
fn refuses_keys_with_octets_after_them() {
    let (mut spki, signature) = ed25519();
    spki.push(0);
    let verdict = both(SignatureAlgorithm::Ed25519, &spki, MESSAGE, &signature);
    assert!(matches!(verdict, Err(VerifyError::Key(KeyRefusal::Malformed(_)))));
}
