//! `TimeStampResp` (RFC 3161 2.4.2).

use super::{FailureInfo, PkiStatus};
use crate::{Asn1Error, BitString, Reader, enc, tag};

/// Lines of status text that are read.
const MAX_STATUS_TEXT: usize = 16;

/// An answer, strict DER; what its token says is not read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TimeStampResp<'a> {
    /// What became of the request.
    pub status: PkiStatus,
    /// Lines for people; text from outside.
    pub status_text: Vec<String>,
    /// Why it was refused.
    pub fail_info: Option<FailureInfo>,
    /// The token: a `ContentInfo` element. There exactly if the status says so (TSP-18).
    pub token: Option<&'a [u8]>,
}

impl<'a> TimeStampResp<'a> {
    /// Reads one response and nothing after it.
    ///
    /// # Errors
    /// What is not DER or not that syntax; a status or failure that RFC 3161 does not have; a token that must not be there, or is missing;
    /// failure information in a response that grants (TSP-18, TSP-20).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Asn1Error> {
        let mut reader = Reader::enter_only(bytes, tag::SEQUENCE, "TimeStampResp")?;
        let mut info = reader.enter(tag::SEQUENCE, "status")?;
        let status = PkiStatus::from_value(info.i64("PKIStatus")?)?;
        let status_text = match info.enter_optional(tag::SEQUENCE, "statusString")? {
            Some(text) => read_text(text)?,
            None => Vec::new(),
        };
        let fail_info = match info.optional(tag::BIT_STRING, "failInfo")? {
            Some(tlv) => {
                let at = info.inside(tlv, "failInfo").here();
                Some(FailureInfo::from_bits(BitString::from_content(tlv.value, at)?.named_bits(at)?)?)
            }
            None => None,
        };
        info.finish()?;
        let token = reader.optional(tag::SEQUENCE, "timeStampToken")?.map(|tlv| tlv.raw);
        reader.finish()?;
        match (status.has_token(), token, fail_info) {
            (true, None, _) => Err(Asn1Error::TokenMissing { status: status.value() }),
            (false, Some(_), _) => Err(Asn1Error::TokenForbidden { status: status.value() }),
            (true, Some(_), Some(_)) => Err(Asn1Error::FailureInfoForbidden { status: status.value() }),
            (true, Some(_), None) | (false, None, _) => Ok(Self { status, status_text, fail_info, token }),
        }
    }

    /// [`encode_granted`].
    #[must_use]
    pub fn encode_granted(token: &[u8]) -> Vec<u8> {
        encode_granted(token)
    }

    /// [`encode_rejection`].
    #[must_use]
    pub fn encode_rejection(text: &str, failure: FailureInfo) -> Vec<u8> {
        encode_rejection(text, failure)
    }
}

fn read_text(mut reader: Reader<'_>) -> Result<Vec<String>, Asn1Error> {
    if reader.is_empty() {
        return Err(Asn1Error::Empty { at: reader.here() });
    }
    let mut lines = Vec::new();
    while !reader.is_empty() {
        let at = reader.here();
        if lines.len() == MAX_STATUS_TEXT {
            return Err(Asn1Error::TooMany { at, limit: MAX_STATUS_TEXT });
        }
        let line = reader.expect(tag::UTF8_STRING, "statusString")?.value;
        lines.push(std::str::from_utf8(line).map_err(|_| Asn1Error::TextMalformed { at })?.to_owned());
    }
    Ok(lines)
}

/// The answer that carries `token`, a `ContentInfo` element.
#[must_use]
pub fn encode_granted(token: &[u8]) -> Vec<u8> {
    const GRANTED: [u8; 5] = [tag::SEQUENCE, 3, tag::INTEGER, 1, 0];
    enc::sequence(&[&GRANTED, token])
}

/// The answer that refuses, for one reason, with one line of text; no text if `text` is empty (TSP-19, TSP-21).
#[must_use]
pub fn encode_rejection(text: &str, failure: FailureInfo) -> Vec<u8> {
    let text = if text.is_empty() { Vec::new() } else { enc::sequence(&[&enc::utf8_string(text)]) };
    let status = enc::uint_u64(u64::from(PkiStatus::Rejection.value()));
    let info = enc::sequence(&[&status, &text, &failure.der()]);
    enc::sequence(&[&info])
}
