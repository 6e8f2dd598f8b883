//! What is known about a seal, receipts, credentials, and the routes that every service has.

use std::time::Duration;

use actix_web::{http::StatusCode, test::TestRequest};
use kokuin_asn1::cms::SignedData;
use kokuin_audit::Receipt;
use kokuin_suite_openssl::OpenSslEngine;

use crate::fixture::{READER, SEALER, STRANGER, Setup, get};

const CADES: &str = r#"{"format":"cades","level":"B-B"}"#;

#[actix_web::test]
async fn tells_what_is_known_about_a_seal_to_its_tenant_only() {
    let bench = Setup::default().start();
    let sealed = bench.seal(CADES, b"x").await;
    let path = sealed.header("location").unwrap();
    let known = bench.call(get(READER, path)).await.json();
    assert_eq!(known["id"], sealed.header("kokuin-seal-id").unwrap());
    assert_eq!((known["format"].as_str(), known["level"].as_str()), (Some("cades"), Some("B-B")));
    assert_eq!(known["sha256"], hex::encode(kokuin_suite::digest(kokuin_suite::DigestAlgorithm::Sha256, &sealed.body)));
    assert_eq!(bench.call(get(STRANGER, path)).await.status, StatusCode::FORBIDDEN);
    assert_eq!(bench.call(TestRequest::get().uri(path)).await.status, StatusCode::UNAUTHORIZED);
    for unknown in ["/v1/seals/x", "/v1/seals/00000000-0000-7000-8000-000000000000"] {
        assert_eq!(bench.call(get(SEALER, unknown)).await.problem(), (404, "eseal.seal-unknown".to_owned()));
    }
}

#[actix_web::test]
async fn gives_a_receipt_that_proves_the_seal() {
    let bench = Setup::default().start();
    let sealed = bench.seal(CADES, b"x").await;
    let path = format!("{}/receipt", sealed.header("location").unwrap());
    let mut answer = bench.call(get(SEALER, &path)).await;
    for _ in 0..100 {
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            break;
        }
        assert_eq!(answer.problem().1, "eseal.receipt-not-yet");
        assert!(answer.header("retry-after").is_some());
        actix_web::rt::time::sleep(Duration::from_millis(20)).await;
        answer = bench.call(get(SEALER, &path)).await;
    }
    let receipt = Receipt::parse(&answer.body).unwrap().verify(bench.service.log().vkey(), &OpenSslEngine).unwrap();
    let signed = SignedData::parse(&sealed.body).unwrap();
    let signer = signed.only_signer().unwrap();
    receipt.check_about(signer.signature, &signer.signed_attrs.as_ref().unwrap().as_set_of()).unwrap();
    let other = bench.seal(CADES, b"y").await;
    let signed = SignedData::parse(&other.body).unwrap();
    let signer = signed.only_signer().unwrap();
    assert!(receipt.check_about(signer.signature, &signer.signed_attrs.as_ref().unwrap().as_set_of()).is_err());
}

#[actix_web::test]
async fn lists_the_credential_and_what_it_offers() {
    let bench = Setup::default().start();
    let listed = bench.call(get(READER, "/v1/credentials")).await.json();
    let credential = &listed["credentials"][0];
    assert_eq!((credential["name"].as_str(), credential["digest_algorithm"].as_str()), (Some("demo"), Some("sha256")));
    assert_eq!(credential["levels"], serde_json::json!(["B-B", "B-T"]));
    assert_eq!(credential["formats"], serde_json::json!(["pades", "cades"]));
    assert_eq!(bench.call(TestRequest::get().uri("/v1/credentials")).await.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn serves_health_log_and_its_own_description() {
    let bench = Setup::default().start();
    for path in ["/healthz", "/readyz", "/metrics", "/logs", "/openapi.json"] {
        assert_eq!(bench.call(TestRequest::get().uri(path)).await.status, StatusCode::OK, "{path}");
    }
    let described = bench.call(TestRequest::get().uri("/openapi.json")).await.json();
    for path in ["/v1/seals", "/v1/seals/{id}", "/v1/seals/{id}/receipt", "/v1/credentials", "/logs", "/readyz"] {
        assert!(described["paths"][path].is_object(), "{path}");
    }
    let operations =
        || described["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    for operation in operations() {
        let same = operations().filter(|other| other["operationId"] == operation["operationId"]).count();
        assert_eq!(same, 1, "OpenAPI 3.1, 4.8.10: {}", operation["operationId"]);
        let responses = operation["responses"].as_object().unwrap().values();
        assert!(responses.into_iter().all(|response| response["description"].is_string()), "OpenAPI 3.1, 4.8.17");
    }
    for absent in ["/verify", "/console", "/v1/batches"] {
        assert_eq!(bench.call(TestRequest::get().uri(absent)).await.status, StatusCode::NOT_FOUND, "{absent}");
    }
}
