//! What the bytes are: one kind, or a refusal. What two readers could take for two things is refused (THR-29).

use std::borrow::Cow;

use kokuin_asn1::{Asn1Error, Reader, ber, cms::SignedData, oids, tag, tsp::TimeStampResp};
use kokuin_evidence::EvidenceRecord;
use serde::Serialize;

use crate::{checks::Conclusion, rule::Rule, status::SubIndication};

/// Kinds of artefact that are validated here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArtifactKind {
    /// A time-stamp token.
    Tst,
    /// A time-stamp response with a token inside.
    Tsr,
    /// A CMS or CAdES signature.
    Cades,
    /// A PDF with signatures.
    Pades,
    /// An evidence record.
    EvidenceRecord,
}

impl ArtifactKind {
    /// As the report shows it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tst => "tst",
            Self::Tsr => "tsr",
            Self::Cades => "cades",
            Self::Pades => "pades",
            Self::EvidenceRecord => "evidence-record",
        }
    }
}

/// Bytes that are one artefact of one kind and nothing else.
#[derive(Clone, Debug)]
pub struct DetectedArtifact<'a> {
    kind: ArtifactKind,
    /// For CMS and evidence records, in definite lengths; as received otherwise.
    bytes: Cow<'a, [u8]>,
}

/// Where a PDF reader still looks for header and end.
const PDF_MARGIN: usize = 1_024;
/// Longest end record of a ZIP archive, comment included.
const ZIP_END: usize = 22 + 0xffff;

impl<'a> DetectedArtifact<'a> {
    /// Tells what `bytes` are.
    pub(crate) fn detect(bytes: &'a [u8]) -> Result<Self, Conclusion> {
        let kinds: Vec<&str> = [
            ("PDF", is_pdf(bytes)),
            ("DER", bytes.first() == Some(&tag::SEQUENCE)),
            ("ZIP", is_zip(bytes)),
            ("XML", bytes.trim_ascii_start().first() == Some(&b'<')),
            ("JSON", bytes.trim_ascii_start().first() == Some(&b'{')),
        ]
        .into_iter()
        .filter_map(|(name, is_one)| is_one.then_some(name))
        .collect();
        match kinds.as_slice() {
            ["PDF"] => Ok(Self { kind: ArtifactKind::Pades, bytes: Cow::Borrowed(bytes) }),
            ["DER"] => Self::detect_der(bytes),
            [] => Err(no_artefact("The file is no time-stamp, no CMS signature, no evidence record and no PDF.")),
            [other] => Err(no_artefact(&format!("The file is {other}, whose signatures are not validated here."))),
            several => Err(Conclusion::undetermined(
                Rule::ArtifactKind,
                SubIndication::FormatFailure,
                format!("The file is of ambiguous kind: it can be read as {}.", several.join(" and as ")),
            )),
        }
    }

    fn detect_der(bytes: &'a [u8]) -> Result<Self, Conclusion> {
        let bytes = definite(bytes).map_err(|error| match error {
            Asn1Error::TrailingBytes { .. } => Conclusion::undetermined(
                Rule::TrailingBytes,
                SubIndication::FormatFailure,
                format!("Something follows the artefact: {error}."),
            ),
            error => unreadable(&error),
        })?;
        let mut reader = Reader::enter_only(&bytes, tag::SEQUENCE, "artefact").map_err(|e| unreadable(&e))?;
        let kind = match reader.peek_tag() {
            Some(tag::OID) => match reader.oid("contentType") {
                Ok(oid) if oid == oids::ID_SIGNED_DATA => kind_of_cms(&bytes)?,
                Ok(oid) => {
                    return Err(no_artefact(&format!("The file is a CMS object of type {oid}, not a signature.")));
                }
                Err(error) => return Err(unreadable(&error)),
            },
            Some(tag::SEQUENCE) => kind_of_response(&bytes)?,
            Some(tag::INTEGER) if EvidenceRecord::is_outlined(&bytes) => ArtifactKind::EvidenceRecord,
            Some(tag::INTEGER) => return Err(no_artefact("The file is a time-stamp request, which proves nothing.")),
            Some(_) | None => return Err(no_artefact("The file is DER, but no signature or time-stamp.")),
        };
        Ok(Self { kind, bytes })
    }

    /// What it is.
    #[must_use]
    pub const fn kind(&self) -> ArtifactKind {
        self.kind
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn kind_of_cms(bytes: &[u8]) -> Result<ArtifactKind, Conclusion> {
    let signed_data = SignedData::parse(bytes).map_err(|error| unreadable(&error))?;
    Ok(if signed_data.content_type == oids::ID_CT_TST_INFO { ArtifactKind::Tst } else { ArtifactKind::Cades })
}

/// `TimeStampResp` and nothing else here begins with a SEQUENCE that begins with an INTEGER (`PKIStatusInfo`).
fn kind_of_response(bytes: &[u8]) -> Result<ArtifactKind, Conclusion> {
    match TimeStampResp::parse(bytes) {
        Ok(_) => Ok(ArtifactKind::Tsr),
        Err(error) => {
            let mut reader =
                Reader::enter_only(bytes, tag::SEQUENCE, "artefact").map_err(|error| unreadable(&error))?;
            let first = reader.enter(tag::SEQUENCE, "status").map_err(|error| unreadable(&error))?;
            match first.peek_tag() {
                Some(tag::INTEGER) => Err(unreadable(&error)),
                Some(_) | None => {
                    Err(no_artefact("The file is DER, but neither a time-stamp response nor a CMS signature."))
                }
            }
        }
    }
}

/// CMS in definite lengths, as far as the limits on size and depth allow.
pub(crate) fn definite(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Asn1Error> {
    ber::to_der(bytes, ber::Limits::default())
}

/// Nothing was found that could be validated: not a failure of anybody's signature, and never a pass (THR-08).
pub(crate) fn no_artefact(reason: &str) -> Conclusion {
    Conclusion::undetermined(
        Rule::SignaturePresent,
        SubIndication::FormatFailure,
        format!("No signature found: {}", lower(reason)),
    )
}

fn lower(reason: &str) -> String {
    let mut characters = reason.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

pub(crate) fn unreadable(error: &Asn1Error) -> Conclusion {
    Conclusion::new(
        Rule::ArtifactSyntax,
        SubIndication::FormatFailure,
        format!("The structure cannot be read: {error}."),
    )
}

fn is_pdf(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(PDF_MARGIN)).unwrap_or_default();
    let tail = bytes.get(bytes.len().saturating_sub(PDF_MARGIN)..).unwrap_or_default();
    head.starts_with(b"%PDF-") || (contains(head, b"%PDF-") && contains(tail, b"%%EOF"))
}

/// An archive begins with its first entry or ends with its end record, and its comment fills the rest.
fn is_zip(bytes: &[u8]) -> bool {
    let tail = bytes.get(bytes.len().saturating_sub(ZIP_END)..).unwrap_or_default();
    let has_end = tail.windows(22).enumerate().any(|(at, record)| {
        record.starts_with(b"PK\x05\x06")
            && matches!(record, [.., low, high] if at + 22 + usize::from(u16::from_le_bytes([*low, *high])) == tail.len())
    });
    bytes.starts_with(b"PK\x03\x04") || has_end
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(bytes: &[u8]) -> Rule {
        DetectedArtifact::detect(bytes).unwrap_err().rule
    }

    #[test]
    fn thr_29_names_both_kinds_of_a_pdf_that_is_a_zip() {
        let mut bytes = b"%PDF-1.7\n...%%EOF\n".to_vec();
        bytes.extend_from_slice(b"PK\x05\x06");
        bytes.extend_from_slice(&[0; 18]);
        let conclusion = DetectedArtifact::detect(&bytes).unwrap_err();
        assert_eq!(conclusion.rule, Rule::ArtifactKind);
        assert_eq!(conclusion.reason, "The file is of ambiguous kind: it can be read as PDF and as ZIP.");
    }

    #[test]
    fn thr_29_names_both_kinds_of_der_around_a_pdf() {
        let mut bytes = vec![0x30, 0x20];
        bytes.extend_from_slice(b"%PDF-1.7 ... %%EOF");
        assert_eq!(rule(&bytes), Rule::ArtifactKind);
    }

    #[test]
    fn finds_no_signature_in_other_files() {
        for bytes in [&b""[..], b"hello", b"PK\x03\x04", b"<a/>", b"{}", &[0x30, 0], &[0x30, 3, 2, 1, 1]] {
            assert_eq!(rule(bytes), Rule::SignaturePresent, "{bytes:02x?}");
        }
    }
}
