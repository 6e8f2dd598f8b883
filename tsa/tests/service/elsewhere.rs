//! Receipts of tokens that stand in another log.

use std::sync::Arc;

use actix_web::{
    App,
    test::{TestRequest, call_service, init_service},
};
use kokuin_audit::{
    entry::Serial,
    tile::{BundleId, TileId},
};
use kokuin_tsa::http::routes;
use kokuin_web::{Limits, LogRoutes, PublicLog};

use crate::fixture::Setup;

/// The log of another instance: one that cannot be read, or one that has every token.
struct Elsewhere(Result<Option<String>, &'static str>);

impl PublicLog for Elsewhere {
    fn name(&self) -> &'static str {
        "elsewhere"
    }

    fn origin(&self) -> &'static str {
        "log.example/elsewhere"
    }

    fn vkey(&self) -> String {
        String::new()
    }

    fn is_open(&self) -> bool {
        true
    }

    fn size(&self) -> u64 {
        0
    }

    fn checkpoint(&self) -> String {
        String::new()
    }

    fn tile(&self, _: TileId) -> Result<Option<Vec<u8>>, &'static str> {
        Ok(None)
    }

    fn entries(&self, _: BundleId) -> Result<Option<Vec<u8>>, &'static str> {
        Ok(None)
    }

    fn receipt(&self, _: &Serial) -> Result<Option<String>, &'static str> {
        self.0.clone()
    }
}

/// A log that cannot be read may hold the token: that is no 404, and hides no other log.
#[actix_web::test]
async fn says_that_there_is_no_token_only_when_every_log_was_read() {
    let bench = Setup::default().start();
    let broken = || Elsewhere(Err("audit.storage"));
    for (others, status) in [
        (vec![Elsewhere(Ok(None))], 404),
        (vec![broken()], 503),
        (vec![Elsewhere(Ok(None)), broken()], 503),
        (vec![broken(), Elsewhere(Ok(Some("receipt".to_owned())))], 200),
    ] {
        let others: Vec<Arc<dyn PublicLog>> =
            others.into_iter().map(|log| -> Arc<dyn PublicLog> { Arc::new(log) }).collect();
        let log = LogRoutes::new(Arc::new(bench.service.log().clone())).with_others(others);
        let application = routes(&bench.service, &Limits::default(), &bench.registry, log, None);
        let app = init_service(App::new().configure(|config| application(config))).await;
        let asked = TestRequest::get().uri("/tsa/receipts/00ab").to_request();
        let response = call_service(&app, asked).await;
        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers().contains_key("retry-after"), status == 503);
    }
}
