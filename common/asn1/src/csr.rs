//! `CertificationRequest` (RFC 2986, PKCS#10): built, never read.

use crate::{enc, oids};

/// What a request for a certificate asks for, before it is signed with the key it is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificationRequestInfo {
    der: Vec<u8>,
    spki: Vec<u8>,
}

impl CertificationRequestInfo {
    /// From a `Name`, a `SubjectPublicKeyInfo` and the encoded extensions that the certificate should have.
    #[must_use]
    pub fn new(subject: &[u8], spki: &[u8], extensions: &[Vec<u8>]) -> Self {
        let extensions: Vec<&[u8]> = extensions.iter().map(Vec::as_slice).collect();
        // RFC 2985 5.4.2; the attributes are always there, as an empty set where nothing is asked for.
        let attribute = || {
            let wanted = enc::set_of(&[&enc::sequence(&extensions)]);
            enc::sequence(&[&enc::oid(&oids::EXTENSION_REQUEST), &wanted])
        };
        let attributes = if extensions.is_empty() { Vec::new() } else { attribute() };
        let attributes = enc::implicit_constructed(0, &attributes);
        let der = enc::sequence(&[&enc::uint_u64(0), subject, spki, &attributes]);
        Self { der, spki: spki.to_vec() }
    }

    /// The octets to sign.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// `SubjectPublicKeyInfo` of the key that it is about, and that must sign it.
    #[must_use]
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The request, with the `AlgorithmIdentifier` and the value of its signature.
    #[must_use]
    pub fn signed(&self, algorithm: &[u8], signature: &[u8]) -> Vec<u8> {
        enc::sequence(&[&self.der, algorithm, &enc::bit_string(signature, 0)])
    }
}
