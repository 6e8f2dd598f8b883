//! `/openapi.json`.

use actix_web::{HttpResponse, web::Bytes};
use utoipa::OpenApi;

use super::{public, timestamp};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Kokuin time-stamps",
        description = "RFC 3161 time-stamps over HTTP, with receipts from a public log."
    ),
    paths(timestamp::stamp, timestamp::stamp_at, public::certchain, public::certchain_of, public::receipt)
)]
struct Document;

/// The document.
pub(super) fn document() -> String {
    Document::openapi().to_pretty_json().expect("invariant: a document made of text can be written")
}

pub(super) async fn answer(document: Bytes) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document)
}
