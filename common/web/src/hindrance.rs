//! What stands in a service's way and is not its own: it takes `/readyz` over for as long.

use std::sync::Arc;

use actix_web::{
    HttpResponse, guard,
    http::{StatusCode, header},
    web::{self, ServiceConfig},
};

use crate::{NotReady, Problem, Readiness, get_or_head};

/// A reason from outside the service for which it is not ready. It is asked with each request for `/readyz`, so its answer must be at hand.
#[derive(Clone)]
pub struct Hindrance(Arc<dyn Readiness>);

impl Hindrance {
    /// What `reason` says goes before what the service says.
    #[must_use]
    pub fn new(reason: Arc<dyn Readiness>) -> Self {
        Self(reason)
    }

    /// Adds the route: before the service's own.
    pub fn configure(&self, config: &mut ServiceConfig) {
        let (guarded, told) = (Arc::clone(&self.0), Arc::clone(&self.0));
        let hindered = guard::fn_guard(move |_| guarded.check().is_err());
        let answer = move || std::future::ready(not_ready(told.check()));
        config.service(web::resource("/readyz").guard(hindered).route(get_or_head().to(answer)));
    }
}

/// Between the two looks the reason may have gone.
fn not_ready(answer: Result<(), NotReady>) -> Result<HttpResponse, Problem> {
    let NotReady { code, detail } = match answer {
        Err(reason) => reason,
        Ok(()) => NotReady { code: "web.look-again", detail: "what stood in the way has just gone".to_owned() },
    };
    let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, "not ready");
    Err(problem.detail(detail).header(header::RETRY_AFTER, "1"))
}

impl std::fmt::Debug for Hindrance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hindrance")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use actix_web::{App, test};

    use super::*;
    use crate::{Health, metrics::Registry};

    struct Ready;

    impl Readiness for Ready {
        fn check(&self) -> Result<(), NotReady> {
            Ok(())
        }
    }

    struct Stands(AtomicBool);

    impl Readiness for Stands {
        fn check(&self) -> Result<(), NotReady> {
            let detail = "device hsm-1".to_owned();
            if self.0.load(Ordering::Relaxed) { Err(NotReady { code: "drift.serial", detail }) } else { Ok(()) }
        }
    }

    #[actix_web::test]
    async fn what_stands_in_the_way_is_told_for_as_long_as_it_does() {
        let reason = Arc::new(Stands(AtomicBool::new(true)));
        let (hindrance, health) = (Hindrance::new(reason.clone()), Health::new(Arc::new(Ready), Registry::new()));
        let app = test::init_service(App::new().configure(|config| {
            hindrance.configure(config);
            health.configure(config);
        }))
        .await;
        let ask = || test::TestRequest::with_uri("/readyz").to_request();
        let response = test::call_service(&app, ask()).await;
        assert_eq!(response.status(), 503);
        let body = test::read_body(response).await;
        assert!(String::from_utf8_lossy(&body).contains("drift.serial"), "{body:?}");
        let alive = test::call_service(&app, test::TestRequest::with_uri("/healthz").to_request()).await;
        assert_eq!(alive.status(), 200);
        reason.0.store(false, Ordering::Relaxed);
        assert_eq!(test::call_service(&app, ask()).await.status(), 200);
    }
}
