//! Bodies of `POST /v1/seals`: multipart with `document` and `request`, or JSON with a digest.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::{
    HttpMessage as _, HttpRequest,
    http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, DispositionParam, HeaderMap},
    web::{Bytes, BytesMut, Payload},
};
use futures_util::{StreamExt as _, stream};
use kokuin_settings::{ByteSize, Limit};
use kokuin_web::{Admission, BodyRules, Limits, Permit, Refused};

use crate::{
    SealError, SealRequest,
    bounds::{Places, SEALS, Taken},
};

const MULTIPART: &str = "multipart/form-data";
const JSON: &str = "application/json";

/// Octets of a request without its document.
const REQUEST_LIMIT: u32 = 64 * 1024;

/// Octets of boundaries and headers of a multipart body.
const FRAMING: u32 = 16 * 1024;

/// Who is let in, and with what body.
#[derive(Clone, Debug)]
pub(super) struct BodyDoor {
    admission: Admission,
    multipart: BodyRules,
    json: BodyRules,
    document_limit: usize,
    room: Places,
}

/// What a body holds.
#[derive(Debug)]
pub(super) struct Submitted {
    pub(super) request: SealRequest,
    pub(super) document: Option<Bytes>,
}

impl BodyDoor {
    pub(super) fn new(limits: &Limits, document_limit: usize, room: usize) -> Self {
        let document = u32::try_from(document_limit).unwrap_or(u32::MAX);
        let whole = document.saturating_add(REQUEST_LIMIT + FRAMING);
        let rules = |media_type, limit| BodyRules::new(media_type, ByteSize::from_bytes(limit), limits);
        let seals = Limit::new(SEALS).map_or(limits.in_flight, |most| most.min(limits.in_flight));
        let admission = Admission::new(&Limits { in_flight: seals, ..limits.clone() });
        // One document of the largest size always fits.
        let room = Places::new(room.max(usize::try_from(whole).unwrap_or(usize::MAX)));
        Self { room, admission, multipart: rules(MULTIPART, whole), json: rules(JSON, REQUEST_LIMIT), document_limit }
    }

    pub(super) const fn document_limit(&self) -> usize {
        self.document_limit
    }

    pub(super) fn admit(&self, request: &HttpRequest) -> Result<Permit, Refused> {
        self.admission.admit(request)
    }

    /// Takes room for a body before any of it is read: as much as it says, or as it may have at most.
    pub(super) fn reserve(&self, request: &HttpRequest) -> Result<Taken, Refused> {
        let most = self.multipart.limit.as_usize();
        let length = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        self.room.take(length.map_or(most, |length: usize| length.min(most))).ok_or(Refused::Busy { retry_after_s: 1 })
    }

    /// Reads the whole body, as far as the limits allow.
    pub(super) async fn read(&self, request: &HttpRequest, payload: Payload) -> Result<Bytes, Refused> {
        if request.content_type().eq_ignore_ascii_case(JSON) {
            self.json.read(request, payload).await
        } else {
            self.multipart.read(request, payload).await
        }
    }

    /// Takes a body apart.
    pub(super) async fn split(request: &HttpRequest, body: Bytes) -> Result<Submitted, SealError> {
        if request.content_type().eq_ignore_ascii_case(JSON) {
            return Ok(Submitted { request: SealRequest::parse(&body)?, document: None });
        }
        check_end(request, &body)?;
        parts(request.headers(), body).await
    }
}

/// The closing boundary is there, and nothing follows it (THR-75): whoever reads on would see other parts than we do.
fn check_end(request: &HttpRequest, body: &[u8]) -> Result<(), SealError> {
    let mime = request.mime_type().ok().flatten();
    let boundary =
        mime.as_ref().and_then(|mime| mime.get_param("boundary")).ok_or(SealError::Multipart("no boundary"))?;
    let end = format!("\r\n--{boundary}--");
    let body = body.strip_suffix(b"\r\n").unwrap_or(body);
    if !body.ends_with(end.as_bytes()) {
        return Err(SealError::Multipart("it does not end with its closing boundary"));
    }
    if body.windows(end.len()).filter(|window| *window == end.as_bytes()).count() > 1 {
        return Err(SealError::Multipart("something follows the closing boundary"));
    }
    Ok(())
}

async fn parts(headers: &HeaderMap, body: Bytes) -> Result<Submitted, SealError> {
    let once = stream::once(async move { Ok::<_, actix_web::error::PayloadError>(body) });
    let mut multipart = Multipart::new(headers, once);
    let (mut document, mut request) = (None, None);
    while let Some(field) = multipart.next().await {
        let mut field = field.map_err(|error| broken(&error))?;
        check_part(&field)?;
        let nested = field.content_type().is_some_and(|mime| mime.type_() == "multipart");
        let doubled = field.headers().get_all(CONTENT_TYPE).count() > 1;
        if nested || doubled {
            return Err(SealError::Multipart("a part is of a type that is not taken"));
        }
        let (name, place) = match field.name() {
            Some("document") => ("document", &mut document),
            Some("request") => ("request", &mut request),
            Some(_) | None => return Err(SealError::PartUnknown),
        };
        if place.is_some() {
            return Err(SealError::PartTwice(name));
        }
        let mut octets = BytesMut::new();
        while let Some(chunk) = field.next().await {
            octets.extend_from_slice(&chunk.map_err(|error| broken(&error))?);
        }
        *place = Some(octets.freeze());
    }
    let request = SealRequest::parse(&request.ok_or(SealError::PartMissing("request"))?)?;
    let document = document.ok_or(SealError::PartMissing("document"))?;
    Ok(Submitted { request, document: Some(document) })
}

/// A part has one name, and its octets are its content: others would take the second name, or decode.
fn check_part(field: &Field) -> Result<(), SealError> {
    let names = field.content_disposition().map(|disposition| {
        disposition.parameters.iter().filter(|parameter| matches!(parameter, DispositionParam::Name(_))).count()
    });
    let dispositions = field.headers().get_all(CONTENT_DISPOSITION).count();
    if names.is_some_and(|names| names > 1) || dispositions > 1 {
        return Err(SealError::Multipart("a part has two names"));
    }
    if field.headers().contains_key("content-transfer-encoding") {
        return Err(SealError::Multipart("a part is encoded"));
    }
    Ok(())
}

/// The library's words are not shown: they may hold what was sent.
fn broken(error: &MultipartError) -> SealError {
    tracing::debug!(%error, "multipart");
    SealError::Multipart("it is not framed as RFC 7578 says")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    /// Many large documents at a time would take all memory there is.
    #[test]
    fn refuses_documents_for_which_there_is_no_room() {
        let door = BodyDoor::new(&Limits::default(), 1_000_000, 3_000_000);
        let of = |length: &str| TestRequest::post().insert_header((CONTENT_LENGTH, length)).to_http_request();
        let unknown = TestRequest::post().to_http_request();
        let held = (door.reserve(&of("1000000")).unwrap(), door.reserve(&unknown).unwrap());
        assert_eq!(door.reserve(&unknown).unwrap_err(), Refused::Busy { retry_after_s: 1 });
        assert!(door.reserve(&of("1000")).is_ok(), "small ones still come in");
        drop(held);
        assert!(door.reserve(&of("99999999999")).is_ok(), "refused for its length, not here");
        assert!(BodyDoor::new(&Limits::default(), 1_000_000, 1).reserve(&unknown).is_ok(), "one always fits");
    }

    #[test]
    fn lets_fewer_seals_in_at_a_time_than_there_are_threads() {
        let door = BodyDoor::new(&Limits::default(), 1_000, 1_000_000);
        let request = TestRequest::post().to_http_request();
        let held: Vec<_> = (0..SEALS).map(|_| door.admit(&request).unwrap()).collect();
        assert_eq!(door.admit(&request).unwrap_err(), Refused::Busy { retry_after_s: 1 });
        drop(held);
    }
}
