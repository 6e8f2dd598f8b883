//! The service over HTTP. Errors are problem+json (RFC 9457).
//!
//! Decided before a body is read: 401, 403, 405, 413, 415, 429, 503.

mod body;
mod credentials;
mod openapi;
mod problem;
mod read;
mod seals;

use std::sync::Arc;

use actix_web::{
    middleware::from_fn,
    web::{self, Data, ServiceConfig},
};
use kokuin_web::{Application, Health, Limits, LogRoutes, correlate, get_or_head, metrics::Registry};

use crate::Service;
use body::BodyDoor;
use problem::only;

/// All routes of the e-seal service, for one listener with these limits.
#[must_use]
pub fn routes(service: &Arc<Service>, limits: &Limits, registry: &Registry, log: LogRoutes) -> Application {
    let service = Arc::clone(service);
    let health = Health::new(service.clone(), registry.clone());
    let door = BodyDoor::new(limits, service.document_limit, service.documents_at_once);
    let description = openapi::description();
    Arc::new(move |config| {
        configure_seals(config, &service, &door);
        description.configure(config);
        health.configure(config);
        log.configure(config);
    })
}

fn configure_seals(config: &mut ServiceConfig, service: &Arc<Service>, door: &BodyDoor) {
    config
        .app_data(Data::from(Arc::clone(service)))
        .app_data(Data::new(door.clone()))
        .service(
            web::resource("/v1/seals")
                .wrap(from_fn(correlate))
                .route(web::post().to(seals::create))
                .default_service(only("POST")),
        )
        .service(
            web::resource("/v1/seals/{id}")
                .wrap(from_fn(correlate))
                .route(get_or_head().to(read::metadata))
                .default_service(only("GET, HEAD")),
        )
        .service(
            web::resource("/v1/seals/{id}/receipt")
                .wrap(from_fn(correlate))
                .route(get_or_head().to(read::receipt))
                .default_service(only("GET, HEAD")),
        )
        .service(
            web::resource("/v1/credentials")
                .wrap(from_fn(correlate))
                .route(get_or_head().to(credentials::list))
                .default_service(only("GET, HEAD")),
        );
}
