//! `POST /v1/seals`.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{ACCEPT, LOCATION},
    },
    web::{Bytes, Data, Payload},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use kokuin_web::{Permit, Problem, Refused, abandon};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Actor, SealError, SealFormat, SealRequest, Service,
    bounds::Taken,
    http::{
        body::{BodyDoor, Submitted},
        problem::{authenticate, blocking},
        read::Metadata,
    },
    idempotency::IdempotencyKey,
    stage::{RecordedSeal, SubmissionBytes},
};

/// A sealed object as JSON, for callers whose `Accept` names `application/json`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SealedObject {
    /// What is known about it.
    #[serde(flatten)]
    metadata: Metadata,
    /// Media type of the object.
    media_type: &'static str,
    /// The object, base64 with padding.
    object: String,
}

/// The multipart body.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes the body")]
pub(super) struct SealForm {
    /// The document.
    #[schema(format = Binary, content_media_type = "application/octet-stream")]
    document: Vec<u8>,
    /// What is asked for.
    request: SealRequest,
}

/// Seals a document.
#[utoipa::path(
    post,
    path = "/v1/seals",
    request_body(content(
        (SealForm = "multipart/form-data"),
        (SealRequest = "application/json"),
    ), description = "A document with what is asked for, or a digest of one (detached CAdES)"),
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 128 visible ASCII characters: a request sent twice makes one seal")),
    security(("bearer" = [])),
    responses(
        (status = 201, description = "The sealed object: a PDF, or a CMS signature; JSON if Accept names application/json",
            content(
                (Vec<u8> = "application/pdf"),
                (Vec<u8> = "application/pkcs7-signature"),
                (SealedObject = "application/json"),
            ),
            headers(
                ("Location" = String, description = "/v1/seals/{id}"),
                ("Kokuin-Seal-Id" = String, description = "The seal's id"),
                ("Kokuin-Seal-Level" = String, description = "The level reached"),
            )),
        (status = 400, description = "Not as RFC 7578 and RFC 8259 say; web.forwarded: the proxy's header does not name the client"),
        (status = 401, description = "No valid token"),
        (status = 403, description = "The token does not allow sealing"),
        (status = 408, description = "The body came too slowly"),
        (status = 409, description = "The Idempotency-Key was used for this request, or is in use"),
        (status = 413, description = "Too large"),
        (status = 415, description = "Neither multipart/form-data nor application/json"),
        (status = 422, description = "Not offered, or a document that is not sealed"),
        (status = 429, description = "Too many requests from this client; see Retry-After"),
        (status = 502, description = "The TSA's answer does not hold"),
        (status = 503, description = "Not now; see Retry-After"),
    )
)]
pub(super) async fn create(
    request: HttpRequest,
    payload: Payload,
    service: Data<Service>,
    door: Data<BodyDoor>,
) -> Result<HttpResponse, Problem> {
    let held = match enter(&request, &service, &door).await {
        Ok(entered) => entered,
        Err(refused) => {
            abandon(&request, payload);
            service.turned_away(&refused);
            return Err(refused.into());
        }
    };
    let read = read(&request, payload, &service, &door).await;
    let (body, actor) = read.inspect_err(|refused| service.turned_away(refused))?;
    let submission = match submission(&request, body, actor, door.document_limit()).await {
        Ok(submission) => submission,
        Err(error) => {
            service.count(&error);
            return Err(error.into());
        }
    };
    let sealed = blocking(move || service.seal(submission)).await?;
    drop(held);
    Ok(answer(&request, sealed))
}

/// Everything that is decided before the body is read.
async fn enter(request: &HttpRequest, service: &Data<Service>, door: &BodyDoor) -> Result<(Permit, Taken), Refused> {
    let permit = door.admit(request)?;
    let actor = authenticate(service, request).await?;
    actor.check_may_seal()?;
    Ok((permit, door.reserve(request)?))
}

/// The body, and who sent it: a token may have been revoked while the body came (THR-72).
async fn read(
    request: &HttpRequest,
    payload: Payload,
    service: &Data<Service>,
    door: &BodyDoor,
) -> Result<(Bytes, Actor), Refused> {
    let body = door.read(request, payload).await?;
    let actor = authenticate(service, request).await?;
    actor.check_may_seal()?;
    Ok((body, actor))
}

async fn submission(
    request: &HttpRequest,
    body: Bytes,
    actor: Actor,
    limit: usize,
) -> Result<SubmissionBytes, SealError> {
    let key = IdempotencyKey::read(request.headers())?;
    let Submitted { request, document } = BodyDoor::split(request, body).await?;
    SubmissionBytes::new(actor, request, document, key, limit)
}

fn answer(request: &HttpRequest, sealed: RecordedSeal) -> HttpResponse {
    let metadata = sealed.metadata().clone();
    let mut response = HttpResponse::build(StatusCode::CREATED);
    response
        .insert_header((LOCATION, format!("/v1/seals/{}", metadata.id)))
        .insert_header(("Kokuin-Seal-Id", metadata.id.to_string()))
        .insert_header(("Kokuin-Seal-Level", metadata.level.name()))
        .insert_header(("Cache-Control", "no-store"));
    let media_type = media_type(metadata.format);
    if wants_json(request) {
        let object = STANDARD.encode(sealed.into_object());
        return response.json(SealedObject { metadata: Metadata::of(&metadata), media_type, object });
    }
    response.content_type(media_type).body(sealed.into_object())
}

const fn media_type(format: SealFormat) -> &'static str {
    match format {
        SealFormat::Pades => "application/pdf",
        SealFormat::Cades => "application/pkcs7-signature",
        SealFormat::Jades | SealFormat::Xades | SealFormat::AsicS | SealFormat::AsicE => "application/octet-stream",
    }
}

/// Only who says so gets JSON: `*/*` means the object.
fn wants_json(request: &HttpRequest) -> bool {
    let values = request.headers().get_all(ACCEPT).filter_map(|value| value.to_str().ok());
    let mut types = values.flat_map(|value| value.split(','));
    types.any(|each| each.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json"))
}
