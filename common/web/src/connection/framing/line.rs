//! One line of a head.

/// What the fields of a head say about its body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fields {
    /// `Content-Length`.
    pub(super) length: Option<u64>,
    /// `Transfer-Encoding: chunked`.
    pub(super) chunked: bool,
    /// HTTP/1.0 has no transfer codings.
    is_1_1: bool,
    hosts: u8,
}

impl Fields {
    /// None yet, under this request line.
    pub(super) fn of(request_line: &[u8]) -> Self {
        Self { is_1_1: request_line.ends_with(b" HTTP/1.1"), ..Self::default() }
    }
}

/// Takes a field into account; `None` if it may not stand there.
pub(super) fn check_field(fields: &mut Fields, line: &[u8]) -> Option<()> {
    let colon = line.iter().position(|&octet| octet == b':')?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    // A folded line begins with white space, so that is refused here too.
    if name.is_empty() || !name.iter().copied().all(is_token) {
        return None;
    }
    match name.len() {
        4 if name.eq_ignore_ascii_case(b"host") => {
            fields.hosts += 1;
            (fields.hosts == 1).then_some(())
        }
        14 if name.eq_ignore_ascii_case(b"content-length") => {
            let is_number = (1..=15).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
            if fields.length.is_some() || !is_number {
                return None;
            }
            fields.length = Some(value.iter().fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')));
            Some(())
        }
        17 if name.eq_ignore_ascii_case(b"transfer-encoding") => {
            if fields.chunked || !fields.is_1_1 || !value.eq_ignore_ascii_case(b"chunked") {
                return None;
            }
            fields.chunked = true;
            Some(())
        }
        _ => Some(()),
    }
}

/// RFC 9110 5.6.2.
fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet)
}
