//! Small pieces of routing.

use actix_web::{HttpResponse, Route, guard, web};

use crate::Refused;

/// A route for `GET` and `HEAD`.
#[must_use]
pub fn get_or_head() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// What a resource answers to every other method: 405 with `Allow`. For `default_service` of a resource.
#[must_use]
pub fn only(allow: &'static str) -> Route {
    web::to(move || async move { Err::<HttpResponse, _>(Refused::Method { allow }) })
}
