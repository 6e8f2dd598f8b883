//! Addresses that may be fetched from.

use std::{fmt, str::FromStr};

use ureq::http::Uri;

use crate::FetchError;

/// An absolute `http` or `https` address, without user name, at most 2048 characters.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Url(Uri);

/// Characters of an address.
const LIMIT: usize = 2_048;

impl Url {
    /// For the HTTP library.
    pub(crate) const fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether it is asked over TLS.
    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }
}

impl FromStr for Url {
    type Err = FetchError;

    /// # Errors
    /// [`FetchError::Url`], [`FetchError::Scheme`], and [`FetchError::Https`] as long as this build has no TLS.
    fn from_str(text: &str) -> Result<Self, FetchError> {
        let malformed = || FetchError::Url { found: text.chars().take(100).collect() };
        let uri: Uri =
            if text.len() <= LIMIT { text.parse().map_err(|_| malformed())? } else { return Err(malformed()) };
        match uri.scheme_str() {
            Some("http") => (),
            Some("https") if cfg!(feature = "native-tls") => (),
            Some("https") => return Err(FetchError::Https),
            Some(scheme) => return Err(FetchError::Scheme { found: scheme.chars().take(20).collect() }),
            None => return Err(malformed()),
        }
        let authority = uri.authority().ok_or_else(malformed)?;
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return Err(malformed());
        }
        Ok(Self(uri))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> &'static str {
        text.parse::<Url>().map_or_else(|error| error.code(), |_| "ok")
    }

    #[test]
    fn takes_http_only_thr_89() {
        assert_eq!(code("http://127.0.0.1:3161/tsa"), "ok");
        assert_eq!(code("HTTP://tsa.example/x?y=1"), "ok");
        for scheme in ["file:///etc/passwd", "ldap://ca.example/cn=x", "ftp://a/b", "gopher://a:6379/_x", "redis://a/"]
        {
            let expected = if scheme.starts_with("file") { "fetch.url" } else { "fetch.scheme" };
            assert!([expected, "fetch.scheme"].contains(&code(scheme)), "{scheme} {}", code(scheme));
        }
    }

    #[test]
    fn names_what_https_needs() {
        let expected = if cfg!(feature = "native-tls") { "ok" } else { "fetch.https" };
        assert_eq!(code("https://tsa.example/"), expected);
    }

    #[test]
    fn refuses_addresses_that_are_none() {
        let long = format!("http://a/{}", "x".repeat(2_048));
        for text in
            ["", "tsa.example", "/tsa", "http://", "http:///x", "http://a b/", "http://u:p@a/", "http://u@a/", &long]
        {
            assert_eq!(code(text), "fetch.url", "{text}");
        }
    }
}
