//! What is known about a seal, and its receipt.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Path},
};
use kokuin_web::Problem;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    SealError, SealFormat, SealId, SealLevel, Service,
    http::problem::{blocking, reader},
    stage::SealMetadata,
};

/// What is known about a seal; the document is not.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Metadata {
    /// Its id.
    id: String,
    /// When it was made, RFC 3339 UTC.
    created: String,
    /// Its format.
    format: SealFormat,
    /// The level reached.
    level: SealLevel,
    /// SHA-256 of the sealed object, hexadecimal.
    sha256: String,
    /// Where its receipt is.
    receipt: String,
}

impl Metadata {
    pub(super) fn of(seal: &SealMetadata) -> Self {
        Self {
            id: seal.id.to_string(),
            created: seal.created.to_string(),
            format: seal.format,
            level: seal.level,
            sha256: hex::encode(seal.digest.as_bytes()),
            receipt: format!("/v1/seals/{}/receipt", seal.id),
        }
    }
}

/// What is known about a seal.
#[utoipa::path(
    get,
    path = "/v1/seals/{id}",
    params(("id" = String, Path, description = "The seal's id")),
    security(("bearer" = [])),
    responses(
        (status = 200, body = Metadata, description = "What is known about the seal"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token does not allow reading"),
        (status = 404, description = "The tenant has no such seal"),
    )
)]
pub(super) async fn metadata(
    request: HttpRequest,
    service: Data<Service>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let actor = reader(&service, &request).await?;
    let id = SealId::parse(&id).ok_or(SealError::SealUnknown)?;
    let metadata = blocking(move || service.metadata(&actor, id)).await?;
    Ok(HttpResponse::Ok().insert_header(("Cache-Control", "no-store")).json(Metadata::of(&metadata)))
}

/// The receipt of a seal: its log entry, proven to be in the log.
#[utoipa::path(
    get,
    path = "/v1/seals/{id}/receipt",
    params(("id" = String, Path, description = "The seal's id")),
    security(("bearer" = [])),
    responses(
        (status = 200, content_type = "text/plain", body = String, description = "c2sp.org/tlog-proof@v1"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token does not allow reading"),
        (status = 404, description = "The tenant has no such seal"),
        (status = 503, description = "No checkpoint covers the entry yet; see Retry-After"),
    )
)]
pub(super) async fn receipt(
    request: HttpRequest,
    service: Data<Service>,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let actor = reader(&service, &request).await?;
    let id = SealId::parse(&id).ok_or(SealError::SealUnknown)?;
    let receipt = blocking(move || service.receipt(&actor, id)).await?;
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(receipt))
}
