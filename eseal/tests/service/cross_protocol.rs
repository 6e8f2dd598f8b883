//! A tenant lets a digest be sealed that is another protocol's (THR-57): what can be put together of the answer is worth nothing there, because the key signs
//! attributes of the service's own making, never octets that a caller names.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_asn1::{
    Certificate, cades,
    cms::{SignedAttributes, SignedData, SignedDataParts, SignerIdParts, SignerParts, build_signed_data},
    enc, oids,
    tsp::{GenTime, MessageImprint, TstInfoParts},
};
use kokuin_audit::SignedNote;
use kokuin_key::{Prepared, Purpose, SELF_TEST, SigningKey as _};
use kokuin_suite::{CryptoPolicy, DigestAlgorithm::Sha256, KeyAlgorithm, Verify as _, digest};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::{ControlTime, DetachedData, Purposes, Request, RevocationRule, TrustStore, validate_tst};

use crate::{
    fixture::{Bench, SEALER, Setup, ca, certify, now, post},
    test_key::TestKey,
};

const DATA: &[u8] = b"what was not stamped";

/// What the service answers to the digest of `octets`.
async fn sealed(bench: &Bench, octets: &[u8]) -> Vec<u8> {
    let value = STANDARD.encode(digest(Sha256, octets));
    let body = format!(r#"{{"format":"cades","level":"B-B","digest":{{"algorithm":"sha256","value":"{value}"}}}}"#);
    let answer = bench.call(post(SEALER, "application/json").set_payload(body)).await;
    assert_eq!(answer.status.as_u16(), 201);
    answer.body.to_vec()
}

async fn signature(bench: &Bench, octets: &[u8]) -> Vec<u8> {
    SignedData::parse(&sealed(bench, octets).await).unwrap().only_signer().unwrap().signature.to_vec()
}

fn info() -> Vec<u8> {
    TstInfoParts {
        policy: &"2.999.1".parse().unwrap(),
        imprint: &MessageImprint::encode(&oids::SHA256, &digest(Sha256, DATA)),
        serial: &[7],
        gen_time: GenTime::from_unix_micros((now() - 60) * 1_000_000).unwrap(),
        accuracy: None,
        ordering: false,
        nonce: None,
        tsa: None,
        extensions: &[],
    }
    .encode()
}

/// Signed attributes of a token by `certificate`.
fn token_attributes(certificate: &Certificate, info: &[u8]) -> Vec<u8> {
    let certified = digest(Sha256, certificate.der());
    SignedAttributes::new()
        .with(cades::content_type(&oids::ID_CT_TST_INFO))
        .with(cades::message_digest(&digest(Sha256, info)))
        .with(cades::signing_certificate_v2(certificate, &Sha256.algorithm_id_der(), &certified))
        .der_set()
}

fn token(certificate: &Certificate, attributes: &[u8], signature: &[u8]) -> Vec<u8> {
    let algorithm = KeyAlgorithm::P256.signature_algorithm().algorithm_id_der();
    build_signed_data(&SignedDataParts {
        digest_algorithms: &[&Sha256.algorithm_id_der()],
        content_type: &oids::ID_CT_TST_INFO,
        content: Some(&info()),
        certificates: &[certificate.der()],
        crls: &[],
        signers: &[SignerParts {
            sid: SignerIdParts::IssuerSerial { issuer: certificate.issuer(), serial: certificate.serial() },
            digest_algorithm: &Sha256.algorithm_id_der(),
            signed_attributes: Some(attributes),
            signature_algorithm: &algorithm,
            signature,
            unsigned_attributes: &[],
        }],
    })
}

/// The verdict on a token, by who trusts `root`.
fn verdict(root: &Certificate, token: &[u8]) -> (bool, String) {
    let mut trust = TrustStore::new();
    trust.add(root.clone(), Purposes::all());
    let policy = CryptoPolicy::default();
    let report = validate_tst(&Request {
        data: Some(DetachedData::Bytes(DATA)),
        revocation: RevocationRule::WhereGiven,
        ..Request::new(token, &trust, &OpenSslEngine, &policy, ControlTime::now(now() + 2))
    });
    (report.is_total_passed(), format!("{report:?}"))
}

#[actix_web::test]
async fn no_signature_is_over_octets_that_a_tenant_names_thr_57() {
    let bench = Setup::default().start();
    let attributes = token_attributes(&bench.certificate, &info());
    let checkpoint = bench.service.log().checkpoint().note().text().to_owned();
    let algorithm = KeyAlgorithm::P256.signature_algorithm();
    for octets in [&attributes, bench.certificate.tbs(), checkpoint.as_bytes(), SELF_TEST] {
        let value = signature(&bench, octets).await;
        assert!(OpenSslEngine.verify(algorithm, bench.key.public_key(), octets, &value).is_err());
    }
}

#[actix_web::test]
async fn a_token_put_together_of_a_seal_is_none_thr_57() {
    let bench = Setup::default().start();
    // The seal's signature under the attributes of a token.
    let attributes = token_attributes(&bench.certificate, &info());
    let value = signature(&bench, &attributes).await;
    let (passed, report) = verdict(&bench.root, &token(&bench.certificate, &attributes, &value));
    assert!(!passed && report.contains("SigCryptoFailure"), "{report}");
    // The seal of a TSTInfo under its own attributes: the signature holds, and is over data of another type. (A certificate that is no TSU's would be
    // refused as well: `signer.rs` of the validator's tests.)
    let seal = sealed(&bench, &info()).await;
    let seal = SignedData::parse(&seal).unwrap();
    let signer = seal.only_signer().unwrap();
    let own = signer.signed_attrs.as_ref().unwrap().as_set_of();
    let (passed, report) = verdict(&bench.root, &token(&bench.certificate, &own, signer.signature));
    assert!(!passed && report.contains("RFC 5652 11.1\", outcome: Failed"), "{report}");
}

#[actix_web::test]
async fn a_certificate_put_together_of_a_seal_is_none_thr_57() {
    let bench = Setup::default().start();
    let authority = ca("ca");
    let thief = TestKey::new("thief", KeyAlgorithm::P256, Purpose::Tst);
    let good = certify(&authority, "tsu", &thief);
    let value = signature(&bench, good.tbs()).await;
    let algorithm = KeyAlgorithm::P256.signature_algorithm();
    let forged = enc::sequence(&[good.tbs(), &algorithm.algorithm_id_der(), &enc::bit_string(&value, 0)]);
    let forged = Certificate::parse(&forged).unwrap();
    for (certificate, expected) in [(&good, true), (&forged, false)] {
        let attributes = token_attributes(certificate, &info());
        let prepared = Prepared::new(Purpose::Tst, algorithm, &attributes);
        let signature = thief.open().unwrap().sign(prepared).unwrap();
        let (passed, report) = verdict(authority.certificate(), &token(certificate, &attributes, &signature));
        assert_eq!(passed, expected, "{report}");
    }
}

#[actix_web::test]
async fn a_checkpoint_put_together_of_a_seal_is_none_thr_57() {
    let bench = Setup::default().start();
    let key = bench.service.log().vkey();
    let checkpoint = bench.service.log().checkpoint();
    let note = checkpoint.note();
    note.check_signed_by(key, &OpenSslEngine).unwrap();
    let value = signature(&bench, note.text().as_bytes()).await;
    let blob = STANDARD.encode([&key.key_hash().0[..], &value].concat());
    let forged = format!("{}\n\u{2014} {} {blob}\n", note.text(), key.name());
    let refused = SignedNote::parse(forged.as_bytes()).unwrap().check_signed_by(key, &OpenSslEngine);
    assert!(refused.is_err(), "{refused:?}");
}
