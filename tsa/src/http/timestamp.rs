//! `POST /tsa`: a query in, a reply out.

use std::rc::Rc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_TYPE, HeaderValue},
    web::{Bytes, Data, Payload},
};
use kokuin_settings::ByteSize;
use kokuin_web::{Admission, BodyRules, Limits, Permit, Refused, abandon};

use crate::{Worker, stage::BODY_LIMIT};

/// The media type of requests.
const QUERY: &str = "application/timestamp-query";
/// The media type of answers: never `timestamp-response`, which RFC 3161 names once by mistake (TSP-45).
const REPLY: HeaderValue = HeaderValue::from_static("application/timestamp-reply");

/// [`BODY_LIMIT`] as the edge counts.
const LIMIT: u32 = 16 * 1024;
const _: () = assert!(LIMIT as usize == BODY_LIMIT, "the edge and the first stage have one limit");

/// Who is let in, and with what body.
#[derive(Clone, Debug)]
pub(super) struct Door {
    admission: Admission,
    rules: BodyRules,
}

impl Door {
    pub(super) fn new(admission: Admission, limits: &Limits) -> Self {
        let rules = BodyRules { media_type: QUERY, limit: ByteSize::from_bytes(LIMIT), within: limits.body_timeout };
        Self { admission, rules }
    }

    /// Lets a request in before its body is read.
    fn enter(&self, request: &HttpRequest, worker: &Worker) -> Result<Permit, Refused> {
        let permit = self.admission.admit(request)?;
        if worker.service().is_busy() { Err(Refused::Busy { retry_after_s: 1 }) } else { Ok(permit) }
    }

    /// Lets a request in and reads its body.
    async fn read(&self, request: &HttpRequest, payload: Payload, worker: &Worker) -> Result<(Permit, Bytes), Refused> {
        let permit = match self.enter(request, worker) {
            Ok(permit) => permit,
            Err(refused) => {
                abandon(request, payload);
                return Err(refused);
            }
        };
        Ok((permit, self.rules.read(request, payload).await?))
    }
}

/// Issues a token.
#[utoipa::path(
    post,
    path = "/tsa",
    request_body(content = Vec<u8>, content_type = "application/timestamp-query", description = "DER TimeStampReq, at most 16 KiB"),
    responses(
        (status = 200, content_type = "application/timestamp-reply", body = Vec<u8>,
            description = "DER TimeStampResp: a token, or a rejection with its reason"),
        (status = 405, description = "Only POST"),
        (status = 413, description = "More than 16 KiB"),
        (status = 415, description = "Not application/timestamp-query"),
        (status = 429, description = "Too many requests from this address; see Retry-After"),
        (status = 503, description = "Too many requests at a time; see Retry-After"),
    )
)]
pub(super) async fn stamp(request: HttpRequest, payload: Payload, door: Data<Door>) -> Result<HttpResponse, Refused> {
    let worker = request.app_data::<Rc<Worker>>().ok_or(Refused::NotFound)?;
    let read = door.read(&request, payload, worker).await;
    let (permit, body) = read.inspect_err(|refused| worker.service().turned_away(refused))?;
    let answer = worker.answer(&body).await;
    drop(permit);
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, REPLY)).body(answer.into_bytes()))
}

/// Every other method: 405, counted.
pub(super) async fn only_post(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    abandon(&request, payload);
    let refused = Refused::Method { allow: "POST" };
    if let Some(worker) = request.app_data::<Rc<Worker>>() {
        worker.service().turned_away(&refused);
    }
    Err(refused)
}
