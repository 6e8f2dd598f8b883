//! The service over HTTP (RFC 3161 3.4).
//!
//! Decided before a body is parsed, as problem+json: 400, 401, 403, 404, 405, 408, 413, 415, 429, 503. Every body that is parsed gets
//! a `TimeStampResp` with status 200, refused or not (TSP-45).

mod batch;
mod openapi;
mod public;
mod readiness;
mod timestamp;

use std::{rc::Rc, sync::Arc};

use actix_web::{
    middleware::from_fn,
    web::{self, Data, ServiceConfig},
};
use kokuin_web::{
    Admission, Application, Health, Limits, LogRoutes, Turns, correlate, get_or_head, metrics::Registry, only,
};

use crate::{Service, Worker, batch::Lane};
use batch::batch_routes;
use timestamp::Door;

/// Receipts looked up at a time, over all workers, and how many requests may wait for that: tokens are logged meanwhile.
const RECEIPTS: usize = 4;
const RECEIPTS_WAITING: usize = 256;

/// All routes of the time-stamp service, for one listener with these limits; with those of a batch lane if there is one.
///
/// Routes are tried in the order in which they are configured: the issuing path first, and addresses with names in them last.
#[must_use]
pub fn routes(
    service: &Arc<Service>,
    limits: &Limits,
    registry: &Registry,
    log: LogRoutes,
    lane: Option<&Arc<Lane>>,
) -> Application {
    let service = Arc::clone(service);
    let health = Health::new(service.clone(), registry.clone());
    let door = Door::new(Admission::new(limits), limits);
    let description = openapi::description();
    let batches = lane.map(|lane| batch_routes(lane, limits));
    let receipts = Turns::new(RECEIPTS, RECEIPTS_WAITING);
    Arc::new(move |config| {
        configure_timestamp(config, &service, &door);
        batches.iter().for_each(|batches| batches(config));
        configure_public(config, &service, &receipts);
        description.configure(config);
        configure_named(config);
        health.configure(config);
        log.configure(config);
    })
}

/// The issuing path. No middleware here: a token pays for what it needs.
fn configure_timestamp(config: &mut ServiceConfig, service: &Arc<Service>, door: &Door) {
    config.app_data(Data::new(door.clone())).app_data(Rc::new(Worker::new(service))).service(
        web::resource("/tsa").route(web::post().to(timestamp::stamp)).default_service(web::to(timestamp::only_post)),
    );
}

/// The units by name. Which there are is looked up at each request, so that a reload needs no new routes; it comes last, because the
/// service's own addresses under `/tsa/` are not names.
fn configure_named(config: &mut ServiceConfig) {
    config.service(
        web::resource("/tsa/{tsu}")
            .route(web::post().to(timestamp::stamp_at))
            .default_service(web::to(timestamp::only_post_at)),
    );
}

fn configure_public(config: &mut ServiceConfig, service: &Arc<Service>, receipts: &Turns) {
    config
        .app_data(Data::new(receipts.clone()))
        .app_data(Data::from(Arc::clone(service)))
        .service(
            web::resource("/tsa/certchain")
                .wrap(from_fn(correlate))
                .route(get_or_head().to(public::certchain))
                .default_service(only("GET, HEAD")),
        )
        .service(
            web::resource("/tsa/{tsu}/certchain")
                .wrap(from_fn(correlate))
                .route(get_or_head().to(public::certchain_of))
                .default_service(only("GET, HEAD")),
        )
        .service(
            web::resource("/tsa/receipts/{serial}")
                .wrap(from_fn(correlate))
                .route(get_or_head().to(public::receipt))
                .default_service(only("GET, HEAD")),
        );
}
