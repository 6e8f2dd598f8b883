//! Small pieces of routing.

use actix_web::{HttpRequest, HttpResponse, Route, guard, web};

use crate::{Refused, body::abandon};

/// A route for `GET` and `HEAD`.
#[must_use]
pub fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// What a resource answers to every other method: 405 with `Allow`. For `default_service` of a resource.
#[must_use]
pub fn only(allow: &'static str) -> Route {
    web::to(move |request: HttpRequest, payload: web::Payload| async move {
        abandon(&request, payload);
        Err::<HttpResponse, _>(Refused::Method { allow })
    })
}

/// What every path answers that nothing is at: 404.
pub(crate) async fn nothing(request: HttpRequest, payload: web::Payload) -> Result<HttpResponse, Refused> {
    abandon(&request, payload);
    Err(Refused::NotFound)
}
