//! `TimeStampReq` (RFC 3161 2.4.1).

use super::MessageImprint;
use crate::{Asn1Error, Extension, Oid, Reader, enc, extension::DefaultRule, tag};

/// Content octets a nonce may have (TSP-06).
pub const MAX_NONCE: usize = 32;
/// Extensions a request may have; none is known, so their number matters only as work (THR-85).
const MAX_EXTENSIONS: usize = 8;

/// A request, strict DER, and nothing decided about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TimeStampReq<'a> {
    /// All octets.
    pub raw: &'a [u8],
    /// What the client says; anything but 1 is a well-formed request that may not be granted (TSP-01, TSP-11).
    pub version: i64,
    /// What is to be stamped.
    pub imprint: MessageImprint<'a>,
    /// `reqPolicy`.
    pub policy: Option<Oid>,
    /// Content octets of the nonce, at most [`MAX_NONCE`], sign included.
    pub nonce: Option<&'a [u8]>,
    /// Whether the token shall carry certificates.
    pub cert_req: bool,
    /// At most eight.
    pub extensions: Vec<Extension<'a>>,
}

impl<'a> TimeStampReq<'a> {
    /// Reads one request and nothing after it. How many octets a request may have is the caller's rule.
    ///
    /// # Errors
    /// What is not DER or not that syntax (TSP-01); [`Asn1Error::NonceTooLong`] (TSP-06); more than eight extensions.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::enter_only(bytes, tag::SEQUENCE, "TimeStampReq")?;
        let version = reader.i64("version")?;
        let imprint = MessageImprint::read(&mut reader)?;
        let policy = if reader.peek_tag() == Some(tag::OID) { Some(reader.oid("reqPolicy")?) } else { None };
        let nonce = if reader.peek_tag() == Some(tag::INTEGER) { Some(reader.integer("nonce")?) } else { None };
        if let Some(nonce) = nonce
            && nonce.len() > MAX_NONCE
        {
            return Err(Asn1Error::NonceTooLong { limit: MAX_NONCE, found: nonce.len() });
        }
        let cert_req = reader.boolean_default_false("certReq")?;
        let extensions = match reader.enter_optional(tag::context_constructed(0), "extensions")? {
            Some(inner) => Extension::read_all(inner, DefaultRule::Strict, MAX_EXTENSIONS)?,
            None => Vec::new(),
        };
        reader.finish()?;
        Ok(Self { raw: bytes, version, imprint, policy, nonce, cert_req, extensions })
    }
}

/// Makes a request, version 1.
#[derive(Clone, Debug)]
pub struct RequestBuilder {
    imprint: Vec<u8>,
    policy: Option<Oid>,
    nonce: Option<Vec<u8>>,
    cert_req: bool,
    extensions: Vec<u8>,
}

impl RequestBuilder {
    /// Asks for `digest`, made by `algorithm`, to be stamped; no policy, no nonce, no certificates.
    #[must_use]
    pub fn new(algorithm: &Oid, digest: &[u8]) -> Self {
        Self::with_imprint(&MessageImprint::encode(algorithm, digest))
    }

    /// Asks for the encoded `MessageImprint` to be stamped.
    #[must_use]
    pub fn with_imprint(imprint: &[u8]) -> Self {
        Self { imprint: imprint.to_vec(), policy: None, nonce: None, cert_req: false, extensions: Vec::new() }
    }

    /// Asks for one policy.
    #[must_use]
    pub fn policy(mut self, policy: &Oid) -> Self {
        self.policy = Some(policy.clone());
        self
    }

    /// Sends the unsigned number in `magnitude`, big-endian, as nonce.
    #[must_use]
    pub fn nonce(mut self, magnitude: &[u8]) -> Self {
        self.nonce = Some(enc::uint(magnitude));
        self
    }

    /// Sends `content`, minimal content octets of an INTEGER of either sign, as nonce.
    #[must_use]
    pub fn nonce_content(mut self, content: &[u8]) -> Self {
        self.nonce = Some(enc::integer(content));
        self
    }

    /// Asks for certificates in the token, or not.
    #[must_use]
    pub const fn cert_req(mut self, wanted: bool) -> Self {
        self.cert_req = wanted;
        self
    }

    /// Adds an encoded `Extension`.
    #[must_use]
    pub fn extension(mut self, extension: &[u8]) -> Self {
        self.extensions.extend_from_slice(extension);
        self
    }

    /// The request's DER.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let policy = self.policy.as_ref().map(enc::oid).unwrap_or_default();
        let cert_req = if self.cert_req { enc::boolean(true) } else { Vec::new() };
        let extensions = match self.extensions.as_slice() {
            [] => Vec::new(),
            extensions => enc::implicit_constructed(0, extensions),
        };
        let nonce = self.nonce.as_deref().unwrap_or_default();
        enc::sequence(&[&enc::uint_u64(1), &self.imprint, &policy, nonce, &cert_req, &extensions])
    }
}
