//! The development CA and what it issues.

use std::sync::Arc;

use kokuin_asn1::{Certificate, enc};
use kokuin_key::{Prepared, Purpose, SigningKey};
use kokuin_profile::{Profile, is_development, refuse_unless_matches};

use crate::{
    error::DevCaError,
    extension::{self, Context, key_id},
    fields::{CertificateFields, signed},
    revocation::{self, Revoked},
    serial::Serial,
    subject::Subject,
    validity::Validity,
};

/// How long a root lives: past every certificate it issues, and within the use of P-256 (JP-CR-03).
const ROOT_MONTHS: u32 = 168;

/// A development CA: a certificate that says so, and its key.
#[derive(Clone, Debug)]
pub struct DevCa {
    certificate: Certificate,
    key: Arc<dyn SigningKey>,
    crl_url: String,
    issuer_url: Option<String>,
}

impl DevCa {
    /// Makes a self-signed root, valid for 14 years from `now` (Unix seconds). `crl_url` is where its CRL will be.
    ///
    /// # Errors
    /// [`DevCaError`], above all if the key is not for a CA.
    pub fn create(key: Arc<dyn SigningKey>, name: &str, now: i64, crl_url: &str) -> Result<Self, DevCaError> {
        let profile = built_in("dev-root");
        let subject = authority_subject(name);
        let validity = Validity::months(now, ROOT_MONTHS);
        let name = subject.encode(profile);
        let fields = fields(profile, &key, name.clone(), name, key.public_key(), None, validity, crl_url, None)?;
        let certificate = sign(&fields, key.as_ref(), profile)?;
        Ok(Self { certificate, key, crl_url: crl_url.to_owned(), issuer_url: None })
    }

    /// Takes up a CA that exists.
    ///
    /// # Errors
    /// [`DevCaError::OtherKey`], [`DevCaError::NotDevelopment`] or [`DevCaError::Purpose`].
    pub fn load(certificate: Certificate, key: Arc<dyn SigningKey>, crl_url: &str) -> Result<Self, DevCaError> {
        check_purpose(key.as_ref())?;
        if certificate.spki() != key.public_key() {
            return Err(DevCaError::OtherKey);
        }
        if !is_development(&certificate) {
            return Err(DevCaError::NotDevelopment { subject: certificate.subject_text() });
        }
        Ok(Self { certificate, key, crl_url: crl_url.to_owned(), issuer_url: None })
    }

    /// The same CA, whose certificates say that its own is at `url`.
    #[must_use]
    pub fn with_issuer_url(self, url: &str) -> Self {
        Self { issuer_url: Some(url.to_owned()), ..self }
    }

    /// Makes a CA below this one, valid to this one's end. `crl_url` is where the new CA's CRL will be.
    ///
    /// # Errors
    /// [`DevCaError`].
    pub fn intermediate(
        &self,
        key: Arc<dyn SigningKey>,
        name: &str,
        now: i64,
        crl_url: &str,
    ) -> Result<Self, DevCaError> {
        check_purpose(key.as_ref())?;
        let validity = Validity { not_before: now, not_after: self.certificate.not_after() };
        let certificate = self.issue(built_in("issuing-ca"), &authority_subject(name), key.public_key(), validity)?;
        Ok(Self { certificate, key, crl_url: crl_url.to_owned(), issuer_url: None })
    }

    /// Issues what `profile` describes to the owner of `spki` (DER `SubjectPublicKeyInfo`).
    ///
    /// # Errors
    /// [`DevCaError::Profile`] if subject, key or validity break the profile; others as they come.
    pub fn issue(
        &self,
        profile: &Profile,
        subject: &Subject,
        spki: &[u8],
        validity: Validity,
    ) -> Result<Certificate, DevCaError> {
        let fields = self.fields(profile, subject, spki, validity)?;
        sign(&fields, self.key.as_ref(), profile)
    }

    /// What [`Self::issue`] would sign.
    pub(crate) fn fields(
        &self,
        profile: &Profile,
        subject: &Subject,
        spki: &[u8],
        validity: Validity,
    ) -> Result<CertificateFields, DevCaError> {
        let authority = key_id(self.certificate.spki())?;
        fields(
            profile,
            &self.key,
            self.certificate.subject().to_vec(),
            subject.encode(profile),
            spki,
            Some(&authority),
            validity,
            &self.crl_url,
            self.issuer_url.as_deref(),
        )
    }

    /// A version 2 CRL in DER, valid from `this_update` to `next_update` (Unix seconds).
    ///
    /// # Errors
    /// [`DevCaError::UpdateOrder`], or what the key says.
    pub fn crl(
        &self,
        this_update: i64,
        next_update: i64,
        revoked: &[Revoked],
        number: u64,
    ) -> Result<Vec<u8>, DevCaError> {
        if next_update <= this_update {
            return Err(DevCaError::UpdateOrder { this_update, next_update });
        }
        let algorithm = self.key.algorithm().signature_algorithm().algorithm_id_der();
        let authority = key_id(self.certificate.spki())?;
        let issuer = self.certificate.subject();
        let tbs = revocation::tbs(&algorithm, issuer, &authority, this_update, next_update, revoked, number)?;
        Ok(signed(&tbs, &algorithm, &raw_signature(self.key.as_ref(), &tbs)?))
    }

    /// The CA's own certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The CA's key.
    #[must_use]
    pub const fn key(&self) -> &Arc<dyn SigningKey> {
        &self.key
    }

    /// Where the CA's CRL is.
    #[must_use]
    pub fn crl_url(&self) -> &str {
        &self.crl_url
    }
}

fn authority_subject(name: &str) -> Subject {
    Subject {
        country: "JP".to_owned(),
        organization: "Kokuin Development".to_owned(),
        organization_identifier: None,
        common_name: name.to_owned(),
    }
}

fn built_in(name: &str) -> &'static Profile {
    Profile::by_name(name).expect("profile comes with kokuin-profile")
}

fn check_purpose(key: &dyn SigningKey) -> Result<(), DevCaError> {
    match key.purpose() {
        Purpose::Ca => Ok(()),
        found @ (Purpose::Tst | Purpose::Seal | Purpose::Log) => Err(DevCaError::Purpose { found }),
    }
}

#[expect(clippy::too_many_arguments, reason = "a certificate has as many parts")]
fn fields(
    profile: &Profile,
    key: &Arc<dyn SigningKey>,
    issuer: Vec<u8>,
    subject: Vec<u8>,
    spki: &[u8],
    authority_key_id: Option<&[u8]>,
    validity: Validity,
    crl_url: &str,
    issuer_url: Option<&str>,
) -> Result<CertificateFields, DevCaError> {
    let context = Context { spki, authority_key_id, validity, crl_url, issuer_url };
    Ok(CertificateFields {
        version: Some(2),
        serial: Serial::random()?.as_bytes().to_vec(),
        signature_algorithm: key.algorithm().signature_algorithm().algorithm_id_der(),
        issuer,
        not_before: enc::time(validity.not_before)?,
        not_after: enc::time(validity.not_after)?,
        subject,
        spki: spki.to_vec(),
        unique_ids: Vec::new(),
        extensions: extension::extensions(profile, &context)?,
    })
}

fn sign(fields: &CertificateFields, key: &dyn SigningKey, profile: &Profile) -> Result<Certificate, DevCaError> {
    let tbs = fields.tbs();
    let der = signed(&tbs, &fields.signature_algorithm, &raw_signature(key, &tbs)?);
    let certificate = Certificate::parse(&der)?;
    refuse_unless_matches(profile, &certificate)?;
    Ok(certificate)
}

pub(crate) fn raw_signature(key: &dyn SigningKey, message: &[u8]) -> Result<Vec<u8>, DevCaError> {
    check_purpose(key)?;
    let prepared = Prepared::new(Purpose::Ca, key.algorithm().signature_algorithm(), message);
    Ok(key.open()?.sign(prepared)?)
}
