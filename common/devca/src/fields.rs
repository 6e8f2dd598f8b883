//! A certificate's fields before they are signed.

use kokuin_asn1::{Oid, enc, tag};

/// What a certificate says, every part as the DER that goes in.
///
/// Nothing is checked here: the profile's checker reads the result.
#[derive(Clone, Debug)]
pub struct CertificateFields {
    /// Content of the version INTEGER, 2 for v3; `None` leaves it out.
    pub version: Option<u8>,
    /// Content octets of the serial INTEGER.
    pub serial: Vec<u8>,
    /// `AlgorithmIdentifier` inside the signed part.
    pub signature_algorithm: Vec<u8>,
    /// Name.
    pub issuer: Vec<u8>,
    /// Time.
    pub not_before: Vec<u8>,
    /// Time.
    pub not_after: Vec<u8>,
    /// Name.
    pub subject: Vec<u8>,
    /// `SubjectPublicKeyInfo`.
    pub spki: Vec<u8>,
    /// `issuerUniqueID` and `subjectUniqueID`; empty in every good certificate.
    pub unique_ids: Vec<u8>,
    /// In their order.
    pub extensions: Vec<ExtensionField>,
}

/// One extension.
#[derive(Clone, Debug)]
pub struct ExtensionField {
    /// Which.
    pub oid: Oid,
    /// Whether who does not know it must refuse the certificate.
    pub critical: bool,
    /// DER of the value.
    pub value: Vec<u8>,
}

impl ExtensionField {
    /// DER of the Extension.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        // critical has the default FALSE, which DER leaves out.
        let critical = if self.critical { enc::boolean(true) } else { Vec::new() };
        enc::sequence(&[&enc::oid(&self.oid), &critical, &enc::octet_string(&self.value)])
    }
}

/// DER of `Extensions`.
pub(crate) fn encode_extensions(extensions: &[ExtensionField]) -> Vec<u8> {
    let encoded: Vec<Vec<u8>> = extensions.iter().map(ExtensionField::encode).collect();
    let encoded: Vec<&[u8]> = encoded.iter().map(Vec::as_slice).collect();
    enc::sequence(&encoded)
}

impl CertificateFields {
    /// DER of the `TBSCertificate`: the octets to sign.
    #[must_use]
    pub fn tbs(&self) -> Vec<u8> {
        let version =
            self.version.map_or_else(Vec::new, |version| enc::explicit(0, &enc::tlv(tag::INTEGER, &[version])));
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            enc::explicit(3, &encode_extensions(&self.extensions))
        };
        enc::sequence(&[
            &version,
            &enc::tlv(tag::INTEGER, &self.serial),
            &self.signature_algorithm,
            &self.issuer,
            &enc::sequence(&[&self.not_before, &self.not_after]),
            &self.subject,
            &self.spki,
            &self.unique_ids,
            &extensions,
        ])
    }
}

/// The signed form that certificates and CRLs share.
pub(crate) fn signed(tbs: &[u8], algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
    enc::sequence(&[tbs, algorithm, &enc::bit_string(signature, 0)])
}
