//! Certificates that break rules, for tests: start from a good one, change what the test is about.

use kokuin_asn1::{Certificate, Oid, enc, oids};
use kokuin_key::SigningKey;
use kokuin_profile::Profile;

use crate::{
    authority::{DevCa, raw_signature},
    error::DevCaError,
    fields::{CertificateFields, ExtensionField, signed},
    subject::Subject,
    validity::Validity,
};

/// A certificate to be, whose every part can be made wrong.
#[derive(Clone, Debug)]
pub struct TestCertificate {
    /// What will be signed.
    pub fields: CertificateFields,
    /// `AlgorithmIdentifier` outside the signed part, where it differs.
    pub outer_algorithm: Option<Vec<u8>>,
}

impl TestCertificate {
    /// What `ca` would issue.
    ///
    /// # Errors
    /// [`DevCaError`].
    pub fn new(
        ca: &DevCa,
        profile: &Profile,
        subject: &Subject,
        spki: &[u8],
        validity: Validity,
    ) -> Result<Self, DevCaError> {
        Ok(Self { fields: ca.fields(profile, subject, spki, validity)?, outer_algorithm: None })
    }

    /// Valid from and to other times (Unix seconds): expired, or not yet valid.
    ///
    /// # Errors
    /// [`DevCaError::Encoding`] beyond the year 9999.
    pub fn valid(mut self, validity: Validity) -> Result<Self, DevCaError> {
        self.fields.not_before = enc::time(validity.not_before)?;
        self.fields.not_after = enc::time(validity.not_after)?;
        Ok(self)
    }

    /// Other purposes, or the same with another criticality.
    #[must_use]
    pub fn extended_key_usage(self, purposes: &[Oid], critical: bool) -> Self {
        let purposes: Vec<Vec<u8>> = purposes.iter().map(enc::oid).collect();
        let purposes: Vec<&[u8]> = purposes.iter().map(Vec::as_slice).collect();
        self.extension(oids::EXT_KEY_USAGE, critical, enc::sequence(&purposes))
    }

    /// Other uses; bit 0 is the highest.
    #[must_use]
    pub fn key_usage(self, bits: u32) -> Self {
        self.extension(oids::KEY_USAGE, true, enc::named_bits(bits))
    }

    /// An end entity that claims to be a CA.
    #[must_use]
    pub fn ca_true(self) -> Self {
        self.extension(oids::BASIC_CONSTRAINTS, true, enc::sequence(&[&enc::boolean(true)]))
    }

    /// Puts an extension in place of the one with the same identifier, or at the end.
    #[must_use]
    pub fn extension(mut self, oid: Oid, critical: bool, value: Vec<u8>) -> Self {
        let field = ExtensionField { oid, critical, value };
        match self.fields.extensions.iter_mut().find(|old| old.oid == field.oid) {
            Some(old) => *old = field,
            None => self.fields.extensions.push(field),
        }
        self
    }

    /// Leaves an extension out.
    #[must_use]
    pub fn without(mut self, oid: &Oid) -> Self {
        self.fields.extensions.retain(|extension| extension.oid != *oid);
        self
    }

    /// Another key.
    #[must_use]
    pub fn spki(mut self, spki: &[u8]) -> Self {
        self.fields.spki = spki.to_vec();
        self
    }

    /// Issuer and serial number of another certificate: what who looks at these alone takes for that one.
    #[must_use]
    pub fn posing_as(mut self, other: &Certificate) -> Self {
        self.fields.issuer = other.issuer().to_vec();
        self.fields.serial = other.serial().to_vec();
        self
    }

    /// Signs with the key of `ca`, whatever the fields say.
    ///
    /// # Errors
    /// What the key says.
    pub fn sign(&self, ca: &DevCa) -> Result<Vec<u8>, DevCaError> {
        self.sign_with(ca.key().as_ref())
    }

    /// Signs with any CA key, whatever the fields say.
    ///
    /// # Errors
    /// What the key says.
    pub fn sign_with(&self, key: &dyn SigningKey) -> Result<Vec<u8>, DevCaError> {
        let tbs = self.fields.tbs();
        Ok(self.assemble(&tbs, &raw_signature(key, &tbs)?))
    }

    /// A signature of zeros: enough for linting.
    #[must_use]
    pub fn unsigned(&self) -> Vec<u8> {
        self.assemble(&self.fields.tbs(), &[0; 64])
    }

    fn assemble(&self, tbs: &[u8], signature: &[u8]) -> Vec<u8> {
        signed(tbs, self.outer_algorithm.as_ref().unwrap_or(&self.fields.signature_algorithm), signature)
    }
}
