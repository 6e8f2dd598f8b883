//! What a seal is made of (CAD-01..CAD-13, PAD-01, PAD-02), and what the log says about it.

use actix_web::http::StatusCode;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_asn1::{cades, cms::SignedData, ess::SigningCertificateV2, oids};
use kokuin_audit::{
    Entry, TenantSecret,
    commitment::CommitmentLabel,
    entry::{Digest, DigestSource, Seal},
};
use kokuin_pdf::signatures;
use kokuin_store::{Database, TenantRepository};
use kokuin_suite::{CryptoPolicy, DigestAlgorithm, digest};
use kokuin_suite_openssl::OpenSslEngine;
use kokuin_validate::{
    ControlTime, DetachedData, Purposes, Request, RevocationRule, TrustStore, ValidationReport, validate_cades,
};

use crate::{
    fixture::{Bench, SEALER, Setup, now, post},
    pdf::{MARKER, document},
};

fn only_seal(bench: &Bench) -> Seal {
    let seals: Vec<Seal> = bench
        .entries()
        .into_iter()
        .filter_map(|entry| if let Entry::Seal(seal) = entry { Some(seal) } else { None })
        .collect();
    assert_eq!(seals.len(), 1);
    seals[0].clone()
}

fn judge(bench: &Bench, cms: &[u8], data: &[u8]) -> ValidationReport {
    let mut trust = TrustStore::new();
    trust.add(bench.root.clone(), Purposes::all());
    let policy = CryptoPolicy::default();
    validate_cades(&Request {
        data: Some(DetachedData::Bytes(data)),
        revocation: RevocationRule::WhereGiven,
        ..Request::new(cms, &trust, &OpenSslEngine, &policy, ControlTime::now(now() + 2))
    })
}

#[actix_web::test]
async fn seals_a_pdf_and_leaves_the_original_as_it_is() {
    for (level, stamps) in [("B-B", 0), ("B-T", 1)] {
        let bench = Setup::default().start();
        let original = document("");
        let answer =
            bench.seal(&format!(r#"{{"format":"pades","level":"{level}","reason":"Invoice"}}"#), &original).await;
        assert_eq!(answer.header("content-type"), Some("application/pdf"));
        assert_eq!(answer.header("kokuin-seal-level"), Some(level));
        assert!(answer.body.starts_with(&original));
        let signature = signatures(&answer.body).unwrap().remove(0).unwrap();
        assert_eq!(
            (signature.sub_filter.as_str(), signature.reason.as_deref()),
            ("ETSI.CAdES.detached", Some("Invoice"))
        );
        assert!(signature.claimed_time.is_some() && signature.covers_whole_file);
        let signed = SignedData::parse(&signature.contents).unwrap();
        let signer = signed.only_signer().unwrap();
        let attributes = signer.signed_attrs.as_ref().unwrap();
        assert_eq!(cades::parse_signing_time(attributes).unwrap(), None, "PAD-02: the time is /M");
        assert_eq!(signed.content_type, oids::ID_DATA);
        assert_eq!(signed.content, None);
        let expected = digest(DigestAlgorithm::Sha256, &signature.signed_bytes(&answer.body).concat());
        assert_eq!(cades::parse_message_digest(attributes).unwrap(), Some(expected.as_slice()));
        let unsigned = signer.unsigned_attrs.as_ref();
        assert_eq!(unsigned.map_or(0, |attributes| attributes.all(&oids::SIGNATURE_TIME_STAMP).len()), stamps);
    }
}

#[actix_web::test]
async fn seals_any_document_beside_it() {
    let bench = Setup::default().start();
    let answer = bench.seal(r#"{"format":"cades","level":"B-T","packaging":"detached"}"#, b"any document").await;
    assert_eq!(answer.header("content-type"), Some("application/pkcs7-signature"));
    let report = judge(&bench, &answer.body, b"any document");
    assert!(report.is_total_passed(), "{}", report.overall.reason);
    assert_eq!(report.overall.level, Some("B-T"));
    assert!(!judge(&bench, &answer.body, b"any documenT").is_total_passed());
    let signed = SignedData::parse(&answer.body).unwrap();
    let signer = signed.only_signer().unwrap();
    let attributes = signer.signed_attrs.as_ref().unwrap();
    assert!(attributes.is_der_sorted(), "CAD-01");
    assert_eq!(
        attributes.len(),
        5,
        "CAD-10: content-type, message-digest, signing-time, signing-certificate-v2, CAD-04"
    );
    let claimed = cades::parse_signing_time(attributes).unwrap().unwrap();
    assert!((now() - 5..=now()).contains(&claimed));
    let value = attributes.single(&oids::SIGNING_CERTIFICATE_V2).unwrap().unwrap();
    let certificates = SigningCertificateV2::parse(value).unwrap();
    assert_eq!(certificates.certs[0].hash, digest(DigestAlgorithm::Sha256, bench.certificate.der()));
    assert_eq!(signed.certificates.len(), 1, "the signer's; a root is weight only");
}

#[actix_web::test]
async fn seals_a_digest_without_seeing_the_document() {
    let bench = Setup::default().start();
    let value = STANDARD.encode(digest(DigestAlgorithm::Sha256, b"far away"));
    let body = format!(r#"{{"format":"cades","level":"B-B","digest":{{"algorithm":"sha256","value":"{value}"}}}}"#);
    let answer = bench.call(post(SEALER, "application/json").set_payload(body)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert!(judge(&bench, &answer.body, b"far away").is_total_passed());
    assert_eq!(only_seal(&bench).source, DigestSource::Supplied);
}

#[actix_web::test]
async fn answers_json_to_who_asks_for_it() {
    let bench = Setup::default().start();
    let parts: [(&str, &[u8]); 2] = [("document", b"x"), ("request", br#"{"format":"cades","level":"B-B"}"#)];
    let asked = crate::fixture::multipart(SEALER, &parts).insert_header(("accept", "application/json"));
    let answer = bench.call(asked).await;
    let json = answer.json();
    assert_eq!(json["level"], "B-B");
    assert_eq!(json["media_type"], "application/pkcs7-signature");
    let object = STANDARD.decode(json["object"].as_str().unwrap()).unwrap();
    assert_eq!(json["sha256"], hex::encode(digest(DigestAlgorithm::Sha256, &object)));
    assert!(judge(&bench, &object, b"x").is_total_passed());
}

#[actix_web::test]
async fn records_each_seal_before_it_leaves() {
    let bench = Setup::default().start();
    let answer = bench.seal(r#"{"format":"pades","level":"B-T"}"#, &document("")).await;
    let entry = only_seal(&bench);
    assert_eq!(entry.digest, Digest::of(&answer.body));
    assert_eq!((entry.format.as_str(), entry.level.as_str(), entry.source), ("pades", "B-T", DigestSource::Computed));
    assert_eq!(hex::encode(entry.serial.as_bytes()), answer.header("kokuin-seal-id").unwrap().replace('-', ""));
    let contents = signatures(&answer.body).unwrap().remove(0).unwrap().contents;
    let signed = SignedData::parse(&contents).unwrap();
    let signer = signed.only_signer().unwrap();
    assert_eq!(entry.sig, Digest::of(signer.signature));
    assert_eq!(entry.attrs, Digest::of(&signer.signed_attrs.as_ref().unwrap().as_set_of()));
    let store_secret = TenantSecret::new([9; 32]);
    let tenants = TenantRepository::new(Database::open(&bench.folder.path().join("seals.db")).unwrap());
    let secret = tenants.known_secret(&store_secret, "demo").unwrap().expect("the seal gave the tenant a salt");
    let without_salt = store_secret.commit(&entry.serial, CommitmentLabel::Tenant, b"demo");
    assert_ne!(entry.tenant, without_salt, "the store's secret alone opens nothing (THR-49)");
    assert_eq!(entry.tenant, secret.commit(&entry.serial, CommitmentLabel::Tenant, b"demo"));
    assert_eq!(entry.actor, secret.commit(&entry.serial, CommitmentLabel::Actor, b"sealer"));
    assert!(!entry.measured, "the development clock measures nothing");
    let entries = bench.entries();
    let at = |index: kokuin_audit::LeafIndex| entries.get(usize::try_from(index.0).unwrap());
    assert!(matches!(at(entry.clock), Some(Entry::ClockReading(_))));
    assert!(
        matches!(at(entry.cert), Some(Entry::Certificate(certificate)) if certificate.sha256 == Digest::of(bench.certificate.der()))
    );
}

#[actix_web::test]
async fn keeps_no_document_and_no_token_thr_104() {
    let bench = Setup::default().start();
    bench.seal(r#"{"format":"pades","level":"B-B","reason":"for nobody to read"}"#, &document("")).await;
    let mut kept = String::new();
    for entry in bench.entries() {
        kept.push_str(&String::from_utf8_lossy(entry.encode().unwrap().body()));
    }
    for file in std::fs::read_dir(bench.folder.path()).unwrap() {
        kept.push_str(&String::from_utf8_lossy(&std::fs::read(file.unwrap().path()).unwrap()));
    }
    assert!(kept.contains("pades"), "the seal itself is there");
    for secret in [MARKER, "for nobody to read", SEALER] {
        assert!(!kept.contains(secret), "{secret}");
    }
}
