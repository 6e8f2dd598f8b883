//! A credential: a seal key with its certificate (CSC's sense).

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kokuin_asn1::Certificate;
use kokuin_audit::{LeafIndex, entry::KeyName};
use kokuin_key::{KeyError, KeyState, Protection, Purpose, SigningKey};
use kokuin_profile::{Profile, refuse_unless_matches};
use kokuin_suite::{CryptoPolicy, SignatureAlgorithm};

use crate::{
    config::{ConfigError, CredentialConfig},
    error::SealError,
    start::StartError,
};

/// A seal key whose certificate belongs to it, keeps its profile, and is in the log.
#[derive(Debug)]
pub struct Credential {
    name: String,
    key: Arc<dyn SigningKey>,
    key_name: KeyName,
    certificate: Certificate,
    chain: Vec<Certificate>,
    certificate_entry: LeafIndex,
    /// Its device has given a signature that does not hold.
    doubted: AtomicBool,
}

/// A credential whose certificate is not in the log yet.
#[derive(Debug)]
pub(crate) struct CheckedCredential(Credential);

impl CheckedCredential {
    /// Checks key and certificate against each other and against the profile (CERT-20).
    ///
    /// # Errors
    /// The first rule broken. A certificate that is not valid now is no error here: each seal asks again.
    pub(crate) fn new(
        config: &CredentialConfig,
        key: Arc<dyn SigningKey>,
        certificates: Vec<Certificate>,
    ) -> Result<Self, StartError> {
        let mut certificates = certificates.into_iter();
        let certificate = certificates.next().ok_or(StartError::NoCertificate)?;
        if key.purpose() != Purpose::Seal {
            return Err(StartError::Purpose { key: key.id().to_string(), found: key.purpose() });
        }
        if key.public_key() != certificate.spki() {
            return Err(StartError::KeyMismatch { key: key.id().to_string(), subject: certificate.subject_text() });
        }
        let profile = Profile::by_name(&config.profile).ok_or_else(|| ConfigError::Profile(config.profile.clone()))?;
        refuse_unless_matches(profile, &certificate)?;
        let key_name = key.id().into();
        // Who trusts the root has it; in a seal it is weight only.
        let chain = certificates.filter(|issuer| !issuer.is_self_issued()).collect();
        let name = config.name.clone();
        Ok(Self(Credential {
            name,
            key,
            key_name,
            certificate,
            chain,
            certificate_entry: LeafIndex(0),
            doubted: AtomicBool::new(false),
        }))
    }

    pub(crate) const fn credential(&self) -> &Credential {
        &self.0
    }

    /// The credential, once entry `index` of the log has introduced its certificate.
    pub(crate) fn introduced(self, index: LeafIndex) -> Credential {
        Credential { certificate_entry: index, ..self.0 }
    }
}

impl Credential {
    /// The name that requests use.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its key.
    #[must_use]
    pub const fn key(&self) -> &Arc<dyn SigningKey> {
        &self.key
    }

    /// Its key as the log names it.
    #[must_use]
    pub const fn key_name(&self) -> &KeyName {
        &self.key_name
    }

    /// Its certificate.
    #[must_use]
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The issuers' certificates, roots left out.
    #[must_use]
    pub fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    /// The entry that introduced the certificate.
    #[must_use]
    pub const fn certificate_entry(&self) -> LeafIndex {
        self.certificate_entry
    }

    /// What it signs with.
    #[must_use]
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm().signature_algorithm()
    }

    /// Its key's state: suspended too while the device is in doubt.
    #[must_use]
    pub fn state(&self) -> KeyState {
        match self.key.state() {
            KeyState::Active if self.is_doubted() => KeyState::Suspended,
            state => state,
        }
    }

    /// Nothing more is signed with a device's key that has given a wrong signature, until an operator has suspended and resumed it (THR-66).
    pub(crate) fn heed(&self, error: &SealError) {
        if matches!(error, SealError::Key(KeyError::WrongAnswer)) && self.key.protection() == Protection::Device {
            tracing::error!(key = %self.key.id(), "the device gave a signature that does not hold: the key is suspended");
            self.doubted.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn trust(&self) {
        self.doubted.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_doubted(&self) -> bool {
        self.doubted.load(Ordering::Relaxed)
    }

    /// Whether a seal may be made at `at`, Unix seconds.
    ///
    /// # Errors
    /// [`SealError::KeyNotActive`], [`SealError::OutsideCertificate`], [`SealError::Algorithm`].
    pub fn check_in_service(&self, at: i64, policy: &CryptoPolicy) -> Result<(), SealError> {
        match self.state() {
            KeyState::Active => {}
            state @ (KeyState::Suspended | KeyState::Lost) => return Err(SealError::KeyNotActive(state)),
        }
        let (from, until) = (self.certificate.not_before(), self.certificate.not_after());
        if at < from || at > until {
            return Err(SealError::OutsideCertificate { from, until, at });
        }
        policy.may_sign(self.algorithm(), self.key.algorithm(), at)?;
        Ok(())
    }
}
