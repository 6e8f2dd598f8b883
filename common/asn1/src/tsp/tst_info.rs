//! `TSTInfo` (RFC 3161 2.4.2): what a token says.

use super::{Accuracy, GenTime, MessageImprint};
use crate::{Asn1Error, Extension, Oid, Reader, enc, extension::DefaultRule, general_name, tag};

/// Extensions a token may have.
const MAX_EXTENSIONS: usize = 32;

/// What a token says, version 1. DER, but for defaults that are spelled out: tokens in use have those, see [`TstInfo::is_der`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TstInfo<'a> {
    /// All octets.
    pub raw: &'a [u8],
    /// Always 1: another version is refused.
    pub version: i64,
    /// The TSA's policy.
    pub policy: Oid,
    /// What was stamped.
    pub imprint: MessageImprint<'a>,
    /// Content octets of the serial number, of any length and sign.
    pub serial: &'a [u8],
    /// When.
    pub gen_time: GenTime,
    /// How exactly, if the token says so.
    pub accuracy: Option<Accuracy>,
    /// Whether the TSA promises an order between all its tokens.
    pub ordering: bool,
    /// Content octets of the nonce.
    pub nonce: Option<&'a [u8]>,
    /// The TSA's name: a `GeneralName` element.
    pub tsa: Option<&'a [u8]>,
    /// As received.
    pub extensions: Vec<Extension<'a>>,
    /// Whether no default (`ordering`, `critical`) is spelled out; ours must be so (TSP-33).
    pub is_der: bool,
}

impl<'a> TstInfo<'a> {
    /// Reads one `TSTInfo` and nothing after it.
    ///
    /// # Errors
    /// What is not DER or not that syntax (TSP-33 to TSP-35); [`Asn1Error::UnsupportedVersion`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::enter_only(bytes, tag::SEQUENCE, "TSTInfo")?;
        let at = reader.place("version");
        let version = reader.i64("version")?;
        if version != 1 {
            return Err(Asn1Error::UnsupportedVersion { at, found: version });
        }
        let policy = reader.oid("policy")?;
        let imprint = MessageImprint::read(&mut reader)?;
        let serial = reader.integer("serialNumber")?;
        let gen_time = GenTime::read(&mut reader)?;
        let accuracy = Accuracy::read_optional(&mut reader)?;
        let spelled = reader.peek_tag() == Some(tag::BOOLEAN);
        let ordering = if spelled { reader.boolean("ordering")? } else { false };
        let nonce = if reader.peek_tag() == Some(tag::INTEGER) { Some(reader.integer("nonce")?) } else { None };
        let tsa = match reader.enter_optional(tag::context_constructed(0), "tsa")? {
            Some(mut inner) => {
                let name = general_name::read(&mut inner)?;
                inner.finish()?;
                Some(name.raw)
            }
            None => None,
        };
        let extensions = match reader.enter_optional(tag::context_constructed(1), "extensions")? {
            Some(inner) => Extension::read_all(inner, DefaultRule::Tolerant, MAX_EXTENSIONS)?,
            None => Vec::new(),
        };
        reader.finish()?;
        let is_der = ordering == spelled && extensions.iter().all(Extension::is_der);
        Ok(Self {
            is_der,
            raw: bytes,
            version,
            policy,
            imprint,
            serial,
            gen_time,
            accuracy,
            ordering,
            nonce,
            tsa,
            extensions,
        })
    }
}

/// What goes into a token, already in its final octets where it can be.
#[derive(Clone, Copy, Debug)]
pub struct TstInfoParts<'a> {
    /// The TSA's policy.
    pub policy: &'a Oid,
    /// The request's `MessageImprint` element, octet by octet (TSP-04).
    pub imprint: &'a [u8],
    /// Content octets of the serial number: positive, minimal, at most 20 (TSP-36).
    pub serial: &'a [u8],
    /// When.
    pub gen_time: GenTime,
    /// How exactly.
    pub accuracy: Option<Accuracy>,
    /// Left out when false (TSP-33).
    pub ordering: bool,
    /// Content octets of the request's nonce (TSP-06).
    pub nonce: Option<&'a [u8]>,
    /// A `GeneralName` element.
    pub tsa: Option<&'a [u8]>,
    /// `Extension` elements one after the other; empty for none.
    pub extensions: &'a [u8],
}

impl TstInfoParts<'_> {
    /// The `TSTInfo`.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.encode_into(&mut out);
        out
    }

    /// Appends the `TSTInfo`.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let mut content = Vec::with_capacity(160 + self.imprint.len() + self.extensions.len());
        content.extend_from_slice(&[tag::INTEGER, 1, 1]);
        enc::oid_into(&mut content, self.policy);
        content.extend_from_slice(self.imprint);
        enc::tlv_into(&mut content, tag::INTEGER, self.serial);
        self.gen_time.encode_into(&mut content);
        if let Some(accuracy) = self.accuracy {
            accuracy.encode_into(&mut content);
        }
        if self.ordering {
            content.extend_from_slice(&[tag::BOOLEAN, 1, 0xff]);
        }
        if let Some(nonce) = self.nonce {
            enc::tlv_into(&mut content, tag::INTEGER, nonce);
        }
        if let Some(tsa) = self.tsa {
            enc::tlv_into(&mut content, tag::context_constructed(0), tsa);
        }
        if !self.extensions.is_empty() {
            enc::tlv_into(&mut content, tag::context_constructed(1), self.extensions);
        }
        enc::tlv_into(out, tag::SEQUENCE, &content);
    }
}
