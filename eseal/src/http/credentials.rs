//! What a caller may seal with.

use actix_web::{HttpRequest, HttpResponse, web::Data};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_audit::entry::LogTime;
use kokuin_web::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{SealFormat, SealLevel, Service, http::problem::reader};

/// The credentials of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Credentials {
    credentials: Vec<CredentialInfo>,
}

/// One credential.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CredentialInfo {
    /// The name that requests use.
    name: String,
    /// Kind and size of the key.
    key_algorithm: String,
    /// What documents are hashed with: a digest that is supplied must be of this algorithm.
    digest_algorithm: &'static str,
    /// Subject of the certificate.
    subject: String,
    /// RFC 3339 UTC.
    not_before: String,
    /// RFC 3339 UTC.
    not_after: String,
    /// The certificate, then its issuers', DER in base64.
    certificates: Vec<String>,
    /// Formats offered.
    formats: Vec<SealFormat>,
    /// Levels offered.
    levels: Vec<SealLevel>,
}

/// What a caller may seal with.
#[utoipa::path(
    get,
    path = "/v1/credentials",
    operation_id = "credentials",
    security(("bearer" = [])),
    responses(
        (status = 200, body = Credentials, description = "The tenant's credentials"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token does not allow reading"),
    )
)]
pub(super) async fn list(request: HttpRequest, service: Data<Service>) -> Result<HttpResponse, Problem> {
    reader(&service, &request).await?;
    let credential = service.credential();
    let certificate = credential.certificate();
    let all = std::iter::once(certificate).chain(credential.chain());
    let mut levels = vec![SealLevel::Basic];
    if service.has_tsa() {
        levels.push(SealLevel::Timestamped);
    }
    let info = CredentialInfo {
        name: credential.name().to_owned(),
        key_algorithm: credential.key().algorithm().to_string(),
        digest_algorithm: credential.algorithm().digest().name(),
        subject: certificate.subject_text(),
        not_before: LogTime::from_unix_seconds(certificate.not_before()).to_string(),
        not_after: LogTime::from_unix_seconds(certificate.not_after()).to_string(),
        certificates: all.map(|each| STANDARD.encode(each.der())).collect(),
        formats: vec![SealFormat::Pades, SealFormat::Cades],
        levels,
    };
    Ok(HttpResponse::Ok().json(Credentials { credentials: vec![info] }))
}
