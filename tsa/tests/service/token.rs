//! What a token contains (TSP-04 to TSP-07, TSP-30 to TSP-40, TSP-50 to TSP-54).

use std::{collections::HashSet, time::Duration};

use kokuin_asn1::{
    Certificate, Extension, Oid, cades,
    cms::{SignedData, SignerId},
    enc, ess, oids,
    tsp::{RequestBuilder, TstInfo},
};
use kokuin_suite::{DigestAlgorithm, SignatureAlgorithm, Verify, digest};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_tsa::DEVELOPMENT_POLICY;

use crate::{
    fixture::{Bench, Setup, keys, request},
    moved_clock::NOON,
};

/// Checks everything about `token` that a relying party would, and hands over its content.
fn checked<'a>(token: &'a [u8], certificate: &Certificate) -> TstInfo<'a> {
    let signed = SignedData::parse(token).unwrap();
    assert_eq!((signed.version, &signed.content_type), (3, &oids::ID_CT_TST_INFO), "TSP-30");
    let signer = signed.only_signer().unwrap();
    assert_eq!(
        signer.sid,
        SignerId::IssuerSerial { issuer: certificate.issuer(), serial: certificate.serial() },
        "TSP-31"
    );
    let attributes = signer.signed_attrs.as_ref().unwrap();
    assert!(attributes.is_der_sorted() && signer.unsigned_attrs.is_none());
    assert_eq!(cades::parse_content_type(attributes).unwrap(), Some(oids::ID_CT_TST_INFO), "TSP-32");
    let algorithm = SignatureAlgorithm::from_cms(&signer.signature_algorithm, &signer.digest_algorithm).unwrap();
    let content = signed.content.unwrap();
    let expected = digest(algorithm.digest(), content);
    assert_eq!(cades::parse_message_digest(attributes).unwrap(), Some(&expected[..]), "TSP-32");
    OpenSslEngine.verify(algorithm, certificate.spki(), &attributes.as_set_of(), signer.signature).unwrap();
    TstInfo::parse(content).unwrap()
}

fn info_of(bench: &Bench, body: &[u8]) -> Vec<u8> {
    let token = bench.token(body);
    checked(&token, &bench.certificate).raw.to_vec()
}

#[test]
fn says_what_was_asked_and_when_tsp_33_tsp_51() {
    let bench = Setup::default().start();
    let token = bench.token(&request().nonce(&[0x42; 16]).encode());
    let info = checked(&token, &bench.certificate);
    assert_eq!(info.version, 1);
    assert_eq!(info.policy, DEVELOPMENT_POLICY);
    assert_eq!(info.policy.to_string(), "2.999.3161.1");
    assert_eq!(info.imprint.digest, digest(DigestAlgorithm::Sha256, b"abc"));
    assert_eq!(info.gen_time.unix_micros(), NOON);
    assert_eq!(info.accuracy.unwrap().as_micros(), 1_000_000);
    assert!(!info.ordering, "TSP-37");
    assert_eq!(info.nonce, Some(&[0x42; 16][..]));
    assert!(info.extensions.is_empty());
}

#[test]
fn leaves_ordering_out_tsp_33_tsp_37() {
    let bench = Setup::default().start();
    let info = info_of(&bench, &request().encode());
    assert!(!info.windows(3).any(|window| window == [0x01, 0x01, 0xff] || window == [0x01, 0x01, 0x00]));
}

#[test]
fn echoes_the_imprint_octet_for_octet_with_null_and_without_tsp_04() {
    let bench = Setup::default().start();
    for parameters in [vec![], enc::null()] {
        let algorithm = enc::sequence(&[&enc::oid(&oids::SHA256), &parameters]);
        let imprint = enc::sequence(&[&algorithm, &enc::octet_string(&[7; 32])]);
        let token = bench.token(&RequestBuilder::with_imprint(&imprint).encode());
        assert_eq!(checked(&token, &bench.certificate).imprint.raw, imprint);
    }
}

#[test]
fn echoes_any_nonce_sign_and_size_included_tsp_06() {
    let bench = Setup::default().start();
    for nonce in [&[0x00][..], &[0x80], &[0xff, 0x00], &[0x00, 0x80], &[0x7f; 32]] {
        let token = bench.token(&request().nonce_content(nonce).encode());
        assert_eq!(checked(&token, &bench.certificate).nonce, Some(nonce));
    }
    let token = bench.token(&request().encode());
    assert_eq!(checked(&token, &bench.certificate).nonce, None);
}

#[test]
fn carries_certificates_only_when_asked_tsp_07() {
    let bench = Setup::default().start();
    let with = bench.token(&request().cert_req(true).encode());
    let signed = SignedData::parse(&with).unwrap();
    let carried: Vec<_> = signed.certificates.iter().map(|choice| choice.certificate().unwrap()).collect();
    assert_eq!(carried, [bench.certificate.der()], "the root is the relying party's own");
    checked(&with, &bench.certificate);
    let without = bench.token(&request().encode());
    assert_eq!(SignedData::parse(&without).unwrap().certificates_raw, None);
    checked(&without, &bench.certificate);
}

#[test]
fn names_its_certificate_by_hash_issuer_and_serial_tsp_32_tsp_49() {
    for (key, hash, named) in
        [(&keys().p256, DigestAlgorithm::Sha256, false), (&keys().p384, DigestAlgorithm::Sha384, true)]
    {
        let bench = Setup::with_key(key).start();
        let token = bench.token(&request().encode());
        let signed = SignedData::parse(&token).unwrap();
        let attributes = signed.only_signer().unwrap().signed_attrs.as_ref().unwrap();
        assert!(attributes.all(&oids::SIGNING_CERTIFICATE).is_empty(), "v1 is for the past");
        assert!(attributes.all(&oids::SIGNING_TIME).is_empty());
        let value = attributes.single(&oids::SIGNING_CERTIFICATE_V2).unwrap().unwrap();
        let named_certificates = ess::SigningCertificateV2::parse(value).unwrap();
        let [id] = &named_certificates.certs[..] else { panic!("one certificate") };
        assert_eq!(id.hash, digest(hash, bench.certificate.der()));
        assert_eq!(id.hash_algorithm.is_some(), named, "SHA-256 is the default and left out");
        let issuer_serial = id.issuer_serial.as_ref().unwrap();
        assert_eq!(issuer_serial.serial, bench.certificate.serial());
        checked(&token, &bench.certificate);
    }
}

#[test]
fn protects_its_algorithms_rfc_6211() {
    let bench = Setup::default().start();
    let token = bench.token(&request().encode());
    let signed = SignedData::parse(&token).unwrap();
    let signer = signed.only_signer().unwrap();
    let protected = cades::parse_cms_algorithm_protection(signer.signed_attrs.as_ref().unwrap()).unwrap().unwrap();
    assert_eq!(protected.digest_algorithm.raw, signer.digest_algorithm.raw);
    // Under [1] IMPLICIT there, under SEQUENCE here.
    let (inside, outside) = (protected.signature_algorithm.raw, signer.signature_algorithm.raw);
    assert_eq!((inside[0], &inside[1..]), (0xa1, &outside[1..]));
}

#[test]
fn names_the_tsu_as_its_certificate_does_or_not_at_all_tsp_39() {
    let bench = Setup::default().start();
    let token = bench.token(&request().encode());
    let tsa = checked(&token, &bench.certificate).tsa.unwrap();
    assert_eq!(tsa, enc::explicit(4, bench.certificate.subject()));
    let mut setup = Setup::default();
    setup.config.tsu[0].tsa_name = false;
    let bench = setup.start();
    let token = bench.token(&request().encode());
    assert_eq!(checked(&token, &bench.certificate).tsa, None);
}

#[test]
fn issues_under_the_policy_asked_for_or_the_default_tsp_05_tsp_52() {
    let mut setup = Setup::default();
    let policies = ["0.4.0.2023.1.1", "2.999.3161.1"].map(|text| kokuin_tsa::config::PolicyId(text.parse().unwrap()));
    setup.config.tsu[0].policies = policies.to_vec();
    setup.config.tsu[0].default_policy = Some(policies[1].clone());
    let bench = setup.start();
    for (asked, expected) in
        [(Some(&policies[0]), &policies[0]), (Some(&policies[1]), &policies[1]), (None, &policies[1])]
    {
        let body = asked.map_or_else(request, |policy| request().policy(&policy.0)).encode();
        let token = bench.token(&body);
        assert_eq!(checked(&token, &bench.certificate).policy, expected.0);
    }
}

#[test]
fn claims_to_be_qualified_only_when_told_tsp_53_tsp_54() {
    let mut setup = Setup::default();
    setup.config.tsu[0].qualified = true;
    let bench = setup.start();
    let token = bench.token(&request().encode());
    let info = checked(&token, &bench.certificate);
    let [Extension { oid, critical, value, .. }] = &info.extensions[..] else { panic!("one extension") };
    assert_eq!((oid, *critical), (&"1.3.6.1.5.5.7.1.3".parse::<Oid>().unwrap(), false));
    assert_eq!(hex::encode(value), "300b30090607040081975e0101");
}

#[test]
fn has_a_serial_of_its_own_tsp_36() {
    let bench = Setup::default().start();
    let mut seen = HashSet::new();
    for _ in 0..50 {
        let token = bench.token(&request().encode());
        let serial = checked(&token, &bench.certificate).serial.to_vec();
        assert!((16..=20).contains(&serial.len()) && (1..0x80).contains(&serial[0]));
        assert!(seen.insert(serial));
    }
}

#[test]
fn writes_gen_time_without_trailing_zeros_tsp_34() {
    let bench = Setup::default().start();
    for (after_us, expected) in [
        (0, "20261123120000Z"),
        (500_000, "20261123120000.5Z"),
        (620_000, "20261123120001.12Z"),
        (3, "20261123120001.120003Z"),
    ] {
        bench.clock.pass(Duration::from_micros(after_us));
        let info = info_of(&bench, &request().encode());
        let element = enc::tlv(0x18, expected.as_bytes());
        assert!(info.windows(element.len()).any(|window| window == element), "{expected}");
    }
}

#[test]
fn states_the_uncertainty_of_its_reading_rounded_up_tsp_35_tsp_51() {
    let bench = Setup::default().start();
    for (uncertainty_us, accuracy) in [
        (734, &[0x30, 0x03, 0x80, 0x01, 0x01][..]),
        (500_000, &[0x30, 0x04, 0x80, 0x02, 0x01, 0xf4]),
        (999_001, &[0x30, 0x03, 0x02, 0x01, 0x01]),
    ] {
        bench.clock.set_uncertainty(uncertainty_us);
        let info = info_of(&bench, &request().encode());
        assert!(info.windows(accuracy.len()).any(|window| window == accuracy), "{uncertainty_us}");
    }
}

#[test]
fn does_not_look_into_the_imprint_and_names_no_requester_tsp_09() {
    let bench = Setup::default().start();
    for octet in [0x00, 0xff] {
        let token = bench.token(&RequestBuilder::new(&oids::SHA256, &[octet; 32]).encode());
        let info = checked(&token, &bench.certificate);
        assert_eq!(
            info.tsa.unwrap(),
            enc::explicit(4, bench.certificate.subject()),
            "the only name in it is the TSU's"
        );
    }
}

#[test]
fn is_what_the_plain_builder_makes_tsp_30() {
    use kokuin_asn1::cms::{SignedDataParts, SignerIdParts, SignerParts, build_signed_data};
    let bench = Setup::default().start();
    let token = bench.token(&request().cert_req(true).encode());
    let signed = SignedData::parse(&token).unwrap();
    let signer = signed.only_signer().unwrap();
    let rebuilt = build_signed_data(&SignedDataParts {
        digest_algorithms: &[signer.digest_algorithm.raw],
        content_type: &oids::ID_CT_TST_INFO,
        content: signed.content,
        certificates: &[bench.certificate.der()],
        crls: &[],
        signers: &[SignerParts {
            sid: SignerIdParts::IssuerSerial { issuer: bench.certificate.issuer(), serial: bench.certificate.serial() },
            digest_algorithm: signer.digest_algorithm.raw,
            signed_attributes: Some(&signer.signed_attrs.as_ref().unwrap().as_set_of()),
            signature_algorithm: signer.signature_algorithm.raw,
            signature: signer.signature,
            unsigned_attributes: &[],
        }],
    });
    assert_eq!(rebuilt, token);
}
