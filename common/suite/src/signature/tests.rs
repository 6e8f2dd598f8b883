//! Expected values: RFC 4055, RFC 5754, RFC 5758, RFC 8410, RFC 8933, RFC 9882.

use super::*;

const ECDSA_SHA256: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];
const SHA256: &[u8] = &[0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01];
const RSA_ENCRYPTION: &str = "300d06092a864886f70d0101010500";
/// RFC 4055 section 2.1 with its mgf1SHA256Identifier, salt of 32 octets; the trailer field left out.
const PSS_SHA256: &str = "304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120";

fn id(der: &[u8]) -> AlgorithmId<'_> {
    AlgorithmId::parse(der).expect("test data is DER")
}

fn hex(digits: &str) -> Vec<u8> {
    hex::decode(digits).unwrap()
}

fn from_cms(signature: &[u8], digest: &[u8]) -> Result<SignatureAlgorithm, AlgorithmRefusal> {
    SignatureAlgorithm::from_cms(&id(signature), &id(digest))
}

fn from_x509(der: &[u8]) -> Result<SignatureAlgorithm, AlgorithmRefusal> {
    SignatureAlgorithm::from_x509(&id(der))
}

/// `id-ecPublicKey`, `sha1` and so on without parameters.
fn bare(oid: &Oid) -> Vec<u8> {
    enc::sequence(&[&enc::oid(oid)])
}

#[test]
fn what_is_written_is_read_back() {
    for algorithm in SignatureAlgorithm::ALL {
        let der = algorithm.algorithm_id_der();
        assert_eq!(from_x509(&der), Ok(algorithm));
        assert_eq!(from_cms(&der, &algorithm.digest().algorithm_id_der()), Ok(algorithm));
        assert_eq!(algorithm.name().parse(), Ok(algorithm));
    }
    assert_eq!(SignatureAlgorithm::EcdsaSha256.algorithm_id_der(), ECDSA_SHA256);
    assert_eq!(SignatureAlgorithm::RsaPssSha256.algorithm_id_der(), hex(PSS_SHA256));
    // ALG-20.
    assert_eq!(SignatureAlgorithm::MlDsa65.algorithm_id_der(), hex("300b0609608648016503040312"));
}

#[test]
fn rsa_encryption_is_completed_by_the_digest() {
    for (digest, algorithm) in [
        (DigestAlgorithm::Sha1, SignatureAlgorithm::RsaPkcs1Sha1),
        (DigestAlgorithm::Sha256, SignatureAlgorithm::RsaPkcs1Sha256),
        (DigestAlgorithm::Sha384, SignatureAlgorithm::RsaPkcs1Sha384),
        (DigestAlgorithm::Sha512, SignatureAlgorithm::RsaPkcs1Sha512),
    ] {
        assert_eq!(from_cms(&hex(RSA_ENCRYPTION), &digest.algorithm_id_der()), Ok(algorithm));
    }
    let sha3 = DigestAlgorithm::Sha3_256;
    assert_eq!(
        from_cms(&hex(RSA_ENCRYPTION), &sha3.algorithm_id_der()),
        Err(AlgorithmRefusal::NoSuchPair { signature: "1.2.840.113549.1.1.1".into(), digest: sha3 })
    );
    assert_eq!(from_cms(&bare(&oids::EC_PUBLIC_KEY), SHA256), Ok(SignatureAlgorithm::EcdsaSha256));
}

#[test]
fn refuses_two_digests_that_differ() {
    assert_eq!(
        from_cms(ECDSA_SHA256, &DigestAlgorithm::Sha512.algorithm_id_der()),
        Err(AlgorithmRefusal::DigestMismatch {
            signature: SignatureAlgorithm::EcdsaSha256,
            digest: DigestAlgorithm::Sha512
        })
    );
    // RFC 8419 section 3.1: SHA-512 and no other beside Ed25519.
    assert!(from_cms(&SignatureAlgorithm::Ed25519.algorithm_id_der(), SHA256).is_err());
    // ALG-23: ML-DSA-44 goes with SHA-256, ML-DSA-65 with SHA-384 and longer, ML-DSA-87 with 512 bits.
    assert!(from_cms(&SignatureAlgorithm::MlDsa44.algorithm_id_der(), SHA256).is_ok());
    assert!(from_cms(&SignatureAlgorithm::MlDsa65.algorithm_id_der(), SHA256).is_err());
    let sha384 = DigestAlgorithm::Sha384.algorithm_id_der();
    assert!(from_cms(&SignatureAlgorithm::MlDsa65.algorithm_id_der(), &sha384).is_ok());
    assert!(from_cms(&SignatureAlgorithm::MlDsa87.algorithm_id_der(), &sha384).is_err());
}

#[test]
fn refuses_parameters_where_none_belong() {
    let null = enc::null();
    for algorithm in [SignatureAlgorithm::EcdsaSha256, SignatureAlgorithm::Ed25519, SignatureAlgorithm::MlDsa44] {
        let with_null = enc::sequence(&[&enc::oid(&algorithm.oid()), &null]);
        assert_eq!(from_x509(&with_null), Err(AlgorithmRefusal::Parameters(algorithm.oid().to_string())));
    }
    let boolean = enc::boolean(true);
    let with_boolean = enc::sequence(&[&enc::oid(&oids::SHA256_WITH_RSA), &boolean]);
    assert_eq!(from_x509(&with_boolean), Err(AlgorithmRefusal::Parameters("1.2.840.113549.1.1.11".into())));
    // RFC 5754 section 3.2: absent and NULL are both read.
    assert_eq!(from_x509(&bare(&oids::SHA256_WITH_RSA)), Ok(SignatureAlgorithm::RsaPkcs1Sha256));
}

#[test]
fn refuses_unknown_algorithms() {
    // md5WithRSAEncryption, and HashML-DSA-65 which is forbidden (ALG-10).
    for (der, oid) in [
        ("300d06092a864886f70d0101040500", "1.2.840.113549.1.1.4"),
        ("300b0609608648016503040321", "2.16.840.1.101.3.4.3.33"),
    ] {
        assert_eq!(from_x509(&hex(der)), Err(AlgorithmRefusal::UnknownSignature(oid.into())));
    }
    let md5 = hex("300c06082a864886f70d02050500");
    assert_eq!(from_cms(&hex(RSA_ENCRYPTION), &md5), Err(AlgorithmRefusal::UnknownDigest("1.2.840.113549.2.5".into())));
}

fn pss(hash: DigestAlgorithm, mask: DigestAlgorithm, salt: u64, trailer: Option<u64>) -> Vec<u8> {
    let null = enc::null();
    let hash = enc::sequence(&[&enc::oid(&hash.oid()), &null]);
    let mask = enc::sequence(&[&enc::oid(&mask.oid()), &null]);
    let mgf1: Oid = "1.2.840.113549.1.1.8".parse().unwrap();
    let mask = enc::sequence(&[&enc::oid(&mgf1), &mask]);
    let trailer = trailer.map(|number| enc::explicit(3, &enc::uint_u64(number))).unwrap_or_default();
    let parameters = enc::sequence(&[
        &enc::explicit(0, &hash),
        &enc::explicit(1, &mask),
        &enc::explicit(2, &enc::uint_u64(salt)),
        &trailer,
    ]);
    enc::sequence(&[&enc::oid(&oids::RSASSA_PSS), &parameters])
}

#[test]
fn pss_is_read_strictly() {
    use DigestAlgorithm::{Sha1, Sha3_256, Sha256, Sha384, Sha512};
    assert_eq!(from_x509(&pss(Sha384, Sha384, 48, None)), Ok(SignatureAlgorithm::RsaPssSha384));
    // RFC 4055 section 3.1: the trailer's default may be written out all the same.
    assert_eq!(from_x509(&pss(Sha512, Sha512, 64, Some(1))), Ok(SignatureAlgorithm::RsaPssSha512));
    for (der, refusal) in [
        (pss(Sha256, Sha512, 32, None), AlgorithmRefusal::PssMaskDigest { digest: Sha256, mask: Sha512 }),
        (pss(Sha256, Sha256, 20, None), AlgorithmRefusal::PssSaltLength { digest: Sha256, expected: 32, found: 20 }),
        (pss(Sha512, Sha512, 32, None), AlgorithmRefusal::PssSaltLength { digest: Sha512, expected: 64, found: 32 }),
        (pss(Sha256, Sha256, 32, Some(2)), AlgorithmRefusal::PssTrailer(2)),
        (pss(Sha1, Sha1, 20, None), AlgorithmRefusal::PssDigest(Sha1)),
        (pss(Sha3_256, Sha3_256, 32, None), AlgorithmRefusal::PssDigest(Sha3_256)),
        // An empty SEQUENCE stands for SHA-1.
        (hex("300d06092a864886f70d01010a3000"), AlgorithmRefusal::PssDigest(Sha1)),
        (bare(&oids::RSASSA_PSS), AlgorithmRefusal::PssParametersAbsent),
    ] {
        assert_eq!(from_x509(&der), Err(refusal));
    }
}

#[test]
fn pss_refuses_octets_after_its_fields() {
    let good = hex(PSS_SHA256);
    let parameters = id(&good).parameters.expect("PSS has parameters").to_vec();
    let mut inner = parameters[2..].to_vec();
    inner.extend([0x05, 0x00]);
    let der = enc::sequence(&[&enc::oid(&oids::RSASSA_PSS), &enc::sequence(&[&inner])]);
    assert!(matches!(from_x509(&der), Err(AlgorithmRefusal::Malformed(_))));
}
