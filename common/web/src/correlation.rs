//! A name for each request, so that caller and operator speak of the same one.

use std::fmt;

use actix_web::{
    Error, HttpMessage as _, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{HeaderName, HeaderValue},
    middleware::Next,
};

/// The header, in requests and answers.
const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The caller's name for a request if it is well-formed (1 to 64 letters, digits, `-`, `_`, `.`), else a UUID version 7.
///
/// Nothing else of the caller's reaches a log line or an answer (THR-55).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CorrelationId(String);

impl CorrelationId {
    /// The name of this request: the one a middleware gave it, else one of its own.
    #[must_use]
    pub fn of(request: &HttpRequest) -> Self {
        if let Some(id) = request.extensions().get::<Self>() {
            return id.clone();
        }
        Self::choose(request.headers().get(HEADER))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn choose(asked: Option<&HeaderValue>) -> Self {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        match asked.and_then(|value| value.to_str().ok()) {
            Some(asked) if (1..=64).contains(&asked.len()) && asked.bytes().all(allowed) => Self(asked.to_owned()),
            Some(_) | None => Self(uuid::Uuid::now_v7().to_string()),
        }
    }
}

impl fmt::Display for CorrelationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Middleware of a scope (`actix_web::middleware::from_fn(correlate)`): names the request, returns the name, and writes
/// one line about it: method, route, status and time, never the path or a header as received.
///
/// # Errors
/// Those of the service inside.
pub async fn correlate<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let id = CorrelationId::choose(request.headers().get(HEADER));
    request.extensions_mut().insert(id.clone());
    let start = std::time::Instant::now();
    let mut response = next.call(request).await?;
    let duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    tracing::info!(
        request_id = id.as_str(),
        method = known_method(response.request().method().as_str()),
        route = response.request().match_pattern().as_deref().unwrap_or("other"),
        status = response.status().as_u16(),
        duration_us,
        "answered"
    );
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        response.headers_mut().insert(HEADER, value);
    }
    Ok(response)
}

/// A method as it may stand in a log line.
fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, middleware::from_fn, test, web};

    use super::*;
    use crate::Refused;

    async fn answered(asked: Option<&[u8]>) -> String {
        let app = App::new().service(
            web::scope("")
                .wrap(from_fn(correlate))
                .route(
                    "/",
                    web::get().to(|request: HttpRequest| async move {
                        HttpResponse::Ok().body(CorrelationId::of(&request).to_string())
                    }),
                )
                .route("/refused", web::get().to(|| async { Err::<HttpResponse, _>(Refused::Forbidden) })),
        );
        let app = test::init_service(app).await;
        let request = |path: &str| match asked {
            Some(asked) => {
                test::TestRequest::get().uri(path).insert_header((HEADER, HeaderValue::from_bytes(asked).unwrap()))
            }
            None => test::TestRequest::get().uri(path),
        };
        let refused = test::call_service(&app, request("/refused").to_request()).await;
        assert!(refused.headers().contains_key(HEADER), "also on refusals");
        let response = test::call_service(&app, request("/").to_request()).await;
        let header = response.headers().get(HEADER).unwrap().to_str().unwrap().to_owned();
        assert_eq!(test::read_body(response).await, header.as_bytes(), "the handler sees the same name");
        header
    }

    #[actix_web::test]
    async fn returns_a_well_formed_name() {
        assert_eq!(answered(Some(b"order-17_a.B")).await, "order-17_a.B");
        let longest = "a".repeat(64);
        assert_eq!(answered(Some(longest.as_bytes())).await, longest);
    }

    #[actix_web::test]
    async fn replaces_any_other_name_thr_55() {
        let long = "a".repeat(65);
        for asked in [None, Some(&b""[..]), Some(b"a b"), Some(b"a\"b"), Some(b"\xe3\x81\x82"), Some(long.as_bytes())] {
            let id = answered(asked).await;
            assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 7, "{asked:?}");
        }
    }
}
