//! `SignedData` from its parts: whoever holds a key signs `signed_attributes` in between.

use crate::{Oid, enc, oids, tag};

/// Who signs.
#[derive(Clone, Copy, Debug)]
pub enum SignerIdParts<'a> {
    /// By issuer (a `Name` element) and serial number (content octets).
    IssuerSerial {
        /// The `Name` element.
        issuer: &'a [u8],
        /// Content octets.
        serial: &'a [u8],
    },
    /// By subject key identifier.
    KeyId(&'a [u8]),
}

impl SignerIdParts<'_> {
    const fn version(&self) -> u8 {
        match self {
            Self::IssuerSerial { .. } => 1,
            Self::KeyId(_) => 3,
        }
    }

    fn encode(&self) -> Vec<u8> {
        match self {
            Self::IssuerSerial { issuer, serial } => enc::sequence(&[issuer, &enc::integer(serial)]),
            Self::KeyId(key_id) => enc::implicit_primitive(0, key_id),
        }
    }
}

/// One finished signature.
#[derive(Clone, Copy, Debug)]
pub struct SignerParts<'a> {
    /// Who signed.
    pub sid: SignerIdParts<'a>,
    /// `AlgorithmIdentifier` element.
    pub digest_algorithm: &'a [u8],
    /// What was signed, [`super::SignedAttributes::der_set`]; `None` if the content itself was.
    pub signed_attributes: Option<&'a [u8]>,
    /// `AlgorithmIdentifier` element.
    pub signature_algorithm: &'a [u8],
    /// The signature value.
    pub signature: &'a [u8],
    /// Encoded `Attribute`s.
    pub unsigned_attributes: &'a [&'a [u8]],
}

impl SignerParts<'_> {
    fn encode(&self) -> Vec<u8> {
        let unsigned = match self.unsigned_attributes {
            [] => Vec::new(),
            attributes => enc::implicit_set_of(tag::context_constructed(1), attributes),
        };
        let (signed_head, signed_rest) = self.signed_attributes.map_or((&[][..], &[][..]), retagged);
        enc::sequence(&[
            &[tag::INTEGER, 1, self.sid.version()],
            &self.sid.encode(),
            self.digest_algorithm,
            signed_head,
            signed_rest,
            self.signature_algorithm,
            &enc::octet_string(self.signature),
            &unsigned,
        ])
    }
}

/// `[0] IMPLICIT` of a SET: its new identifier octet, and the rest.
fn retagged(set: &[u8]) -> (&'static [u8], &[u8]) {
    const SIGNED_ATTRS: [u8; 1] = [tag::context_constructed(0)];
    (&SIGNED_ATTRS, set.get(1..).unwrap_or_default())
}

/// What a message is built from.
#[derive(Clone, Copy, Debug)]
pub struct SignedDataParts<'a> {
    /// `AlgorithmIdentifier` elements.
    pub digest_algorithms: &'a [&'a [u8]],
    /// `eContentType`.
    pub content_type: &'a Oid,
    /// Content octets of `eContent`; `None` for detached content.
    pub content: Option<&'a [u8]>,
    /// `CertificateChoices` elements; none for no `certificates` field (TSP-07).
    pub certificates: &'a [&'a [u8]],
    /// `RevocationInfoChoice` elements; none for no `crls` field.
    pub crls: &'a [&'a [u8]],
    /// The signatures.
    pub signers: &'a [SignerParts<'a>],
}

/// The DER of `ContentInfo` with `SignedData`: version as of RFC 5652 5.1, every SET OF sorted, octets equal to others left out.
#[must_use]
pub fn build_signed_data(parts: &SignedDataParts<'_>) -> Vec<u8> {
    let key_ids = parts.signers.iter().any(|signer| signer.sid.version() == 3);
    let version = version(parts.content_type, parts.certificates, parts.crls, key_ids);
    let signers: Vec<Vec<u8>> = parts.signers.iter().map(SignerParts::encode).collect();
    let signers: Vec<&[u8]> = signers.iter().map(Vec::as_slice).collect();
    let content = parts.content.map(|content| enc::explicit(0, &enc::octet_string(content))).unwrap_or_default();
    let signed_data = enc::sequence(&[
        &[tag::INTEGER, 1, version],
        &distinct_set(tag::SET, parts.digest_algorithms),
        &enc::sequence(&[&enc::oid(parts.content_type), &content]),
        &optional_set(0, parts.certificates),
        &optional_set(1, parts.crls),
        &enc::set_of(&signers),
    ]);
    enc::sequence(&[&enc::oid(&oids::ID_SIGNED_DATA), &enc::explicit(0, &signed_data)])
}

/// RFC 5652 5.1.
pub(super) fn version(content_type: &Oid, certificates: &[&[u8]], crls: &[&[u8]], key_ids: bool) -> u8 {
    let has = |choices: &[&[u8]], tag| choices.iter().any(|choice| choice.first() == Some(&tag));
    if has(certificates, 0xa3) || has(crls, 0xa1) {
        5
    } else if has(certificates, 0xa2) {
        4
    } else if has(certificates, 0xa1) || key_ids || *content_type != oids::ID_DATA {
        3
    } else {
        1
    }
}

/// `[number] IMPLICIT SET OF`, sorted, or nothing if there is no element.
pub(super) fn optional_set(number: u8, elements: &[&[u8]]) -> Vec<u8> {
    if elements.is_empty() { Vec::new() } else { distinct_set(tag::context_constructed(number), elements) }
}

fn distinct_set(tag: u8, elements: &[&[u8]]) -> Vec<u8> {
    let mut sorted = elements.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    enc::constructed(tag, &sorted)
}

/// What is the same in every message of one signer.
#[derive(Clone, Copy, Debug)]
pub struct TemplateParts<'a> {
    /// `eContentType`.
    pub content_type: &'a Oid,
    /// Who signs.
    pub sid: SignerIdParts<'a>,
    /// `AlgorithmIdentifier` element.
    pub digest_algorithm: &'a [u8],
    /// `AlgorithmIdentifier` element.
    pub signature_algorithm: &'a [u8],
    /// `CertificateChoices` elements; none for no `certificates` field (TSP-07).
    pub certificates: &'a [&'a [u8]],
    /// `RevocationInfoChoice` elements; none for no `crls` field.
    pub crls: &'a [&'a [u8]],
}

/// One signer's messages, encoded but for content, signed attributes and signature: what [`build_signed_data`] makes, with one allocation a message.
#[derive(Clone, Debug)]
pub struct SignedDataTemplate {
    /// `version`, `digestAlgorithms`.
    before_content: Vec<u8>,
    /// The `eContentType` element.
    content_type: Vec<u8>,
    /// `certificates`, `crls`.
    after_content: Vec<u8>,
    /// `version`, `sid`, `digestAlgorithm` of the signer.
    before_attributes: Vec<u8>,
    /// The signer's `signatureAlgorithm`.
    signature_algorithm: Vec<u8>,
}

impl SignedDataTemplate {
    /// Encodes what is the same in every message.
    #[must_use]
    pub fn new(parts: &TemplateParts<'_>) -> Self {
        let version = version(parts.content_type, parts.certificates, parts.crls, parts.sid.version() == 3);
        let mut before_content = vec![tag::INTEGER, 1, version];
        enc::tlv_into(&mut before_content, tag::SET, parts.digest_algorithm);
        let mut after_content = optional_set(0, parts.certificates);
        after_content.extend(optional_set(1, parts.crls));
        let mut before_attributes = vec![tag::INTEGER, 1, parts.sid.version()];
        before_attributes.extend(parts.sid.encode());
        before_attributes.extend_from_slice(parts.digest_algorithm);
        Self {
            before_content,
            content_type: enc::oid(parts.content_type),
            after_content,
            before_attributes,
            signature_algorithm: parts.signature_algorithm.to_vec(),
        }
    }

    /// The DER of the message: `content` (`None` for detached), [`super::SignedAttributes::der_set`] as it was signed, and the signature value.
    #[must_use]
    pub fn finish(&self, content: Option<&[u8]>, signed_attributes: &[u8], signature: &[u8]) -> Vec<u8> {
        let content_len = content.map_or(0, |content| enc::tlv_len(enc::tlv_len(content.len())));
        let encapsulated_len = self.content_type.len() + content_len;
        let signer_len = self.before_attributes.len()
            + signed_attributes.len()
            + self.signature_algorithm.len()
            + enc::tlv_len(signature.len());
        let data_len = self.before_content.len()
            + enc::tlv_len(encapsulated_len)
            + self.after_content.len()
            + enc::tlv_len(enc::tlv_len(signer_len));
        let type_len = enc::tlv_len(oids::ID_SIGNED_DATA.as_bytes().len());
        let info_len = type_len + enc::tlv_len(enc::tlv_len(data_len));

        let mut out = Vec::with_capacity(enc::tlv_len(info_len));
        enc::header_into(&mut out, tag::SEQUENCE, info_len);
        enc::oid_into(&mut out, &oids::ID_SIGNED_DATA);
        enc::header_into(&mut out, tag::context_constructed(0), enc::tlv_len(data_len));
        enc::header_into(&mut out, tag::SEQUENCE, data_len);
        out.extend_from_slice(&self.before_content);
        enc::header_into(&mut out, tag::SEQUENCE, encapsulated_len);
        out.extend_from_slice(&self.content_type);
        if let Some(content) = content {
            enc::header_into(&mut out, tag::context_constructed(0), enc::tlv_len(content.len()));
            enc::tlv_into(&mut out, tag::OCTET_STRING, content);
        }
        out.extend_from_slice(&self.after_content);
        enc::header_into(&mut out, tag::SET, enc::tlv_len(signer_len));
        enc::header_into(&mut out, tag::SEQUENCE, signer_len);
        out.extend_from_slice(&self.before_attributes);
        let (head, rest) = retagged(signed_attributes);
        out.extend_from_slice(head);
        out.extend_from_slice(rest);
        out.extend_from_slice(&self.signature_algorithm);
        enc::tlv_into(&mut out, tag::OCTET_STRING, signature);
        out
    }
}
