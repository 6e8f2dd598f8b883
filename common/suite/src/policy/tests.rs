//! Expected dates: ETSI TS 119 312 and CRYPTREC as in ALG-01..ALG-14, JP-CR-03..JP-CR-06.

use kokuin_asn1::{enc, oids};
use time::macros::datetime;

use super::*;

const P256: (SignatureAlgorithm, KeyAlgorithm) = (SignatureAlgorithm::EcdsaSha256, KeyAlgorithm::P256);
const DAY: i64 = 86_400;
/// 2026-11-23.
const NOW: i64 = datetime!(2026-11-23 00:00 UTC).unix_timestamp();

const fn rsa(bits: u32) -> KeyAlgorithm {
    KeyAlgorithm::Rsa { bits }
}

/// On the day before `end` it works, on the day itself and after it does not (ALG-15), and the refusal names that day.
fn assert_ends(end: i64, wanted: Use, judge: impl Fn(i64) -> Result<(), Unsuitable>) {
    assert_eq!(judge(end - DAY), Ok(()), "the whole day before");
    assert_eq!(judge(end - 1), Ok(()), "the last second");
    for at in [end, end + DAY] {
        match judge(at) {
            Err(Unsuitable::Since { end: named, at: when, wanted: what, .. }) => {
                assert_eq!((named, when, what), (end, at, wanted));
            }
            other => panic!("at {at}: {other:?}"),
        }
    }
}

#[test]
fn etsi_rsa_2048_ends_with_2028_and_its_certificates_with_2026() {
    let policy = CryptoPolicy::etsi();
    let (pss, key) = (SignatureAlgorithm::RsaPssSha256, rsa(2048));
    assert_ends(datetime!(2029-01-01 00:00 UTC).unix_timestamp(), Use::Sign, |at| policy.may_sign(pss, key, at));
    assert_ends(datetime!(2027-01-01 00:00 UTC).unix_timestamp(), Use::Certify, |at| policy.may_certify(pss, key, at));
    let now = datetime!(2035-06-01 00:00 UTC).unix_timestamp();
    assert_ends(datetime!(2029-01-01 00:00 UTC).unix_timestamp(), Use::Rely, |at| policy.may_rely(pss, key, at, now));
    assert_eq!(policy.may_sign(pss, rsa(3000), now), Ok(()));
    assert!(policy.may_sign(pss, rsa(2999), now).is_err());
}

#[test]
fn etsi_past_algorithms_count_by_proof_before_their_end() {
    let policy = CryptoPolicy::etsi();
    let sha1 = SignatureAlgorithm::RsaPkcs1Sha1;
    assert_ends(datetime!(2012-08-01 00:00 UTC).unix_timestamp(), Use::Rely, |at| {
        policy.may_rely(sha1, rsa(2048), at, NOW)
    });
    let sha256 = SignatureAlgorithm::RsaPkcs1Sha256;
    assert_ends(datetime!(2019-10-01 00:00 UTC).unix_timestamp(), Use::Rely, |at| {
        policy.may_rely(sha256, rsa(1024), at, NOW)
    });
    assert_ends(datetime!(2010-08-01 00:00 UTC).unix_timestamp(), Use::Rely, |at| {
        policy.may_rely(sha256, rsa(1023), at, NOW)
    });
    assert_ends(datetime!(2029-01-01 00:00 UTC).unix_timestamp(), Use::Sign, |at| {
        policy.may_sign(sha256, rsa(4096), at)
    });
}

#[test]
fn a_late_proof_is_told_from_no_listing_at_all() {
    let policy = CryptoPolicy::default();
    let late = policy.may_rely(SignatureAlgorithm::RsaPkcs1Sha1, rsa(2048), NOW, NOW).unwrap_err();
    assert_eq!(late.since(), Some(datetime!(2012-08-01 00:00 UTC).unix_timestamp()));
    assert_eq!(
        late.to_string(),
        "digest sha1 is not suitable since 2012-08-01, wanted for 2026-11-23: ts-119-312 2.1.1"
    );
    let unlisted = policy.may_rely(SignatureAlgorithm::RsaPkcs1Sha256, rsa(512), 0, NOW).unwrap_err();
    assert_eq!(unlisted.since(), None);
    assert!(matches!(unlisted, Unsuitable::NotListed { subject: Subject::Key(KeyAlgorithm::Rsa { bits: 512 }), .. }));
}

#[test]
fn cryptrec_classes_end_at_their_borders() {
    let policy = CryptoPolicy::cryptrec();
    let pss = SignatureAlgorithm::RsaPssSha512;
    let far = datetime!(2040-12-31 23:59:59 UTC).unix_timestamp();
    assert_ends(datetime!(2031-01-01 00:00 UTC).unix_timestamp(), Use::Sign, |at| policy.may_sign(pss, rsa(2048), at));
    assert_ends(datetime!(2031-01-01 00:00 UTC).unix_timestamp(), Use::Rely, |at| {
        policy.may_rely(pss, rsa(3071), at, far)
    });
    assert_ends(datetime!(2051-01-01 00:00 UTC).unix_timestamp(), Use::Sign, |at| policy.may_sign(pss, rsa(3072), at));
    assert_ends(datetime!(2051-01-01 00:00 UTC).unix_timestamp(), Use::Sign, |at| policy.may_sign(P256.0, P256.1, at));
    assert_ends(datetime!(2071-01-01 00:00 UTC).unix_timestamp(), Use::Sign, |at| {
        policy.may_sign(SignatureAlgorithm::EcdsaSha384, KeyAlgorithm::P384, at)
    });
}

#[test]
fn cryptrec_processes_old_signatures_for_one_more_decade() {
    // JP-CR-04: proven before 2031, RSA-2048 is still looked at until 2040, and a proof helps no more after.
    let policy = CryptoPolicy::cryptrec();
    let (pss, key) = (SignatureAlgorithm::RsaPssSha256, rsa(2048));
    assert_ends(datetime!(2041-01-01 00:00 UTC).unix_timestamp(), Use::Process, |now| {
        policy.may_rely(pss, key, NOW, now)
    });
    let over = policy.may_rely(pss, key, NOW, datetime!(2041-01-01 00:00 UTC).unix_timestamp()).unwrap_err();
    assert_eq!(over.since(), None);
}

#[test]
fn cryptrec_signs_only_with_what_is_recommended() {
    let policy = CryptoPolicy::cryptrec();
    let ml_dsa = (SignatureAlgorithm::MlDsa65, KeyAlgorithm::MlDsa65);
    assert!(matches!(policy.may_sign(ml_dsa.0, ml_dsa.1, NOW), Err(Unsuitable::OnlyForOld { .. })));
    assert_eq!(policy.may_rely(ml_dsa.0, ml_dsa.1, NOW, NOW), Ok(()));
    assert!(matches!(policy.may_digest(DigestAlgorithm::Sha1, NOW), Err(Unsuitable::OnlyForOld { .. })));
    assert_eq!(CryptoPolicy::etsi().may_sign(ml_dsa.0, ml_dsa.1, NOW), Ok(()));
}

#[test]
fn digests_for_something_new_are_those_without_an_end() {
    let policy = CryptoPolicy::default();
    for digest in DigestAlgorithm::ALL {
        assert_eq!(policy.may_digest(digest, NOW).is_ok(), digest != DigestAlgorithm::Sha1, "{digest}");
    }
    let before = datetime!(2012-07-31 23:59:59 UTC).unix_timestamp();
    assert_eq!(policy.may_rely_on_digest(DigestAlgorithm::Sha1, before, NOW), Ok(()));
    assert!(policy.may_rely_on_digest(DigestAlgorithm::Sha1, before + 1, NOW).is_err());
}

#[test]
fn refuses_a_key_that_does_not_fit_the_algorithm() {
    assert_eq!(
        CryptoPolicy::default().may_sign(SignatureAlgorithm::EcdsaSha256, rsa(3072), NOW),
        Err(Unsuitable::DoesNotFit { algorithm: SignatureAlgorithm::EcdsaSha256, key: rsa(3072) })
    );
}

fn rsa_spki(exponent: &[u8]) -> Vec<u8> {
    let modulus = enc::uint(&[0xc1; 384]);
    let key = enc::sequence(&[&modulus, &enc::uint(exponent)]);
    let algorithm = enc::sequence(&[&enc::oid(&oids::RSA_ENCRYPTION), &enc::null()]);
    enc::sequence(&[&algorithm, &enc::bit_string(&key, 0)])
}

#[test]
fn refuses_rsa_exponents_out_of_range() {
    // ALG-14: 2^16 < e < 2^256, so 65537 is the smallest and 2^256 - 1 the largest odd one.
    let policy = CryptoPolicy::default();
    assert_eq!(policy.check_key(&rsa_spki(&[1, 0, 1])), Ok(rsa(3072)));
    assert_eq!(policy.check_key(&rsa_spki(&[0xff; 32])), Ok(rsa(3072)));
    let mut above = vec![0; 33];
    (above[0], above[32]) = (1, 1);
    for exponent in [&[3][..], &[0xff, 0xff], &above] {
        assert!(matches!(policy.check_key(&rsa_spki(exponent)), Err(Unsuitable::RsaExponent { .. })), "{exponent:?}");
    }
    for exponent in [&[1][..], &[1, 0, 0]] {
        assert_eq!(policy.check_key(&rsa_spki(exponent)), Err(Unsuitable::Key(crate::KeyRefusal::Exponent)));
    }
}

#[test]
fn says_until_when_a_signature_counts() {
    let policy = CryptoPolicy::default();
    let end = |alg, key| policy.relied_until(alg, key).unwrap();
    assert_eq!(end(P256.0, P256.1), Some(datetime!(2051-01-01 00:00 UTC).unix_timestamp()));
    assert_eq!(
        end(SignatureAlgorithm::RsaPssSha256, rsa(2048)),
        Some(datetime!(2029-01-01 00:00 UTC).unix_timestamp())
    );
    assert_eq!(CryptoPolicy::etsi().relied_until(P256.0, P256.1), Ok(None));
}

#[test]
fn remarks_name_what_is_legacy_old_or_unverified() {
    let policy = CryptoPolicy::etsi();
    assert_eq!(policy.remarks(P256.0, P256.1, NOW), []);
    let old = policy.remarks(SignatureAlgorithm::RsaPkcs1Sha1, rsa(2048), NOW);
    assert!(
        old.iter().any(|remark| matches!(
            remark,
            Remark::CountsByProof { subject: Subject::Digest(DigestAlgorithm::Sha1), .. }
        ))
    );
    assert!(old.iter().any(|remark| matches!(remark, Remark::Legacy { subject: Subject::Key(_), .. })));
    assert!(old.iter().any(|remark| matches!(remark, Remark::Unverified { subject: Subject::Scheme(_), .. })));
}

#[test]
fn every_algorithm_has_its_rows_in_every_document() {
    for policy in [CryptoPolicy::etsi(), CryptoPolicy::cryptrec()] {
        for alg in SignatureAlgorithm::ALL {
            for name in
                ["p256", "p384", "p521", "rsa-1024", "rsa-2048", "rsa-16384", "ed25519", "ml-dsa-44", "ml-dsa-87"]
            {
                let key: KeyAlgorithm = name.parse().unwrap();
                if key.fits(alg) {
                    let answer = policy.may_rely(alg, key, 0, NOW);
                    assert_eq!(answer, Ok(()), "{alg} {key}");
                }
            }
        }
    }
}

#[test]
fn refuses_files_it_does_not_understand_whole() {
    let head = "id = \"x\"\nversion = \"1\"\nissued = 2026-01-01\nsource = \"test\"\n";
    let row = "[[digest]]\nname = \"sha256\"\nlisted = \"recommended\"\nstatus = \"verified\"\nnote = \"\"\n";
    let read = |text: String| CryptoPolicy::from_toml(&[&text]).map(|_| ());
    assert_eq!(read(format!("{head}{row}")), Ok(()));
    assert_eq!(read(format!("{head}{row}{row}")), Err(PolicyError::Twice("sha256".into())));
    assert_eq!(read(format!("{head}{row}strength = 128\n")), Err(PolicyError::UnknownStrength(128)));
    assert_eq!(read(format!("{head}{row}min_bits = 1\n")), Err(PolicyError::Bits("sha256".into())));
    assert!(matches!(read(format!("{head}{row}sign_ends = 2029-01-01\n")), Err(PolicyError::Syntax(_))));
    assert!(matches!(read(format!("{head}{row}sign_end = 2029-01-01T00:00:00Z\n")), Err(PolicyError::Date(_))));
    let renamed = row.replace("sha256", "md5");
    assert_eq!(read(format!("{head}{renamed}")), Err(PolicyError::UnknownName("md5".into())));
    assert_eq!(CryptoPolicy::from_toml(&[]).map(|_| ()), Err(PolicyError::Empty));
}

#[test]
fn documents_are_named_with_version_and_hash() {
    let policy = CryptoPolicy::default();
    let names: Vec<_> = policy.documents().iter().map(Document::name).collect();
    assert_eq!(names, ["ts-119-312 2.1.1", "cryptrec ls-0001-2022, ls-0003-2022"]);
    assert_eq!(policy.documents()[0].sha256(), digest_of(TS_119_312));
    assert_eq!(policy.documents()[0].issued(), datetime!(2026-06-01 00:00 UTC).unix_timestamp());
}

fn digest_of(text: &str) -> Vec<u8> {
    crate::digest::digest(DigestAlgorithm::Sha256, text.as_bytes())
}
