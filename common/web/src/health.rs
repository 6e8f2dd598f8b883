//! `/healthz`, `/readyz` and `/metrics`.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web::{self, Bytes, Data, ServiceConfig},
};

use crate::{Problem, get_or_head, metrics::Registry, only};

/// Why a service cannot do its work now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NotReady {
    /// Stable name.
    pub code: &'static str,
    /// What an operator should know; public.
    pub detail: String,
}

/// Whether a service can do its work: key, clock, log. May block for a moment.
pub trait Readiness: Send + Sync {
    /// Looks.
    ///
    /// # Errors
    /// The first reason why not.
    fn check(&self) -> Result<(), NotReady>;

    /// Parts that cannot do their work while the service as a whole can: one line each, public.
    fn impaired(&self) -> Vec<String> {
        Vec::new()
    }
}

/// The answers about a service's state. Readiness is looked at no more than once a second, however often it is asked
/// for, so that nobody can keep a device busy with it (THR-95).
#[derive(Clone)]
pub struct Health {
    readiness: Arc<dyn Readiness>,
    seen: Arc<Mutex<Option<Seen>>>,
    registry: Registry,
    rendered: Arc<Mutex<Option<(Instant, Bytes)>>>,
}

/// When readiness was looked at, and what was seen.
type Seen = (Instant, Result<Vec<String>, NotReady>);

/// How long the text of the metrics is kept.
const RENDERED: Duration = Duration::from_millis(250);

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(1);

impl Health {
    /// Answers for one service.
    #[must_use]
    pub fn new(readiness: Arc<dyn Readiness>, registry: Registry) -> Self {
        Self { readiness, seen: Arc::default(), registry, rendered: Arc::default() }
    }

    /// Adds the three routes.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(Data::new(self.clone()))
            .service(web::resource("/healthz").route(get_or_head().to(alive)).default_service(only("GET, HEAD")))
            .service(web::resource("/readyz").route(get_or_head().to(ready)).default_service(only("GET, HEAD")))
            .service(web::resource("/metrics").route(get_or_head().to(metrics)).default_service(only("GET, HEAD")));
    }

    /// The metrics, rendered no more than four times a second: readings of the process and of each unit cost more than a token's share (THR-95).
    fn metrics(&self) -> Bytes {
        let mut rendered = self.rendered.lock().unwrap_or_else(PoisonError::into_inner);
        match &*rendered {
            Some((when, text)) if when.elapsed() < RENDERED => text.clone(),
            Some(_) | None => {
                let text = Bytes::from(self.registry.render());
                *rendered = Some((Instant::now(), text.clone()));
                text
            }
        }
    }

    fn look(&self) -> Result<Vec<String>, NotReady> {
        // Held while looking: whoever comes meanwhile waits for the same answer.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match &*seen {
            Some((when, answer)) if when.elapsed() < KEPT => answer.clone(),
            Some(_) | None => {
                let answer = self.readiness.check().map(|()| self.readiness.impaired());
                *seen = Some((Instant::now(), answer.clone()));
                answer
            }
        }
    }
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Health")
    }
}

/// Whether the process answers.
#[utoipa::path(get, path = "/healthz", responses((status = 200, content_type = "text/plain", body = String, description = "It does")))]
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// Whether the service can do its work.
#[utoipa::path(
    get,
    path = "/readyz",
    responses(
        (status = 200, content_type = "text/plain", body = String,
            description = "`ready`, then a line `but not NAME: CODE` for each part that cannot do its work"),
        (status = 503, description = "It cannot; the code says why"),
    )
)]
pub(crate) async fn ready(health: Data<Health>) -> Result<HttpResponse, Problem> {
    let stopped = |_| NotReady { code: "web.stopping", detail: "the service is stopping".to_owned() };
    let answer = web::block(move || health.look()).await.map_err(stopped).and_then(|answer| answer);
    match answer {
        Ok(impaired) => {
            let lines = impaired.iter().map(|line| format!("but not {line}\n"));
            let text: String = std::iter::once("ready\n".to_owned()).chain(lines).collect();
            Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
        }
        Err(NotReady { code, detail }) => Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, "not ready")
            .detail(detail)
            .header(header::RETRY_AFTER, "1")),
    }
}

/// Figures for Prometheus.
#[utoipa::path(
    get,
    path = "/metrics",
    responses((status = 200, content_type = "text/plain", body = String, description = "Text exposition format 0.0.4"))
)]
pub(crate) async fn metrics(health: Data<Health>) -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(health.metrics())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use actix_web::{App, test};

    use super::*;

    struct Counted(AtomicU32, bool);

    impl Readiness for Counted {
        fn check(&self) -> Result<(), NotReady> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if self.1 { Ok(()) } else { Err(NotReady { code: "clock.stepped", detail: "moved".into() }) }
        }
    }

    #[actix_web::test]
    async fn looks_once_however_often_it_is_asked_thr_95() {
        let readiness = Arc::new(Counted(AtomicU32::new(0), true));
        let health = Health::new(readiness.clone(), Registry::new());
        let app = test::init_service(App::new().configure(|config| health.configure(config))).await;
        for _ in 0..100 {
            let response = test::call_service(&app, test::TestRequest::with_uri("/readyz").to_request()).await;
            assert_eq!(response.status(), 200);
        }
        assert!(readiness.0.load(Ordering::Relaxed) <= 2);
    }

    #[actix_web::test]
    async fn renders_metrics_once_however_often_they_are_asked_for_thr_95() {
        let (registry, read) = (Registry::new(), Arc::new(AtomicU32::new(0)));
        let counted = Arc::clone(&read);
        registry.observe("kokuin_reads", "Reads.", move || counted.fetch_add(1, Ordering::Relaxed).into());
        let health = Health::new(Arc::new(Counted(AtomicU32::new(0), true)), registry);
        let app = test::init_service(App::new().configure(|config| health.configure(config))).await;
        let begun = Instant::now();
        for _ in 0..100 {
            let response = test::call_service(&app, test::TestRequest::with_uri("/metrics").to_request()).await;
            assert_eq!(response.status(), 200);
        }
        let most = 1 + begun.elapsed().as_millis() / RENDERED.as_millis();
        assert!(u128::from(read.load(Ordering::Relaxed)) <= most);
        std::thread::sleep(RENDERED);
        let asked = test::TestRequest::with_uri("/metrics").to_request();
        let text = test::call_and_read_body(&app, asked).await;
        assert!(
            !text.starts_with(b"# HELP kokuin_reads Reads.\n# TYPE kokuin_reads gauge\nkokuin_reads 0\n"),
            "fresh again"
        );
    }

    #[actix_web::test]
    async fn says_why_it_is_not_ready() {
        let health = Health::new(Arc::new(Counted(AtomicU32::new(0), false)), Registry::new());
        let app = test::init_service(App::new().configure(|config| health.configure(config))).await;
        let response = test::call_service(&app, test::TestRequest::with_uri("/readyz").to_request()).await;
        assert_eq!(
            (response.status().as_u16(), response.headers().get("retry-after").unwrap().as_bytes()),
            (503, &b"1"[..])
        );
        let body = test::read_body(response).await;
        assert!(body.windows(13).any(|part| part == b"clock.stepped"));
        for (path, method, status) in
            [("/healthz", "GET", 200), ("/metrics", "GET", 200), ("/healthz", "POST", 405), ("/healthz", "HEAD", 200)]
        {
            let request = test::TestRequest::with_uri(path).method(method.parse().unwrap());
            assert_eq!(test::call_service(&app, request.to_request()).await.status().as_u16(), status);
        }
    }
}
