//! Asking an RFC 3161 TSA, and checking its answer against what was asked (TSP-18, TSP-20, TSP-58, THR-39).
//!
//! Whether the TSA may be trusted is not decided here: no signature is verified and no certificate read.

mod check;
mod error;

use check::Asked;
pub use error::TspError;
use kokuin_asn1::{Oid, tsp::GenTime, tsp::PkiStatus, tsp::RequestBuilder};
use kokuin_settings::Secret;
use kokuin_suite::DigestAlgorithm;

use crate::{Client, FetchError, Url};

const QUERY: &str = "application/timestamp-query";
const REPLY: &str = "application/timestamp-reply";

/// What a TSA is asked for.
#[derive(Clone, Copy, Debug)]
pub struct TspRequest<'a> {
    /// The algorithm that made the digest.
    pub algorithm: DigestAlgorithm,
    /// The digest.
    pub digest: &'a [u8],
    /// The only policy that will do, if it matters.
    pub policy: Option<&'a Oid>,
    /// Whether to send a nonce: 16 random octets.
    pub nonce: bool,
    /// Whether the token shall carry its certificate.
    pub cert_req: bool,
    /// The only times that will do, if the asker knows the time.
    pub gen_time: Option<Window>,
    /// A bearer token, if the TSA wants one.
    pub bearer: Option<&'a Secret>,
}

impl<'a> TspRequest<'a> {
    /// Asks for `digest` with nonce and certificate, under any policy, at any time.
    #[must_use]
    pub const fn new(algorithm: DigestAlgorithm, digest: &'a [u8]) -> Self {
        Self { algorithm, digest, policy: None, nonce: true, cert_req: true, gen_time: None, bearer: None }
    }
}

/// From one time to another, both included, in microseconds since 1970.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Window {
    /// Not earlier.
    pub earliest_unix_micros: i64,
    /// Not later.
    pub latest_unix_micros: i64,
}

impl Window {
    /// `tolerance_micros` before and after `now_unix_micros`.
    #[must_use]
    pub const fn around(now_unix_micros: i64, tolerance_micros: i64) -> Self {
        Self {
            earliest_unix_micros: now_unix_micros.saturating_sub(tolerance_micros),
            latest_unix_micros: now_unix_micros.saturating_add(tolerance_micros),
        }
    }

    /// Whether `micros` lies inside.
    #[must_use]
    pub const fn contains(self, micros: i64) -> bool {
        self.earliest_unix_micros <= micros && micros <= self.latest_unix_micros
    }
}

/// An answer that fits what was asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TspAnswer {
    /// The whole response, as received: what belongs into a `.tsr` file.
    pub response: Vec<u8>,
    /// The token inside, as received: a `ContentInfo`.
    pub token: Vec<u8>,
    /// The time in the token.
    pub gen_time: GenTime,
    /// Content octets of the token's serial number.
    pub serial: Vec<u8>,
    /// The policy in the token.
    pub policy: Oid,
    /// `granted`, or `grantedWithMods` where nothing asked for was modified.
    pub status: PkiStatus,
}

/// Asks the TSA at `url` for a token.
///
/// # Errors
/// [`TspError`]: no answer, no token, or a token for something else than was asked.
pub fn request(client: &Client, url: &Url, wanted: &TspRequest<'_>) -> Result<TspAnswer, TspError> {
    let nonce = if wanted.nonce { Some(random_nonce()?) } else { None };
    let asked = Asked::new(wanted, nonce);
    let answer = client.submit(url, QUERY, "*/*", &asked.query(), wanted.bearer)?;
    if answer.status != 200 {
        return Err(TspError::TurnedAway(Box::new(answer)));
    }
    if answer.content_type != REPLY {
        return Err(FetchError::ContentType { expected: REPLY, found: answer.content_type }.into());
    }
    asked.check(answer.body)
}

/// Checks a response that came another way against the request that it answers.
///
/// # Errors
/// [`TspError`] as [`request`].
pub fn check(wanted: &TspRequest<'_>, nonce: Option<&[u8]>, response: Vec<u8>) -> Result<TspAnswer, TspError> {
    Asked::new(wanted, nonce.map(<[u8]>::to_vec)).check(response)
}

/// Content octets of a positive INTEGER of 16 octets, so that its length says nothing.
fn random_nonce() -> Result<Vec<u8>, TspError> {
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).map_err(|_| TspError::NoRandomness)?;
    nonce[0] = nonce[0] & 0x7f | 0x40;
    Ok(nonce.to_vec())
}

fn query(wanted: &TspRequest<'_>, nonce: Option<&[u8]>) -> Vec<u8> {
    let mut builder = RequestBuilder::new(&wanted.algorithm.oid(), wanted.digest).cert_req(wanted.cert_req);
    if let Some(policy) = wanted.policy {
        builder = builder.policy(policy);
    }
    if let Some(nonce) = nonce {
        builder = builder.nonce_content(nonce);
    }
    builder.encode()
}

#[cfg(test)]
mod tests;
