//! Reading answers: as little as needed for most, everything for some.

use kokuin_asn1::{
    cms::SignedData,
    oids,
    tsp::{TimeStampResp, TstInfo},
};

use crate::question::Question;

/// Bytes that an answer's head may have, and its body.
const LIMIT: usize = 256 * 1024;

/// An answer whose last byte is here.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Whole<'a> {
    /// Bytes of head and body together.
    pub(crate) length: usize,
    /// The HTTP status.
    pub(crate) status: u16,
    /// The body; put together from its chunks if it came so.
    pub(crate) body: std::borrow::Cow<'a, [u8]>,
    /// The server closes the connection after it.
    pub(crate) closes: bool,
}

/// What is wrong with the bytes of an answer.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct NotHttp;

/// The answer at the start of `bytes`; `None` if more is to come.
pub(crate) fn whole(bytes: &[u8]) -> Result<Option<Whole<'_>>, NotHttp> {
    let Some(head_end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") else {
        return if bytes.len() > LIMIT { Err(NotHttp) } else { Ok(None) };
    };
    let (head, rest) = bytes.split_at(head_end + 4);
    let head = std::str::from_utf8(head).map_err(|_| NotHttp)?;
    let mut lines = head.split("\r\n");
    let first = lines.next().ok_or(NotHttp)?;
    let status = first.get(9..12).and_then(|status| status.parse().ok()).ok_or(NotHttp)?;
    let (mut length, mut chunked, mut closes) = (None, false, first.starts_with("HTTP/1.0"));
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse::<usize>().map_err(|_| NotHttp)?);
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("connection") {
            closes = value.eq_ignore_ascii_case("close") || (closes && !value.eq_ignore_ascii_case("keep-alive"));
        }
    }
    let head_length = head.len();
    if chunked {
        return Ok(join(rest)?.map(|(used, body)| Whole {
            length: head_length + used,
            status,
            body: body.into(),
            closes,
        }));
    }
    let length = length.filter(|length| *length <= LIMIT).ok_or(NotHttp)?;
    Ok(rest.get(..length).map(|body| Whole { length: head_length + length, status, body: body.into(), closes }))
}

/// The body behind its chunks and how many bytes they took; `None` if more is to come.
fn join(bytes: &[u8]) -> Result<Option<(usize, Vec<u8>)>, NotHttp> {
    let (mut used, mut body) = (0, Vec::new());
    loop {
        let rest = bytes.get(used..).unwrap_or_default();
        let Some(line) = rest.windows(2).position(|part| part == b"\r\n") else { return Ok(None) };
        let size = std::str::from_utf8(&rest[..line]).map_err(|_| NotHttp)?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16).map_err(|_| NotHttp)?;
        if size > LIMIT || body.len() > LIMIT {
            return Err(NotHttp);
        }
        let Some(chunk) = rest.get(line + 2..line + 2 + size + 2) else { return Ok(None) };
        used += line + 2 + size + 2;
        if size == 0 {
            return Ok(Some((used, body)));
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

/// Whether a response says granted, with or without modifications, by its first bytes alone.
pub(crate) fn says_granted(response: &[u8]) -> bool {
    let content = |bytes: &[u8]| match bytes.get(1) {
        Some(length @ 0..=0x7f) => Some((2, usize::from(*length))),
        Some(0x81) => Some((3, 0)),
        Some(0x82) => Some((4, 0)),
        Some(_) | None => None,
    };
    let inner =
        content(response).filter(|_| response.first() == Some(&0x30)).and_then(|(head, _)| response.get(head..));
    let info = inner.filter(|inner| inner.first() == Some(&0x30)).and_then(|inner| inner.get(content(inner)?.0..));
    matches!(info, Some([2, 1, 0 | 1, ..]))
}

/// Whether a response holds a token for exactly this request.
pub(crate) fn fits(response: &[u8], question: &Question) -> bool {
    fitting(response, question).unwrap_or(false)
}

fn fitting(response: &[u8], question: &Question) -> Result<bool, kokuin_asn1::Asn1Error> {
    let Some(token) = TimeStampResp::parse(response)?.token else { return Ok(false) };
    let signed = SignedData::parse(token)?;
    let Some(content) = signed.content.filter(|_| signed.content_type == oids::ID_CT_TST_INFO) else {
        return Ok(false);
    };
    let info = TstInfo::parse(content)?;
    Ok(info.imprint.algorithm.oid == oids::SHA256
        && info.imprint.digest == question.digest
        && info.nonce == Some(&question.nonce))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_for_the_last_byte() {
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        for length in 0..answer.len() {
            assert_eq!(whole(&answer[..length]), Ok(None), "{length}");
        }
        let expected = Whole { length: answer.len(), status: 200, body: b"abc"[..].into(), closes: false };
        assert_eq!(whole(&[answer, &b"HTTP"[..]].concat()), Ok(Some(expected)));
    }

    #[test]
    fn puts_chunks_together() {
        let answer = b"HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2;x=y\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
        for length in 0..answer.len() {
            assert_eq!(whole(&answer[..length]), Ok(None), "{length}");
        }
        let expected = Whole { length: answer.len(), status: 503, body: b"abc"[..].into(), closes: true };
        assert_eq!(whole(answer), Ok(Some(expected)));
    }

    #[test]
    fn refuses_what_is_not_http() {
        for answer in
            [&b"HTTP/1.1 x\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"]
        {
            assert_eq!(whole(answer), Err(NotHttp));
        }
    }

    #[test]
    fn sees_granted_in_the_first_bytes() {
        for granted in [
            &b"\x30\x82\x03\xeb\x30\x03\x02\x01\x00\x30"[..],
            b"\x30\x81\xff\x30\x03\x02\x01\x01\x30",
            b"\x30\x05\x30\x03\x02\x01\x00",
        ] {
            assert!(says_granted(granted));
        }
        for other in
            [&b"\x30\x05\x30\x03\x02\x01\x02"[..], b"", b"\x30", b"\x30\x82\x03\xeb\x31\x03\x02\x01\x00", b"<html>"]
        {
            assert!(!says_granted(other));
        }
    }
}
