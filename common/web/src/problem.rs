//! Errors as RFC 9457 writes them.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{HeaderName, HeaderValue},
    },
};
use serde::Serialize;

/// What a code is identified by (RFC 9457 3.1.1): a name, not an address. `docs/errors.md` explains the codes.
const EXPLAINED: &str = "https://kokuin.invalid/errors#";

/// An error for the caller: `application/problem+json` (RFC 9457) with a stable `code`.
#[derive(Clone, Debug)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: String,
    detail: Option<String>,
    clause: Option<&'static str>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What goes over the wire.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody<'a> {
    /// Identifies the code.
    r#type: String,
    /// The rule that was broken, in words.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// Stable name of the rule.
    code: &'a str,
    /// What was found in this request.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// The standard's clause that makes it a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    clause: Option<&'a str>,
}

impl Problem {
    /// A broken rule: its HTTP status, its stable code, and the rule in words.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<String>) -> Self {
        Self { status, code, title: title.into(), detail: None, clause: None, headers: Vec::new() }
    }

    /// Adds what was found in this request.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds the standard's clause.
    #[must_use]
    pub const fn clause(mut self, clause: &'static str) -> Self {
        self.clause = Some(clause);
        self
    }

    /// Adds an HTTP header; a value that HTTP does not allow is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Stable name of the rule.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The answer.
    #[must_use]
    pub fn response(&self) -> HttpResponse {
        let body = ProblemBody {
            r#type: format!("{EXPLAINED}{}", self.code),
            title: &self.title,
            status: self.status.as_u16(),
            code: self.code,
            detail: self.detail.as_deref(),
            clause: self.clause,
        };
        let mut response = HttpResponse::build(self.status);
        response.content_type("application/problem+json");
        response.insert_header(("cache-control", "no-store"));
        for header in &self.headers {
            response.insert_header(header.clone());
        }
        response.body(serde_json::to_string(&body).unwrap_or_default())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.title)?;
        match &self.detail {
            Some(detail) => write!(f, ": {detail}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}

#[cfg(test)]
mod tests {
    use actix_web::{body::MessageBody as _, http::header};

    use super::*;

    #[test]
    fn writes_rfc_9457_with_a_stable_code() {
        let problem = Problem::new(StatusCode::CONFLICT, "seal.twice", "sealed already")
            .detail("by \"x\"\u{1b}")
            .clause("EN 319 142-1 5.4")
            .header(header::RETRY_AFTER, "3");
        let response = problem.response();
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers().get("content-type").unwrap(), "application/problem+json");
        assert_eq!(response.headers().get("retry-after").unwrap(), "3");
        let body = response.into_body().try_into_bytes().unwrap();
        assert_eq!(
            std::str::from_utf8(&body).unwrap(),
            "{\"type\":\"https://kokuin.invalid/errors#seal.twice\",\
             \"title\":\"sealed already\",\"status\":409,\"code\":\"seal.twice\",\
             \"detail\":\"by \\\"x\\\"\\u001b\",\"clause\":\"EN 319 142-1 5.4\"}"
        );
    }

    #[test]
    fn leaves_out_a_header_that_would_split_the_answer() {
        let problem = Problem::new(StatusCode::CONFLICT, "a", "b").header(header::LOCATION, "x\r\nset-cookie: y");
        assert!(problem.response().headers().get("location").is_none());
    }
}
