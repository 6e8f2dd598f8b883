//! The one HTTP client.

mod resolve;

use std::{io::Read as _, time::Instant};

use kokuin_settings::Secret;
use resolve::GuardedResolver;
use ureq::{
    Agent, Body,
    config::ConfigBuilder,
    http::{Response, header},
    typestate::AgentScope,
    unversioned::{
        multipart::{Form, Part},
        transport::DefaultConnector,
    },
};

use crate::{FetchError, Limits, Url};

/// A blocking HTTP client that follows no redirect and no proxy, connects only to addresses it has checked, and stops at
/// its limits. Keeps connections; share it.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    limits: Limits,
    /// Somebody, over TLS.
    trusts: bool,
}

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Answer {
    /// The HTTP status; 200 unless [`Client::ask`] or [`Client::submit`] was called.
    pub status: u16,
    /// Essence of the content type, in small letters, without parameters; empty if there was none.
    pub content_type: String,
    /// All of it, within the limit.
    pub body: Vec<u8>,
    /// `Retry-After`, where it is a number of seconds.
    pub retry_after_s: Option<u64>,
}

/// One field of a form.
#[derive(Clone, Copy, Debug)]
pub struct FormPart<'a> {
    /// Name of the field.
    pub name: &'a str,
    /// Media type.
    pub content_type: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

impl Client {
    /// A client with these limits, for `http`.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let config = Self::config(limits);
        #[cfg(feature = "native-tls")]
        let config = with_tls(config, &crate::Tls::default());
        Self::of(config, limits, false)
    }

    /// A client with these limits, for `http`, and for `https` with whom `tls` trusts.
    #[cfg(feature = "native-tls")]
    #[must_use]
    pub fn with_tls(limits: Limits, tls: &crate::Tls) -> Self {
        Self::of(with_tls(Self::config(limits), tls), limits, !tls.anchors.is_empty())
    }

    fn config(limits: Limits) -> ConfigBuilder<AgentScope> {
        Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            // Not from the environment either: a proxy would resolve names behind the guard's back.
            .proxy(None)
            .user_agent(concat!("kokuin/", env!("CARGO_PKG_VERSION")))
            .accept_encoding("identity")
            .max_response_header_size(16 * 1024)
            .timeout_global(Some(limits.total))
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
    }

    fn of(config: ConfigBuilder<AgentScope>, limits: Limits, trusts: bool) -> Self {
        let resolver = GuardedResolver::new(limits.reach);
        let agent = Agent::with_parts(config.build(), DefaultConnector::default(), resolver);
        Self { agent, limits, trusts }
    }

    /// Whether `url` is one that this client asks: `https` needs anchors.
    ///
    /// # Errors
    /// [`FetchError::NoAnchors`].
    pub fn check(&self, url: &Url) -> Result<(), FetchError> {
        if url.is_https() && !self.trusts { Err(FetchError::NoAnchors) } else { Ok(()) }
    }

    /// Fetches what is at `url`.
    ///
    /// # Errors
    /// [`FetchError`]; any status but 200 is one.
    pub fn get(&self, url: &Url) -> Result<Answer, FetchError> {
        self.get_as(url, None)
    }

    /// Fetches what is at `url`, with a bearer token if the service wants one.
    ///
    /// # Errors
    /// [`FetchError`]; any status but 200 is one.
    pub fn get_as(&self, url: &Url, bearer: Option<&Secret>) -> Result<Answer, FetchError> {
        ok(self.ask(url, bearer)?)
    }

    /// As [`Client::get_as`], for a caller who can read the service's errors: every status but a redirect comes back as it is.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn ask(&self, url: &Url, bearer: Option<&Secret>) -> Result<Answer, FetchError> {
        self.check(url)?;
        let start = Instant::now();
        let mut request = self.agent.get(url.uri());
        if let Some(token) = bearer.and_then(Secret::expose_text) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        self.read(start, request.call())
    }

    /// Sends `body` to `url`, with a bearer token if the service wants one.
    ///
    /// # Errors
    /// [`FetchError`]; any status but 200 is one.
    pub fn post(
        &self,
        url: &Url,
        content_type: &str,
        body: &[u8],
        bearer: Option<&Secret>,
    ) -> Result<Answer, FetchError> {
        ok(self.submit(url, content_type, "*/*", body, bearer)?)
    }

    /// As [`Client::post`], asking for an answer of type `accept`, for a caller who can read the service's errors: every
    /// status but a redirect comes back as it is.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn submit(
        &self,
        url: &Url,
        content_type: &str,
        accept: &str,
        body: &[u8],
        bearer: Option<&Secret>,
    ) -> Result<Answer, FetchError> {
        self.check(url)?;
        let start = Instant::now();
        let request = self.agent.post(url.uri()).header(header::CONTENT_TYPE, content_type);
        let mut request = request.header(header::ACCEPT, accept);
        if let Some(token) = bearer.and_then(Secret::expose_text) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = request.send(body);
        self.read(start, response)
    }

    /// Sends a form (RFC 7578), asking for an answer of type `accept`: every status but a redirect comes back as it is.
    ///
    /// # Errors
    /// [`FetchError`].
    pub fn submit_form(
        &self,
        url: &Url,
        accept: &str,
        parts: &[FormPart<'_>],
        bearer: Option<&Secret>,
    ) -> Result<Answer, FetchError> {
        self.check(url)?;
        let start = Instant::now();
        let mut form = Form::new();
        for part in parts {
            let sent = Part::bytes(part.bytes).file_name(part.name).mime_str(part.content_type);
            form = form.part(part.name, sent.map_err(|error| self.refuse(error))?);
        }
        let mut request = self.agent.post(url.uri()).header(header::ACCEPT, accept);
        if let Some(token) = bearer.and_then(Secret::expose_text) {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = request.send(form);
        self.read(start, response)
    }

    fn read(&self, start: Instant, response: Result<Response<Body>, ureq::Error>) -> Result<Answer, FetchError> {
        let mut response = response.map_err(|error| self.refuse(error))?;
        let status = response.status().as_u16();
        if (300..400).contains(&status) {
            return Err(FetchError::Redirect { status });
        }
        let content_type = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.and_then(|value| value.split(';').next()).unwrap_or_default();
        let content_type = content_type.trim().chars().take(100).collect::<String>().to_ascii_lowercase();
        let retry_after = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after_s = retry_after.and_then(|value| value.trim().parse().ok());
        let mut body = Vec::new();
        let limit = self.limits.body;
        let read = response.body_mut().as_reader().take(limit.saturating_add(1)).read_to_end(&mut body);
        read.map_err(|error| self.refuse(error.into()))?;
        if body.len() as u64 > limit {
            return Err(FetchError::TooLarge { limit });
        }
        // The library's own limit does not count what lies between two reads.
        if start.elapsed() > self.limits.total {
            return Err(self.timeout());
        }
        Ok(Answer { status, content_type, body, retry_after_s })
    }

    fn timeout(&self) -> FetchError {
        FetchError::Timeout { limit_ms: u64::try_from(self.limits.total.as_millis()).unwrap_or(u64::MAX) }
    }

    fn refuse(&self, error: ureq::Error) -> FetchError {
        let error = resolve::refusal(error);
        match error {
            Ok(refused) => refused,
            Err(ureq::Error::Timeout(_)) => self.timeout(),
            Err(ureq::Error::Io(reason)) if reason.kind() == std::io::ErrorKind::TimedOut => self.timeout(),
            Err(ureq::Error::Io(reason)) => FetchError::Connection { reason },
            Err(ureq::Error::ConnectionFailed) => {
                FetchError::Connection { reason: std::io::ErrorKind::NotConnected.into() }
            }
            Err(ureq::Error::Tls(reason)) => FetchError::Tls { reason: reason.to_owned() },
            #[cfg(feature = "native-tls")]
            Err(ureq::Error::NativeTls(reason)) => FetchError::Tls { reason: reason.to_string() },
            // The library's list is open; everything else is a broken protocol.
            Err(other) => FetchError::Protocol { reason: other.to_string() },
        }
    }
}

/// OpenSSL, and whom the caller trusts; never the machine's own list of authorities.
#[cfg(feature = "native-tls")]
fn with_tls(config: ConfigBuilder<AgentScope>, tls: &crate::Tls) -> ConfigBuilder<AgentScope> {
    use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
    let builder = TlsConfig::builder().provider(TlsProvider::NativeTls);
    let builder = builder.root_certs(RootCerts::new_with_certs(&tls.anchors)).client_cert(tls.identity.clone());
    config.tls_config(builder.build())
}

/// Only 200 is an answer.
fn ok(answer: Answer) -> Result<Answer, FetchError> {
    if answer.status == 200 { Ok(answer) } else { Err(FetchError::Status { status: answer.status }) }
}

#[cfg(test)]
mod tests;
