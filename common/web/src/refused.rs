//! What is refused before a body is parsed.

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};

use crate::Problem;

/// A rule of the edge that a request broke.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refused {
    /// Nothing is there.
    #[error("no such resource")]
    NotFound,
    /// The resource has other methods.
    #[error("method not allowed here, only {allow}")]
    Method {
        /// The methods, as the `Allow` header lists them.
        allow: &'static str,
    },
    /// No media type, several, or another.
    #[error("the body must be {expected}")]
    MediaType {
        /// The media type.
        expected: &'static str,
    },
    /// The body is too large; it was not read to its end.
    #[error("the body may have at most {limit} bytes")]
    BodyTooLarge {
        /// Bytes allowed.
        limit: u64,
    },
    /// The body came too slowly.
    #[error("the body must be here within {within_ms} ms")]
    BodyTimeout {
        /// Milliseconds allowed.
        within_ms: u64,
    },
    /// The body comes, but hardly.
    #[error("a body must come with at least {bytes_per_second} bytes a second")]
    BodyTooSlow {
        /// Bytes a second, on average.
        bytes_per_second: u64,
    },
    /// The body broke off or is not framed as HTTP frames it.
    #[error("the body broke off")]
    BodyBroken,
    /// A proxy does not say for whom it speaks as it should.
    #[error("the proxy's header does not name the client")]
    Forwarded,
    /// No credentials.
    #[error("credentials are needed")]
    CredentialsMissing,
    /// The connection has no client certificate, and nothing else would do.
    #[error("a client certificate is needed")]
    CertificateMissing,
    /// Credentials that nobody has, or no longer.
    #[error("the credentials are not valid")]
    CredentialsInvalid,
    /// Known, but not allowed to do this.
    #[error("these credentials do not allow this")]
    Forbidden,
    /// More requests than one client may send.
    #[error("too many requests from this client")]
    TooManyRequests {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// More requests than all clients together may send here.
    #[error("too many requests for this resource")]
    QuotaUsedUp {
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// More requests than the service does at a time.
    #[error("the service has all it can do")]
    Busy {
        /// Seconds to wait.
        retry_after_s: u64,
    },
}

impl Refused {
    /// Stable name, for logs, metrics and `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "web.not-found",
            Self::Method { .. } => "web.method",
            Self::MediaType { .. } => "web.media-type",
            Self::BodyTooLarge { .. } => "web.body-too-large",
            Self::BodyTimeout { .. } => "web.body-timeout",
            Self::BodyTooSlow { .. } => "web.body-too-slow",
            Self::BodyBroken => "web.body-broken",
            Self::Forwarded => "web.forwarded",
            Self::CredentialsMissing => "web.credentials-missing",
            Self::CertificateMissing => "web.certificate-missing",
            Self::CredentialsInvalid => "web.credentials-invalid",
            Self::Forbidden => "web.forbidden",
            Self::TooManyRequests { .. } => "web.too-many-requests",
            Self::QuotaUsedUp { .. } => "web.quota-used-up",
            Self::Busy { .. } => "web.busy",
        }
    }

    /// The text that makes it a rule.
    #[must_use]
    pub const fn clause(&self) -> &'static str {
        match self {
            Self::NotFound => "RFC 9110 15.5.5",
            Self::Method { .. } => "RFC 9110 15.5.6",
            Self::MediaType { .. } => "RFC 9110 15.5.16",
            Self::BodyTooLarge { .. } => "RFC 9110 15.5.14",
            Self::BodyTimeout { .. } | Self::BodyTooSlow { .. } => "RFC 9110 15.5.9",
            Self::BodyBroken => "RFC 9110 15.5.1",
            Self::Forwarded => "RFC 7239 4",
            Self::CredentialsMissing | Self::CredentialsInvalid => "RFC 6750 3.1",
            Self::CertificateMissing | Self::Forbidden => "RFC 9110 15.5.4",
            Self::TooManyRequests { .. } | Self::QuotaUsedUp { .. } => "RFC 6585 4",
            Self::Busy { .. } => "RFC 9110 15.6.4",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout { .. } | Self::BodyTooSlow { .. } => StatusCode::REQUEST_TIMEOUT,
            Self::BodyBroken | Self::Forwarded => StatusCode::BAD_REQUEST,
            Self::CredentialsMissing | Self::CredentialsInvalid => StatusCode::UNAUTHORIZED,
            // A 401 would have to name a scheme of HTTP that helps: none does.
            Self::CertificateMissing | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::TooManyRequests { .. } | Self::QuotaUsedUp { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy { .. } => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let problem = Self::new(refused.status(), refused.code(), refused.to_string()).clause(refused.clause());
        match refused {
            Refused::NotFound
            | Refused::MediaType { .. }
            | Refused::CertificateMissing
            | Refused::Forbidden
            | Refused::Forwarded => problem,
            Refused::Method { allow } => problem.header(header::ALLOW, allow),
            // What is left of the body is not read, so the connection has no further use.
            Refused::BodyTooLarge { .. }
            | Refused::BodyTimeout { .. }
            | Refused::BodyTooSlow { .. }
            | Refused::BodyBroken => problem.header(header::CONNECTION, "close"),
            Refused::CredentialsMissing => problem.header(header::WWW_AUTHENTICATE, "Bearer realm=\"kokuin\""),
            Refused::CredentialsInvalid => {
                problem.header(header::WWW_AUTHENTICATE, "Bearer realm=\"kokuin\", error=\"invalid_token\"")
            }
            Refused::TooManyRequests { retry_after_s }
            | Refused::QuotaUsedUp { retry_after_s }
            | Refused::Busy { retry_after_s } => problem.header(header::RETRY_AFTER, &retry_after_s.max(1).to_string()),
        }
    }
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        Problem::from(self.clone()).response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(refused: &Refused, header: &str) -> (u16, Option<String>) {
        let response = refused.error_response();
        let value = response.headers().get(header).map(|value| value.to_str().unwrap().to_owned());
        (response.status().as_u16(), value)
    }

    #[test]
    fn answers_each_refusal_with_its_status_and_header() {
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(answer(&Refused::Method { allow: "GET, HEAD" }, "allow"), (405, value("GET, HEAD")));
        assert_eq!(answer(&Refused::BodyTooLarge { limit: 1 }, "connection"), (413, value("close")));
        assert_eq!(answer(&Refused::MediaType { expected: "text/plain" }, "allow"), (415, None));
        assert_eq!(answer(&Refused::CredentialsMissing, "www-authenticate"), (401, value("Bearer realm=\"kokuin\"")));
        assert_eq!(
            answer(&Refused::CredentialsInvalid, "www-authenticate"),
            (401, value("Bearer realm=\"kokuin\", error=\"invalid_token\""))
        );
        assert_eq!(answer(&Refused::Forbidden, "www-authenticate"), (403, None));
        assert_eq!(answer(&Refused::CertificateMissing, "www-authenticate"), (403, None));
        assert_eq!(answer(&Refused::TooManyRequests { retry_after_s: 7 }, "retry-after"), (429, value("7")));
        assert_eq!(answer(&Refused::Busy { retry_after_s: 0 }, "retry-after"), (503, value("1")));
    }
}
