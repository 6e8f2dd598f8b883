//! `POST /tsa`: a query in, a reply out.

use std::{rc::Rc, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{CONTENT_TYPE, HeaderValue},
    web::{Bytes, Data, Payload},
};
use kokuin_settings::ByteSize;
use kokuin_web::{Admission, BodyRules, Client, Limits, Permit, Refused, abandon};

use crate::{Worker, stage::BODY_LIMIT, unit::Unit};

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
        let rules = BodyRules::new(QUERY, ByteSize::from_bytes(LIMIT), limits);
        Self { admission, rules }
    }

    /// Decides on a request before its body is read.
    fn check(&self, request: &HttpRequest, unit: &Unit) -> Result<(), Refused> {
        let address = self.admission.address(request)?;
        match unit.access.check(request, address) {
            Ok(client) => self.admission.check(&client)?,
            Err(refused) => {
                // Guessing is rationed too.
                self.admission.check(&Client::at(address))?;
                return Err(refused);
            }
        }
        if let Some(quota) = &unit.quota {
            // All clients share it: what is refused for its headers must not use it up for the others.
            self.rules.check_head(request)?;
            quota.check()?;
        }
        if unit.is_busy() { Err(Refused::Busy { retry_after_s: 1 }) } else { Ok(()) }
    }

    /// Reads the body, then takes a place: a body that drips holds none (THR-87).
    async fn read(&self, request: &HttpRequest, payload: Payload, unit: &Unit) -> Result<(Permit, Bytes), Refused> {
        if let Err(refused) = self.check(request, unit) {
            abandon(request, payload);
            return Err(refused);
        }
        let body = self.rules.read(request, payload).await?;
        Ok((self.admission.enter(request)?, body))
    }

    /// The unit that answers a request which `unit` let in before its body came: bodies may take long, and a reload that took a unit, its key
    /// or a client's right away holds for what is signed after it.
    fn now(&self, request: &HttpRequest, worker: &Worker, unit: &Arc<Unit>) -> Result<Arc<Unit>, Refused> {
        let now = asked(request, worker).ok_or(Refused::NotFound)?;
        if !Arc::ptr_eq(&now, unit) {
            now.access.check(request, self.admission.address(request)?)?;
        }
        Ok(now)
    }

    /// Answers a request at `unit`.
    async fn answer(
        &self,
        request: &HttpRequest,
        payload: Payload,
        worker: &Worker,
        unit: &Arc<Unit>,
    ) -> Result<HttpResponse, Refused> {
        let turned_away = |refused: &Refused| {
            worker.service().turned_away(refused);
            unit.counts.refused.add(1);
        };
        let (permit, body) = self.read(request, payload, unit).await.inspect_err(turned_away)?;
        let now = self.now(request, worker, unit).inspect_err(turned_away)?;
        let answer = worker.answer_at(&now, &body).await;
        drop(permit);
        Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, REPLY)).body(answer.into_bytes()))
    }
}

/// Issues a token.
#[utoipa::path(
    post,
    path = "/tsa",
    security((), ("bearer" = []), ("certificate" = [])),
    request_body(content = Vec<u8>, content_type = "application/timestamp-query", description = "DER TimeStampReq, at most 16 KiB"),
    responses(
        (status = 200, content_type = "application/timestamp-reply", body = Vec<u8>,
            description = "DER TimeStampResp: a token, or a rejection with its reason"),
        (status = 400, description = "The body broke off, or a known proxy does not name its client"),
        (status = 401, description = "This TSU wants a key or a client certificate"),
        (status = 403, description = "Not from this network, or not with this certificate"),
        (status = 405, description = "Only POST"),
        (status = 408, description = "The body came too slowly"),
        (status = 413, description = "More than 16 KiB"),
        (status = 415, description = "Not application/timestamp-query"),
        (status = 429, description = "Too many requests from this client; see Retry-After"),
        (status = 503, description = "Too many requests at a time; see Retry-After"),
    )
)]
pub(super) async fn stamp(request: HttpRequest, payload: Payload, door: Data<Door>) -> Result<HttpResponse, Refused> {
    let worker = request.app_data::<Rc<Worker>>().ok_or(Refused::NotFound)?;
    door.answer(&request, payload, worker, &worker.service().default_unit()).await
}

/// Issues a token of the TSU named.
#[utoipa::path(
    post,
    path = "/tsa/{tsu}",
    params(("tsu" = String, Path, description = "The TSU's name")),
    security((), ("bearer" = []), ("certificate" = [])),
    request_body(content = Vec<u8>, content_type = "application/timestamp-query", description = "DER TimeStampReq, at most 16 KiB"),
    responses(
        (status = 200, content_type = "application/timestamp-reply", body = Vec<u8>,
            description = "DER TimeStampResp: a token, or a rejection with its reason"),
        (status = 404, description = "No TSU of this name"),
        (status = 400, description = "The body broke off, or a known proxy does not name its client"),
        (status = 401, description = "This TSU wants a key or a client certificate"),
        (status = 403, description = "Not from this network, or not with this certificate"),
        (status = 405, description = "Only POST"),
        (status = 408, description = "The body came too slowly"),
        (status = 413, description = "More than 16 KiB"),
        (status = 415, description = "Not application/timestamp-query"),
        (status = 429, description = "Too many requests from this client; see Retry-After"),
        (status = 503, description = "Too many requests at a time; see Retry-After"),
    )
)]
pub(super) async fn stamp_at(
    request: HttpRequest,
    payload: Payload,
    door: Data<Door>,
) -> Result<HttpResponse, Refused> {
    let worker = request.app_data::<Rc<Worker>>().ok_or(Refused::NotFound)?;
    match asked(&request, worker) {
        Some(unit) => door.answer(&request, payload, worker, &unit).await,
        None => Err(turn_away(&request, payload, Refused::NotFound)),
    }
}

/// Every other method: 405, counted.
pub(super) async fn only_post(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    Err(turn_away(&request, payload, Refused::Method { allow: "POST" }))
}

/// The same under a name: 404 where no TSU has it.
pub(super) async fn only_post_at(request: HttpRequest, payload: Payload) -> Result<HttpResponse, Refused> {
    let known = request.app_data::<Rc<Worker>>().is_some_and(|worker| asked(&request, worker).is_some());
    let refused = if known { Refused::Method { allow: "POST" } } else { Refused::NotFound };
    Err(turn_away(&request, payload, refused))
}

/// The unit that a request's address means: the one named, or that of `/tsa`.
fn asked(request: &HttpRequest, worker: &Worker) -> Option<Arc<Unit>> {
    match request.match_info().get("tsu") {
        Some(name) => worker.service().unit(name),
        None => Some(worker.service().default_unit()),
    }
}

/// Counts a refusal and lets the body go unread.
fn turn_away(request: &HttpRequest, payload: Payload, refused: Refused) -> Refused {
    abandon(request, payload);
    if let Some(worker) = request.app_data::<Rc<Worker>>() {
        worker.service().turned_away(&refused);
    }
    refused
}
