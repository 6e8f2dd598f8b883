//! `/openapi.json`: what a service says of itself, and the addresses that every service has.

use actix_web::{
    HttpResponse,
    web::{self, Bytes, ServiceConfig},
};
use utoipa::{
    OpenApi as _,
    openapi::{ContentBuilder, OpenApi, Ref, RefOr, path::Operation},
};

use crate::{get_or_head, health, log_routes, only, problem::ProblemBody};

/// What both services answer.
#[derive(utoipa::OpenApi)]
#[openapi(
    paths(
        health::alive,
        health::ready,
        health::metrics,
        log_routes::own,
        log_routes::own_tile,
        log_routes::list,
        log_routes::named,
        log_routes::named_tile,
        answer
    ),
    components(schemas(ProblemBody<'_>))
)]
struct Shared;

/// The description of a service: its own routes, with those of every service; its errors are problems (RFC 9457).
#[derive(Clone, Debug)]
pub struct Description(Bytes);

impl Description {
    /// Completes what a service says of its own routes.
    ///
    /// # Panics
    /// Never: a document made of text can be written.
    #[must_use]
    pub fn new(mut own: OpenApi) -> Self {
        own.merge(Shared::openapi());
        for item in own.paths.paths.values_mut() {
            let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
            for operation in operations.into_iter().flatten() {
                describe_errors(operation);
            }
        }
        Self(own.to_pretty_json().expect("invariant: a document made of text can be written").into())
    }

    /// Adds the route.
    pub fn configure(&self, config: &mut ServiceConfig) {
        config
            .app_data(web::Data::new(self.clone()))
            .service(web::resource("/openapi.json").route(get_or_head().to(answer)).default_service(only("GET, HEAD")));
    }
}

fn describe_errors(operation: &mut Operation) {
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response
            && status.as_str() >= "400"
            && response.content.is_empty()
        {
            let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
            response.content.insert("application/problem+json".to_owned(), RefOr::T(problem));
        }
    }
}

/// This document.
#[utoipa::path(
    get,
    path = "/openapi.json",
    responses((status = 200, content_type = "application/json", description = "OpenAPI 3.1"))
)]
async fn answer(document: web::Data<Description>) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(document.0.clone())
}
