//! Request bodies: the right type, not too large, not too slow.

use std::{
    future::{Future as _, poll_fn},
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use actix_web::{
    HttpRequest,
    http::header,
    rt::time::{Sleep, sleep},
    web::{Bytes, BytesMut, Payload},
};
use futures_util::Stream as _;
use kokuin_settings::{ByteSize, HumanDuration};

use crate::{Limits, Refused};

/// What a body of one resource has to be. Decided before anything is parsed, and without reading more than the limit.
#[derive(Clone, Copy, Debug)]
pub struct BodyRules {
    /// The only media type; parameters are ignored.
    pub media_type: &'static str,
    /// Most bytes, with or without a `Content-Length`.
    pub limit: ByteSize,
    /// The whole body is here within this.
    pub within: HumanDuration,
}

impl BodyRules {
    /// The rules of a listener with these limits: a small body has less time.
    #[must_use]
    pub fn new(media_type: &'static str, limit: ByteSize, limits: &Limits) -> Self {
        Self { media_type, limit, within: limits.body_within(limit) }
    }
}

impl BodyRules {
    /// Reads the whole body. A body that came with its headers is neither copied nor timed.
    ///
    /// # Errors
    /// 415, 413, 408 or 400, in this order.
    pub async fn read(&self, request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Refused> {
        let mut reading = Reading { rules: self, first: None, rest: BytesMut::new(), timer: None };
        let body = match self.check_head(request) {
            Ok(()) => poll_fn(|context| reading.poll(&mut payload, context)).await,
            Err(refused) => Err(refused),
        };
        if body.is_err() {
            abandon(request, payload);
        }
        body
    }

    /// Checks what the headers say.
    ///
    /// # Errors
    /// 415 or 413.
    pub fn check_head(&self, request: &HttpRequest) -> Result<(), Refused> {
        let mut types = request.headers().get_all(header::CONTENT_TYPE);
        let expected = Refused::MediaType { expected: self.media_type };
        let (Some(value), None) = (types.next(), types.next()) else { return Err(expected) };
        let essence = value.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
        if !essence.trim_ascii().eq_ignore_ascii_case(self.media_type.as_bytes()) {
            return Err(expected);
        }
        // A length that is no number has been refused by the HTTP parser.
        let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
        match length.map(str::parse::<u64>) {
            Some(Ok(length)) if length <= self.limit.bytes() => Ok(()),
            Some(Ok(_) | Err(_)) => Err(self.too_large()),
            None => Ok(()),
        }
    }

    const fn too_large(&self) -> Refused {
        Refused::BodyTooLarge { limit: self.limit.bytes() }
    }

    fn too_slow(&self) -> Refused {
        let within_ms = u64::try_from(self.within.as_std().as_millis()).unwrap_or(u64::MAX);
        Refused::BodyTimeout { within_ms }
    }
}

/// Gives up a body that nobody will read. The server would read a chunked one to its end, which may never come, once the
/// payload is dropped; while it is held, the server answers and closes the connection (THR-85).
pub fn abandon(request: &HttpRequest, payload: Payload) {
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        drop(actix_web::rt::spawn(async move {
            sleep(ANSWERED).await;
            drop(payload);
        }));
    }
}

/// Long after an answer was handed to the server.
const ANSWERED: Duration = Duration::from_secs(1);

/// Bytes a second that a body comes with on average, once [`UNHURRIED`] is over (THR-87).
const SLOWEST: u64 = 1_024;

/// How long a body may take its time.
const UNHURRIED: Duration = Duration::from_secs(5);

/// Between two looks at its rate.
const BETWEEN: Duration = Duration::from_secs(1);

struct Reading<'a> {
    rules: &'a BodyRules,
    first: Option<Bytes>,
    rest: BytesMut,
    timer: Option<Timer>,
}

/// Started when a body is first waited for.
struct Timer {
    started: Instant,
    /// When the rate is looked at next, or the whole time is over.
    next: Pin<Box<Sleep>>,
}

impl Reading<'_> {
    fn poll(&mut self, payload: &mut Payload, context: &mut Context<'_>) -> Poll<Result<Bytes, Refused>> {
        loop {
            match Pin::new(&mut *payload).poll_next(context) {
                Poll::Ready(Some(Ok(chunk))) => {
                    if let Err(refused) = self.take(chunk) {
                        return Poll::Ready(Err(refused));
                    }
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(Refused::BodyBroken)),
                Poll::Ready(None) => return Poll::Ready(Ok(self.finish())),
                Poll::Pending => match self.poll_timer(context) {
                    Poll::Ready(Some(refused)) => return Poll::Ready(Err(refused)),
                    Poll::Ready(None) => (),
                    Poll::Pending => return Poll::Pending,
                },
            }
        }
    }

    /// Ready when the timer has run: with a refusal, or with another one started.
    fn poll_timer(&mut self, context: &mut Context<'_>) -> Poll<Option<Refused>> {
        let within = self.rules.within.as_std();
        let timer = self
            .timer
            .get_or_insert_with(|| Timer { started: Instant::now(), next: Box::pin(sleep(within.min(UNHURRIED))) });
        ready!(timer.next.as_mut().poll(context));
        let elapsed = timer.started.elapsed();
        if elapsed >= within {
            return Poll::Ready(Some(self.rules.too_slow()));
        }
        timer.next = Box::pin(sleep((within - elapsed).min(BETWEEN)));
        let came = self.first.as_ref().map_or(0, Bytes::len) + self.rest.len();
        let is_slow = u64::try_from(came).is_ok_and(|came| came < elapsed.as_secs() * SLOWEST);
        Poll::Ready(is_slow.then_some(Refused::BodyTooSlow { bytes_per_second: SLOWEST }))
    }

    fn take(&mut self, chunk: Bytes) -> Result<(), Refused> {
        let length = self.first.as_ref().map_or(0, Bytes::len) + self.rest.len() + chunk.len();
        if length > self.rules.limit.as_usize() {
            return Err(self.rules.too_large());
        }
        match (&self.first, self.rest.is_empty()) {
            (None, true) => self.first = Some(chunk),
            (Some(_) | None, _) => {
                if let Some(first) = self.first.take() {
                    self.rest.extend_from_slice(&first);
                }
                self.rest.extend_from_slice(&chunk);
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Bytes {
        self.first.take().unwrap_or_else(|| std::mem::take(&mut self.rest).freeze())
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{App, HttpResponse, test, web};

    use super::*;

    const RULES: BodyRules = BodyRules {
        media_type: "application/timestamp-query",
        limit: ByteSize::from_bytes(16),
        within: HumanDuration::from_millis(100),
    };

    async fn answer(headers: &[(&str, &str)], body: &'static [u8]) -> (u16, Bytes) {
        let handler = |request: HttpRequest, payload: Payload| async move {
            RULES.read(&request, payload).await.map(|body| HttpResponse::Ok().body(body))
        };
        let app = test::init_service(App::new().route("/", web::post().to(handler))).await;
        let mut request = test::TestRequest::post().set_payload(body);
        for header in headers {
            request = request.append_header(*header);
        }
        let response = test::call_service(&app, request.to_request()).await;
        (response.status().as_u16(), test::read_body(response).await)
    }

    const TYPE: (&str, &str) = ("content-type", "application/timestamp-query");

    #[actix_web::test]
    async fn reads_a_body_up_to_the_limit() {
        assert_eq!(answer(&[TYPE], b"0123456789abcdef").await, (200, Bytes::from_static(b"0123456789abcdef")));
        let parameters = ("content-type", "Application/Timestamp-Query ; charset=x");
        assert_eq!(answer(&[parameters], b"x").await.0, 200);
    }

    #[actix_web::test]
    async fn refuses_body_over_the_limit_thr_85() {
        assert_eq!(answer(&[TYPE], b"0123456789abcdefg").await.0, 413);
    }

    #[actix_web::test]
    async fn refuses_other_absent_and_repeated_media_types() {
        for headers in [
            &[("content-type", "text/plain")][..],
            &[],
            &[TYPE, TYPE],
            &[("content-type", "application/timestamp-queryx")],
        ] {
            assert_eq!(answer(headers, b"x").await.0, 415, "{headers:?}");
        }
    }
}
